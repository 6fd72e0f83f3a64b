//! Tables of answers for tests of judgements, a record a line: `example.org MX 10 mail.example.org`.
//!
//! `NAME FAILS why` makes every question about a name fail; PTR records stand at addresses.

use crate::{Ask, Facts, FixedAnswers, Resolver, gather};
use relay_types::{Timestamp, finding::Finding};
use std::{collections::BTreeMap, net::IpAddr};

pub const NOW: Timestamp = Timestamp(1_795_269_482_000);

/// The answers of a zone.
pub fn answers(zone: &str) -> FixedAnswers {
    let answers = FixedAnswers::new();
    let mut sets: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for line in zone.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let mut words = line.splitn(3, ' ');
        let (name, kind) = (words.next().unwrap(), words.next().unwrap());
        let kind = if kind == "AAAA" { "A" } else { kind };
        sets.entry((name, kind)).or_default().push(words.next().unwrap_or_default());
    }
    for ((name, kind), values) in sets {
        match kind {
            "TXT" => answers.set_txt(name, &values),
            "A" => {
                answers.set_addresses(name, &values.iter().map(|value| value.parse().unwrap()).collect::<Vec<IpAddr>>())
            }
            "MX" => {
                let records = values.iter().map(|value| value.split_once(' ').unwrap());
                answers.set_mx(name, &records.map(|(number, host)| (number.parse().unwrap(), host)).collect::<Vec<_>>())
            }
            "PTR" => answers.set_ptr(name.parse().unwrap(), &values),
            "CNAME" => answers.set_alias(name, values[0]),
            "FAILS" => answers.set_temporary_failure(name, values[0]),
            other => panic!("{other} in {name}"),
        };
    }
    answers
}

/// What a judgement says of a zone, when all it asks was asked.
pub fn judged<T>(zone: &str, judge: impl Fn(&Facts) -> T) -> T {
    let resolver = Resolver::fixed(answers(zone));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(gather(&resolver, Ask::Resolver, NOW, judge)).0
}

/// A finding as text, for snapshots.
pub fn shown(finding: &Finding) -> String {
    let Finding { check, outcome, severity, title, effect, .. } = finding;
    let mut text = format!("{check} {outcome}: {}\n{title}\n{effect}\n", severity.as_str());
    for detail in &finding.details {
        text += &format!("- {detail}\n");
    }
    for change in &finding.changes {
        text += &format!("{} {}\n", change.kind, change.name);
        text.extend(change.found.iter().map(|found| format!("  found   {found}\n")));
        text +=
            &change.publish.as_ref().map_or_else(|| "  remove\n".to_owned(), |value| format!("  publish {value}\n"));
        text.extend(change.added.iter().map(|added| format!("  added   {added}\n")));
    }
    if let Some(link) = &finding.link {
        text += &format!("{}: {}\n", link.text, link.url);
    }
    text
}
