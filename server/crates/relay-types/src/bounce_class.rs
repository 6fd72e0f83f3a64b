//! Why mail bounced, in classes that have a way to be mended.

use serde::{Deserialize, Serialize};

/// The closed list of reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BounceClass {
    /// There is no such mailbox or domain.
    Recipient,
    /// The mailbox is full or takes nothing now.
    MailboxFull,
    /// Too much at once, from the receiver's view.
    Rate,
    /// SPF, DKIM or DMARC did not satisfy the receiver.
    Authentication,
    /// The sending address has no name, or one that does not point back.
    Ptr,
    /// The sending address, or a name in the mail, is on a blocklist, or its reputation is bad.
    Blocklist,
    /// The receiver dislikes what the message says or how it is made.
    Content,
    /// TLS is missing or not good enough.
    Tls,
    /// The receiver's server or the way to it does not work.
    Network,
    /// None of these.
    Other,
}

impl BounceClass {
    /// All classes.
    pub const ALL: [Self; 10] = [
        Self::Recipient,
        Self::MailboxFull,
        Self::Rate,
        Self::Authentication,
        Self::Ptr,
        Self::Blocklist,
        Self::Content,
        Self::Tls,
        Self::Network,
        Self::Other,
    ];

    /// The word in URLs, the data file and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Recipient => "recipient",
            Self::MailboxFull => "mailbox_full",
            Self::Rate => "rate",
            Self::Authentication => "authentication",
            Self::Ptr => "ptr",
            Self::Blocklist => "blocklist",
            Self::Content => "content",
            Self::Tls => "tls",
            Self::Network => "network",
            Self::Other => "other",
        }
    }

    /// A heading for mail to one recipient.
    pub fn title(self) -> &'static str {
        match self {
            Self::Recipient => "no such mailbox",
            Self::MailboxFull => "the mailbox is full",
            Self::Rate => "too much at once",
            Self::Authentication => "the sender is not proven",
            Self::Ptr => "the sending address has no proper name",
            Self::Blocklist => "the sending address is on a blocklist",
            Self::Content => "the message is not liked",
            Self::Tls => "TLS does not do",
            Self::Network => "the server or the way to it does not work",
            Self::Other => "refused",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == text)
    }
}

/// A bounce or deferral in plain words, with the way to mend it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explained {
    /// Its class.
    pub class: BounceClass,
    /// Who says it, when the text is one a large provider is known for: `Gmail`.
    pub provider: Option<String>,
    /// What it means, in one or two sentences.
    pub meaning: String,
    /// What to do, in one sentence.
    pub advice: String,
    /// The page of ours that mends it: a path, and the link's text; none when there is none.
    pub page: Option<(String, String)>,
    /// Where the meaning is documented; none for what only the enhanced code says.
    pub source: Option<String>,
}
