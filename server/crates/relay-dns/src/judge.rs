//! What facts mean for mail: pure judgements, one file for each subject, put together to a report.
//!
//! No I/O, no clock: a judgement is tested with a table of answers. Texts are written for the person who runs the
//! domain's DNS; every one of them is in a snapshot.

pub mod blocklist;
pub mod dkim;
pub mod dmarc;
pub mod egress;
pub mod mx;
pub mod notes;
pub mod prediction;
pub mod proof;
pub mod spf;

mod say;

use crate::Facts;
use relay_types::{
    DomainName, Timestamp,
    domain::DkimAlgorithm,
    finding::{Finding, Report},
};
use std::net::IpAddr;

/// All there is to say about a sender domain: the findings of every subject, SPF for each egress address, and what
/// would become of its mail.
pub fn domain(facts: &Facts, subject: &Subject, ours: &Ours, now: Timestamp) -> Report {
    let (spf, evaluations) = spf::judge(facts, subject, ours);
    let mut findings = proof::judge(facts, subject);
    findings.extend(spf);
    findings.extend(dkim::judge(facts, subject));
    findings.extend(dmarc::judge(facts, subject, &evaluations));
    findings.extend(mx::judge(facts, subject));
    findings.extend(notes::judge(facts, subject));
    let predictions = prediction::predict(facts, subject, ours, &evaluations);
    Report { evaluations, predictions, ..report(facts, subject.domain.as_str(), findings, now) }
}

/// A report of findings about one subject, in their order: by subject, within one the worst first.
pub fn report(facts: &Facts, about: &str, findings: Vec<Finding>, now: Timestamp) -> Report {
    let mut report = Report {
        about: about.to_owned(),
        findings,
        evaluations: Vec::new(),
        predictions: Vec::new(),
        answers: facts.shown(),
        checked_at: now,
    };
    report.sort();
    report
}

/// What of this relay a domain's records are judged by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ours {
    /// The addresses mail leaves from.
    pub egress: Vec<IpAddr>,
    /// The name in EHLO.
    pub ehlo: String,
    /// The domain whose SPF record lists the egress addresses, for projects to include; without it the addresses
    /// themselves are proposed.
    pub spf_include: Option<DomainName>,
}

/// A key of ours, and how its record should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OurKey {
    /// The `s=` tag.
    pub selector: String,
    /// The `a=` tag.
    pub algorithm: DkimAlgorithm,
    /// The value of the TXT record.
    pub value: String,
    /// Whether it signs now.
    pub signs: bool,
    /// Whether it is on its way out: its record stays until the queue has nothing signed by it.
    pub retiring: bool,
}

/// A sender domain, as it is to be judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The domain of the header From and of the reverse-path.
    pub domain: DomainName,
    /// Its keys; none for a domain that is not in the portal.
    pub keys: Vec<OurKey>,
    /// Name and value of the TXT record that proves it; none when no proof is asked for.
    pub proof: Option<(String, String)>,
    /// The name under which we publish its keys ourselves, so that an alias there lets us rotate them: the alias of
    /// `SELECTOR._domainkey.DOMAIN` is `SELECTOR.` and this. None when delegation is not offered.
    pub delegated_to: Option<String>,
    /// Where keys are delegated: the selectors of the keys that come next, whose aliases should be there before them.
    pub next_selectors: Vec<String>,
}

#[cfg(test)]
pub(crate) mod tests;
