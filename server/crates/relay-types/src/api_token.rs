//! Programs that use the HTTP API: their tokens, and what each may do.

use crate::{Id, Timestamp};
use serde::{Deserialize, Serialize};

/// Marker of [`ApiTokenId`].
pub enum ApiTokenKind {}
/// Identifies a token of a project.
pub type ApiTokenId = Id<ApiTokenKind>;

/// What a token may do; nothing else is allowed to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ApiScope {
    /// Ask how DNS stands: SPF, DKIM, DMARC, MX, PTR, whole reports.
    #[serde(rename = "dns:read")]
    DnsRead,
    /// See who is on the suppression list.
    #[serde(rename = "suppressions:read")]
    SuppressionsRead,
    /// See who is on the suppression list, put addresses onto it and take them off.
    #[serde(rename = "suppressions:write")]
    SuppressionsWrite,
}

impl ApiScope {
    /// All scopes.
    pub const ALL: [Self; 3] = [Self::DnsRead, Self::SuppressionsRead, Self::SuppressionsWrite];

    /// The word in the API and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DnsRead => "dns:read",
            Self::SuppressionsRead => "suppressions:read",
            Self::SuppressionsWrite => "suppressions:write",
        }
    }

    /// Whether who has it may do what the other asks for: who may change a list may see it.
    pub fn allows(self, other: Self) -> bool {
        self == other || (self, other) == (Self::SuppressionsWrite, Self::SuppressionsRead)
    }

    /// What it allows, in words.
    pub fn title(self) -> &'static str {
        match self {
            Self::DnsRead => "Read DNS health",
            Self::SuppressionsRead => "Read suppressions",
            Self::SuppressionsWrite => "Read and change suppressions",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text)
    }
}

/// A token, without itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiToken {
    /// Identifier.
    pub id: ApiTokenId,
    /// What it is for, in the project's words.
    pub label: String,
    /// Its last four characters, to tell two tokens apart.
    pub hint: String,
    /// What it may do.
    pub scopes: Vec<ApiScope>,
    /// Who issued it.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// From when on it does not work any more; none when it does not end.
    pub expires_at: Option<Timestamp>,
    /// Whether that time has come.
    pub expired: bool,
    /// When it was last used, within a minute.
    pub last_used_at: Option<Timestamp>,
}
