//! `dmarc.record`: whether receivers find one record, and can read it.

use crate::{
    Facts,
    dmarc::{Discovery, Fault, Policy, Record, first},
    facts::Kind,
    judge::say::{finding, list, publish, remove},
};
use relay_types::{
    DomainName,
    finding::{Finding, RecordChange, Severity, Subject as About},
};

const CHECK: &str = "dmarc.record";
const WITHOUT: &str = "Gmail and others refuse or hide mail of senders of many messages a day that have no DMARC record, and \
                       nothing tells receivers what to do with forged mail.";

pub(super) fn judge(facts: &Facts, domain: &DomainName, found: &Discovery) -> Finding {
    let name = format!("_dmarc.{domain}");
    let asked: Vec<(&str, Kind)> = found.names.iter().map(|name| (name.as_str(), Kind::Txt)).collect();
    let speak = |outcome, severity, title: String, effect: &str| {
        finding((CHECK, outcome), About::Dmarc, severity, title, effect, &asked)
    };
    if !found.several.is_empty() {
        // One whose policy cannot be read is no choice while there is another.
        let asks = |text: &&String| {
            let policy = Record::parse(text).and_then(|record| record.policy);
            (policy.is_none(), policy)
        };
        let mildest = found.several.iter().min_by_key(asks).map_or("", String::as_str);
        let title = "There are several DMARC records".to_owned();
        let effect = "Receivers skip all of them and behave as if there were none, because only one may be there \
                      (RFC 9989 §4.10).";
        return Finding {
            details: vec!["Keep one of them, and remove the others; the mildest is shown.".to_owned()],
            changes: vec![publish(&name, Kind::Txt, found.several.clone(), mildest)],
            ..speak("several", Severity::Warning, title, effect)
        };
    }
    match &found.policy {
        Some(policy) if policy.request.is_none() => {
            let title = "Receivers cannot use the DMARC record".to_owned();
            let effect = "Receivers behave as if there were no DMARC record, because its policy has no value that they know and \
                          it asks for no reports (RFC 9989 §4.10.1).";
            Finding {
                details: faults(policy),
                changes: vec![mended(policy)],
                ..speak("bad_policy", Severity::Warning, title, effect)
            }
        }
        Some(policy) if !policy.record.faults.is_empty() => {
            let bad = |fault: &Fault| matches!(fault, Fault::BadPolicy(..) | Fault::Twice(_));
            let (outcome, severity, effect) = if policy.record.faults.iter().any(bad) {
                let effect = "Receivers may read another policy than was meant, because a part of the record cannot be \
                              read.";
                ("syntax", Severity::Warning, effect)
            } else if policy.record.faults.contains(&Fault::NoPolicy) {
                let effect = "Receivers only report and do nothing about forged mail, because the record says no policy \
                              (p=); some older ones skip such a record.";
                ("no_policy", Severity::Warning, effect)
            } else {
                ("oddities", Severity::Note, "Receivers skip what they cannot read in the record and use the rest.")
            };
            let (title, effect) = ("The DMARC record has faults".to_owned(), effect);
            Finding {
                details: faults(policy),
                changes: vec![mended(policy)],
                ..speak(outcome, severity, title, effect)
            }
        }
        Some(policy) if policy.inherited => {
            let title = format!("The DMARC record of {} applies", policy.of);
            speak(
                "inherited",
                Severity::Good,
                title,
                "Receivers find a policy for the domain one or more levels above it.",
            )
        }
        Some(_) => {
            let title = "There is a DMARC record".to_owned();
            speak("found", Severity::Good, title, "Receivers know what the domain wants done with mail that is forged.")
        }
        None => missing(facts, domain, found, speak),
    }
}

/// None applies: nothing is there, or something that was meant to be one.
fn missing(
    facts: &Facts,
    domain: &DomainName,
    found: &Discovery,
    speak: impl Fn(&'static str, Severity, String, &str) -> Finding,
) -> Finding {
    let name = format!("_dmarc.{domain}");
    let meant = |text: &&String| text.to_ascii_lowercase().contains("dmarc1");
    if let Some(text) = found.others.iter().find(meant) {
        let title = "The text at _dmarc is not a DMARC record".to_owned();
        let effect = "Receivers skip the text and behave as if there were no DMARC record, because it does not begin with \
                      exactly v=DMARC1.";
        let bare = text.replace(['"', '\\'], "");
        let rest = bare.split(';').map(str::trim).filter(|part| {
            !part.is_empty() && !part.split('=').next().is_some_and(|tag| tag.trim().eq_ignore_ascii_case("v"))
        });
        let repaired = std::iter::once("v=DMARC1").chain(rest).collect::<Vec<_>>().join("; ");
        return Finding {
            changes: vec![publish(&name, Kind::Txt, vec![text.clone()], repaired)],
            ..speak("unreadable", Severity::Warning, title, effect)
        };
    }
    let apex = facts.texts(domain.as_str()).unwrap_or_default();
    let misplaced: Vec<String> = apex.into_iter().filter(|text| text.starts_with("v=DMARC1")).collect();
    if let [text, ..] = &misplaced[..] {
        let title = "The DMARC record is at the domain itself, where no receiver looks".to_owned();
        return Finding {
            changes: vec![
                remove(domain.as_str(), Kind::Txt, misplaced.clone()),
                publish(&name, Kind::Txt, found.others.clone(), text),
            ],
            ..speak("wrong_place", Severity::Warning, title, WITHOUT)
        };
    }
    let details = if found.others.is_empty() {
        vec!["This first record asks receivers for reports and changes nothing else.".to_owned()]
    } else {
        vec![format!("What is there is something else: {}.", list(&found.others))]
    };
    Finding {
        details,
        changes: vec![publish(&name, Kind::Txt, Vec::new(), first(domain))],
        ..speak("missing", Severity::Warning, "There is no DMARC record".to_owned(), WITHOUT)
    }
}

fn faults(policy: &Policy) -> Vec<String> {
    let said = policy.record.faults.iter().map(|fault| match fault {
        Fault::NoPolicy => "p= is missing; receivers take it for p=none.".to_owned(),
        Fault::BadPolicy(tag, value) => {
            format!("{tag}={value} is no policy; there are none, quarantine and reject.")
        }
        Fault::BadValue(tag, value) => format!("{tag}={value} means nothing; receivers skip it."),
        Fault::Twice(tag) => format!("{tag}= is there twice."),
        Fault::Unknown(tag) => format!("{tag}= is no tag of DMARC; receivers skip it."),
        Fault::Malformed(part) => format!("\u{201c}{part}\u{201d} is not of the form name=value."),
        Fault::BadAddress(address) => {
            format!("\u{201c}{address}\u{201d} is no address for reports; one is written mailto:name@domain.")
        }
        Fault::SizeLimit(address) => {
            format!("{address}: the limit on the size of reports (!) is no longer looked at.")
        }
    });
    said.collect()
}

/// The record with what can be read of it, written anew.
fn mended(policy: &Policy) -> RecordChange {
    let record = &policy.record;
    let mut parts = vec!["v=DMARC1".to_owned()];
    let good = |tag: &str, value: &str| match tag {
        "p" => record.policy.is_some(),
        "sp" => record.subdomains.is_some(),
        "np" => record.nonexistent.is_some(),
        _ => !record.faults.contains(&Fault::BadValue(tag.to_owned(), value.to_owned())),
    };
    if record.policy.is_none() {
        parts.push("p=none".to_owned());
    }
    let mut seen: Vec<String> = Vec::new();
    for part in record.text.split(';').skip(1) {
        let Some((tag, value)) = part.split_once('=') else { continue };
        let (tag, value) = (tag.trim().to_ascii_lowercase(), value.trim());
        if seen.contains(&tag) || record.faults.contains(&Fault::Unknown(tag.clone())) || !good(&tag, value) {
            continue;
        }
        match tag.as_str() {
            "rua" if record.reports.is_empty() => {}
            "ruf" if record.failure_reports.is_empty() => {}
            "rua" => parts.push(format!("rua={}", addresses(&record.reports))),
            "ruf" => parts.push(format!("ruf={}", addresses(&record.failure_reports))),
            _ => parts.push(format!("{tag}={value}")),
        }
        seen.push(tag);
    }
    publish(&format!("_dmarc.{}", policy.of), Kind::Txt, vec![record.text.clone()], parts.join("; "))
}

fn addresses(addresses: &[String]) -> String {
    addresses.iter().map(|address| format!("mailto:{address}")).collect::<Vec<_>>().join(",")
}
