//! Sender addresses verified by a link.

use crate::{EmailAddress, Id, Timestamp};
use serde::{Deserialize, Serialize};

/// Marker of [`SenderId`].
pub enum SenderKind {}
/// Identifies a sender address.
pub type SenderId = Id<SenderKind>;

/// How far the proof is that the project may use an address or domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verification {
    /// Asked for, not proven.
    Pending,
    /// Proven: it may be used.
    Verified,
    /// Was proven; the proof is gone and it may not be used.
    Lost,
}

impl Verification {
    /// All states.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Verified, Self::Lost];

    /// The stored and shown word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Verified => "verified",
            Self::Lost => "lost",
        }
    }

    /// Reads the stored word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// A sender address of a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender {
    /// Identifier.
    pub id: SenderId,
    /// The address.
    pub address: EmailAddress,
    /// State of the proof.
    pub state: Verification,
    /// When the link was last sent.
    pub link_sent_at: Option<Timestamp>,
    /// When it was verified.
    pub verified_at: Option<Timestamp>,
    /// By the link (none) or by an operator (who).
    pub verified_by: Option<String>,
    /// When it was added.
    pub created_at: Timestamp,
}

/// What the page behind a verification link shows before it is confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SenderOffer {
    /// The address to be verified.
    pub address: EmailAddress,
    /// The project that wants to use it.
    pub project: String,
}
