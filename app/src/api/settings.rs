//! Settings of a project.

use crate::error::AppError;
use leptos::prelude::*;
use relay_types::{limit::LimitUse, project::Project, route::RouteKind};
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::{
    api::slug,
    components::dialog::confirmed,
    ssr::{actor, actor_with, core, done},
    typed,
};
#[cfg(feature = "ssr")]
use relay_core::projects;
#[cfg(feature = "ssr")]
use relay_types::{
    EmailAddress,
    limit::Limits,
    route::{RouteChange, SmarthostTls},
};

/// The settings page.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SettingsPage {
    /// The project.
    pub project: Project,
    /// The limits in force and how much is used.
    pub usage: LimitUse,
    /// The platform's route: while it captures, nothing leaves the machine.
    pub platform_route: RouteKind,
    /// Recipients an hour of a project in the sandbox.
    pub sandbox_per_hour: u32,
}

/// What the route form sends.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RouteForm {
    /// `platform`, `mx`, `smarthost` or `capture`.
    pub kind: String,
    /// With `smarthost`.
    pub host: String,
    /// With `smarthost`.
    pub port: String,
    /// With `smarthost`.
    pub tls: String,
    /// With `smarthost`; may be empty.
    pub username: String,
    /// With a user name; empty keeps the one that is stored.
    pub password: String,
}

/// Without what was typed: there may be a password in it.
impl std::fmt::Debug for RouteForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "route form ({})", self.kind)
    }
}

/// Settings with the use of limits.
#[server]
pub async fn load_settings(slug: String) -> Result<SettingsPage, AppError> {
    let (core, actor, slug) = (core()?, actor().await?, self::slug(&slug)?);
    let project = projects::frame(&core, &actor, &slug).await?.project;
    let usage = projects::limit_use(&core, &actor, &slug).await?;
    let (platform_route, sandbox_per_hour) = (core.config().route.kind(), core.config().sandbox_per_hour);
    Ok(SettingsPage { project, usage, platform_route, sandbox_per_hour })
}

/// Name and bounce contact.
#[server]
pub async fn save_general(slug: String, name: String, bounce_contact: String) -> Result<(), AppError> {
    let (core, actor, project) = (core()?, actor().await?, self::slug(&slug)?);
    let contact = typed::optional("bounce_contact", &bounce_contact, EmailAddress::parse)?;
    projects::save_general(&core, &actor, &project, &name, contact).await?;
    done(&format!("/p/{slug}/settings"), "saved");
    Ok(())
}

/// Limits; empty is none.
#[server]
pub async fn save_limits(
    slug: String,
    per_hour: String,
    per_day: String,
    #[server(default)] new_per_day: String,
) -> Result<(), AppError> {
    let limits = Limits {
        per_hour: typed::limit("per_hour", &per_hour)?,
        per_day: typed::limit("per_day", &per_day)?,
        new_per_day: typed::limit("new_per_day", &new_per_day)?,
    };
    projects::set_limits(&core()?, &actor().await?, &self::slug(&slug)?, limits).await?;
    done(&format!("/p/{slug}/settings"), "saved");
    Ok(())
}

/// Into the sandbox (`to` is `on`) or out of it; `confirm` is the project's slug.
#[server]
pub async fn set_sandbox(slug: String, to: String, confirm: String, password: Option<String>) -> Result<(), AppError> {
    let project = self::slug(&slug)?;
    confirmed(&confirm, project.as_str())?;
    projects::set_sandbox(&core()?, &actor_with(password).await?, &project, to == "on").await?;
    done(&format!("/p/{slug}/settings"), "saved");
    Ok(())
}

/// Closes the project; `confirm` is its slug.
#[server]
pub async fn close_project(
    slug: String,
    reason: String,
    confirm: String,
    password: Option<String>,
) -> Result<(), AppError> {
    let project = self::slug(&slug)?;
    confirmed(&confirm, project.as_str())?;
    projects::close(&core()?, &actor_with(password).await?, &project, &reason).await?;
    done(&format!("/p/{slug}/settings"), "project-closed");
    Ok(())
}

/// Takes a closed project up again.
#[server]
pub async fn reopen_project(slug: String) -> Result<(), AppError> {
    projects::reopen(&core()?, &actor().await?, &self::slug(&slug)?).await?;
    done(&format!("/p/{slug}/settings"), "project-reopened");
    Ok(())
}

/// Where the project's mail goes.
#[server]
pub async fn save_route(slug: String, #[server(flatten)] form: RouteForm) -> Result<(), AppError> {
    let change = form.read()?;
    projects::set_route(&core()?, &actor().await?, &self::slug(&slug)?, change).await?;
    done(&format!("/p/{slug}/settings"), "saved");
    Ok(())
}

#[cfg(feature = "ssr")]
impl RouteForm {
    fn read(self) -> Result<RouteChange, AppError> {
        let filled = |text: String| Some(text).filter(|text| !text.trim().is_empty());
        Ok(match self.kind.as_str() {
            "platform" => RouteChange::Platform,
            "mx" => RouteChange::Mx,
            "capture" => RouteChange::Capture,
            "smarthost" => RouteChange::Smarthost {
                port: typed::one("port", &self.port, |text| {
                    text.parse::<u16>().map_err(|_| "Enter a port between 1 and 65535, usually 587 or 465")
                })?,
                tls: SmarthostTls::parse(&self.tls)
                    .ok_or_else(|| AppError::invalid("tls", "Choose how TLS is used"))?,
                host: self.host,
                username: filled(self.username).map(|name| name.trim().to_owned()),
                password: Some(self.password).filter(|password| !password.is_empty()),
            },
            _ => return Err(AppError::invalid("kind", "Choose where mail goes")),
        })
    }
}
