//! Who changed what: the activity page.

use crate::{Id, Timestamp, page::PageSize};
use serde::{Deserialize, Serialize};

/// Marker of [`AuditId`].
pub enum AuditKind {}
/// Identifies an audit entry.
pub type AuditId = Id<AuditKind>;

/// An audit entry. Entries are never changed or removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Identifier.
    pub id: AuditId,
    /// When.
    pub at: Timestamp,
    /// Who, by name at that time.
    pub actor: String,
    /// From which address; none for the command line and the system.
    pub client: Option<String>,
    /// What was done: noun and verb, such as `sender.verify`.
    pub action: String,
    /// What it was done to, by name at that time.
    pub subject: String,
    /// Project's slug, in the operator's list.
    pub project: Option<String>,
    /// Fields that changed.
    pub changes: Vec<FieldChange>,
}

/// A field before and after; secrets are never here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// Name of the field.
    pub field: String,
    /// Before; none when it was made.
    pub before: Option<String>,
    /// After; none when it was removed.
    pub after: Option<String>,
}

/// What the list is narrowed to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AuditFilter {
    /// Part of a name, or a whole client address.
    pub actor: Option<String>,
    /// A noun such as `sender`, or noun and verb such as `sender.verify`.
    pub action: Option<String>,
    /// At or after.
    pub since: Option<Timestamp>,
    /// Cursor of [`crate::page::Page::next`].
    pub after: Option<String>,
    /// How many rows.
    pub size: PageSize,
}
