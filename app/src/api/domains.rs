//! Sender domains.

use crate::error::AppError;
use leptos::prelude::*;
use relay_types::{domain::DomainDetail, finding::Step};

#[cfg(feature = "ssr")]
use crate::{
    api::{id, slug},
    components::dialog::confirmed,
    ssr::{actor, core, done},
    typed,
};
#[cfg(feature = "ssr")]
use relay_core::{Actor, Core, domains};
#[cfg(feature = "ssr")]
use relay_types::{DomainName, EmailAddress, prediction::Prediction, project::Slug};

/// One domain with the records to publish.
#[server]
pub async fn load_domain(slug: String, id: String) -> Result<DomainDetail, AppError> {
    Ok(domains::get(&core()?, &actor().await?, &self::slug(&slug)?, self::id(&id)?).await?)
}

/// Adds a domain and goes to its page, where its records are; with `verified` an operator vouches for it, and DNS need
/// not answer.
#[server]
pub async fn add_domain(slug: String, name: String, verified: Option<String>) -> Result<(), AppError> {
    let (core, actor, project) = (core()?, actor().await?, self::slug(&slug)?);
    let name = typed::one("name", &name, DomainName::parse)?;
    let id = if verified.is_some() {
        domains::mark_verified(&core, &actor, &project, name).await?
    } else {
        domains::add(&core, &actor, &project, name).await?
    };
    done(&format!("/p/{slug}/domains/{id}"), if verified.is_some() { "domain-verified" } else { "domain-added" });
    Ok(())
}

/// Asks DNS now.
#[server]
pub async fn check_domain(slug: String, id: String) -> Result<(), AppError> {
    domains::check(&core()?, &actor().await?, &self::slug(&slug)?, self::id(&id)?).await?;
    done(&format!("/p/{slug}/domains/{id}"), "domain-checked");
    Ok(())
}

/// How far the check is that goes on now; nothing when none does.
#[server]
pub async fn load_check_progress(slug: String, id: String) -> Result<Option<Vec<Step>>, AppError> {
    Ok(domains::progress(&core()?, &actor().await?, &self::slug(&slug)?, self::id(&id)?).await?)
}

/// Makes keys under new selectors, which sign once their records are seen.
#[server]
pub async fn rotate_keys(slug: String, id: String) -> Result<(), AppError> {
    let id: relay_types::domain::DomainId = self::id(&id)?;
    domains::rotate_keys(&core()?, &actor().await?, &self::slug(&slug)?, id).await?;
    done(&format!("/p/{slug}/domains/{id}"), "keys-rotated");
    Ok(())
}

/// Marks a domain verified without its record.
#[server]
pub async fn verify_domain(slug: String, id: String) -> Result<(), AppError> {
    let (core, actor, project) = (core()?, actor().await?, self::slug(&slug)?);
    let domain = domains::get(&core, &actor, &project, self::id(&id)?).await?.domain;
    domains::mark_verified(&core, &actor, &project, domain.name).await?;
    done(&format!("/p/{slug}/domains/{id}"), "domain-verified");
    Ok(())
}

/// Removes a domain with its keys.
#[server]
pub async fn remove_domain(slug: String, id: String, confirm: String) -> Result<(), AppError> {
    let (core, actor, project, id) = (core()?, actor().await?, self::slug(&slug)?, self::id(&id)?);
    let domain = domains::get(&core, &actor, &project, id).await?.domain;
    confirmed(&confirm, domain.name.as_str())?;
    domains::remove(&core, &actor, &project, id).await?;
    done(&format!("/p/{slug}/senders"), "domain-removed");
    Ok(())
}

/// What would become of mail from an address, by the last report of its domain; nothing when the project has no such
/// domain.
#[cfg(feature = "ssr")]
pub(crate) async fn predictions(
    core: &Core,
    actor: &Actor,
    project: &Slug,
    from: Option<&EmailAddress>,
) -> Result<Vec<Prediction>, AppError> {
    let Some(from) = from else { return Ok(Vec::new()) };
    let all = domains::list(core, actor, project).await?;
    let Some(domain) = all.iter().find(|domain| domain.name == *from.domain()) else { return Ok(Vec::new()) };
    let report = domains::get(core, actor, project, domain.id).await?.report;
    Ok(report.map(|report| report.predictions).unwrap_or_default())
}
