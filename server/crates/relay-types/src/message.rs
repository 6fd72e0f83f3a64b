//! A message's story: envelope, recipients, attempts, events.

mod captured;
mod story;
mod verified;

pub use captured::{Attachment, CapturedMessage};
pub use story::{Attempt, AttemptOutcome, Cause, DialogueLine, Event, EventKind, Outcome, Recipient};
pub use verified::{SignatureResult, Verified, VerifiedSignature, VerifiedSpf};

use crate::{
    EmailAddress, Id, ReversePath, Timestamp,
    network::NetworkId,
    page::{Page, PageSize},
    service_account::ServiceAccountId,
};
use serde::{Deserialize, Serialize};

/// Marker of [`MessageId`].
pub enum MessageKind {}
/// Identifies a message; its text is the queue id in `250 2.0.0 Ok: queued as <id>`.
pub type MessageId = Id<MessageKind>;
/// Marker of [`RecipientId`].
pub enum RecipientKind {}
/// Identifies one recipient of one message.
pub type RecipientId = Id<RecipientKind>;

/// Where one recipient's copy stands. Legal moves are in `relay-core`'s `queue`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecipientState {
    /// Waits for its due time.
    Due,
    /// Leased by a worker.
    InFlight,
    /// Stopped by a person or a rule until released.
    Held,
    /// The next hop took it.
    Delivered,
    /// Failed for good; a DSN went out unless none may.
    Bounced,
    /// Cancelled by a person.
    Cancelled,
}

impl RecipientState {
    /// All states.
    pub const ALL: [Self; 6] = [Self::Due, Self::InFlight, Self::Held, Self::Delivered, Self::Bounced, Self::Cancelled];

    /// The stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::InFlight => "in_flight",
            Self::Held => "held",
            Self::Delivered => "delivered",
            Self::Bounced => "bounced",
            Self::Cancelled => "cancelled",
        }
    }

    /// Reads the stored word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Nothing will happen any more.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Delivered | Self::Bounced | Self::Cancelled)
    }
}

/// What a list shows of a whole message: its worst open matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageState {
    /// A recipient waits for its first attempt or is being delivered.
    Queued,
    /// A recipient waits for another attempt.
    Deferred,
    /// A recipient is held.
    Held,
    /// All recipients are done and at least one bounced.
    Bounced,
    /// All recipients are done, none bounced, at least one was delivered.
    Delivered,
    /// All recipients were cancelled.
    Cancelled,
}

impl MessageState {
    /// All states, in the order of tabs.
    pub const ALL: [Self; 6] =
        [Self::Queued, Self::Deferred, Self::Held, Self::Delivered, Self::Bounced, Self::Cancelled];

    /// The word on pages, in URLs and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Deferred => "deferred",
            Self::Held => "held",
            Self::Bounced => "bounced",
            Self::Delivered => "delivered",
            Self::Cancelled => "cancelled",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// How the message came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A service account by SMTP AUTH.
    ServiceAccount {
        /// Which.
        id: ServiceAccountId,
        /// Its label.
        label: String,
    },
    /// A trusted network.
    Network {
        /// Which.
        id: NetworkId,
        /// Its label.
        label: String,
    },
    /// A person in the portal (test message).
    Portal,
    /// Relaykeep itself: notifications and portal mail.
    System,
}

/// A row of a message list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageRow {
    /// Identifier.
    pub id: MessageId,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// Header From as written (shortened to 200 characters).
    pub from: String,
    /// Subject, decoded; empty when there is none.
    pub subject: String,
    /// The first recipient.
    pub first_recipient: EmailAddress,
    /// How many recipients in all.
    pub recipients: u32,
    /// The worst open matter.
    pub state: MessageState,
    /// Label of the account or network it came from.
    pub source_label: String,
    /// The last reply that matters, on one line.
    pub last_reply: Option<String>,
}

/// What a list is narrowed to; all of it stands in the URL.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MessageFilter {
    /// Only this state.
    pub state: Option<MessageState>,
    /// Part of subject or From; a whole address of sender or recipient; a queue id; a Message-ID.
    pub search: Option<String>,
    /// Only from this account.
    pub service_account: Option<ServiceAccountId>,
    /// Accepted at or after.
    pub since: Option<Timestamp>,
    /// Accepted before.
    pub until: Option<Timestamp>,
    /// Cursor of [`crate::page::Page::next`].
    pub after: Option<String>,
    /// How many rows.
    pub size: PageSize,
}

/// How many messages of each state, for counted tabs; capped at [`MessageCounts::MOST`] each (which means so many or
/// more).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MessageCounts {
    /// All states.
    pub all: u64,
    /// See [`MessageState::Queued`].
    pub queued: u64,
    /// See [`MessageState::Deferred`].
    pub deferred: u64,
    /// See [`MessageState::Held`].
    pub held: u64,
    /// See [`MessageState::Delivered`].
    pub delivered: u64,
    /// See [`MessageState::Bounced`].
    pub bounced: u64,
    /// See [`MessageState::Cancelled`].
    pub cancelled: u64,
}

impl MessageCounts {
    /// Counting stops here.
    pub const MOST: u64 = 10_000;
}

/// The page of a list of messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageList {
    /// Rows, newest first.
    pub rows: Page<MessageRow>,
    /// Counts under the filter without its state; none where a text is looked for in a large project.
    pub counts: Option<MessageCounts>,
    /// From when on a text was looked for in subject and sender, when there are older messages.
    pub searched_since: Option<Timestamp>,
}

/// A message's page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageDetail {
    /// Identifier.
    pub id: MessageId,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// The worst open matter.
    pub state: MessageState,
    /// How it came in.
    pub source: Source,
    /// Envelope.
    pub reverse_path: ReversePath,
    /// Header From as written.
    pub from: String,
    /// Subject, decoded.
    pub subject: String,
    /// Message-ID with its brackets.
    pub message_id: String,
    /// Octets as kept, with our prefix.
    pub size: u64,
    /// The header section as sent (64 KiB at most).
    pub headers: String,
    /// All recipients, 1,000 at most.
    pub recipients: Vec<Recipient>,
    /// The story, oldest first.
    pub events: Vec<Event>,
    /// The message of which this is a notification.
    pub about: Option<MessageId>,
    /// It was captured and can be read in the portal.
    pub captured: bool,
    /// What its client asked for beside the envelope, in words; empty for most mail.
    #[serde(default)]
    pub asked: Vec<String>,
    /// It was held here until this moment, or still is.
    #[serde(default)]
    pub release_at: Option<Timestamp>,
    /// Its content is not kept any more.
    #[serde(default)]
    pub content_removed: Option<ContentRemoved>,
}

/// Content that was removed by `retention.content`; what is left are the envelope, the header fields that Relaykeep
/// added, and the story.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentRemoved {
    /// When, and after how many seconds; none when that was not noted.
    pub noted: Option<(Timestamp, u64)>,
}
