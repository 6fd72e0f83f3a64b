//! Domain names as mail uses them: A-labels, lower case, no trailing dot.

use crate::unicode;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};

/// A domain name of a mail address or a host (RFC 1123 §2.1, RFC 5890): at least two labels, lower-case A-labels,
/// 253 octets at most, never an address literal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DomainName(String);

/// Why a text is not a domain name, in words for the person who typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DomainNameError {
    /// Nothing was typed.
    #[error("Enter a domain name, for example mail.example.org")]
    Empty,
    /// Longer than 253 octets, or a label longer than 63.
    #[error("A domain name has at most 253 characters, and 63 between two dots")]
    TooLong,
    /// One label only.
    #[error("A domain name has a dot in it, for example example.org")]
    OneLabel,
    /// An address where a name belongs.
    #[error("This is an address, not a domain name")]
    Address,
    /// A character, hyphen or dot where none may be, or a label that IDNA refuses.
    #[error("A domain name consists of letters, digits and hyphens between dots")]
    Malformed,
}

impl DomainName {
    /// Reads a domain name: U-labels become A-labels, upper case becomes lower case.
    ///
    /// A trailing dot is refused here: RFC 5321 §4.1.2 has none, and one name keeps one form.
    pub fn parse(text: &str) -> Result<Self, DomainNameError> {
        if text.is_empty() {
            return Err(DomainNameError::Empty);
        }
        if text.starts_with('[') || text.parse::<std::net::IpAddr>().is_ok() {
            return Err(DomainNameError::Address);
        }
        if text.is_ascii() && is_too_long(text) {
            return Err(DomainNameError::TooLong);
        }
        let ascii = unicode::to_a_labels(text).ok_or(DomainNameError::Malformed)?;
        if is_too_long(&ascii) {
            return Err(DomainNameError::TooLong);
        }
        let well_formed = |label: &str| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        if !ascii.split('.').all(well_formed) {
            return Err(DomainNameError::Malformed);
        }
        let last = ascii.rsplit('.').next().unwrap_or_default();
        if last == ascii {
            return Err(DomainNameError::OneLabel);
        }
        if last.bytes().all(|b| b.is_ascii_digit()) {
            return Err(DomainNameError::Address);
        }
        Ok(Self(ascii))
    }

    /// The name in A-labels.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_too_long(name: &str) -> bool {
    name.len() > 253 || name.split('.').any(|label| label.len() > 63)
}

impl fmt::Display for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for DomainName {
    type Err = DomainNameError;

    fn from_str(text: &str) -> Result<Self, DomainNameError> {
        Self::parse(text)
    }
}

impl Serialize for DomainName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for DomainName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_has_one_form() {
        for (typed, stored) in [("Example.ORG", "example.org"), ("käse.example", "xn--kse-qla.example")] {
            assert_eq!(DomainName::parse(typed).map(|d| d.to_string()), Ok(stored.to_owned()));
        }
    }

    #[test]
    fn a_name_that_is_too_long_is_called_so() {
        let (label, name) = (format!("{}.example", "a".repeat(64)), format!("{}example", "abc.".repeat(62)));
        assert_eq!(DomainName::parse(&label), Err(DomainNameError::TooLong));
        assert_eq!(DomainName::parse(&name), Err(DomainNameError::TooLong));
        assert!(DomainName::parse(&label[1..]).is_ok());
    }

    #[test]
    fn what_is_not_a_name_is_refused() {
        use DomainNameError::*;
        for (typed, why) in [
            ("", Empty),
            ("localhost", OneLabel),
            ("192.0.2.1", Address),
            ("[192.0.2.1]", Address),
            ("2001:db8::1", Address),
            ("999.999", Address),
            ("a..b", Malformed),
            ("example.org.", Malformed),
            ("-a.example", Malformed),
            ("a_b.example", Malformed),
            ("a b.example", Malformed),
            ("a\r\n.example", Malformed),
        ] {
            assert_eq!(DomainName::parse(typed), Err(why), "{typed:?}");
        }
    }
}
