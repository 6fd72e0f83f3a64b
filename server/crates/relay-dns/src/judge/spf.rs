//! SPF of a sender domain (RFC 7208): whether its record can be used, whether it lets this relay send, and what it costs.
//!
//! Evaluates as receivers do, for each address mail leaves from, and proposes the whole record to publish.

mod egress;
mod record;
mod terms;

mod draft;
mod explain;

use super::{
    Ours, Subject,
    say::{finding, publish, unknown},
};
use crate::{
    facts::{Facts, Kind},
    spf::{self, Cost, Question, Record, is_record},
};
use draft::Draft;
use relay_types::{
    finding::{Finding, RecordChange, Severity, Subject as About},
    spf::{SpfEvaluation, SpfResult},
};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What Gmail does where neither SPF nor DKIM passes.
const GMAIL: &str = "Gmail refuses it (550 5.7.26) unless a DKIM signature passes";
/// So many lines of one kind are told.
const LINES: usize = 40;
/// An address of documentation, for macros where no address of ours is known.
const ANY: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const ANY_SIX: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1));

/// `spf.record`; and when there is one record that can be read, `spf.egress`, `spf.lookups`, `spf.all` and `spf.ptr`.
/// With them the evaluation for each egress address.
pub fn judge(facts: &Facts, subject: &Subject, ours: &Ours) -> (Vec<Finding>, Vec<SpfEvaluation>) {
    let domain = subject.domain.as_str();
    let evaluations: Vec<SpfEvaluation> =
        ours.egress.iter().map(|ip| spf::evaluate(facts, &question(domain, *ip, ours))).collect();
    let texts = match facts.texts(domain) {
        Err(why) => {
            let record = unknown("spf.record", About::Spf, "what the SPF record is", why, &[(domain, Kind::Txt)]);
            return (vec![record], evaluations);
        }
        Ok(texts) => texts,
    };
    let judged = Judged { facts, domain, ours, evaluations: &evaluations };
    let findings = judged.findings(&texts);
    (findings, evaluations)
}

/// The domain's own envelope, as this relay would say it.
fn question(domain: &str, ip: IpAddr, ours: &Ours) -> Question {
    Question { ip, domain: domain.to_owned(), sender: format!("postmaster@{domain}"), helo: ours.ehlo.clone() }
}

/// What the findings have in common.
struct Judged<'a> {
    facts: &'a Facts,
    domain: &'a str,
    ours: &'a Ours,
    evaluations: &'a [SpfEvaluation],
}

impl Judged<'_> {
    fn findings(&self, texts: &[String]) -> Vec<Finding> {
        let records: Vec<String> = texts.iter().filter(|text| is_record(text)).cloned().collect();
        let [text] = records.as_slice() else {
            return vec![if records.is_empty() {
                record::missing(self, texts)
            } else {
                record::several(self, &records)
            }];
        };
        let record = match Record::parse(text) {
            Ok(record) => record,
            Err(errors) => return vec![record::unreadable(self, text, &errors)],
        };
        let cost = self.cost();
        let merged = self.merged(text, &cost);
        vec![
            record::readable(self, text, &record, &merged),
            egress::judge(self, text, &merged),
            terms::lookups(self, text, &merged, &cost),
            terms::all(self, text, &record, &merged, &cost),
            terms::ptr(self, text, &merged, &cost),
        ]
    }

    fn finding(
        &self,
        names: (&str, &str),
        severity: Severity,
        title: impl Into<String>,
        effect: impl Into<String>,
    ) -> Finding {
        finding(names, About::Spf, severity, title, effect, &[(self.domain, Kind::Txt)])
    }

    fn change(&self, found: &[String], draft: &Draft) -> Vec<RecordChange> {
        let text = draft.text();
        if found.len() == 1 && found[0] == text {
            return Vec::new();
        }
        vec![RecordChange { added: draft.added(), ..publish(self.domain, Kind::Txt, found.to_vec(), text) }]
    }

    /// The count for the family of addresses that finds less: a host without AAAA is empty for one of them alone.
    fn cost(&self) -> Cost {
        let one_of = |four: bool| self.ours.egress.iter().copied().find(|ip| ip.is_ipv4() == four);
        let four = one_of(true).or_else(|| one_of(false).is_none().then_some(ANY));
        let costs = four.into_iter().chain(one_of(false)).map(|ip| self.cost_for(ip));
        costs.max_by_key(|cost| (cost.voids, cost.lookups)).unwrap_or_default()
    }

    fn cost_for(&self, ip: IpAddr) -> Cost {
        spf::count(self.facts, &question(self.domain, ip, self.ours))
    }

    /// What lets these addresses send.
    fn terms_for(&self, addresses: &[IpAddr]) -> Vec<String> {
        match &self.ours.spf_include {
            Some(_) if addresses.is_empty() && !self.ours.egress.is_empty() => Vec::new(),
            Some(include) => vec![format!("include:{include}")],
            None => addresses.iter().copied().map(term_of).collect(),
        }
    }

    /// The record with ours in it, where an evaluation says nothing, for there is none that could be evaluated.
    fn repaired(&self, texts: &[String]) -> Draft {
        let mut draft = Draft::of(texts);
        let unnamed: Vec<IpAddr> = self.ours.egress.iter().copied().filter(|ip| !draft.names(*ip)).collect();
        let terms = self.terms_for(&unnamed);
        if terms.iter().any(|term| !draft.has(term)) {
            draft.add(&terms, None);
        }
        if texts.is_empty() { draft.ending_with("~all") } else { draft }
    }

    /// The record with ours in it, added before what decides against us, or for us with no better reason than that it
    /// lets everyone in.
    fn merged(&self, text: &str, cost: &Cost) -> Draft {
        let mut draft = Draft::of(&[text.to_owned()]);
        let weak = |one: &SpfEvaluation| {
            let own = |terms: &[(String, String)], term: &str| {
                terms.iter().any(|(domain, other)| domain == self.domain && other == term)
            };
            let by = |term: &str| draft::is_all(term) || own(&cost.ptr, term) || own(&cost.open, term);
            one.result == SpfResult::Pass && deciding(one).is_some_and(by)
        };
        let wanting: Vec<&SpfEvaluation> =
            self.evaluations.iter().filter(|one| is_against(one.result) || weak(one)).collect();
        if wanting.is_empty() || self.fault_of_ours().is_some() {
            return draft;
        }
        let addresses: Vec<IpAddr> = wanting.iter().map(|one| one.ip).collect();
        let mut terms = self.terms_for(&addresses);
        if let Some(include) = &self.ours.spf_include
            && cost.lookups + self.more_for_ours(&draft, &terms) > spf::LOOKUPS
        {
            draft = draft.without_same(&terms);
            draft.notes.push(format!(
                "The addresses of this relay are proposed, because include:{include} has no room among {} look-ups.",
                spf::LOOKUPS
            ));
            terms = addresses.into_iter().map(term_of).collect();
        }
        let place = |one: &&SpfEvaluation| match deciding(one) {
            // With no look-up left, only what comes first is looked at.
            _ if one.lookups > spf::LOOKUPS => Some(0),
            Some(term) => draft.place(term),
            None => None,
        };
        let place = wanting.iter().filter_map(place).min();
        draft.add(&terms, place);
        draft
    }

    /// How many look-ups our include needs on top of what the record needs already.
    fn more_for_ours(&self, draft: &Draft, terms: &[String]) -> u32 {
        match &self.ours.spf_include {
            Some(include) if terms.iter().any(|term| !draft.has(term)) => {
                1 + spf::count(self.facts, &question(include.as_str(), ANY, self.ours)).lookups
            }
            _ => 0,
        }
    }

    /// The evaluation in which our own record was looked at and did not let us pass.
    fn fault_of_ours(&self) -> Option<&SpfEvaluation> {
        let term = format!("include:{}", self.ours.spf_include.as_ref()?);
        let looked_at = |said: &str| !matches!(said, "not evaluated" | "matches");
        self.evaluations.iter().filter(|one| is_against(one.result) && one.lookups <= spf::LOOKUPS).find(|one| {
            one.steps.iter().any(|step| {
                let same = step.term.trim_start_matches('+').eq_ignore_ascii_case(&term);
                step.depth == 0 && same && looked_at(&step.said)
            })
        })
    }
}

/// The first lines: an honest record has a few, and a hostile one may have thousands.
fn bounded(lines: impl Iterator<Item = String>) -> Vec<String> {
    let mut lines: Vec<String> = lines.collect();
    let more = lines.len().saturating_sub(LINES);
    lines.truncate(LINES);
    lines.extend((more > 0).then(|| format!("And {more} more.")));
    lines
}

fn term_of(ip: IpAddr) -> String {
    if ip.is_ipv4() { format!("ip4:{ip}") } else { format!("ip6:{ip}") }
}

/// The term of the domain's own record that decided.
fn deciding(one: &SpfEvaluation) -> Option<&str> {
    one.steps.iter().find(|step| step.depth == 0 && step.decided).map(|step| step.term.as_str())
}

/// Whether a result speaks against mail; a failure of DNS does not.
fn is_against(result: SpfResult) -> bool {
    !matches!(result, SpfResult::Pass | SpfResult::TempError)
}

#[cfg(test)]
mod tests;
