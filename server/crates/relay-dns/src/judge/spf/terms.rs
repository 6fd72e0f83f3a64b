//! What a readable record costs and how wide it is: `spf.lookups`, `spf.all`, `spf.ptr`.

use super::{Draft, Judged, draft};
use crate::{
    facts::Kind,
    judge::say::list,
    spf::{self, Cost, LOOKUPS, Mechanism, Qualifier, Record, VOIDS},
};
use relay_types::{
    finding::{Finding, Severity, Subject as About},
    spf::SpfResult,
};

/// So many look-ups are near the limit.
const NEAR: u32 = 9;

/// `spf.lookups`: the whole count, whichever address is asked about.
pub(super) fn lookups(judged: &Judged<'_>, text: &str, merged: &Draft, cost: &Cost) -> Finding {
    let (lookups, voids) = (cost.lookups, cost.voids);
    let title = format!("{lookups} of {LOOKUPS} look-ups used");
    let with_ours = added_cost(judged, merged) + lookups;
    let name = |outcome| ("spf.lookups", outcome);
    let broken = judged.evaluations.iter().any(|one| one.result == SpfResult::PermError);
    let further =
        "Receivers give up there and count SPF as failed (permerror) for every server that is listed further back";
    let mut found = if let Some(circle) = &cost.circle {
        let title = format!("The SPF record of {circle} leads back to itself");
        judged.finding(
            name("circle"),
            Severity::Error,
            title,
            format!("{further}, because the circle uses up all look-ups."),
        )
    } else if lookups > LOOKUPS {
        let title = format!(
            "The SPF record needs {}{lookups} look-ups, and {LOOKUPS} are allowed",
            if cost.is_partial { "at least " } else { "" }
        );
        judged.finding(name("over"), Severity::Error, title, format!("{further}."))
    } else if voids > VOIDS {
        let title = format!("{voids} look-ups of the SPF record have no answer, and {VOIDS} are allowed");
        judged.finding(name("voids"), Severity::Error, title, format!("{further}."))
    } else if cost.is_partial && !broken {
        let why = "Some of the names in the record could not be asked about.";
        super::unknown(
            name("unknown").0,
            About::Spf,
            "what all terms of the SPF record need",
            why,
            &[(judged.domain, Kind::Txt)],
        )
    } else if with_ours > LOOKUPS {
        let title = format!("{title}, and this relay needs {} more", with_ours - lookups);
        let effect = "With this relay in the record, receivers that look for another server give up before they come to \
                      the end: make room first.";
        judged.finding(name("over_with_ours"), Severity::Warning, title, effect)
    } else if lookups >= NEAR || voids == VOIDS {
        let title = if lookups >= NEAR { title } else { format!("{voids} of {VOIDS} look-ups without an answer used") };
        let effect = "The next change here or at a provider that is included may make receivers count SPF as failed \
                      (permerror).";
        judged.finding(name("near"), Severity::Warning, title, effect)
    } else {
        let effect = "Receivers come to the end of the record, whichever server sends.";
        judged.finding(name("good"), Severity::Good, title, effect)
    };
    found.details.extend(cost.terms.iter().map(|term| match term.lookups {
        1 => format!("{}: 1 look-up.", term.term),
        more => format!("{}: {more} look-ups.", term.term),
    }));
    found
        .details
        .extend(cost.empty.iter().map(|(domain, term)| format!("{term} in the record of {domain} has no answer.")));
    if found.severity.is_bad() {
        let own = |(domain, term): &(String, String)| (domain == judged.domain).then(|| term.clone());
        let empty: Vec<String> = cost.empty.iter().filter_map(own).collect();
        let empty: Vec<&str> = empty.iter().map(String::as_str).collect();
        if empty.is_empty() {
            found.details.push("Remove what no longer sends for the domain, or put ip4: and ip6: with its addresses in place of an a or mx.".to_owned());
        } else {
            change(judged, &mut found, text, &merged.clone().without(&empty));
        }
    }
    found
}

/// What ours would need on top.
fn added_cost(judged: &Judged<'_>, merged: &Draft) -> u32 {
    let (Some(include), Some(_)) = (&judged.ours.spf_include, merged.added()) else { return 0 };
    let question = spf::Question { domain: include.to_string(), ..judged.sample() };
    1 + spf::count(judged.facts, &question).lookups
}

/// `spf.all`: what the record says about everyone else.
pub(super) fn all(judged: &Judged<'_>, text: &str, record: &Record, merged: &Draft, cost: &Cost) -> Finding {
    let name = |outcome| ("spf.all", outcome);
    let softer = || merged.clone().ending_with("~all");
    let anyone = "Anyone may send in the domain's name and passes SPF and DMARC; receivers that see this trust the domain no longer.";
    let behind = behind_all(record);
    let (mut found, mended) = match record.all() {
        Some(Qualifier::Pass) => {
            let title = "The SPF record lets everyone send (+all)";
            (judged.finding(name("pass"), Severity::Error, title, anyone), Some(softer()))
        }
        _ if !cost.open.is_empty() => {
            let terms = cost.open.iter().map(|(domain, term)| format!("{term} in the record of {domain}"));
            let title = format!("The SPF record lets everyone send, by {}", list(terms));
            let own = |(domain, term): &(String, String)| (domain == judged.domain).then(|| term.clone());
            let own: Vec<String> = cost.open.iter().filter_map(own).collect();
            let own: Vec<&str> = own.iter().map(String::as_str).collect();
            (judged.finding(name("open"), Severity::Error, title, anyone), Some(merged.clone().without(&own)))
        }
        _ if !behind.is_empty() => {
            let title = format!("{} is never looked at, because of all", list(&behind));
            let effect = "Servers that were meant to be allowed are not: receivers stop at all (RFC 7208 §5.1).";
            let end = merged.all().unwrap_or("~all").to_owned();
            (judged.finding(name("behind"), Severity::Warning, title, effect), Some(merged.clone().ending_with(&end)))
        }
        Some(Qualifier::Neutral) => {
            let effect = "Receivers learn nothing about mail that others forge in the domain's name, so SPF does not protect it.";
            let title = "The SPF record says nothing about everyone else (?all)";
            (judged.finding(name("neutral"), Severity::Warning, title, effect), Some(softer()))
        }
        None if record.redirect().is_none() => {
            let effect = "Receivers learn nothing about mail that others forge in the domain's name, so SPF does not protect it.";
            (judged.finding(name("none"), Severity::Warning, "The SPF record has no end (all)", effect), Some(softer()))
        }
        None => {
            let effect = "What is said about everyone else is said there.";
            (
                judged.finding(
                    name("redirect"),
                    Severity::Good,
                    "The SPF record ends in another's (redirect=)",
                    effect,
                ),
                None,
            )
        }
        Some(Qualifier::Fail) => {
            let effect = "Receivers refuse mail from servers the record does not name; where mail is forwarded, DKIM carries it.";
            (judged.finding(name("fail"), Severity::Good, "Everyone else is refused (-all)", effect), None)
        }
        Some(Qualifier::SoftFail) => {
            let effect = "Receivers doubt mail from servers the record does not name.";
            (judged.finding(name("softfail"), Severity::Good, "Everyone else is doubted (~all)", effect), None)
        }
    };
    if let Some(mended) = mended {
        change(judged, &mut found, text, &mended);
    }
    found
}

/// Mechanisms behind `all`, and `redirect=` beside it: never looked at.
fn behind_all(record: &Record) -> Vec<&str> {
    let mut all = false;
    let mut behind: Vec<&str> = Vec::new();
    for (term, _, mechanism) in record.directives() {
        if all {
            behind.push(&term.text);
        }
        all |= *mechanism == Mechanism::All;
    }
    let redirects = record.terms.iter().filter(|term| all && matches!(term.kind, spf::Kind::Redirect(_)));
    behind.extend(redirects.map(|term| term.text.as_str()));
    behind
}

/// `spf.ptr`: the mechanism nobody should use.
pub(super) fn ptr(judged: &Judged<'_>, text: &str, merged: &Draft, cost: &Cost) -> Finding {
    if cost.ptr.is_empty() {
        let effect = "Receivers need no names of addresses to judge the domain's mail.";
        return judged.finding(("spf.ptr", "good"), Severity::Good, "The SPF record does without ptr", effect);
    }
    let effect = "Some receivers pass over it, and to others mail arrives late or not at all, because the names of the \
                  sending address have to be asked for first (RFC 7208 §5.5).";
    let mut found = judged.finding(("spf.ptr", "used"), Severity::Warning, "The SPF record uses ptr", effect);
    found.details = cost.ptr.iter().map(|(domain, term)| format!("{term} in the record of {domain}.")).collect();
    let own: Vec<&str> =
        cost.ptr.iter().filter(|(domain, _)| domain == judged.domain).map(|(_, term)| term.as_str()).collect();
    if !own.is_empty() {
        found.details.push(
            "Where it allows a server that nothing else does, put ip4: or ip6: with its address in its place."
                .to_owned(),
        );
        change(judged, &mut found, text, &merged.clone().without(&own));
    }
    found
}

fn change(judged: &Judged<'_>, found: &mut Finding, text: &str, mended: &Draft) {
    found.changes = judged.change(&[text.to_owned()], mended);
    found.details.extend(draft::split(&mended.text()));
}
