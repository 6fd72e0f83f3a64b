//! DNS back ends: what writes a reverse zone.

use crate::{Id, Timestamp, reverse::TsigAlgorithm};
use serde::{Deserialize, Serialize};

/// Marker of [`DnsBackendId`].
pub enum DnsBackendKind {}
/// Identifies a DNS back end.
pub type DnsBackendId = Id<DnsBackendKind>;

/// A DNS back end as its page shows it. Its secret is never here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsBackend {
    /// Identifier.
    pub id: DnsBackendId,
    /// What it is called.
    pub label: String,
    /// How it is written, without the secret.
    pub settings: BackendSettings,
    /// Labels of the ranges that use it, with their zones.
    pub ranges: Vec<(String, String)>,
    /// The last test, of which zone and what it said.
    pub tested: Option<BackendTest>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What a test of a back end came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackendTest {
    /// Of which zone.
    pub zone: String,
    /// Whether the zone could be written.
    pub good: bool,
    /// What was seen, in words.
    pub said: String,
    /// When.
    pub at: Timestamp,
}

/// How a back end is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum BackendSettings {
    /// DNS UPDATE (RFC 2136) with TSIG (RFC 8945).
    Update {
        /// `HOST` or `HOST:PORT` of the primary server.
        server: String,
        /// Name of the key.
        key_name: String,
        /// Its algorithm.
        algorithm: TsigAlgorithm,
    },
    /// The HTTP API of PowerDNS.
    PowerDns {
        /// Base of the API, such as `https://dns.example.org:8081`.
        url: String,
        /// The server's id in the API; usually `localhost`.
        server_id: String,
    },
    /// Lines for a zone file that somebody applies by hand.
    Snippet,
}

impl BackendSettings {
    /// The word in forms and lists.
    pub fn kind(&self) -> BackendKind {
        match self {
            Self::Update { .. } => BackendKind::Update,
            Self::PowerDns { .. } => BackendKind::PowerDns,
            Self::Snippet => BackendKind::Snippet,
        }
    }
}

/// The kinds of back ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BackendKind {
    /// DNS UPDATE.
    Update,
    /// PowerDNS.
    PowerDns,
    /// By hand.
    Snippet,
}

impl BackendKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Update, Self::PowerDns, Self::Snippet];

    /// The word in forms and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Update => "update",
            Self::PowerDns => "powerdns",
            Self::Snippet => "snippet",
        }
    }

    /// As people read it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Update => "DNS update (RFC 2136)",
            Self::PowerDns => "PowerDNS API",
            Self::Snippet => "Zone snippet, applied by hand",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}
