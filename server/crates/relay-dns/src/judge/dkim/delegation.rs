//! Delegated keys: aliases at the selectors that lead to records this relay publishes, so that it rotates keys alone.

use super::{
    super::{Subject, say::finding},
    record_name,
};
use crate::{
    facts::{Data, Facts, Kind},
    judge::say::publish,
};
use relay_types::finding::{Finding, RecordChange, Severity, Subject as About};

/// `dkim.delegation`: in force, offered, or partly so. Nothing where it is not offered; nothing while DNS does not say,
/// for the keys' own findings say that.
pub(super) fn judge(facts: &Facts, subject: &Subject) -> Option<Finding> {
    let to = subject.delegated_to.as_ref()?;
    let check = "dkim.delegation";
    let mut missing: Vec<RecordChange> = Vec::new();
    let mut wrong: Vec<String> = Vec::new();
    let (mut asked, mut right) = (Vec::new(), 0);
    let keys: Vec<_> = subject.keys.iter().filter(|key| !key.retiring).collect();
    for key in &keys {
        let name = record_name(&key.selector, subject.domain.as_str());
        let alias = format!("{}.{to}", key.selector);
        let answer = facts.get(&name, Kind::Txt);
        let texts = facts.texts(&name).ok()?;
        match answer.aliases.first() {
            Some(target) if *target == alias => right += 1,
            Some(target) => {
                wrong.push(format!("{name} is an alias of {target}, and should be one of {alias}."));
                missing.push(publish(&name, Kind::Cname, vec![format!("{target}.")], format!("{alias}.")));
            }
            None => missing.push(publish(&name, Kind::Cname, texts, format!("{alias}."))),
        }
        asked.push((name, Kind::Txt));
    }
    // The keys that come next have no record yet that an alias could lead to.
    for selector in &subject.next_selectors {
        let (name, alias) = (record_name(selector, subject.domain.as_str()), format!("{selector}.{to}"));
        let targets = facts.read(&name, Kind::Cname, |data| match data {
            Data::Name(target) => Some(target.clone()),
            _ => None,
        });
        match targets.ok()?.first() {
            Some(target) if *target == alias => right += 1,
            Some(target) => {
                wrong.push(format!("{name} is an alias of {target}, and should be one of {alias}."));
                missing.push(publish(&name, Kind::Cname, vec![format!("{target}.")], format!("{alias}.")));
            }
            None => missing.push(publish(&name, Kind::Cname, Vec::new(), format!("{alias}."))),
        }
        asked.push((name, Kind::Cname));
    }
    let asked: Vec<(&str, Kind)> = asked.iter().map(|(name, kind)| (name.as_str(), *kind)).collect();
    let (outcome, severity, title, effect) = if keys.is_empty() {
        return None;
    } else if missing.is_empty() {
        (
            "delegated",
            Severity::Good,
            "This relay publishes the keys itself",
            "Keys are changed without work for the domain's DNS, because the selectors are aliases to this relay.",
        )
    } else if !wrong.is_empty() {
        (
            "wrong_target",
            Severity::Warning,
            "A selector is an alias of another name than this relay's",
            "The next change of keys is not seen by receivers, because the alias does not lead to this relay's records.",
        )
    } else if right > 0 {
        (
            "partly",
            Severity::Note,
            "This relay publishes some of the keys itself",
            "The next change of keys needs work in the domain's DNS for those that are not aliases to this relay.",
        )
    } else {
        (
            "offered",
            Severity::Note,
            "Aliases would let this relay change keys alone",
            "Mail does not suffer; with aliases in place of the keys, the next change of keys needs no work in the \
             domain's DNS.",
        )
    };
    Some(Finding {
        details: wrong,
        changes: missing,
        ..finding((check, outcome), About::Dkim, severity, title, effect, &asked)
    })
}
