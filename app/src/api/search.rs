//! Search over everything the person may see, for the palette.

use crate::error::AppError;
use leptos::prelude::*;
use relay_types::search::Found;

#[cfg(feature = "ssr")]
use crate::ssr::{actor, core};

/// A few messages and service accounts that match what is typed.
#[server]
pub async fn search(typed: String) -> Result<Found, AppError> {
    Ok(relay_core::search::search(&core()?, &actor().await?, &typed).await?)
}
