//! Addresses that a project does not send to any more, with since when and why.

use crate::{EmailAddress, Id, Timestamp, message::MessageId, page::PageSize};
use serde::{Deserialize, Serialize};

/// Marker of [`SuppressionId`].
pub enum SuppressionKind {}
/// Identifies a suppressed address of a project.
pub type SuppressionId = Id<SuppressionKind>;

/// A suppressed address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suppression {
    /// Identifier.
    pub id: SuppressionId,
    /// The address, as [`EmailAddress::key`] writes it.
    pub address: EmailAddress,
    /// Since when.
    pub since: Timestamp,
    /// Why: the reply of the address's mail server, or what the person typed who added it.
    pub reason: String,
    /// The message whose recipient was refused; none when a person added the address.
    pub message: Option<MessageId>,
}

/// What the list is narrowed to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SuppressionFilter {
    /// Part of the address.
    pub search: Option<String>,
    /// Cursor of [`crate::page::Page::next`].
    pub after: Option<String>,
    /// How many rows.
    pub size: PageSize,
}
