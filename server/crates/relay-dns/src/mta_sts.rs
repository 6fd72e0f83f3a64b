//! MTA-STS (RFC 8461): what a domain publishes about TLS of mail to it, read and matched.
//!
//! It knows no cache and decides nothing about mail: `relay-core` keeps policies, `relay-mta` follows them. What a
//! policy host sends is text of others; whatever does not parse is no policy.

mod fetch;

pub use fetch::{Access, FetchError, fetch};

use relay_types::tls::StsMode;
use std::time::Duration;

/// The longest life of a policy (§3.2): a year and a day.
const LONGEST: u64 = 31_557_600;

/// What is published at `_mta-sts.DOMAIN`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// Nothing.
    Missing,
    /// There is a policy; another id means another policy.
    Id(String),
    /// Texts that are no record, or more than one record: senders act as if there were none (§3.1).
    Unreadable,
}

impl Record {
    /// Reads the TXT records at the name.
    pub fn read(texts: &[String]) -> Self {
        let mut records = texts.iter().filter_map(|text| id(text));
        match (records.next(), records.next()) {
            (Some(Some(id)), None) => Self::Id(id),
            (None, _) if texts.is_empty() => Self::Missing,
            _ => Self::Unreadable,
        }
    }
}

/// Of a text that is a record, its id when that is one; none for another text.
fn id(text: &str) -> Option<Option<String>> {
    let mut parts = text.split(';').map(str::trim).filter(|part| !part.is_empty());
    let (name, version) = parts.next()?.split_once('=')?;
    if (name.trim(), version.trim()) != ("v", "STSv1") {
        return None;
    }
    let id = parts.filter_map(|part| part.split_once('=')).find(|(name, _)| name.trim().eq_ignore_ascii_case("id"));
    let id = id.map(|(_, value)| value.trim().to_owned());
    Some(id.filter(|id| (1..=32).contains(&id.len()) && id.bytes().all(|octet| octet.is_ascii_alphanumeric())))
}

/// A policy (§3.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// What it asks.
    pub mode: StsMode,
    /// For how long it may be kept.
    pub max_age: Duration,
    /// Patterns of exchangers, in lower case and without a dot at the end; none only when the mode is none.
    pub mx: Vec<String>,
}

impl Policy {
    /// Reads the text of a policy; the error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut fields: Vec<(&str, &str)> = Vec::new();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (name, value) = line.split_once(':').ok_or("a line has no colon")?;
            fields.push((name.trim(), value.trim()));
        }
        // Of a field that comes twice the first counts (§3.2); fields nobody knows are for others.
        let first = |wanted: &str| fields.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value);
        if first("version") != Some("STSv1") {
            return Err("its version is not STSv1".to_owned());
        }
        let mode = first("mode").and_then(StsMode::parse).ok_or("its mode is none of enforce, testing and none")?;
        let max_age = first("max_age").filter(|text| text.len() <= 10 && text.bytes().all(|b| b.is_ascii_digit()));
        let max_age: u64 = max_age.and_then(|text| text.parse().ok()).ok_or("its max_age is no number of seconds")?;
        let mx: Vec<String> = fields.iter().filter(|(name, _)| *name == "mx").map(|(_, value)| plain(value)).collect();
        if mx.is_empty() && mode != StsMode::None {
            return Err("it names no mx".to_owned());
        }
        if let Some(wrong) = mx.iter().find(|pattern| !is_pattern(pattern)) {
            return Err(format!("{} is no mx pattern", wrong.chars().take(80).collect::<String>()));
        }
        Ok(Self { mode, max_age: Duration::from_secs(max_age.min(LONGEST)), mx })
    }

    /// Whether an exchanger is one of the policy's (§4.1): a pattern is a whole name, or `*.` stands for one label.
    pub fn allows(&self, exchanger: &str) -> bool {
        let name = plain(exchanger);
        self.mx.iter().any(|pattern| match pattern.strip_prefix("*.") {
            Some(rest) => name.split_once('.').is_some_and(|(label, above)| !label.is_empty() && above == rest),
            None => *pattern == name,
        })
    }
}

fn plain(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

fn is_pattern(pattern: &str) -> bool {
    let name = pattern.strip_prefix("*.").unwrap_or(pattern);
    let label = |label: &str| {
        (1..=63).contains(&label.len()) && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    name.len() <= 253 && name.split('.').all(label)
}

#[cfg(test)]
mod tests;
