//! SPF of a sender domain (RFC 7208): whether its record can be used, whether it lets this relay send, and what it costs.
//!
//! Evaluates as receivers do, for each address mail leaves from, and proposes the whole record to publish.

mod draft;
mod explain;
mod terms;

use super::{
    Ours, Subject,
    say::{finding, list, publish, unknown},
};
use crate::{
    facts::{Facts, Kind},
    spf::{self, Question, Record, is_record},
};
use draft::Draft;
use relay_types::{
    finding::{Finding, RecordChange, Severity, Subject as About},
    spf::{SpfEvaluation, SpfResult},
};
use std::net::IpAddr;

/// What Gmail does where neither SPF nor DKIM passes.
const GMAIL: &str = "Gmail refuses it (550 5.7.26) unless a DKIM signature passes";

/// `spf.record`; and when there is one that can be read, `spf.egress`, `spf.lookups`, `spf.all` and `spf.ptr`. With
/// them the evaluation for each egress address.
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
            return vec![if records.is_empty() { self.missing(texts) } else { self.several(records) }];
        };
        let record = match Record::parse(text) {
            Ok(record) => record,
            Err(errors) => return vec![self.unreadable(text, &errors)],
        };
        let merged = self.merged(text);
        let cost = spf::count(self.facts, &self.sample());
        vec![
            self.readable(text, &record),
            self.egress(text, &merged),
            terms::lookups(self, text, &merged, &cost),
            terms::all(self, text, &record, &merged, &cost),
            terms::ptr(self, text, &merged, &cost),
        ]
    }

    /// The question whose address macros are filled with; any address when none is known.
    fn sample(&self) -> Question {
        let ip = self.ours.egress.first().copied().unwrap_or(IpAddr::from([192, 0, 2, 1]));
        question(self.domain, ip, self.ours)
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

    /// What lets these addresses send.
    fn terms_for(&self, addresses: &[IpAddr]) -> Vec<String> {
        match &self.ours.spf_include {
            Some(include) if !addresses.is_empty() => vec![format!("include:{include}")],
            Some(_) => Vec::new(),
            None => addresses.iter().map(|ip| term_of(*ip)).collect(),
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
        if draft.all().is_none() && texts.is_empty() { draft.ending_with("~all") } else { draft }
    }

    /// The record with ours in it, added before what decides against us.
    fn merged(&self, text: &str) -> Draft {
        let mut draft = Draft::of(&[text.to_owned()]);
        let against = || self.evaluations.iter().filter(|one| is_against(one.result));
        let refused: Vec<IpAddr> = against().map(|one| one.ip).collect();
        let terms = self.terms_for(&refused);
        if terms.is_empty() || self.fault_of_ours().is_some() {
            return draft;
        }
        let place = |one: &SpfEvaluation| match one.steps.iter().find(|step| step.depth == 0 && step.decided) {
            // With no look-up left, only what comes first is looked at.
            _ if one.lookups > spf::LOOKUPS => Some(0),
            Some(step) => draft.place(&step.term),
            None => None,
        };
        let place = against().filter_map(place).min();
        draft.add(&terms, place);
        draft
    }

    /// The evaluation in which our own record was looked at and did not let us pass.
    fn fault_of_ours(&self) -> Option<&SpfEvaluation> {
        let term = format!("include:{}", self.ours.spf_include.as_ref()?);
        let ours = |one: &&SpfEvaluation| {
            let looked_at = |said: &str| !matches!(said, "not evaluated" | "matches");
            is_against(one.result)
                && one.lookups <= spf::LOOKUPS
                && one.steps.iter().any(|step| {
                    let same = step.term.trim_start_matches('+').eq_ignore_ascii_case(&term);
                    step.depth == 0 && same && looked_at(&step.said)
                })
        };
        self.evaluations.iter().find(ours)
    }

    fn missing(&self, texts: &[String]) -> Finding {
        let nearly: Vec<String> = texts.iter().filter(|text| draft::is_nearly(text)).cloned().collect();
        let draft = self.repaired(&nearly);
        let effect = format!(
            "Nothing says that this relay may send for the domain: receivers trust its mail less, and {GMAIL}."
        );
        let (names, title) = if nearly.is_empty() {
            (("spf.record", "missing"), "There is no SPF record")
        } else {
            (("spf.record", "not_recognised"), "A text was meant as SPF record, and receivers do not take it for one")
        };
        let mut found = self.finding(names, Severity::Warning, title, effect);
        if !nearly.is_empty() {
            found
                .details
                .push("A record begins with v=spf1 and a space, without quotation marks of its own.".to_owned());
        }
        if self.ours.spf_include.is_none() && self.ours.egress.is_empty() {
            found.details.push(
                "An operator has to enter the addresses this relay sends from; then the record is proposed here."
                    .to_owned(),
            );
            return found;
        }
        if texts.iter().all(|text| !draft::is_nearly(text)) {
            found.details.push(
                "Add what else sends for the domain before ~all; change that to -all when nothing is left out."
                    .to_owned(),
            );
        }
        found.changes = self.change(&nearly, &draft);
        self.finish(found, draft)
    }

    fn several(&self, records: Vec<String>) -> Finding {
        let draft = self.repaired(&records);
        let effect = format!(
            "SPF fails for everyone who sends for the domain (permerror): some receivers refuse your mail, and {GMAIL}."
        );
        let title = format!("There are {} SPF records, and only one may be there", records.len());
        let mut found = self.finding(("spf.record", "two_records"), Severity::Error, title, effect);
        found.details.push("Publish the one record below and remove the others (RFC 7208 §4.5).".to_owned());
        found.changes = self.change(&records, &draft);
        self.finish(found, draft)
    }

    fn unreadable(&self, text: &str, errors: &[spf::SyntaxError]) -> Finding {
        let draft = self.repaired(&[text.to_owned()]);
        let effect = format!(
            "SPF fails for everyone who sends for the domain (permerror): some receivers refuse your mail, and {GMAIL}."
        );
        let mut found =
            self.finding(("spf.record", "syntax"), Severity::Error, "The SPF record cannot be read", effect);
        found.details = errors.iter().map(|error| format!("At {error}.")).collect();
        found.changes = self.change(&[text.to_owned()], &draft);
        self.finish(found, draft)
    }

    fn readable(&self, text: &str, record: &Record) -> Finding {
        let passed_over: Vec<&str> =
            text.split(' ').skip(1).filter(|word| draft::looks_like_a_mechanism(word)).collect();
        let explained = explain::explain(record, self.domain);
        if passed_over.is_empty() {
            let effect = "Receivers can read which servers may send for the domain.";
            let mut found = self.finding(("spf.record", "found"), Severity::Good, "There is one SPF record", effect);
            found.details = explained;
            if !self.facts.get(self.domain, Kind::Txt).agreed {
                found.details.push("Its authoritative servers do not say the same yet.".to_owned());
            }
            found.details.extend(draft::split(text));
            return found;
        }
        let draft = self.merged(text);
        let title = format!("{} in the SPF record has no effect", list(&passed_over));
        let effect = "Receivers pass over it, so servers that were meant to be allowed are not: after a name such as ip4 \
                      or include belongs a colon, not an equals sign.";
        let mut found = self.finding(("spf.record", "passed_over"), Severity::Warning, title, effect);
        found.details = explained;
        found.changes = self.change(&[text.to_owned()], &draft);
        self.finish(found, draft)
    }

    /// Adds what is to be said about the proposed record.
    fn finish(&self, mut found: Finding, draft: Draft) -> Finding {
        found.details.extend(draft::split(&draft.text()).filter(|_| !found.changes.is_empty()));
        found.details.extend(draft.notes);
        found
    }

    fn egress(&self, text: &str, merged: &Draft) -> Finding {
        let name = |outcome| ("spf.egress", outcome);
        let bad = self.evaluations.iter().filter(|one| is_against(one.result)).max_by_key(|one| badness(one.result));
        let silent = self.evaluations.iter().find(|one| one.result == SpfResult::TempError);
        let said: Vec<String> = self
            .evaluations
            .iter()
            .map(|one| format!("{}: {}; {}.", one.ip, one.result.as_str(), one.because))
            .collect();
        let mut found = match (bad, silent) {
            _ if self.evaluations.is_empty() => {
                let effect = "Whether SPF passes for this relay can be said when an operator has entered the addresses it \
                              sends from.";
                return self.finding(name("no_egress"), Severity::Note, "No address of this relay is known", effect);
            }
            (None, None) => {
                let effect = "Receivers see that this relay may send for the domain.";
                self.finding(name("pass"), Severity::Good, "SPF lets this relay send", effect)
            }
            (None, Some(one)) => unknown(
                name("unknown").0,
                About::Spf,
                "whether SPF lets this relay send",
                &one.because,
                &[(self.domain, Kind::Txt)],
            ),
            (Some(one), _) => match self.fault_of_ours() {
                Some(fault) => return Finding { details: said, ..self.own_fault(fault) },
                None => self.against(one.result),
            },
        };
        if bad.is_some() {
            found.changes = self.change(&[text.to_owned()], merged);
            found.details.push("Change the record you have; do not add a second one.".to_owned());
            found.details.extend(draft::split(&merged.text()));
        }
        found.details.splice(0..0, said);
        found
    }

    fn against(&self, result: SpfResult) -> Finding {
        let include = "SPF does not include this relay";
        let (severity, title, effect) = match result {
            SpfResult::Fail => (
                Severity::Error,
                include,
                format!("The record forbids it: receivers that judge by SPF refuse your mail, and {GMAIL}."),
            ),
            SpfResult::SoftFail => (
                Severity::Warning,
                include,
                format!("Receivers that judge by SPF alone hide or refuse your mail, and {GMAIL}."),
            ),
            SpfResult::PermError => (
                Severity::Error,
                "The SPF record is in error for this relay",
                format!("Receivers give up on the record (permerror): some refuse your mail, and {GMAIL}."),
            ),
            _ => (
                Severity::Warning,
                include,
                format!("The record says nothing about it: receivers trust your mail less, and {GMAIL}."),
            ),
        };
        self.finding(("spf.egress", result.as_str()), severity, title, effect)
    }

    /// The domain has done all it can: the record of this relay is what is wrong.
    fn own_fault(&self, one: &SpfEvaluation) -> Finding {
        let Some(include) = &self.ours.spf_include else { return self.against(one.result) };
        let refused = self.evaluations.iter().filter(|one| is_against(one.result)).map(|one| one.ip);
        let refused: Vec<IpAddr> = refused.collect();
        let effect = format!(
            "SPF does not pass for mail from {}, whatever the domain publishes; an operator of this relay mends it.",
            list(&refused)
        );
        let title = format!("{include} does not let this relay send");
        let mut found = self.finding(("spf.egress", "our_record"), Severity::Error, title, effect);
        let texts = self.facts.texts(include.as_str()).unwrap_or_default();
        let records: Vec<String> = texts.into_iter().filter(|text| is_record(text)).collect();
        let mut draft = Draft::of(&records);
        let unnamed: Vec<String> = refused.iter().filter(|ip| !draft.names(**ip)).map(|ip| term_of(*ip)).collect();
        draft.add(&unnamed, Some(0));
        let draft = if records.is_empty() { draft.ending_with("-all") } else { draft };
        found.changes =
            vec![RecordChange { added: draft.added(), ..publish(include.as_str(), Kind::Txt, records, draft.text()) }];
        found
    }
}

fn term_of(ip: IpAddr) -> String {
    if ip.is_ipv4() { format!("ip4:{ip}") } else { format!("ip6:{ip}") }
}

/// Whether a result speaks against mail; a failure of DNS does not.
fn is_against(result: SpfResult) -> bool {
    !matches!(result, SpfResult::Pass | SpfResult::TempError)
}

fn badness(result: SpfResult) -> u8 {
    match result {
        SpfResult::Pass => 0,
        SpfResult::TempError => 1,
        SpfResult::Neutral | SpfResult::None => 2,
        SpfResult::SoftFail => 3,
        SpfResult::PermError => 4,
        SpfResult::Fail => 5,
    }
}

#[cfg(test)]
mod tests;
