//! The live state of listeners.

use crate::error::AppError;
use leptos::prelude::*;
use relay_types::listener::ListenerStatus;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::ssr::{actor, core};
#[cfg(feature = "ssr")]
use relay_core::listeners;

/// The page of listeners.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListenersPage {
    /// Those of this node, as they are now.
    pub listeners: Vec<ListenerStatus>,
    /// Listeners of all nodes that take secrets in clear, in words.
    pub legacy: Vec<String>,
}

/// Listeners of this node, and what is to be warned of on any.
#[server]
pub async fn load_listeners() -> Result<ListenersPage, AppError> {
    let (core, actor) = (core()?, actor().await?);
    let legacy = listeners::plaintext_auth(&core, &actor).await?;
    Ok(ListenersPage { listeners: listeners::list(&core, &actor)?, legacy })
}
