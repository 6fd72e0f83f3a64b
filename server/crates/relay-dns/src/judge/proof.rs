//! Whether the record is there that proves the domain to be the project's.

use super::{
    Subject,
    say::{finding, publish, unknown},
};
use crate::facts::{Facts, Kind};
use relay_types::finding::{Finding, Severity, Subject as About};

/// `proof.record`; nothing when no proof is asked for.
pub fn judge(facts: &Facts, subject: &Subject) -> Vec<Finding> {
    let Some((name, value)) = &subject.proof else { return Vec::new() };
    vec![record(facts, name, value)]
}

fn record(facts: &Facts, name: &str, value: &str) -> Finding {
    let (check, about, asked) = ("proof.record", About::Proof, [(name, Kind::Txt)]);
    let texts = match facts.texts(name) {
        Err(why) => return unknown(check, about, "whether the proof is there", why, &asked),
        Ok(texts) => texts,
    };
    if texts.iter().any(|text| text.trim() == value) {
        let effect = "This relay takes mail from the domain, because the project has shown that it runs its DNS.";
        return finding((check, "found"), about, Severity::Good, "The proof is there", effect, &asked);
    }
    let (outcome, title) = if texts.is_empty() {
        ("missing", "The proof is missing")
    } else {
        ("other_value", "There is another text in place of the proof")
    };
    let effect = "This relay takes no mail from the domain without this record; where it was there before, 24 hours \
                  are left to put it back.";
    Finding {
        changes: vec![publish(name, Kind::Txt, texts, value)],
        ..finding((check, outcome), about, Severity::Error, title, effect, &asked)
    }
}

#[cfg(test)]
mod tests;
