//! What was refused at the door: who, from where, which rule, the exact reply.

use crate::{Id, Timestamp, page::PageSize, service_account::ServiceAccountId};
use serde::{Deserialize, Serialize};

/// Marker of [`RefusalId`].
pub enum RefusalKind {}
/// Identifies a refusal.
pub type RefusalId = Id<RefusalKind>;

/// The rules that can refuse. Each knows the page that mends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// No AUTH and not from a trusted network.
    AuthenticationRequired,
    /// Wrong, unknown, disabled, expired, from an address that is not allowed.
    CredentialsInvalid,
    /// Too many failed attempts; told apart from the above only here.
    Throttled,
    /// The reverse-path is no verified sender of the project.
    ReversePathNotVerified,
    /// The reverse-path is verified, but not allowed for this account.
    ReversePathNotAllowed,
    /// The account may not use the null reverse-path.
    NullReversePath,
    /// A mailbox of From is no verified sender of the project.
    FromNotVerified,
    /// A mailbox of From is verified, but not allowed for this account.
    FromNotAllowed,
    /// Sender is no verified sender of the project.
    SenderNotVerified,
    /// Sender is verified, but not allowed for this account.
    SenderNotAllowed,
    /// From or Sender is missing where it must be, doubled, a group, or not to be read with certainty.
    HeaderAmbiguous,
    /// The project is in the sandbox and the recipient is not verified.
    Sandbox,
    /// The recipient is on the project's suppression list.
    SuppressedRecipient,
    /// The project or the account is over a limit.
    Limit,
    /// The project is suspended.
    Suspended,
    /// The platform is paused.
    Paused,
    /// Too many Received lines.
    Loop,
    /// Bare CR or LF, or a NUL.
    BareLineEnd,
    /// The message, or its header, is larger than allowed.
    TooLarge,
}

impl Rule {
    /// All rules.
    pub const ALL: [Self; 19] = [
        Self::AuthenticationRequired,
        Self::CredentialsInvalid,
        Self::Throttled,
        Self::ReversePathNotVerified,
        Self::ReversePathNotAllowed,
        Self::NullReversePath,
        Self::FromNotVerified,
        Self::FromNotAllowed,
        Self::SenderNotVerified,
        Self::SenderNotAllowed,
        Self::HeaderAmbiguous,
        Self::Sandbox,
        Self::SuppressedRecipient,
        Self::Limit,
        Self::Suspended,
        Self::Paused,
        Self::Loop,
        Self::BareLineEnd,
        Self::TooLarge,
    ];

    /// The stored word, also in URLs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AuthenticationRequired => "authentication_required",
            Self::CredentialsInvalid => "credentials_invalid",
            Self::Throttled => "throttled",
            Self::ReversePathNotVerified => "reverse_path_not_verified",
            Self::ReversePathNotAllowed => "reverse_path_not_allowed",
            Self::NullReversePath => "null_reverse_path",
            Self::FromNotVerified => "from_not_verified",
            Self::FromNotAllowed => "from_not_allowed",
            Self::SenderNotVerified => "sender_not_verified",
            Self::SenderNotAllowed => "sender_not_allowed",
            Self::HeaderAmbiguous => "header_ambiguous",
            Self::Sandbox => "sandbox",
            Self::SuppressedRecipient => "suppressed_recipient",
            Self::Limit => "limit",
            Self::Suspended => "suspended",
            Self::Paused => "paused",
            Self::Loop => "loop",
            Self::BareLineEnd => "bare_line_end",
            Self::TooLarge => "too_large",
        }
    }

    /// Reads the stored word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.as_str() == text)
    }
}

/// A refusal. The same refusal from the same client within a minute is one row with a count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Identifier.
    pub id: RefusalId,
    /// First time.
    pub at: Timestamp,
    /// How often.
    pub count: u32,
    /// Which rule.
    pub rule: Rule,
    /// The client's address.
    pub client: String,
    /// HELO or EHLO name.
    pub helo: Option<String>,
    /// Name of the listener.
    pub listener: String,
    /// Label of the account or network, or the user name that was tried.
    pub who: Option<String>,
    /// The address it was about.
    pub address: Option<String>,
    /// The exact reply, on one line.
    pub reply: String,
    /// What the reply does not say: why an AUTH failed.
    pub cause: Option<String>,
    /// The code of its page, `/s/<code>`, as the reply prints it.
    pub code: String,
    /// The service account it was about, while there is one.
    pub account: Option<ServiceAccountId>,
}

/// What the list is narrowed to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RefusalFilter {
    /// Only this rule.
    pub rule: Option<Rule>,
    /// Part of address, client or account.
    pub search: Option<String>,
    /// Cursor of [`crate::page::Page::next`].
    pub after: Option<String>,
    /// How many rows.
    pub size: PageSize,
}
