//! Lists of addresses whose mail many refuse (RFC 5782): what their answers mean, and what they do not.

use std::ops::RangeInclusive;

/// A list, as it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocklist {
    /// The zone: `zen.spamhaus.org`.
    pub zone: String,
    /// Its name for people.
    pub name: String,
    /// Page that takes an address off the list, where `{ip}` stands for the address; none when there is none.
    pub delist: Option<String>,
    /// What the last octet of an answer `127.0.0.x` means.
    pub codes: Vec<(RangeInclusive<u8>, String)>,
}
