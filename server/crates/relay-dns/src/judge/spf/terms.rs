//! What a readable record costs and how wide it is: `spf.lookups`, `spf.all`, `spf.ptr`.

use super::{ANY, ANY_SIX, Draft, Judged, bounded, draft};
use crate::{
    facts::Kind,
    judge::say::{list, unknown},
    spf::{self, Cost, LOOKUPS, Mechanism, Qualifier, Record, VOIDS},
};
use relay_types::finding::{Finding, Severity, Subject as About};

/// So many look-ups are near the limit.
const NEAR: u32 = 9;
/// How to need fewer.
const ROOM: &str = "Remove what no longer sends for the domain, or put ip4: and ip6: with the addresses in place of an a or \
                    mx.";

/// `spf.lookups`: the whole count, whichever address is asked about.
pub(super) fn lookups(judged: &Judged<'_>, text: &str, merged: &Draft, cost: &Cost) -> Finding {
    let gone = gone(judged, cost);
    let mut found = counted(judged, cost, &gone);
    found.details.extend(cost.terms.iter().map(|term| match term.lookups {
        1 => format!("{}: 1 look-up.", term.term),
        more => format!("{}: {more} look-ups.", term.term),
    }));
    for one @ (domain, term) in &cost.empty {
        let what = if gone.contains(one) { "has no answer" } else { "has no answer for IPv4 or for IPv6 addresses" };
        found.details.push(format!("{term} in the record of {domain} {what}."));
    }
    let broken = |(domain, term): &(String, String)| format!("{term} in the record of {domain} leads nowhere.");
    found.details.extend(cost.broken.iter().map(broken));
    if found.severity.is_bad() {
        let wrong = [own(judged, &gone), own(judged, &cost.broken)].concat();
        if wrong.is_empty() {
            let way = if cost.circle.is_some() { "Remove the term that leads back." } else { ROOM };
            found.details.push(way.to_owned());
        } else {
            change(judged, &mut found, text, &merged.clone().without(&wrong));
        }
    }
    found
}

/// The terms that have an answer for no address at all, so that nobody misses them. What a macro makes of an address is
/// not among them.
fn gone(judged: &Judged<'_>, cost: &Cost) -> Vec<(String, String)> {
    if cost.empty.is_empty() || (cost.lookups < NEAR && cost.voids < VOIDS) {
        return Vec::new();
    }
    let both = [ANY, ANY_SIX].map(|ip| judged.cost_for(ip).empty);
    let is_gone = |one: &&(String, String)| both.iter().all(|empty| empty.contains(one)) && !one.1.contains('%');
    cost.empty.iter().filter(is_gone).cloned().collect()
}

fn counted(judged: &Judged<'_>, cost: &Cost, gone: &[(String, String)]) -> Finding {
    let (lookups, voids) = (cost.lookups, cost.voids);
    let further = "Receivers give up there and count SPF as failed (permerror) for every server that is listed further \
                   back";
    let finding = |outcome, severity, title: String, effect: String| {
        judged.finding(("spf.lookups", outcome), severity, title, effect)
    };
    if let Some(circle) = &cost.circle {
        let title = format!("The SPF record of {circle} leads back to itself");
        return finding("circle", Severity::Error, title, format!("{further}: the circle uses up all look-ups."));
    }
    if lookups > LOOKUPS {
        let least = if cost.is_partial { "at least " } else { "" };
        let title = format!("The SPF record needs {least}{lookups} look-ups, and {LOOKUPS} are allowed");
        return finding("over", Severity::Error, title, format!("{further}."));
    }
    if voids > VOIDS {
        let title = format!("{voids} look-ups of the SPF record have no answer, and {VOIDS} are allowed");
        return finding("voids", Severity::Error, title, format!("{further}."));
    }
    if !cost.broken.is_empty() {
        let terms = list(cost.broken.iter().map(|(_, term)| term));
        let title = format!("{terms} in the SPF record leads to no record that can be used");
        return finding("broken", Severity::Error, title, format!("{further} (RFC 7208 §5.2)."));
    }
    if cost.is_partial {
        let why = "Some of the names in the record could not be asked about.";
        let asked = [(judged.domain, Kind::Txt)];
        return unknown("spf.lookups", About::Spf, "how many look-ups the SPF record needs", why, &asked);
    }
    let title = format!("{lookups} of {LOOKUPS} look-ups used");
    let effect = "The next change here or at a provider that is included may make receivers count SPF as failed \
                  (permerror).";
    if lookups >= NEAR {
        return finding("near", Severity::Warning, title, effect.to_owned());
    }
    if voids == VOIDS {
        // A host without an address in one family is common, and nothing is wrong with it.
        let severity = if gone.is_empty() { Severity::Note } else { Severity::Warning };
        let title = format!("{voids} of {VOIDS} look-ups without an answer used");
        return finding("near", severity, title, effect.to_owned());
    }
    let effect = "Receivers come to the end of the record, whichever server sends.";
    finding("good", Severity::Good, title, effect.to_owned())
}

/// `spf.all`: what the record says about everyone else.
pub(super) fn all(judged: &Judged<'_>, text: &str, record: &Record, merged: &Draft, cost: &Cost) -> Finding {
    let finding =
        |outcome, severity, title: &str, effect: &str| judged.finding(("spf.all", outcome), severity, title, effect);
    let softer = || Some(merged.clone().ending_with("~all"));
    let anyone = "Anyone may send in the domain's name and passes SPF and DMARC; receivers that see this trust the domain \
                  no longer.";
    let forged =
        "Receivers learn nothing about mail that others forge in the domain's name, so SPF does not protect it.";
    let behind = behind_all(record);
    let (mut found, mended) = match record.all() {
        Some(Qualifier::Pass) => {
            (finding("pass", Severity::Error, "The SPF record lets everyone send (+all)", anyone), softer())
        }
        _ if !cost.open.is_empty() => {
            let terms = cost.open.iter().map(|(domain, term)| format!("{term} in the record of {domain}"));
            let title = format!("The SPF record lets everyone send, by {}", list(terms));
            let mended = merged.clone().without(&own(judged, &cost.open));
            (finding("open", Severity::Error, &title, anyone), Some(mended))
        }
        _ if !behind.is_empty() => {
            let title = format!("{} is never looked at, because of all", list(&behind));
            let effect = "Servers that were meant to be allowed are not: receivers stop at all (RFC 7208 §5.1).";
            let end = merged.all().unwrap_or("~all").to_owned();
            let mended = merged.clone().ending_with(&end);
            (finding("behind", Severity::Warning, &title, effect), Some(mended))
        }
        Some(Qualifier::Neutral) => {
            let title = "The SPF record says nothing about everyone else (?all)";
            (finding("neutral", Severity::Warning, title, forged), softer())
        }
        None if record.redirect().is_none() => {
            (finding("none", Severity::Warning, "The SPF record has no end (all)", forged), softer())
        }
        None => {
            let title = "The SPF record ends in another's (redirect=)";
            (finding("redirect", Severity::Good, title, "What is said about everyone else is said there."), None)
        }
        Some(Qualifier::Fail) => {
            let effect = "Receivers refuse mail from servers the record does not name; some refuse forwarded mail, too, \
                          before they look at its signature (RFC 9989 §7.1).";
            (finding("fail", Severity::Good, "Everyone else is refused (-all)", effect), None)
        }
        Some(Qualifier::SoftFail) => {
            let effect = "Receivers doubt mail from servers the record does not name.";
            (finding("softfail", Severity::Good, "Everyone else is doubted (~all)", effect), None)
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
    let own = own(judged, &cost.ptr);
    if !own.is_empty() {
        let hint = "Where it allows a server that nothing else does, put ip4: or ip6: with its address in its place.";
        found.details.push(hint.to_owned());
        change(judged, &mut found, text, &merged.clone().without(&own));
    }
    found
}

/// Those of the terms that stand in the domain's own record.
fn own<'a>(judged: &Judged<'_>, terms: &'a [(String, String)]) -> Vec<&'a str> {
    terms.iter().filter(|(domain, _)| domain == judged.domain).map(|(_, term)| term.as_str()).collect()
}

fn change(judged: &Judged<'_>, found: &mut Finding, text: &str, mended: &Draft) {
    found.changes = judged.change(&[text.to_owned()], mended);
    if !found.changes.is_empty() {
        found.details.extend(bounded(mended.notes.iter().cloned()));
        found.details.extend(draft::split(&mended.text()));
    }
}
