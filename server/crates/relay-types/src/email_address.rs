//! Mail addresses and reverse-paths (RFC 5321 §4.1.2, RFC 6531 §3.3).

use crate::{DomainName, DomainNameError, unicode};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};

/// A mailbox address `local-part@domain`.
///
/// The local part is kept as its meaning (quotes and backslashes undone); it is quoted again on output when it must be.
/// Two addresses are equal when they name the same mailbox to us: local parts are compared without regard to case and
/// to how an accented letter is composed (RFC 6532 §3.1). What nobody can see is not allowed in them.
#[derive(Debug, Clone)]
pub struct EmailAddress {
    local: String,
    domain: DomainName,
}

/// Why a text is not a mail address, in words for the person who typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// No `@`.
    #[error("A mail address has an @ in it, for example name@example.org")]
    NoAt,
    /// The local part is empty or has characters that need quotes.
    #[error("The part before the @ has a character that is not allowed there")]
    Local,
    /// The local part is longer than 64 octets (RFC 5321 §4.5.3.1.1), as it is written or in lower case.
    #[error("The part before the @ has at most 64 characters")]
    LocalTooLong,
    /// The domain is not one.
    #[error("{0}")]
    Domain(#[from] DomainNameError),
}

impl EmailAddress {
    /// Reads an address as typed or as found between `<` and `>`; nothing around it, no source route, no comment.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let (local, domain) = if let Some(rest) = text.strip_prefix('"') {
            split_quoted(rest)?
        } else {
            let (local, domain) = text.split_once('@').ok_or(AddressError::NoAt)?;
            if !is_dot_string(local) {
                return Err(AddressError::Local);
            }
            (local.to_owned(), domain)
        };
        // Some letters take more octets in lower case: the key is stored, and has to be an address, too.
        if local.len() > 64 || (!local.is_ascii() && folded(&local).len() > 64) {
            return Err(AddressError::LocalTooLong);
        }
        Ok(Self { local, domain: DomainName::parse(domain)? })
    }

    /// The part before the `@`, without quotes, in the case it was written.
    pub fn local(&self) -> &str {
        &self.local
    }

    /// The part after the `@`.
    pub fn domain(&self) -> &DomainName {
        &self.domain
    }

    /// The one form of this address for comparison and storage: as `Display`, with the local part in lower case and
    /// composed (Unicode NFC). It is an address itself, with the same key.
    pub fn key(&self) -> String {
        Self { local: folded(&self.local), domain: self.domain.clone() }.to_string()
    }

    /// Whether it can be used only with SMTPUTF8 (RFC 6531).
    pub fn needs_smtputf8(&self) -> bool {
        !self.local.is_ascii()
    }
}

/// In lower case and composed.
fn folded(local: &str) -> String {
    let lower = local.to_lowercase();
    if lower.is_ascii() { lower } else { unicode::composed(&lower) }
}

fn is_atext(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c) || (!c.is_ascii() && !is_hidden(c))
}

/// What a reader does not see, or sees elsewhere than it is: controls, white space, marks of direction, joiners, tags.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || c.is_whitespace()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

fn is_dot_string(text: &str) -> bool {
    !text.is_empty() && text.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atext))
}

/// Reads what follows an opening quote: the unquoted local part and the domain after `"@`.
fn split_quoted(rest: &str) -> Result<(String, &str), AddressError> {
    let mut local = String::new();
    let mut chars = rest.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => {
                let domain = rest[at + 1..].strip_prefix('@').ok_or(AddressError::NoAt)?;
                return if local.is_empty() { Err(AddressError::Local) } else { Ok((local, domain)) };
            }
            '\\' => match chars.next() {
                Some((_, c)) if (' '..='~').contains(&c) => local.push(c),
                _ => return Err(AddressError::Local),
            },
            c if c != ' ' && is_hidden(c) => return Err(AddressError::Local),
            c => local.push(c),
        }
    }
    Err(AddressError::Local)
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_dot_string(&self.local) {
            return write!(f, "{}@{}", self.local, self.domain);
        }
        f.write_str("\"")?;
        for c in self.local.chars() {
            if c == '"' || c == '\\' {
                f.write_str("\\")?;
            }
            write!(f, "{c}")?;
        }
        write!(f, "\"@{}", self.domain)
    }
}

impl PartialEq for EmailAddress {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}
impl Eq for EmailAddress {}
impl std::hash::Hash for EmailAddress {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}
impl PartialOrd for EmailAddress {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for EmailAddress {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

impl FromStr for EmailAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        Self::parse(text)
    }
}

impl Serialize for EmailAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EmailAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// Where failures are reported to: `<>` or an address (RFC 5321 §3.3).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ReversePath {
    /// `<>`: a notification; nothing is ever reported about it.
    Null,
    /// A mailbox.
    Address(EmailAddress),
}

impl ReversePath {
    /// The address, when there is one.
    pub fn address(&self) -> Option<&EmailAddress> {
        match self {
            Self::Null => None,
            Self::Address(address) => Some(address),
        }
    }

    /// Reads the stored form: empty for null.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if text.is_empty() { Ok(Self::Null) } else { EmailAddress::parse(text).map(Self::Address) }
    }
}

/// The stored form, without angle brackets: empty for null.
impl fmt::Display for ReversePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => Ok(()),
            Self::Address(address) => address.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_mailbox_has_one_key() {
        for (typed, key) in [
            ("A.B@Example.org", "a.b@example.org"),
            ("\"a.b\"@example.org", "a.b@example.org"),
            ("\"a\\b\"@example.org", "ab@example.org"),
            ("\"a@evil.example\"@example.org", "\"a@evil.example\"@example.org"),
            ("grüße@example.org", "grüße@example.org"),
            // Composed and in pieces, in either case.
            ("caf\u{e9}@example.org", "caf\u{e9}@example.org"),
            ("CAFE\u{301}@example.org", "caf\u{e9}@example.org"),
        ] {
            assert_eq!(EmailAddress::parse(typed).map(|a| a.key()), Ok(key.to_owned()), "{typed}");
        }
    }

    #[test]
    fn what_is_not_an_address_is_refused() {
        for typed in [
            "",
            "a",
            "@b.example",
            "a@",
            "a@b",
            "a b@c.example",
            "a..b@c.example",
            "<a@b.example>",
            "a@b.example>",
            "@x.example:a@b.example",
            "\"a@b.example",
            "\"\"@b.example",
            "a@b@c.example",
            "a\r\n@b.example",
            "\"a\r\nRCPT TO:<x>\"@b.example",
            "a@[192.0.2.1]",
            "a@b.example.",
            "a\u{200b}b@c.example",
            "\u{202e}a@c.example",
            "a\u{ad}@c.example",
            "a\u{a0}b@c.example",
            "\"a\u{200d}b\"@c.example",
        ] {
            assert!(EmailAddress::parse(typed).is_err(), "{typed:?}");
        }
        // The last three are 64 octets as they stand and more in lower case or composed.
        for local in ["a".repeat(65), "\u{23a}".repeat(32), "\u{130}".repeat(32), "\u{958}".repeat(21)] {
            let long = EmailAddress::parse(&format!("{local}@b.example"));
            assert_eq!(long, Err(AddressError::LocalTooLong), "{local}");
        }
        assert!(EmailAddress::parse(&format!("{}@b.example", "a".repeat(64))).is_ok());
    }

    proptest! {
        #[test]
        fn an_address_survives_its_text(local in "[ -~]{1,20}") {
            let quoted = format!("\"{}\"@example.org", local.replace('\\', "\\\\").replace('"', "\\\""));
            let address = EmailAddress::parse(&quoted).expect("quoted text is an address");
            prop_assert_eq!(address.local(), local);
            prop_assert_eq!(EmailAddress::parse(&address.to_string()), Ok(address));
        }

        #[test]
        fn a_key_is_an_address_with_the_same_key(local in "\\PC{1,32}") {
            let quoted = format!("\"{}\"@example.org", local.replace(['\\', '"'], ""));
            if let Ok(address) = EmailAddress::parse(&quoted) {
                prop_assert_eq!(EmailAddress::parse(&address.key()).map(|again| again.key()), Ok(address.key()));
            }
        }
    }
}
