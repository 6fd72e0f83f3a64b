//! Signing in and out.

use crate::error::AppError;
use leptos::prelude::*;
use relay_types::EmailAddress;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::ssr::{self, actor, client, core};
#[cfg(feature = "ssr")]
use relay_core::{Error, sign_in, users};

/// What the pages outside show before anything is typed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Door {
    /// Nobody can sign in, because no user exists.
    pub setup_needed: bool,
    /// Who is signed in already.
    pub email: Option<EmailAddress>,
}

/// Who is at the door.
#[server]
pub async fn load_door() -> Result<Door, AppError> {
    let core = core()?;
    let email = match users::me(&core, &actor().await?).await {
        Ok(me) => Some(me.email),
        Err(Error::SignedOut) => None,
        Err(error) => return Err(error.into()),
    };
    Ok(Door { setup_needed: users::setup_needed(&core).await?, email })
}

/// As `load_door` for the sign-in page; goes on to the first run when no user exists.
#[server]
pub async fn load_login() -> Result<Door, AppError> {
    let door = load_door().await?;
    if door.setup_needed {
        ssr::redirect("/setup");
    }
    Ok(door)
}

/// Signs in and goes on at `next`.
#[server]
pub async fn sign_in(email: String, password: String, next: Option<String>) -> Result<(), AppError> {
    let user = match sign_in::sign_in(&core()?, client(), &email, password.into()).await {
        Err(Error::Forbidden) => return Err(AppError::invalid("password", WRONG)),
        other => other?,
    };
    ssr::start_session(user).await?;
    ssr::redirect(next.as_deref().unwrap_or("/"));
    Ok(())
}

/// Which of the two is wrong is not told.
#[cfg(feature = "ssr")]
const WRONG: &str = "This address and this password do not belong together. Check both and type the password again";

/// Ends the session and goes on at `next`, or at the sign-in page.
#[server]
pub async fn sign_out(next: Option<String>) -> Result<(), AppError> {
    ssr::end_session().await?;
    ssr::done(next.as_deref().unwrap_or("/login"), "signed-out");
    Ok(())
}
