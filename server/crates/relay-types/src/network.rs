//! Trusted networks: a connection from one of a project's blocks *is* that project.

use crate::{Cidr, Id, Timestamp};
use serde::{Deserialize, Serialize};

/// Marker of [`NetworkId`].
pub enum NetworkKind {}
/// Identifies a trusted network.
pub type NetworkId = Id<NetworkKind>;

/// A trusted network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// Identifier.
    pub id: NetworkId,
    /// The block.
    pub cidr: Cidr,
    /// What it is, in the project's words.
    pub label: String,
    /// When it was added.
    pub created_at: Timestamp,
    /// Last accepted message from it.
    pub last_used_at: Option<Timestamp>,
}
