//! How findings are begun: what all of them have, and what is said when DNS does not answer.

use crate::facts::{Facts, Kind, question};
use relay_types::finding::{Finding, RecordChange, Severity, Subject};

/// A finding without details, changes and link; `asked` are the questions it rests on.
pub(crate) fn finding(
    names: (&str, &str),
    subject: Subject,
    severity: Severity,
    title: impl Into<String>,
    effect: impl Into<String>,
    asked: &[(&str, Kind)],
) -> Finding {
    let asked = asked.iter().map(|(name, kind)| question(name, *kind)).collect();
    Finding { asked, ..Finding::new(names, subject, severity, title, effect) }
}

/// DNS did not say: nothing is known, and nothing is called bad.
pub(crate) fn unknown(check: &str, subject: Subject, what: &str, why: &str, asked: &[(&str, Kind)]) -> Finding {
    let effect = "Nothing is known now, and nothing counts as bad; a later check will tell.";
    let title = format!("DNS did not say {what}");
    Finding {
        details: vec![why.to_owned()],
        ..finding((check, "unknown"), subject, Severity::Unknown, title, effect, asked)
    }
}

/// To publish a record where there are those found.
pub(crate) fn publish(name: &str, kind: Kind, found: Vec<String>, value: impl Into<String>) -> RecordChange {
    let kind = kind.as_str().to_owned();
    RecordChange { name: name.to_owned(), kind, found, publish: Some(value.into()), added: None }
}

/// To remove the records found.
pub(crate) fn remove(name: &str, kind: Kind, found: Vec<String>) -> RecordChange {
    RecordChange { name: name.to_owned(), kind: kind.as_str().to_owned(), found, publish: None, added: None }
}

/// The addresses of a host in both families; an error only when that hides whether there is any.
pub(crate) fn addresses(facts: &Facts, host: &str) -> Result<Vec<std::net::IpAddr>, String> {
    let (four, six) = (facts.addresses(host, Kind::A), facts.addresses(host, Kind::Aaaa));
    match (four, six) {
        (Ok(four), Ok(six)) => Ok(four.into_iter().chain(six).collect()),
        (Ok(some), Err(_)) | (Err(_), Ok(some)) if !some.is_empty() => Ok(some),
        (Err(why), _) | (_, Err(why)) => Err(why.to_owned()),
    }
}

/// So many of a list stand in a sentence; one more than that is told in full rather than as "and 1 more".
const LISTED: usize = 12;

/// `a`, `a and b`, `a, b and c`; of very many `a, b, … and 290 more`.
pub(crate) fn list<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    let mut items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    if items.len() > LISTED + 1 {
        let more = items.len() - LISTED;
        items.truncate(LISTED);
        items.push(format!("{more} more"));
    }
    match (items.pop(), items.is_empty()) {
        (None, _) => String::new(),
        (Some(last), true) => last,
        (Some(last), false) => format!("{} and {last}", items.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_names_a_dozen_and_counts_the_rest() {
        assert_eq!(list(["a", "b", "c"]), "a, b and c");
        assert!(list(1..=13).ends_with("11, 12 and 13"));
        assert!(list(1..=300).ends_with("11, 12 and 288 more"));
    }
}
