//! `spf.egress`: whether SPF lets each address send that mail leaves from.

use super::{
    GMAIL, Judged, bounded,
    draft::{self, Draft},
    is_against, term_of,
};
use crate::{
    facts::Kind,
    judge::say::{list, publish, unknown},
    spf::is_record,
};
use relay_types::{
    DomainName,
    finding::{Finding, RecordChange, Severity, Subject as About},
    spf::SpfResult,
};
use std::net::IpAddr;

const CHECK: &str = "spf.egress";

pub(super) fn judge(judged: &Judged<'_>, text: &str, merged: &Draft) -> Finding {
    let all = judged.evaluations;
    if all.is_empty() {
        let effect = "Whether SPF passes for this relay can be said when an operator has entered the addresses it sends \
                      from.";
        return judged.finding((CHECK, "no_egress"), Severity::Note, "No address of this relay is known", effect);
    }
    let details: Vec<String> =
        all.iter().map(|one| format!("{}: {}; {}.", one.ip, one.result.as_str(), one.because)).collect();
    let bad = all.iter().filter(|one| is_against(one.result)).max_by_key(|one| badness(one.result));
    let silent = all.iter().find(|one| one.result == SpfResult::TempError);
    match (bad, silent) {
        (None, None) => {
            let effect = "Receivers see that this relay may send for the domain.";
            Finding { details, ..judged.finding((CHECK, "pass"), Severity::Good, "SPF lets this relay send", effect) }
        }
        (None, Some(one)) => {
            let asked = [(judged.domain, Kind::Txt)];
            let unknown = unknown(CHECK, About::Spf, "whether SPF lets this relay send", &one.because, &asked);
            Finding { details, ..unknown }
        }
        (Some(one), _) => match (&judged.ours.spf_include, judged.fault_of_ours()) {
            (Some(include), Some(_)) => Finding { details, ..own_fault(judged, include) },
            _ => {
                let mut found = Finding { details, ..against(judged, one.result) };
                found.changes = judged.change(&[text.to_owned()], merged);
                found.details.push("Change the record you have; do not add a second one.".to_owned());
                found.details.extend(bounded(merged.notes.iter().cloned()));
                found.details.extend(draft::split(&merged.text()));
                found
            }
        },
    }
}

fn against(judged: &Judged<'_>, result: SpfResult) -> Finding {
    let (severity, does) = match result {
        SpfResult::Fail => (Severity::Error, "The record forbids it: receivers that judge by SPF refuse your mail"),
        SpfResult::SoftFail => (Severity::Warning, "Receivers that judge by SPF alone hide or refuse your mail"),
        SpfResult::PermError => (Severity::Error, "Receivers give up on the record (permerror): some refuse your mail"),
        _ => (Severity::Warning, "The record says nothing about it: receivers trust your mail less"),
    };
    let title = match result {
        SpfResult::PermError => "The SPF record is in error for this relay",
        _ => "SPF does not include this relay",
    };
    judged.finding((CHECK, result.as_str()), severity, title, format!("{does}, and {GMAIL}."))
}

/// The domain has done all it can: the record of this relay is what is wrong.
fn own_fault(judged: &Judged<'_>, include: &DomainName) -> Finding {
    let refused: Vec<IpAddr> =
        judged.evaluations.iter().filter(|one| is_against(one.result)).map(|one| one.ip).collect();
    let effect = format!(
        "SPF does not pass for mail from {}, whatever the domain publishes; an operator of this relay mends it.",
        list(&refused)
    );
    let title = format!("{include} does not let this relay send");
    let texts = judged.facts.texts(include.as_str()).unwrap_or_default();
    let records: Vec<String> = texts.into_iter().filter(|text| is_record(text)).collect();
    let mut draft = Draft::of(&records);
    let unnamed: Vec<String> = refused.iter().copied().filter(|ip| !draft.names(*ip)).map(term_of).collect();
    draft.add(&unnamed, Some(0));
    let draft = if records.is_empty() { draft.ending_with("-all") } else { draft };
    let change = publish(include.as_str(), Kind::Txt, records, draft.text());
    Finding {
        changes: vec![RecordChange { added: draft.added(), ..change }],
        ..judged.finding((CHECK, "our_record"), Severity::Error, title, effect)
    }
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
