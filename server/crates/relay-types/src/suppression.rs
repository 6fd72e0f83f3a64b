//! Addresses that a project does not send to any more, with since when, why and until when.

use crate::{EmailAddress, Id, Timestamp, message::MessageId, page::PageSize};
use serde::{Deserialize, Serialize};

/// Marker of [`SuppressionId`].
pub enum SuppressionMarker {}
/// Identifies a suppressed address of a project.
pub type SuppressionId = Id<SuppressionMarker>;

/// A suppressed address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suppression {
    /// Identifier.
    pub id: SuppressionId,
    /// The address, as [`EmailAddress::key`] writes it.
    pub address: EmailAddress,
    /// What put it onto the list.
    pub kind: SuppressionKind,
    /// Since when.
    pub since: Timestamp,
    /// From then on it counts no more; none for as long as nobody removes it.
    pub expires_at: Option<Timestamp>,
    /// Why: the reply of the address's mail server, or what the person typed who added it.
    pub reason: String,
    /// The message whose recipient was refused; none when a person added the address.
    pub message: Option<MessageId>,
}

/// What puts an address onto the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SuppressionKind {
    /// Its server says that there is no such mailbox.
    NoMailbox,
    /// Its server says that the mailbox is switched off.
    Disabled,
    /// Its domain says that it takes no mail.
    NoMail,
    /// Who reads it complained.
    Complaint,
    /// A person or program of the project added it.
    Manual,
}

impl SuppressionKind {
    /// All kinds.
    pub const ALL: [Self; 5] = [Self::NoMailbox, Self::Disabled, Self::NoMail, Self::Complaint, Self::Manual];

    /// The word in the database, the API and CSV.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoMailbox => "no_mailbox",
            Self::Disabled => "disabled",
            Self::NoMail => "no_mail",
            Self::Complaint => "complaint",
            Self::Manual => "manual",
        }
    }

    /// In words.
    pub fn title(self) -> &'static str {
        match self {
            Self::NoMailbox => "No such mailbox",
            Self::Disabled => "Mailbox switched off",
            Self::NoMail => "Domain takes no mail",
            Self::Complaint => "Complaint",
            Self::Manual => "Added by hand",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// What the list is narrowed to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SuppressionFilter {
    /// The beginning of addresses, or all of a domain: `@domain`.
    pub search: Option<String>,
    /// Cursor of [`crate::page::Page::next`].
    pub after: Option<String>,
    /// How many rows.
    pub size: PageSize,
}
