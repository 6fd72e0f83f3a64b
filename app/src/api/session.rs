//! Signing in and out.

use crate::error::AppError;
use leptos::prelude::*;

#[cfg(feature = "ssr")]
use crate::ssr;

/// Ends the session.
#[server]
pub async fn sign_out() -> Result<(), AppError> {
    ssr::end_session().await?;
    ssr::done("/login", "signed-out");
    Ok(())
}
