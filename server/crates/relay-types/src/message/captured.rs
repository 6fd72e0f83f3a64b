//! A captured message, as the viewer shows it.

use super::MessageId;
use crate::{EmailAddress, ReversePath, Timestamp};
use serde::{Deserialize, Serialize};

/// A captured message, parsed for reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapturedMessage {
    /// Identifier.
    pub id: MessageId,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// Envelope.
    pub reverse_path: ReversePath,
    /// Recipients.
    pub recipients: Vec<EmailAddress>,
    /// Header From as written.
    pub from: String,
    /// Header To as written.
    pub to: String,
    /// Subject, decoded.
    pub subject: String,
    /// Plain text part, decoded.
    pub text: Option<String>,
    /// Whether there is an HTML part (served by itself, sandboxed).
    pub has_html: bool,
    /// Attachments.
    pub attachments: Vec<Attachment>,
    /// The header section as sent.
    pub headers: String,
}

/// An attachment of a captured message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// File name, made safe.
    pub name: String,
    /// Media type as declared.
    pub media_type: String,
    /// Octets, decoded.
    pub size: u64,
}
