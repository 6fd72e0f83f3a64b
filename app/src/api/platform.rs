//! The platform as it is configured, and its default domain.

use crate::error::AppError;
use leptos::prelude::*;
use relay_types::{
    domain::DomainDetail,
    limit::{LimitUse, NearLimit},
    platform::Pause,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

#[cfg(feature = "ssr")]
use crate::{
    components::dialog::confirmed,
    ssr::{actor, core, done},
    typed,
};
#[cfg(feature = "ssr")]
use relay_core::{CoreConfig, config::PlatformRoute, domains, limits, listeners, platform};
#[cfg(feature = "ssr")]
use relay_types::{DomainName, limit::Limits};

/// The operator's settings page.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PlatformPage {
    /// What the configuration file says.
    pub facts: PlatformFacts,
    /// The domain that signs for the platform; none when it is not set.
    pub default_domain: Option<DomainDetail>,
    /// Listeners of all nodes that take secrets in clear, in words.
    pub legacy: Vec<String>,
    /// Why and since when no mail is taken.
    pub pause: Option<Pause>,
    /// The platform's limits and how much is used.
    pub usage: LimitUse,
}

/// What the configuration file says, without secrets.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PlatformFacts {
    /// Our name in DSN, Message-ID and EHLO.
    pub hostname: String,
    /// Base of links.
    pub public_url: String,
    /// From of portal mail.
    pub mail_from: String,
    /// `SQLite` or `PostgreSQL`.
    pub database: String,
    /// `mx`, `capture`, or the smarthost.
    pub route: String,
    /// What is asked of TLS with mail exchangers, in words, and for how many domains something else.
    pub tls: (String, usize),
    /// Largest message in octets.
    pub message_size: u64,
    /// Recipients an hour in the sandbox.
    pub sandbox_per_hour: u32,
    /// Waits between attempts.
    pub retry: Vec<Duration>,
    /// How long a message may wait.
    pub lifetime: Duration,
    /// When the sender is told of a delay.
    pub delay_warning: Duration,
    /// How long mail that is done keeps its content; none for ever.
    pub content_kept: Option<Duration>,
    /// How long mail that is done is shown; none for ever.
    pub history_kept: Option<Duration>,
    /// The domain below which projects' keys are published for them; none when that is not offered.
    pub delegation: Option<String>,
}

/// Facts and the default domain.
#[server]
pub async fn load_platform() -> Result<PlatformPage, AppError> {
    let (core, actor) = (core()?, actor().await?);
    let facts = relay_core::config::of_platform(&core, &actor)?.into();
    let default_domain = domains::default_domain(&core, &actor).await?;
    let pause = platform::paused(&core, &actor).await?;
    let legacy = listeners::plaintext_auth(&core, &actor).await?;
    let usage = limits::of_platform(&core, &actor).await?;
    Ok(PlatformPage { usage, legacy, facts, default_domain, pause })
}

/// Takes no more mail from programs; `confirm` is the word `pause`.
#[server]
pub async fn pause_platform(reason: String, confirm: String) -> Result<(), AppError> {
    confirmed(&confirm, "pause")?;
    platform::pause(&core()?, &actor().await?, &reason).await?;
    done("/admin/settings", "platform-paused");
    Ok(())
}

/// Limits of the platform of which four fifths are used, or all.
#[server]
pub async fn load_near_limits() -> Result<Vec<NearLimit>, AppError> {
    Ok(limits::of_platform(&core()?, &actor().await?).await?.near())
}

/// Sets the platform's limits, and what projects have for new recipients.
#[server]
pub async fn save_platform_limits(per_hour: String, per_day: String, new_per_day: String) -> Result<(), AppError> {
    let limits = Limits {
        per_hour: typed::limit("per_hour", &per_hour)?,
        per_day: typed::limit("per_day", &per_day)?,
        new_per_day: typed::limit("new_per_day", &new_per_day)?,
    };
    limits::set_of_platform(&core()?, &actor().await?, limits).await?;
    done("/admin/settings", "saved");
    Ok(())
}

/// Takes mail again.
#[server]
pub async fn resume_platform() -> Result<(), AppError> {
    platform::resume(&core()?, &actor().await?).await?;
    done("/admin/settings", "platform-resumed");
    Ok(())
}

/// Sets the default domain where there is none.
#[server]
pub async fn set_default_domain(name: String) -> Result<(), AppError> {
    let (core, actor, name) = (core()?, actor().await?, typed::one("name", &name, DomainName::parse)?);
    domains::replace_default_domain(&core, &actor, name, None).await?;
    done("/admin/settings", "default-domain-set");
    Ok(())
}

/// Sets another default domain; the keys of the one before, whose name is in `confirm`, are destroyed.
#[server]
pub async fn replace_default_domain(name: String, confirm: String) -> Result<(), AppError> {
    let (core, actor, name) = (core()?, actor().await?, typed::one("name", &name, DomainName::parse)?);
    let before = domains::default_domain(&core, &actor).await?.ok_or(AppError::NotFound)?;
    confirmed(&confirm, before.domain.name.as_str())?;
    domains::replace_default_domain(&core, &actor, name, Some(&before.domain.name)).await?;
    done("/admin/settings", "default-domain-set");
    Ok(())
}

/// Asks DNS for the default domain's records now.
#[server]
pub async fn check_default_domain() -> Result<(), AppError> {
    domains::check_default(&core()?, &actor().await?).await?;
    done("/admin/settings", "domain-checked");
    Ok(())
}

/// Makes keys under new selectors for the default domain, which sign once their records are seen.
#[server]
pub async fn rotate_default_keys() -> Result<(), AppError> {
    domains::rotate_default_keys(&core()?, &actor().await?).await?;
    done("/admin/settings", "keys-rotated");
    Ok(())
}

#[cfg(feature = "ssr")]
impl From<&CoreConfig> for PlatformFacts {
    fn from(config: &CoreConfig) -> Self {
        let route = match &config.route {
            PlatformRoute::Smarthost(host) => format!("smarthost {host:?}"),
            other => other.kind().as_str().to_owned(),
        };
        let database = if config.database_url.starts_with("sqlite") { "SQLite" } else { "PostgreSQL" };
        Self {
            hostname: config.hostname.to_string(),
            public_url: config.public_url.clone(),
            mail_from: config.mail_from.to_string(),
            database: database.to_owned(),
            route,
            tls: (config.tls.rule.words().to_owned(), config.tls.rules.len()),
            message_size: config.message_size,
            sandbox_per_hour: config.sandbox_per_hour,
            retry: config.retry_schedule.clone(),
            lifetime: config.queue_lifetime,
            delay_warning: config.delay_warning,
            content_kept: config.retention.content,
            history_kept: config.retention.history,
            delegation: config.dns_health.delegation_domain.as_ref().map(ToString::to_string),
        }
    }
}
