//! The first run, and one's own password.

use crate::error::AppError;
use leptos::prelude::*;

#[cfg(feature = "ssr")]
use crate::ssr::{self, client, core, done};
#[cfg(feature = "ssr")]
use relay_core::users;
#[cfg(feature = "ssr")]
use relay_types::project::Slug;

/// Makes the first operator and project, signs in, and goes to the project.
#[server]
pub async fn set_up(
    code: String,
    name: String,
    email: String,
    password: String,
    project_name: String,
    project_slug: String,
) -> Result<(), AppError> {
    // Without JavaScript nothing suggests a slug while the name is typed.
    let suggested = || Slug::suggest(&project_name).map(|slug| slug.to_string()).unwrap_or_default();
    let project_slug = if project_slug.trim().is_empty() { suggested() } else { project_slug };
    let setup = users::Setup { code, email, name, password: password.into(), project_name, project_slug };
    let (user, slug) = users::set_up(&core()?, client(), setup).await?;
    ssr::start_session(user).await?;
    done(&format!("/p/{slug}"), "set-up");
    Ok(())
}
