//! What a service account may put in reverse-path, From and Sender: an address, a pattern or a whole domain.

use crate::{AddressError, DomainName, EmailAddress};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};

/// `name@d`, `noreply+*@d` or `*@d`: at most one `*`, in the local part, which stands for any run of characters.
///
/// A pattern only narrows what the project's verified senders and domains allow; it never widens it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SenderPattern {
    before: String,
    after: Option<String>,
    domain: DomainName,
}

/// Why a text is not a pattern, in words for the person who typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SenderPatternError {
    /// More than one `*`, or one in the domain.
    #[error("A pattern has one * at most, before the @")]
    Star,
    /// Without its `*` it is not an address.
    #[error("{0}")]
    Address(#[from] AddressError),
}

impl SenderPattern {
    /// Reads a pattern.
    pub fn parse(text: &str) -> Result<Self, SenderPatternError> {
        let Some((before, after)) = text.split_once('*') else {
            let address = EmailAddress::parse(text)?;
            return Ok(Self { before: address.local().to_lowercase(), after: None, domain: address.domain().clone() });
        };
        let (after, domain) = after.rsplit_once('@').ok_or(AddressError::NoAt)?;
        if after.contains('*') || domain.contains('*') {
            return Err(SenderPatternError::Star);
        }
        // Whatever the star stands for, the rest must be able to stand in an address.
        EmailAddress::parse(&format!("{before}x{after}@{domain}"))?;
        Ok(Self {
            before: before.to_lowercase(),
            after: Some(after.to_lowercase()),
            domain: DomainName::parse(domain).map_err(AddressError::from)?,
        })
    }

    /// Whether the pattern covers `address`.
    pub fn matches(&self, address: &EmailAddress) -> bool {
        if *address.domain() != self.domain {
            return false;
        }
        let local = address.local().to_lowercase();
        match &self.after {
            None => local == self.before,
            Some(after) => {
                local.len() >= self.before.len() + after.len()
                    && local.starts_with(&self.before)
                    && local.ends_with(after.as_str())
            }
        }
    }

    /// The domain it speaks of.
    pub fn domain(&self) -> &DomainName {
        &self.domain
    }
}

impl fmt::Display for SenderPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.after {
            None => match EmailAddress::parse(&format!("{}@{}", self.before, self.domain)) {
                Ok(address) => address.fmt(f),
                Err(_) => write!(f, "\"{}\"@{}", self.before.replace('\\', "\\\\").replace('"', "\\\""), self.domain),
            },
            Some(after) => write!(f, "{}*{}@{}", self.before, after, self.domain),
        }
    }
}

impl FromStr for SenderPattern {
    type Err = SenderPatternError;

    fn from_str(text: &str) -> Result<Self, SenderPatternError> {
        Self::parse(text)
    }
}

impl Serialize for SenderPattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SenderPattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_cover_what_they_say() {
        for (pattern, address, covered) in [
            ("noreply+*@d.example", "noreply+7@d.example", true),
            ("noreply+*@d.example", "NoReply+x.y@D.example", true),
            ("noreply+*@d.example", "noreply@d.example", false),
            ("noreply+*@d.example", "noreply+7@e.example", false),
            ("*@d.example", "anyone@d.example", true),
            ("*@d.example", "\"a@d.example\"@e.example", false),
            ("a*a@d.example", "a@d.example", false),
            ("a@d.example", "A@d.example", true),
        ] {
            let parsed = SenderPattern::parse(pattern).expect(pattern);
            assert_eq!(parsed.matches(&EmailAddress::parse(address).expect(address)), covered, "{pattern} {address}");
            assert_eq!(SenderPattern::parse(&parsed.to_string()), Ok(parsed));
        }
    }

    #[test]
    fn more_than_one_star_is_refused() {
        for pattern in ["*a*@d.example", "a@*.example", "*", "*@*"] {
            assert!(SenderPattern::parse(pattern).is_err(), "{pattern}");
        }
    }
}
