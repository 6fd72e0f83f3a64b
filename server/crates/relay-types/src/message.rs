//! A message's story: envelope, recipients, attempts, events.

use crate::{
    EmailAddress, Id, ReversePath, Timestamp,
    network::NetworkId,
    page::{Page, PageSize},
    reply::Reply,
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

/// One recipient as the message page shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    /// Identifier.
    pub id: RecipientId,
    /// Forward-path.
    pub address: EmailAddress,
    /// Where it stands.
    pub state: RecipientState,
    /// Attempts so far.
    pub attempts: u32,
    /// When it is tried next (state due).
    pub due_at: Option<Timestamp>,
    /// The last reply or failure, in words.
    pub last_reply: Option<String>,
}

/// One line of the dialogue with the next hop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DialogueLine {
    /// True for what we said.
    pub ours: bool,
    /// The line, without line end, secrets removed, 1,000 characters at most.
    pub text: String,
}

/// How an attempt ended for one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptOutcome {
    /// The recipient.
    pub address: EmailAddress,
    /// Delivered, TempFail or PermFail.
    pub outcome: Outcome,
    /// When it is tried again, after a TempFail that is not the last.
    pub next_at: Option<Timestamp>,
}

/// The closed list of ends of a delivery attempt for one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The next hop took responsibility with this reply.
    Delivered(Reply),
    /// Shown in the portal; nothing left the machine.
    Captured,
    /// To be tried again.
    TempFail(Cause),
    /// Failed for good.
    PermFail(Cause),
}

/// Why an attempt failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The next hop said so.
    Reply(Reply),
    /// DNS: no such domain, null MX, time-out; the reply we give in its stead.
    Dns(Reply),
    /// No connection, lost connection, time-out, TLS; the reply we give in its stead.
    Network(Reply),
    /// A rule of ours: too old, no SMTPUTF8 at the next hop.
    Local(Reply),
}

impl Cause {
    /// The reply, theirs or the one in its stead.
    pub fn reply(&self) -> &Reply {
        match self {
            Self::Reply(reply) | Self::Dns(reply) | Self::Network(reply) | Self::Local(reply) => reply,
        }
    }
}

/// A delivery attempt: one transaction with one next hop, for one or more recipients of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// 1 for the first.
    pub number: u32,
    /// When it began.
    pub started_at: Timestamp,
    /// How long it took, in milliseconds.
    pub milliseconds: u64,
    /// Next hop's name; none when no host was reached or looked for (capture, DNS failure).
    pub host: Option<String>,
    /// Next hop's address.
    pub address: Option<String>,
    /// `TLS 1.3, verified`, `TLS 1.2, not verified`; none in the clear.
    pub tls: Option<String>,
    /// What was said, in order.
    pub dialogue: Vec<DialogueLine>,
    /// How it ended for each recipient.
    pub outcomes: Vec<AttemptOutcome>,
}

/// What happened to a message, in order of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: EventKind,
}

/// The closed list of what can happen to a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// Accepted and on disk.
    Accepted {
        /// `TLS 1.3`, when encrypted.
        tls: Option<String>,
        /// `PLAIN`, `LOGIN`, when authenticated.
        mechanism: Option<String>,
        /// Name of the listener.
        listener: String,
        /// The client's address; none for the portal and the system.
        client: Option<String>,
        /// HELO or EHLO name.
        helo: Option<String>,
    },
    /// Signed with DKIM.
    Signed {
        /// The `d=` tag.
        domain: String,
        /// Selector and algorithm of each signature.
        selectors: Vec<String>,
    },
    /// Not signed, and why.
    NotSigned {
        /// In words.
        reason: String,
    },
    /// A delivery attempt.
    Attempt(Attempt),
    /// Someone was told of a delay.
    DelayNotified {
        /// The notification's queue id.
        notification: MessageId,
    },
    /// A failure was reported to the reverse-path.
    FailureNotified {
        /// The notification's queue id.
        notification: MessageId,
    },
    /// A failure could not be reported, and why.
    NotNotified {
        /// In words.
        reason: String,
    },
    /// A person held recipients.
    Held {
        /// Who.
        by: String,
    },
    /// A person released recipients.
    Released {
        /// Who.
        by: String,
    },
    /// A person asked for an attempt now.
    RetryAsked {
        /// Who.
        by: String,
    },
    /// A person cancelled recipients.
    Cancelled {
        /// Who.
        by: String,
    },
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
}

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
