//! A DNS record to publish, ready to copy.

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
    /// Values found at the last look-up; none when it was never looked up.
    pub found: Option<Vec<String>>,
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
