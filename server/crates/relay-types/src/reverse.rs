//! What DNS servers said of an address and its name: facts that are stored with tickets and shown on pages.
//!
//! Judgement of answers is here, because the browser shows it too; asking is `relay-dns`.

use crate::Timestamp;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// What one authoritative server said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerAnswer {
    /// The server, as `ns1.uni.example (192.0.2.1)`.
    pub server: String,
    /// Its answer in words: `86.50.168.120`, `no such name (NXDOMAIN)`, `no answer in 6 s`, `refused (REFUSED)`.
    pub said: String,
    /// The addresses or names it gave; none when it has none or did not say.
    #[serde(default)]
    pub records: Vec<String>,
    /// Whether it may say something else a moment later: what is not in `records` is then unknown, not absent.
    pub temporary: bool,
}

/// What the authoritative servers of a host name say of its addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForwardFound {
    /// The name that was asked for.
    pub name: String,
    /// The addresses at least one server gave, sorted.
    pub addresses: Vec<IpAddr>,
    /// The zone of the records; that of the last name when aliases led there. Empty when it could not be found.
    pub zone: String,
    /// Shortest life in seconds of the records, or of their absence; none when nobody said.
    pub ttl: Option<u32>,
    /// What each authoritative server said.
    pub servers: Vec<ServerAnswer>,
    /// Whether at least one server gave a certain answer, and those that did agree on aliases.
    pub certain: bool,
    /// When.
    pub asked_at: Timestamp,
}

/// Whether a name points to an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ForwardState {
    /// Every server that answered has the address, and at least one did.
    Matches,
    /// Every server that answered certainly does not have it, and at least one did.
    Missing,
    /// Nobody answered, or not every server has it yet.
    Unknown,
}

impl ForwardFound {
    /// Whether the name points to this address. A temporary failure is never [`ForwardState::Missing`].
    pub fn points_to(&self, address: IpAddr) -> ForwardState {
        let (with, without) = self.split(address);
        match (with, without) {
            _ if !self.certain && with == 0 => ForwardState::Unknown,
            (0, 0) => ForwardState::Unknown,
            (_, 0) => ForwardState::Matches,
            (0, _) => ForwardState::Missing,
            _ => ForwardState::Unknown,
        }
    }

    /// [`ForwardFound::points_to`] in words for the person who waits for it.
    pub fn words(&self, address: IpAddr) -> String {
        let (name, (with, without)) = (&self.name, self.split(address));
        match self.points_to(address) {
            ForwardState::Matches => format!("{name} points to {address}"),
            ForwardState::Missing if self.addresses.is_empty() => format!("{name} has no address"),
            ForwardState::Missing => {
                let found: Vec<String> = self.addresses.iter().map(ToString::to_string).collect();
                format!("{name} points to {}, not to {address}", found.join(", "))
            }
            ForwardState::Unknown if with > 0 => {
                format!("{with} of {} servers have {address}; not every server has it yet", with + without)
            }
            ForwardState::Unknown if self.servers.is_empty() => {
                format!("The servers of {name} could not be found just now")
            }
            ForwardState::Unknown => format!("The servers of {name} do not answer with certainty just now"),
        }
    }

    /// How many servers have the address, and how many certainly do not.
    fn split(&self, address: IpAddr) -> (usize, usize) {
        let wanted = address.to_canonical();
        let has = |answer: &&ServerAnswer| answer.records.iter().any(|text| text.parse() == Ok(wanted));
        let with = self.servers.iter().filter(has).count();
        let without = self.servers.iter().filter(|answer| !answer.temporary && !has(answer)).count();
        (with, without)
    }
}

/// What the authoritative servers say of an address's PTR records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PtrFound {
    /// The address that was asked for.
    pub address: IpAddr,
    /// The name that finally holds the PTR records, or would: after aliases (RFC 2317).
    pub owner: String,
    /// Whether an alias led there.
    pub alias: bool,
    /// The names, in lower case, sorted; of all servers together when they disagree.
    pub names: Vec<String>,
    /// The zone of the owner. Empty when it could not be found.
    pub zone: String,
    /// Longest life in seconds of the records, or of their absence; none when nobody said.
    pub ttl: Option<u32>,
    /// What each authoritative server said.
    pub servers: Vec<ServerAnswer>,
    /// Whether all servers that gave a certain answer gave the same.
    pub agreed: bool,
    /// Whether at least one server gave a certain answer, and those that did agree on aliases.
    pub certain: bool,
    /// When.
    pub asked_at: Timestamp,
}

impl PtrFound {
    /// Whether it is certain, and every server that answered says so, that this is the only name of the address.
    pub fn is_only(&self, name: &str) -> bool {
        self.certain && self.agreed && self.names.len() == 1 && self.names[0].eq_ignore_ascii_case(name)
    }
}

/// The result of comparing an address's names with the addresses of those names (RFC 8601 §2.7.3, `iprev`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fcrdns {
    /// A name of the address points back to it.
    Pass,
    /// There are names, and none points back.
    Fail,
    /// DNS did not answer; it may later.
    Temperror,
    /// The address has no PTR record.
    Permerror,
}

impl Fcrdns {
    /// All results.
    pub const ALL: [Self; 4] = [Self::Pass, Self::Fail, Self::Temperror, Self::Permerror];

    /// The word of RFC 8601.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Temperror => "temperror",
            Self::Permerror => "permerror",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|result| result.as_str() == text)
    }

    /// Judges what was found: the names of the address, and what each of them points to.
    pub fn judge(ptr: &PtrFound, forward: &[ForwardFound]) -> Self {
        if ptr.names.is_empty() {
            return if ptr.certain { Self::Permerror } else { Self::Temperror };
        }
        let of = |name: &String| forward.iter().find(|found| found.name.eq_ignore_ascii_case(name));
        let states: Vec<ForwardState> = ptr
            .names
            .iter()
            .map(|name| of(name).map_or(ForwardState::Unknown, |found| found.points_to(ptr.address)))
            .collect();
        if states.contains(&ForwardState::Matches) {
            Self::Pass
        } else if states.contains(&ForwardState::Unknown) || !ptr.certain {
            Self::Temperror
        } else {
            Self::Fail
        }
    }
}

/// How an update is signed (RFC 8945 §6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TsigAlgorithm {
    /// HMAC with SHA-256.
    #[serde(rename = "hmac-sha256")]
    HmacSha256,
    /// HMAC with SHA-512.
    #[serde(rename = "hmac-sha512")]
    HmacSha512,
}

impl TsigAlgorithm {
    /// All algorithms.
    pub const ALL: [Self; 2] = [Self::HmacSha256, Self::HmacSha512];

    /// The registered name, which is also the stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HmacSha256 => "hmac-sha256",
            Self::HmacSha512 => "hmac-sha512",
        }
    }

    /// Reads the name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == text)
    }
}

#[cfg(test)]
mod tests;
