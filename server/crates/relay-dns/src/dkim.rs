//! Key records of DKIM, read as verifiers read them (RFC 6376 §3.6.1, RFC 8301, RFC 8463).
//!
//! Pure. What is at fault is said as a value; `judge::dkim` has the words.

mod der;

use base64::{
    Engine,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use relay_types::domain::DkimAlgorithm;

/// As lenient as verifiers are: the end may lack its `=`.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// A record that has the form of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRecord {
    /// The `k=` tag; `rsa` without one.
    pub kind: String,
    /// The hashes of `h=`; none when all are allowed.
    pub hashes: Option<Vec<String>>,
    /// The services of `s=`; `*` without one.
    pub services: Vec<String>,
    /// The flags of `t=`.
    pub flags: Vec<String>,
    /// The `n=` tag, meant for people.
    pub notes: Option<String>,
    /// The `p=` tag.
    pub public: Public,
    /// Tags that no standard knows, which verifiers skip.
    pub unknown: Vec<(String, String)>,
    /// Whether there is white space inside the key, which verifiers skip.
    pub spaces: bool,
}

/// What `p=` holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Public {
    /// Nothing: the key is revoked.
    Revoked,
    /// The octets of a key.
    Key(Vec<u8>),
    /// Text that is no base64.
    Broken,
}

/// Why a text is no key record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It is a text of another kind: neither `v=DKIM1` nor a `p=` tag.
    #[error("it is not a DKIM key")]
    AnotherText,
    /// Quotation marks are part of the text, as they come from a zone file pasted into a form.
    #[error("quotation marks are part of the text")]
    Quotes,
    /// `v=` is not `DKIM1`, or not the first tag.
    #[error("its version is not v=DKIM1 at the beginning")]
    Version,
    /// A tag is there twice.
    #[error("the tag {0}= is there twice")]
    Twice(String),
    /// A part is no `name=value`.
    #[error("\u{201c}{0}\u{201d} is not of the form name=value")]
    Malformed(String),
    /// There is no `p=`.
    #[error("it has no p= tag, which holds the key")]
    NoKey,
}

impl KeyRecord {
    /// Reads a text, whose strings are joined already (RFC 6376 §3.6.2.2).
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let parts: Vec<&str> = text.split(';').map(str::trim).filter(|part| !part.is_empty()).collect();
        let looks =
            |name: &str| parts.iter().any(|part| tag(part).is_some_and(|(tag, _)| tag.trim_matches('"') == name));
        let says_dkim = text.trim_start_matches(['"', ' ']).get(..6).is_some_and(|v| v.eq_ignore_ascii_case("v=dkim"));
        if !says_dkim && (text.trim_start().starts_with("v=") || !looks("p") || looks("sp") || looks("rua")) {
            return Err(KeyError::AnotherText);
        }
        if text.contains('"') {
            return Err(KeyError::Quotes);
        }
        let mut tags: Vec<(String, String)> = Vec::new();
        for part in &parts {
            let Some((name, value)) = tag(part) else {
                return Err(KeyError::Malformed(part.chars().take(40).collect()));
            };
            if tags.iter().any(|(known, _)| known == name) {
                return Err(KeyError::Twice(name.to_owned()));
            }
            tags.push((name.to_owned(), value.to_owned()));
        }
        if let Some(place) = tags.iter().position(|(name, _)| name == "v")
            && (place != 0 || tags[0].1 != "DKIM1")
        {
            return Err(KeyError::Version);
        }
        Self::from_tags(tags)
    }

    fn from_tags(tags: Vec<(String, String)>) -> Result<Self, KeyError> {
        let get = |name: &str| tags.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let list = |name| get(name).map(|value| value.split(':').map(|one| one.trim().to_ascii_lowercase()).collect());
        let key = get("p").ok_or(KeyError::NoKey)?;
        let joined: String = key.chars().filter(|c| !c.is_whitespace()).collect();
        let public = match BASE64.decode(&joined) {
            _ if joined.is_empty() => Public::Revoked,
            Ok(octets) => Public::Key(octets),
            Err(_) => Public::Broken,
        };
        Ok(Self {
            kind: get("k").unwrap_or("rsa").to_ascii_lowercase(),
            hashes: list("h"),
            services: list("s").unwrap_or_else(|| vec!["*".to_owned()]),
            flags: list("t").unwrap_or_default(),
            notes: get("n").map(str::to_owned),
            spaces: joined.len() != key.len(),
            public,
            unknown: tags.iter().filter(|(name, _)| !KNOWN.contains(&name.as_str())).cloned().collect(),
        })
    }

    /// Whether `t=y` is set: the domain still tests (RFC 6376 §3.6.1).
    pub fn is_testing(&self) -> bool {
        self.flags.iter().any(|flag| flag == "y")
    }

    /// Whether `t=s` is set: the identity must be the domain itself, not one below it.
    pub fn is_strict(&self) -> bool {
        self.flags.iter().any(|flag| flag == "s")
    }

    /// Whether signatures with SHA-256 may be checked with it, as all of ours are (RFC 8301 §3.1).
    pub fn takes_sha256(&self) -> bool {
        self.hashes.as_ref().is_none_or(|hashes| hashes.iter().any(|hash| hash == "sha256"))
    }

    /// Whether it is for mail.
    pub fn is_for_mail(&self) -> bool {
        self.services.iter().any(|service| service == "*" || service == "email")
    }

    /// The algorithm it is for; none for an unknown one.
    pub fn algorithm(&self) -> Option<DkimAlgorithm> {
        match self.kind.as_str() {
            "rsa" => Some(DkimAlgorithm::RsaSha256),
            "ed25519" => Some(DkimAlgorithm::Ed25519Sha256),
            _ => None,
        }
    }

    /// The bits of the key: of an RSA modulus, 256 of Ed25519. None when the octets are no such key.
    pub fn bits(&self) -> Option<usize> {
        match (&self.public, self.algorithm()?) {
            (Public::Key(octets), DkimAlgorithm::RsaSha256) => der::rsa_bits(octets),
            (Public::Key(octets), DkimAlgorithm::Ed25519Sha256) => (octets.len() == 32).then_some(256),
            _ => None,
        }
    }
}

/// The tags of RFC 6376 §3.6.1, and `g=` of RFC 4871, which old records still have.
const KNOWN: [&str; 8] = ["v", "g", "h", "k", "n", "p", "s", "t"];

fn tag(part: &str) -> Option<(&str, &str)> {
    let (name, value) = part.split_once('=')?;
    let name = name.trim();
    (!name.is_empty() && !name.contains(char::is_whitespace)).then(|| (name, value.trim()))
}

#[cfg(test)]
mod tests;
