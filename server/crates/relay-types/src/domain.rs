//! Sender domains verified by a TXT record, and the DKIM keys that sign for them.

use crate::{
    DomainName, Id, Timestamp,
    audit::AuditEntry,
    dns_record::DnsRecord,
    finding::{History, Report, Severity},
    sender::Verification,
};
use serde::{Deserialize, Serialize};

/// Marker of [`DomainId`].
pub enum DomainKind {}
/// Identifies a domain of a project.
pub type DomainId = Id<DomainKind>;
/// Marker of [`DkimKeyId`].
pub enum DkimKeyKind {}
/// Identifies a DKIM key.
pub type DkimKeyId = Id<DkimKeyKind>;

/// A sender domain of a project, or the operator's default domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Domain {
    /// Identifier.
    pub id: DomainId,
    /// The name.
    pub name: DomainName,
    /// State of the proof.
    pub state: Verification,
    /// When it was verified.
    pub verified_at: Option<Timestamp>,
    /// When DNS was last asked.
    pub checked_at: Option<Timestamp>,
    /// What the last check found wrong, in words; none when nothing.
    pub problem: Option<String>,
    /// Whether mail from it is signed now (at least one key is active).
    pub signed: bool,
    /// The worst finding of the last check; none before the first.
    pub worst: Option<Severity>,
    /// How many findings are to be mended.
    pub to_mend: u32,
    /// When it was added.
    pub created_at: Timestamp,
}

/// Signature algorithm of a key (RFC 8301, RFC 8463).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DkimAlgorithm {
    /// rsa-sha256 with 2048 bits.
    #[serde(rename = "rsa-sha256")]
    RsaSha256,
    /// ed25519-sha256.
    #[serde(rename = "ed25519-sha256")]
    Ed25519Sha256,
}

impl DkimAlgorithm {
    /// Both; each domain has a key of each.
    pub const ALL: [Self; 2] = [Self::RsaSha256, Self::Ed25519Sha256];

    /// The `a=` tag.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RsaSha256 => "rsa-sha256",
            Self::Ed25519Sha256 => "ed25519-sha256",
        }
    }

    /// Reads the `a=` tag.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == text)
    }
}

/// Whether a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DkimKeyState {
    /// Waits for its record to be seen in DNS; does not sign.
    Pending,
    /// Its record was seen; signs.
    Active,
    /// Its record was seen and is gone; does not sign.
    Missing,
    /// Another key signs in its stead. Its record is needed until the queue has nothing that it signed.
    Retiring,
}

impl DkimKeyState {
    /// All states.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Active, Self::Missing, Self::Retiring];

    /// The stored and shown word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Missing => "missing",
            Self::Retiring => "retiring",
        }
    }

    /// Reads the stored word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// A DKIM key, without its private part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DkimKey {
    /// Identifier.
    pub id: DkimKeyId,
    /// The `s=` tag.
    pub selector: String,
    /// The `a=` tag.
    pub algorithm: DkimAlgorithm,
    /// Whether it signs.
    pub state: DkimKeyState,
    /// The TXT record to publish and what was found.
    pub record: DnsRecord,
    /// The CNAME record to publish in its stead, so that the relay rotates the key alone; none where that is not offered.
    pub alias: Option<DnsRecord>,
    /// When the record was last seen.
    pub seen_at: Option<Timestamp>,
    /// From when on the record of a retiring key is not needed any more.
    pub retires_at: Option<Timestamp>,
}

/// A domain's page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainDetail {
    /// The domain.
    pub domain: Domain,
    /// `_relaykeep-challenge` TXT; none for the operator's default domain.
    pub challenge: Option<DnsRecord>,
    /// Its keys.
    pub keys: Vec<DkimKey>,
    /// What people last did to it, newest first; empty for the operator's default domain.
    pub history: Vec<AuditEntry>,
    /// The last report of its DNS health; none before the first check.
    pub report: Option<Report>,
    /// How its checks came out in the last 30 days.
    pub histories: Vec<History>,
    /// When DNS is asked next by itself.
    pub next_check_at: Option<Timestamp>,
}
