//! A DNS record to publish, ready to copy.

use crate::Timestamp;
use serde::{Deserialize, Serialize};

/// A record expected at a name, and what was found there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsRecord {
    /// Full name without trailing dot.
    pub name: String,
    /// `TXT`, `CNAME`, …
    pub kind: String,
    /// The value to publish, one piece, without quotes.
    pub value: String,
    /// What the last look-up found; none when it was never looked up.
    pub found: Option<Found>,
    /// Whether that is what was expected, by the rule of this record.
    pub right: bool,
}

/// What DNS said of a name, and how it was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The values; none when there certainly is none.
    pub values: Vec<String>,
    /// Seconds for which the answer, or the absence (RFC 2308 §5), may still be kept; none when the answer did not say.
    pub ttl: Option<u32>,
    /// The servers that were asked, authoritative ones or a resolver. Any of them may have given the answer.
    pub resolvers: Vec<String>,
    /// When.
    pub asked_at: Timestamp,
}

impl DnsRecord {
    /// The line for a zone file: quoted, in strings of 255 octets at most (RFC 1035 §3.3.14).
    pub fn zone_line(&self) -> String {
        if self.kind != "TXT" {
            return format!("{}. IN {} {}", self.name, self.kind, self.value);
        }
        let escaped: Vec<char> = self.value.chars().collect();
        let pieces: Vec<String> = escaped
            .chunks(255)
            .map(|piece| piece.iter().collect::<String>().replace('\\', "\\\\").replace('"', "\\\""))
            .map(|piece| format!("\"{piece}\""))
            .collect();
        format!("{}. IN TXT {}", self.name, pieces.join(" "))
    }
}
