//! The live state of listeners.

use crate::error::AppError;
use leptos::prelude::*;
use relay_types::listener::ListenerStatus;

#[cfg(feature = "ssr")]
use crate::ssr::{actor, core};

/// Listeners of this node, as they are now.
#[server]
pub async fn load_listeners() -> Result<Vec<ListenerStatus>, AppError> {
    Ok(relay_core::listeners::list(&core()?, &actor().await?)?)
}
