//! What else is published that touches mail; worth knowing, and never held against the domain.

mod bimi;
mod transport;
mod zone;

use super::Subject;
use crate::Facts;
use relay_types::finding::Finding;

/// MTA-STS, TLS-RPT, CAA, DNSSEC and BIMI, as notes.
pub fn judge(facts: &Facts, subject: &Subject) -> Vec<Finding> {
    let domain = subject.domain.as_str();
    vec![
        transport::mta_sts(facts, domain),
        transport::tls_rpt(facts, domain),
        zone::caa(facts, domain),
        zone::dnssec(facts, domain),
        bimi::judge(facts, domain),
    ]
}

/// The tags of a text whose first is `v=` and this version; none for another text.
fn tags(text: &str, version: &str) -> Option<Vec<(String, String)>> {
    let mut parts = text.split(';').map(str::trim).filter(|part| !part.is_empty());
    let (name, value) = parts.next()?.split_once('=')?;
    if name.trim() != "v" || value.trim() != version {
        return None;
    }
    let pairs = parts.filter_map(|part| part.split_once('='));
    Some(pairs.map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned())).collect())
}

/// The value of a tag.
fn value<'a>(tags: &'a [(String, String)], name: &str) -> Option<&'a str> {
    tags.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// The domain and those above it that can be zones of their own: not the top level.
fn upwards(domain: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(domain), |name| name.split_once('.').map(|(_, above)| above))
        .take_while(|name| name.contains('.'))
}

#[cfg(test)]
mod tests;
