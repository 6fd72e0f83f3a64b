//! What a search through a person's projects found.

use crate::{
    EmailAddress, Timestamp,
    message::{MessageId, MessageState},
    project::Slug,
    service_account::ServiceAccountId,
};
use serde::{Deserialize, Serialize};

/// What was found, a few of each.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Found {
    /// Messages, newest first.
    pub messages: Vec<FoundMessage>,
    /// Service accounts, by label.
    pub service_accounts: Vec<FoundServiceAccount>,
}

/// A message that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundMessage {
    /// Its project.
    pub project: Slug,
    /// Queue id.
    pub id: MessageId,
    /// Subject, empty when it has none.
    pub subject: String,
    /// First recipient.
    pub first_recipient: EmailAddress,
    /// State.
    pub state: MessageState,
    /// When it was accepted.
    pub accepted_at: Timestamp,
}

/// A service account that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundServiceAccount {
    /// Its project.
    pub project: Slug,
    /// Identifier.
    pub id: ServiceAccountId,
    /// Label.
    pub label: String,
    /// What it signs in with.
    pub username: String,
}
