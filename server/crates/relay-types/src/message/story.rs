//! What happened to a message: recipients, attempts, events.

use super::{MessageId, RecipientId, RecipientState, Verified};
use crate::{EmailAddress, Timestamp, bounce_class::Explained, reply::Reply, tls::AttemptTls};
use serde::{Deserialize, Serialize};

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
    /// What that means and where it is mended; none when nothing failed.
    #[serde(default)]
    pub explained: Option<Explained>,
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
    /// The next hop said so of this recipient, at RCPT.
    Recipient(Reply),
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
            Self::Reply(reply)
            | Self::Recipient(reply)
            | Self::Dns(reply)
            | Self::Network(reply)
            | Self::Local(reply) => reply,
        }
    }

    /// Whether the reply is the next hop's, and not the one we give in its stead.
    pub fn is_theirs(&self) -> bool {
        matches!(self, Self::Reply(_) | Self::Recipient(_))
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
    /// The TLS there was; none in the clear.
    pub tls: Option<AttemptTls>,
    /// The next hop was told what reports were asked for (RFC 3461).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub passes_reports_on: bool,
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
    /// What our own verifier says of a test message.
    Verified(Verified),
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
    /// A success was reported to the reverse-path, as the sender had asked.
    SuccessNotified {
        /// The notification's queue id.
        notification: MessageId,
    },
    /// A failure could not be reported, and why.
    NotNotified {
        /// In words.
        reason: String,
    },
    /// The project does not send there any more.
    Suppressed {
        /// The address.
        address: EmailAddress,
        /// From then on it does again; none for never.
        until: Option<Timestamp>,
    },
    /// A simulated recipient complained. It is on no list.
    Complained {
        /// Who.
        address: EmailAddress,
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
    /// The content is not kept any more (`retention.content`).
    ContentRemoved {
        /// What the setting was then, in seconds.
        kept_seconds: u64,
    },
}
