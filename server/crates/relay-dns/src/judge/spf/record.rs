//! `spf.record`: whether there is one record, and whether it can be read.

use super::{
    GMAIL, Judged, bounded,
    draft::{self, Draft},
    explain::explain,
};
use crate::{
    facts::Kind,
    judge::say::list,
    spf::{Record, SyntaxError},
};
use relay_types::finding::{Finding, Severity};

pub(super) fn missing(judged: &Judged<'_>, texts: &[String]) -> Finding {
    let nearly: Vec<String> = texts.iter().filter(|text| draft::is_nearly(text)).cloned().collect();
    let (outcome, title) = if nearly.is_empty() {
        ("missing", "There is no SPF record")
    } else {
        ("not_recognised", "A text was meant as an SPF record, and receivers do not take it for one")
    };
    let effect =
        format!("Nothing says that this relay may send for the domain: receivers trust its mail less, and {GMAIL}.");
    let mut found = judged.finding(("spf.record", outcome), Severity::Warning, title, effect);
    let hint = if judged.ours.spf_include.is_none() && judged.ours.egress.is_empty() {
        "An operator has to enter the addresses this relay sends from; then the record is proposed here."
    } else if nearly.is_empty() {
        "Add what else sends for the domain before ~all; change that to -all when nothing is left out."
    } else {
        "A record begins with v=spf1 and a space, without quotation marks of its own."
    };
    found.details.push(hint.to_owned());
    if judged.ours.spf_include.is_none() && judged.ours.egress.is_empty() && nearly.is_empty() {
        return found;
    }
    let draft = judged.repaired(&nearly);
    found.changes = judged.change(&nearly, &draft);
    finish(found, &draft)
}

pub(super) fn several(judged: &Judged<'_>, records: &[String]) -> Finding {
    let draft = judged.repaired(records);
    let title = format!("There are {} SPF records, and only one may be there", records.len());
    let mut found = judged.finding(("spf.record", "two_records"), Severity::Error, title, fails_for_all());
    found.details.push("Publish the one record below and remove the others (RFC 7208 §4.5).".to_owned());
    found.changes = judged.change(records, &draft);
    finish(found, &draft)
}

pub(super) fn unreadable(judged: &Judged<'_>, text: &str, errors: &[SyntaxError]) -> Finding {
    let draft = judged.repaired(&[text.to_owned()]);
    let title = "The SPF record cannot be read";
    let mut found = judged.finding(("spf.record", "syntax"), Severity::Error, title, fails_for_all());
    found.details = bounded(errors.iter().map(|error| format!("At {error}.")));
    found.changes = judged.change(&[text.to_owned()], &draft);
    finish(found, &draft)
}

fn fails_for_all() -> String {
    format!(
        "SPF fails for everyone who sends for the domain (permerror): some receivers refuse your mail, and {GMAIL}."
    )
}

pub(super) fn readable(judged: &Judged<'_>, text: &str, record: &Record, merged: &Draft) -> Finding {
    let passed_over: Vec<&str> = text.split(' ').skip(1).filter(|word| draft::looks_like_a_mechanism(word)).collect();
    if !passed_over.is_empty() {
        let title = format!("{} in the SPF record has no effect", list(&passed_over));
        let effect = "Receivers pass over it, so servers that were meant to be allowed are not: after a name such as ip4 \
                      or include belongs a colon, not an equals sign.";
        let mut found = judged.finding(("spf.record", "passed_over"), Severity::Warning, title, effect);
        found.details = bounded(explain(record, judged.domain));
        found.changes = judged.change(&[text.to_owned()], merged);
        return finish(found, merged);
    }
    let effect = "Receivers can read which servers may send for the domain.";
    let mut found = judged.finding(("spf.record", "found"), Severity::Good, "There is one SPF record", effect);
    found.details = bounded(explain(record, judged.domain));
    if !judged.facts.get(judged.domain, Kind::Txt).agreed {
        found.details.push("Its authoritative servers do not say the same yet.".to_owned());
    }
    found.details.extend(draft::split(text));
    found
}

/// Adds what is to be said about the proposed record.
fn finish(mut found: Finding, draft: &Draft) -> Finding {
    found.details.extend(bounded(draft.notes.iter().cloned()));
    found.details.extend(draft::split(&draft.text()));
    found
}
