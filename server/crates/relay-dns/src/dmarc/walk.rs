//! The DNS tree walk (RFC 9989 §4.10): which record applies to a domain, and which domain is the organization's.

use super::record::{Mode, Record, Tag};
use crate::facts::{Facts, Kind, Known};
use relay_types::dmarc::Request;

/// A walk asks no more than so many times (RFC 9989 §4.10).
const QUERIES: usize = 8;

/// The record that applies to mail from a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The domain whose record it is: the domain itself, its organizational domain, or the public suffix.
    pub of: String,
    /// The record.
    pub record: Record,
    /// What it asks for, by the tag that counts for the domain; none when receivers skip the record.
    pub request: Option<Request>,
    /// Whether it is inherited from a domain above.
    pub inherited: bool,
}

impl Policy {
    /// What receivers do with mail that fails: one level less while the domain tests (`t=y`).
    pub fn applied(&self) -> Option<Request> {
        self.request.map(|request| if self.record.testing { request.lowered() } else { request })
    }
}

/// What was found on the way to a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discovery {
    /// The policy that applies; none when there is none.
    pub policy: Option<Policy>,
    /// The DMARC records at the domain's own name when there are several, so that all are skipped.
    pub several: Vec<String>,
    /// Texts at the domain's own name that are no DMARC records.
    pub others: Vec<String>,
    /// The names that were asked, in their order.
    pub names: Vec<String>,
}

/// Finds the policy for mail with a header From in `domain` (RFC 9989 §4.10.1). An error says why DNS did not tell.
pub fn find(facts: &Facts, domain: &str) -> Result<Discovery, String> {
    let all = names(domain);
    let own = at(facts, domain)?;
    let mut found = Discovery { policy: None, several: Vec::new(), others: own.others, names: vec![name(domain)] };
    if let [record] = &own.records[..] {
        let (of, request) = (domain.to_owned(), record.request_by(Tag::Own));
        found.policy = Some(Policy { of, record: record.clone(), request, inherited: false });
        return Ok(found);
    }
    found.several = own.records.into_iter().map(|record| record.text).collect();
    found.names.extend(all.iter().skip(1).map(|domain| name(domain)));
    let walked = walk(facts, &all[1..])?;
    let organization = organization(domain, &walked);
    let applies = walked
        .iter()
        .find(|(of, _)| *of == organization)
        .or_else(|| walked.iter().find(|(_, record)| record.public_suffix == Some(true)));
    if let Some((of, record)) = applies {
        let tag = if record.nonexistent.is_some() && does_not_exist(facts, domain)? {
            Tag::Nonexistent
        } else {
            Tag::Subdomains
        };
        let request = record.request_by(tag);
        found.policy = Some(Policy { of: of.clone(), record: record.clone(), request, inherited: true });
    }
    Ok(found)
}

/// The organizational domain of a domain (RFC 9989 §4.10.2).
pub fn organizational(facts: &Facts, domain: &str) -> Result<String, String> {
    Ok(organization(domain, &walk(facts, &names(domain))?))
}

/// Whether a domain that SPF or DKIM vouches for is aligned with that of the header From (RFC 9989 §4.4).
pub fn aligned(facts: &Facts, mode: Mode, from: &str, vouched: &str) -> Result<bool, String> {
    if from.eq_ignore_ascii_case(vouched) || mode == Mode::Strict {
        return Ok(from.eq_ignore_ascii_case(vouched));
    }
    // Both are asked about before either may fail, so that a check needs no further round.
    let (one, other) = (organizational(facts, from), organizational(facts, vouched));
    // RFC 9989 §4.4: domains are compared in any case.
    Ok(one?.eq_ignore_ascii_case(&other?))
}

/// The domains of a walk, the domain itself first: of long names all but seven labels are left out after the first.
fn names(domain: &str) -> Vec<String> {
    let labels: Vec<&str> = domain.split('.').collect();
    let first = labels.len().saturating_sub(QUERIES - 1).max(1);
    let above = (first..labels.len()).map(|from| labels[from..].join("."));
    std::iter::once(domain.to_owned()).chain(above).collect()
}

fn name(domain: &str) -> String {
    format!("_dmarc.{domain}")
}

/// The records on the way up, until one says `psd=`. All names are asked about at once.
fn walk(facts: &Facts, domains: &[String]) -> Result<Vec<(String, Record)>, String> {
    let answers: Vec<_> = domains.iter().map(|domain| (domain, at(facts, domain))).collect();
    let mut walked = Vec::new();
    for (domain, at) in answers {
        if let [record] = &at?.records[..] {
            walked.push((domain.clone(), record.clone()));
            if record.public_suffix.is_some() {
                break;
            }
        }
    }
    Ok(walked)
}

fn organization(start: &str, walked: &[(String, Record)]) -> String {
    for (domain, record) in walked {
        match record.public_suffix {
            Some(false) => return domain.clone(),
            Some(true) if domain != start => {
                let below = start.strip_suffix(domain.as_str()).map(|below| below.trim_end_matches('.'));
                let label = below.and_then(|below| below.rsplit('.').next()).unwrap_or_default();
                return format!("{label}.{domain}");
            }
            _ => {}
        }
    }
    walked.last().map_or_else(|| start.to_owned(), |(domain, _)| domain.clone())
}

struct At {
    records: Vec<Record>,
    others: Vec<String>,
}

fn at(facts: &Facts, domain: &str) -> Result<At, String> {
    let (mut records, mut others) = (Vec::new(), Vec::new());
    for text in facts.texts(&name(domain)).map_err(|why| format!("{}: {why}", name(domain)))? {
        match Record::parse(&text) {
            Some(record) => records.push(record),
            None => others.push(text),
        }
    }
    Ok(At { records, others })
}

/// RFC 9989 §3.2.13, §A.4: what DNS says NXDOMAIN of.
fn does_not_exist(facts: &Facts, domain: &str) -> Result<bool, String> {
    match &facts.get(domain, Kind::A).known {
        Known::Records(_) => Ok(false),
        Known::Nothing { no_such_name } => Ok(*no_such_name),
        Known::Unknown(why) => Err(format!("{domain}: {why}")),
    }
}
