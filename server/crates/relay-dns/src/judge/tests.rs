//! What tests of judgements share: answers from a table, and findings as text for snapshots.

use crate::{Ask, Facts, FixedAnswers, Resolver, gather};
use futures_util::FutureExt;
use relay_types::{Timestamp, finding::Finding};
use std::fmt::Write as _;

pub(crate) const NOW: Timestamp = Timestamp(1_795_269_482_000);

/// Judges what a table answers; nothing waits, for a table has its answers at hand.
pub(crate) fn judged<T>(answers: &FixedAnswers, judge: impl Fn(&Facts) -> T) -> (T, Facts) {
    let resolver = Resolver::fixed(answers.clone());
    gather(&resolver, Ask::Authoritative, NOW, judge).now_or_never().expect("a table answers at once")
}

/// A finding as a person reads it.
pub(crate) fn shown(finding: &Finding) -> String {
    let mut text = format!("{} {} ({})\n", finding.severity.as_str().to_uppercase(), finding.check, finding.outcome);
    let _ = writeln!(text, "  {}\n  {}", finding.title, finding.effect);
    for detail in &finding.details {
        let _ = writeln!(text, "  - {detail}");
    }
    for change in &finding.changes {
        let _ = writeln!(text, "  {} {}", change.kind, change.name);
        for found in &change.found {
            let _ = writeln!(text, "    found   {}", short(found));
        }
        match &change.publish {
            Some(value) => {
                let _ = writeln!(text, "    publish {}", short(value));
            }
            None => text += "    remove\n",
        }
    }
    if let Some(link) = &finding.link {
        let _ = writeln!(text, "  [{}]({})", link.text, link.url);
    }
    if !finding.asked.is_empty() {
        let _ = writeln!(text, "  asked {}", finding.asked.join(", "));
    }
    text
}

/// Keys are long, and their middle says nothing.
fn short(text: &str) -> String {
    if text.len() <= 120 { text.to_owned() } else { format!("{}…{}", &text[..60], &text[text.len() - 20..]) }
}
