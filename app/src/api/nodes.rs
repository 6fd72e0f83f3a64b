//! The nodes that serve this portal and its relay.

use crate::error::AppError;
use leptos::prelude::*;
use relay_types::{node::Nodes, queue::QueueTotals};
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::ssr::{actor, core, done};
#[cfg(feature = "ssr")]
use relay_core::{nodes, queue};

/// The page of nodes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NodesPage {
    /// All of them.
    pub nodes: Nodes,
    /// What waits for them.
    pub totals: QueueTotals,
}

/// All nodes, and what waits.
#[server]
pub async fn load_nodes() -> Result<NodesPage, AppError> {
    let core = core()?;
    let nodes = nodes::list(&core, &actor().await?).await?;
    Ok(NodesPage { nodes, totals: queue::totals(&core).await? })
}

/// Takes a node that does not run from the list.
#[server]
pub async fn forget_node(node: String) -> Result<(), AppError> {
    nodes::forget(&core()?, &actor().await?, &node).await?;
    done("/admin/nodes", "node-forgotten");
    Ok(())
}
