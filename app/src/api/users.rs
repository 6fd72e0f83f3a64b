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

/// Mails a link for a new password. The answer is the same whether such a user exists: the address as it was typed.
#[server]
pub async fn request_reset(email: String) -> Result<String, AppError> {
    users::request_password_reset(&core()?, client(), &email).await?;
    Ok(email.trim().to_owned())
}

/// Whether a link for a new password can still be used.
#[server]
pub async fn load_reset(token: String) -> Result<bool, AppError> {
    Ok(users::reset_link_is_good(&core()?, &token).await?)
}

/// Sets a new password by a link and signs in.
#[server]
pub async fn reset_password(token: String, password: String) -> Result<(), AppError> {
    let user = users::reset_password(&core()?, &token, password.into()).await?;
    ssr::start_session(user).await?;
    done("/", "password-changed");
    Ok(())
}

/// Changes one's own password and ends one's other sessions.
#[server]
pub async fn change_password(current_password: String, new_password: String) -> Result<(), AppError> {
    let session = ssr::session()?.id().map(|id| id.to_string());
    let (core, actor) = (core()?, ssr::actor().await?);
    users::change_password(&core, &actor, current_password.into(), new_password.into(), session.as_deref()).await?;
    ssr::password_typed().await?;
    done("/account", "password-changed");
    Ok(())
}
