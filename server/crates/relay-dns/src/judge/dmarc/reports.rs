//! `dmarc.reports`: whether receivers' reports have a place to go, and may go there (RFC 9990 §4).

use crate::{
    Facts,
    dmarc::{Policy, Record, authorization_name, organizational},
    facts::Kind,
    judge::say::{finding, list, publish, unknown},
};
use relay_types::finding::{Finding, Severity, Subject as About};
use std::collections::BTreeSet;

const CHECK: &str = "dmarc.reports";

pub(super) fn judge(facts: &Facts, policy: &Policy) -> Finding {
    let name = format!("_dmarc.{}", policy.of);
    let record = &policy.record;
    let mut asked = vec![(name.clone(), Kind::Txt)];
    let domains: BTreeSet<&str> = record
        .reports
        .iter()
        .chain(&record.failure_reports)
        .filter_map(|address| Some(address.rsplit_once('@')?.1))
        .collect();
    let (mut refused, mut elsewhere): (Vec<&str>, Vec<(&str, Vec<String>)>) = Default::default();
    let mut trouble = None;
    for domain in domains {
        match may_receive(facts, &policy.of, domain) {
            Ok(Allowed::Own) => {}
            Ok(said) => {
                asked.push((authorization_name(&policy.of, domain), Kind::Txt));
                match said {
                    Allowed::No => refused.push(domain),
                    Allowed::Elsewhere(texts) => elsewhere.push((domain, texts)),
                    Allowed::Own | Allowed::Said => {}
                }
            }
            Err(why) => trouble = trouble.or(Some(why)),
        }
    }
    let asked: Vec<(&str, Kind)> = asked.iter().map(|(name, kind)| (name.as_str(), *kind)).collect();
    let speak = |outcome, severity, title: &str, effect: &str| {
        finding((CHECK, outcome), About::Dmarc, severity, title, effect, &asked)
    };
    if !refused.is_empty() {
        let effect = format!(
            "Receivers send no reports to addresses at {}, because no record there says that they are wanted.",
            list(&refused)
        );
        return Finding {
            details: vec![
                "Whoever runs the DNS of the address publishes the record; ask them, or name another address."
                    .to_owned(),
            ],
            changes: refused
                .iter()
                .map(|domain| publish(&authorization_name(&policy.of, domain), Kind::Txt, Vec::new(), "v=DMARC1"))
                .collect(),
            ..speak("not_authorized", Severity::Warning, "DMARC reports may not go where they should", &effect)
        };
    }
    if !elsewhere.is_empty() {
        let effect = format!(
            "Receivers send no reports to addresses at {}, because the record that allows them names an address of another \
             domain.",
            list(elsewhere.iter().map(|(domain, _)| domain))
        );
        let mend = |(domain, texts): &(&str, Vec<String>)| {
            publish(&authorization_name(&policy.of, domain), Kind::Txt, texts.clone(), "v=DMARC1")
        };
        return Finding {
            details: vec!["Whoever runs the DNS of the address publishes the record.".to_owned()],
            changes: elsewhere.iter().map(mend).collect(),
            ..speak("elsewhere", Severity::Warning, "DMARC reports may not go where they should", &effect)
        };
    }
    if let Some(why) = trouble {
        return unknown(CHECK, About::Dmarc, "whether DMARC reports may go where they should", &why, &asked);
    }
    if record.reports.is_empty() {
        let effect = "Mail does not suffer, but nobody tells you who sends in the domain's name and what of it fails.";
        let with = format!("{}; rua=mailto:postmaster@{}", record.text.trim_end_matches([';', ' ']), policy.of);
        let mut change = publish(&name, Kind::Txt, vec![record.text.clone()], with);
        change.added = Some(format!("rua=mailto:postmaster@{}", policy.of));
        // A record whose reports cannot be read is mended as a whole by another finding.
        let changes = if record.text.contains("rua") { Vec::new() } else { vec![change] };
        return Finding { changes, ..speak("none", Severity::Note, "Nobody gets DMARC reports", effect) };
    }
    let title = format!("DMARC reports go to {}", list(&record.reports));
    speak("good", Severity::Good, &title, "Receivers report once a day what they saw of the domain's mail.")
}

enum Allowed {
    /// It is the same organization's.
    Own,
    /// Its own record says so.
    Said,
    /// No record says so.
    No,
    /// The record says so and names an address of another domain, so that neither gets any.
    Elsewhere(Vec<String>),
}

fn may_receive(facts: &Facts, of: &str, mailbox: &str) -> Result<Allowed, String> {
    if of == mailbox {
        return Ok(Allowed::Own);
    }
    let (one, other) = (organizational(facts, of), organizational(facts, mailbox));
    if one? == other? {
        return Ok(Allowed::Own);
    }
    let name = authorization_name(of, mailbox);
    let texts = facts.texts(&name).map_err(|why| format!("{name}: {why}"))?;
    let records: Vec<Record> = texts.iter().filter_map(|text| Record::parse(text)).collect();
    let named = records.iter().flat_map(|record| record.reports.iter().chain(&record.failure_reports));
    Ok(match named.filter_map(|address| address.rsplit_once('@')).any(|(_, domain)| domain != mailbox) {
        true => Allowed::Elsewhere(texts),
        false if records.is_empty() => Allowed::No,
        false => Allowed::Said,
    })
}
