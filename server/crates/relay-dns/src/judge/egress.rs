//! Whether the world takes mail from an address: its names (RFC 8601 §2.7.3), the EHLO name, and blocklists.

mod generic;

use super::{
    blocklist::{self, Blocklist},
    mx::is_public,
    say::{finding, list, publish, unknown},
};
use crate::facts::{Data, Facts, Kind};
use relay_types::{
    finding::{Finding, RecordChange, Severity, Subject as About},
    reverse_name::reverse_name,
};
use std::net::IpAddr;

/// So many names of an address are looked up, as RFC 7208 §5.5 does.
const NAMES: usize = 10;

/// `ptr.present`, `ptr.fcrdns`, `ptr.generic`, `ehlo.name`, and `blocklist.ZONE` for each list.
///
/// An address that is not public gives a note alone: what the world sees of it cannot be asked.
pub fn judge(facts: &Facts, address: IpAddr, ehlo: &str, lists: &[Blocklist]) -> Vec<Finding> {
    let mut findings = names(facts, address, Some(ehlo));
    if is_public(address) {
        findings.extend(lists.iter().map(|list| blocklist::judge(facts, address, list)));
    }
    findings
}

/// The findings about an address's names alone; `ehlo.name` where the name in EHLO is told.
pub fn names(facts: &Facts, address: IpAddr, ehlo: Option<&str>) -> Vec<Finding> {
    if !is_public(address) {
        let title = format!("{address} is not a public address");
        let effect = "Nothing can be said of how the world sees this relay; enter the address that mail leaves by, as \
                      receivers see it.";
        return vec![finding(("ptr.present", "private"), About::Ptr, Severity::Note, title, effect, &[])];
    }
    let owner = reverse_name(address);
    let asked = [(owner.as_str(), Kind::Ptr)];
    let names = facts.read(&owner, Kind::Ptr, |data| match data {
        Data::Name(name) => Some(name.clone()),
        _ => None,
    });
    let ptr = match names {
        Err(why) => {
            let mut found = vec![unknown("ptr.present", About::Ptr, "the name of the address", why, &asked)];
            found.extend(ehlo.map(|ehlo| judge_ehlo(facts, address, ehlo, None)));
            return found;
        }
        Ok(names) => Names::look(facts, address, owner.clone(), names),
    };
    let mut findings = vec![ptr.present(ehlo)];
    if !ptr.names.is_empty() {
        findings.push(ptr.round_trip(facts, ehlo));
        findings.push(ptr.generic(ehlo));
    }
    findings.extend(ehlo.map(|ehlo| judge_ehlo(facts, address, ehlo, Some(&ptr))));
    findings
}

/// The names of an address, and whether each points back.
struct Names {
    address: IpAddr,
    owner: String,
    names: Vec<String>,
    /// Of each name in order; an error says why DNS did not tell.
    back: Vec<Result<Vec<IpAddr>, String>>,
}

impl Names {
    fn look(facts: &Facts, address: IpAddr, owner: String, names: Vec<String>) -> Self {
        let kind = forward_kind(address);
        let back = names.iter().take(NAMES).map(|name| facts.addresses(name, kind).map_err(str::to_owned)).collect();
        Self { address, owner, names, back }
    }

    fn points_back(&self, index: usize) -> bool {
        self.back.get(index).is_some_and(|found| found.as_ref().is_ok_and(|found| found.contains(&self.address)))
    }

    /// Names that point back.
    fn good(&self) -> Vec<&str> {
        let names = self.names.iter().enumerate().filter(|(index, _)| self.points_back(*index));
        names.map(|(_, name)| name.as_str()).collect()
    }

    fn found(&self) -> Vec<String> {
        self.names.iter().map(|name| format!("{name}.")).collect()
    }

    /// `ptr.present`.
    fn present(&self, ehlo: Option<&str>) -> Finding {
        let (check, asked) = ("ptr.present", [(self.owner.as_str(), Kind::Ptr)]);
        let address = self.address;
        match &self.names[..] {
            [] => {
                let effect = "Gmail and many others refuse all mail from an address that has no name (550 5.7.25, 554 Bad \
                              DNS PTR resource record).";
                Finding {
                    details: vec![OWNER.to_owned()],
                    changes: ehlo.map(|ehlo| self.with_forward(ehlo)).unwrap_or_default(),
                    ..finding(
                        (check, "missing"),
                        About::Ptr,
                        Severity::Error,
                        format!("{address} has no name (PTR)"),
                        effect,
                        &asked,
                    )
                }
            }
            [name] => {
                let effect = "Receivers that ask for a name find one.";
                finding(
                    (check, "found"),
                    About::Ptr,
                    Severity::Good,
                    format!("{address} is called {name}"),
                    effect,
                    &asked,
                )
            }
            several => {
                let effect =
                    "Some receivers look at one of the names only, and chance says at which; one name is enough.";
                let title = format!("{address} has several names: {}", list(several));
                let keep = self.good().first().copied().or(ehlo).unwrap_or(&several[0]);
                Finding {
                    changes: vec![publish(&self.owner, Kind::Ptr, self.found(), format!("{keep}."))],
                    ..finding((check, "several"), About::Ptr, Severity::Note, title, effect, &asked)
                }
            }
        }
    }

    /// `ptr.fcrdns`: RFC 8601 §2.7.3, over every name.
    fn round_trip(&self, facts: &Facts, ehlo: Option<&str>) -> Finding {
        let check = "ptr.fcrdns";
        let kind = forward_kind(self.address);
        let mut asked = vec![(self.owner.as_str(), Kind::Ptr)];
        asked.extend(self.names.iter().take(NAMES).map(|name| (name.as_str(), kind)));
        let details: Vec<String> =
            self.names.iter().zip(&self.back).map(|(name, found)| self.way_back(name, found)).collect();
        let good = self.good();
        if !good.is_empty() {
            let title = format!("{} points back to {}", list(&good), self.address);
            let effect = "Receivers see that the address and its name belong together.";
            let details = if good.len() == self.names.len() { Vec::new() } else { details };
            return Finding { details, ..finding((check, "pass"), About::Ptr, Severity::Good, title, effect, &asked) };
        }
        if let Some(why) = self.back.iter().find_map(|found| found.as_ref().err()) {
            return unknown(check, About::Ptr, "where the name of the address points to", why, &asked);
        }
        let effect = "Gmail and many others refuse mail from the address (550 5.7.25), because its name does not lead back to \
                      it and could be anybody's.";
        let resolves = |ehlo: &&str| facts.addresses(ehlo, kind).is_ok_and(|found| found.contains(&self.address));
        // Either end mends it: the name that EHLO has already, or the name the address has.
        let changes = match ehlo.filter(resolves) {
            Some(ehlo) => vec![publish(&self.owner, Kind::Ptr, self.found(), format!("{ehlo}."))],
            None => {
                let there = self.back.first().and_then(|found| found.as_ref().ok()).into_iter().flatten();
                let found = there.map(IpAddr::to_string).collect();
                vec![publish(&self.names[0], kind, found, self.address.to_string())]
            }
        };
        let title = format!("{} does not point back to {}", list(&self.names), self.address);
        Finding { details, changes, ..finding((check, "fail"), About::Ptr, Severity::Error, title, effect, &asked) }
    }

    fn way_back(&self, name: &str, found: &Result<Vec<IpAddr>, String>) -> String {
        match found {
            Err(why) => format!("{name}: DNS did not answer: {why}."),
            Ok(found) if found.is_empty() => {
                format!("{name} has no {} record.", forward_kind(self.address).as_str())
            }
            Ok(found) => format!("{name} has the address {}.", list(found)),
        }
    }

    /// `ptr.generic`.
    fn generic(&self, ehlo: Option<&str>) -> Finding {
        let (check, asked) = ("ptr.generic", [(self.owner.as_str(), Kind::Ptr)]);
        let signs: Vec<_> = self.names.iter().map(|name| generic::sign(name, self.address)).collect();
        let Some(first) = signs.iter().flatten().next().filter(|_| signs.iter().all(Option::is_some)) else {
            let effect = "Receivers take the name for that of a server, not for one of a connection at home.";
            return finding(
                (check, "own_name"),
                About::Ptr,
                Severity::Good,
                "The name is one of its own",
                effect,
                &asked,
            );
        };
        let effect = "Some receivers refuse mail from the address or count it as spam, because its name looks like one that a \
                      provider gives to connections of customers.";
        let title = format!("{} looks like a name that a provider made up", list(&self.names));
        Finding {
            details: vec![first.clone(), OWNER.to_owned()],
            changes: ehlo.map(|ehlo| self.with_forward(ehlo)).unwrap_or_default(),
            ..finding((check, "generic"), About::Ptr, Severity::Warning, title, effect, &asked)
        }
    }

    /// The name to give to the address, and the record that leads back.
    fn with_forward(&self, name: &str) -> Vec<RecordChange> {
        vec![
            publish(name, forward_kind(self.address), Vec::new(), self.address.to_string()),
            publish(&self.owner, Kind::Ptr, self.found(), format!("{name}.")),
        ]
    }
}

/// Who can change a PTR record.
const OWNER: &str = "Whoever the address belongs to (the provider, or your own network's operators) sets its name.";

/// `ehlo.name`: RFC 5321 §4.1.1.1 wants a name that resolves; that it is also the PTR's is a second, softer wish.
fn judge_ehlo(facts: &Facts, address: IpAddr, ehlo: &str, ptr: Option<&Names>) -> Finding {
    let check = "ehlo.name";
    let kind = forward_kind(address);
    let asked = [(ehlo, kind)];
    let speak = |outcome, severity, title: String, effect: &str| {
        finding((check, outcome), About::Ehlo, severity, title, effect, &asked)
    };
    let found = match facts.addresses(ehlo, kind) {
        Err(why) => return unknown(check, About::Ehlo, "the address of the EHLO name", why, &asked),
        Ok(found) => found,
    };
    if !found.contains(&address) {
        let effect = "Some receivers count mail as spam or refuse it, because the name this relay greets with does not lead to \
                      the address it comes from.";
        let outcome = if found.is_empty() { "no_address" } else { "elsewhere" };
        let title = format!("The EHLO name {ehlo} does not point to {address}");
        let there: Vec<String> = found.iter().map(IpAddr::to_string).collect();
        return Finding {
            changes: vec![publish(ehlo, kind, there, address.to_string())],
            ..speak(outcome, Severity::Warning, title, effect)
        };
    }
    match ptr {
        Some(ptr) if !ptr.names.is_empty() && !ptr.names.iter().any(|name| name.eq_ignore_ascii_case(ehlo)) => {
            let effect = "A few receivers like the name in EHLO to be the name of the address, and trust the mail a little less.";
            let title = format!("The EHLO name {ehlo} points here, and the address is called {}", list(&ptr.names));
            Finding {
                changes: vec![publish(&ptr.owner, Kind::Ptr, ptr.found(), format!("{ehlo}."))],
                ..speak("another_name", Severity::Note, title, effect)
            }
        }
        _ => {
            let effect = "Receivers see that the name this relay greets with is its own.";
            speak("good", Severity::Good, format!("The EHLO name {ehlo} points to {address}"), effect)
        }
    }
}

fn forward_kind(address: IpAddr) -> Kind {
    if address.is_ipv4() { Kind::A } else { Kind::Aaaa }
}

#[cfg(test)]
mod tests;
