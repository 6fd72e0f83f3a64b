//! Projects as the operator handles them.

use crate::error::AppError;
use leptos::prelude::*;
use relay_types::{limit::NearLimit, project::ProjectRow};
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::{
    api::slug,
    components::dialog::confirmed,
    ssr::{actor, core, done},
    typed,
};
#[cfg(feature = "ssr")]
use relay_core::{limits, projects};
#[cfg(feature = "ssr")]
use relay_types::project::Slug;

/// The page of projects, with which the operator's console begins.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ProjectsPage {
    /// By name.
    pub projects: Vec<ProjectRow>,
    /// Limits of the platform of which four fifths are used, or all.
    pub near_limits: Vec<NearLimit>,
}

/// All projects.
#[server]
pub async fn load_projects() -> Result<ProjectsPage, AppError> {
    let (core, actor) = (core()?, actor().await?);
    let near_limits = limits::of_platform(&core, &actor).await?.near();
    Ok(ProjectsPage { projects: projects::list(&core, &actor).await?, near_limits })
}

/// Makes a project and goes to it. `slug` may be empty, then it is made from the name; `mode` is `sandbox` or `active`.
#[server]
pub async fn create_project(name: String, slug: String, mode: String) -> Result<(), AppError> {
    let slug = new_slug(&name, &slug)?;
    projects::create(&core()?, &actor().await?, &name, slug.clone(), mode != "active").await?;
    done(&format!("/p/{slug}"), "project-created");
    Ok(())
}

/// Suspends a project; `confirm` is its slug, `back` the page the form is on.
#[server]
pub async fn suspend_project(slug: String, reason: String, confirm: String, back: String) -> Result<(), AppError> {
    let project = self::slug(&slug)?;
    confirmed(&confirm, project.as_str())?;
    projects::suspend(&core()?, &actor().await?, &project, &reason).await?;
    done(&back, "project-suspended");
    Ok(())
}

/// Ends a suspension.
#[server]
pub async fn resume_project(slug: String, back: String) -> Result<(), AppError> {
    projects::resume(&core()?, &actor().await?, &self::slug(&slug)?).await?;
    done(&back, "project-resumed");
    Ok(())
}

/// What was typed, or what the name suggests.
#[cfg(feature = "ssr")]
fn new_slug(name: &str, slug: &str) -> Result<Slug, AppError> {
    match typed::optional("slug", slug, Slug::parse)? {
        Some(slug) => Ok(slug),
        None if name.trim().is_empty() => Err(AppError::invalid("name", "Enter a name of 1 to 80 characters")),
        None => Slug::suggest(name).ok_or_else(|| AppError::invalid("slug", relay_types::project::SlugError)),
    }
}
