//! Whether receivers find the keys that our signatures are checked with (RFC 6376 §3.6).

mod delegation;
mod see;

use super::{
    OurKey, Subject,
    say::{finding, list, publish, remove, unknown},
};
use crate::{
    dkim::{KeyError, KeyRecord},
    facts::{Facts, Kind, question},
};
use relay_types::{
    domain::DkimAlgorithm,
    finding::{Finding, RecordChange, Severity, Subject as About},
};
use see::{Fault, Seen, State, see};

/// Keys of less are refused by some, and a new one should have it (RFC 8301 §3.2).
const GOOD_BITS: usize = 2048;

/// A finding for each key, `dkim.SELECTOR`; and `dkim.delegation` where it is offered.
pub fn judge(facts: &Facts, subject: &Subject) -> Vec<Finding> {
    let domain = subject.domain.as_str();
    let mut findings: Vec<Finding> = subject
        .keys
        .iter()
        .map(|key| {
            let alias = subject.delegated_to.as_ref().map(|to| format!("{}.{to}", key.selector));
            let others = signing(subject).filter(|other| other.selector != key.selector);
            // All are asked about before one decides.
            let verifying: Vec<&OurKey> = others.filter(|other| verifies(facts, domain, other) == Some(true)).collect();
            let beside = match verifying.iter().any(|other| is_rsa(other) || !is_rsa(key)) {
                true => Beside::Another,
                false if verifying.is_empty() => Beside::None,
                false => Beside::Ed25519,
            };
            Checked { domain, selector: &key.selector, key: Some(key), beside, alias }.finding(facts)
        })
        .collect();
    findings.extend(delegation::judge(facts, subject));
    findings
}

/// What is at any selector of any domain: `dkim.SELECTOR`, without knowing which key should be there.
pub fn selector(facts: &Facts, domain: &str, selector: &str) -> Finding {
    Checked { domain, selector, key: None, beside: Beside::None, alias: None }.finding(facts)
}

/// The keys that sign, or will as soon as their record is seen.
pub(super) fn signing(subject: &Subject) -> impl Iterator<Item = &OurKey> {
    subject.keys.iter().filter(|key| !key.retiring)
}

/// Whether signatures by a key will verify; none when DNS did not say.
pub(super) fn verifies(facts: &Facts, domain: &str, key: &OurKey) -> Option<bool> {
    match see(facts, &record_name(&key.selector, domain), Some(&key.value)).state {
        State::Unknown(_) => None,
        // RFC 6376 §3.6.2.2 leaves open what receivers make of several texts: nothing to build on.
        State::Good(_) => Some(true),
        _ => Some(false),
    }
}

/// Whether a signature of ours verifies; none when DNS did not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Signed {
    /// At receivers that do as RFC 8463 §3 says.
    pub any: Option<bool>,
    /// At those that check RSA signatures alone, as Gmail, Yahoo and Outlook do in 2026.
    pub rsa: Option<bool>,
}

/// What the keys that sign, or will, come to.
pub(super) fn signed(facts: &Facts, subject: &Subject) -> Signed {
    let found: Vec<(&OurKey, Option<bool>)> =
        signing(subject).map(|key| (key, verifies(facts, subject.domain.as_str(), key))).collect();
    let best = |wanted: &dyn Fn(&OurKey) -> bool| {
        let found: Vec<Option<bool>> =
            found.iter().filter(|(key, _)| wanted(key)).map(|(_, verifies)| *verifies).collect();
        if found.contains(&Some(true)) { Some(true) } else { (!found.contains(&None)).then_some(false) }
    };
    Signed { any: best(&|_| true), rsa: best(&is_rsa) }
}

fn is_rsa(key: &OurKey) -> bool {
    key.algorithm == DkimAlgorithm::RsaSha256
}

/// The name of a key's record (RFC 6376 §3.6.2.1).
fn record_name(selector: &str, domain: &str) -> String {
    format!("{selector}._domainkey.{domain}")
}

/// One selector, and what should be there.
struct Checked<'a> {
    domain: &'a str,
    selector: &'a str,
    key: Option<&'a OurKey>,
    beside: Beside,
    /// The alias that makes the record ours to publish.
    alias: Option<String>,
}

/// Whether the signature by another key of ours verifies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Beside {
    /// None does.
    None,
    /// One does that all know who know this one.
    Another,
    /// One does, and this one is RSA, which more know.
    Ed25519,
}

/// What a state is called: outcome and title.
type Said = (&'static str, String);

impl Checked<'_> {
    fn finding(&self, facts: &Facts) -> Finding {
        let name = record_name(self.selector, self.domain);
        let check = format!("dkim.{}", self.selector);
        let seen = see(facts, &name, self.key.map(|key| key.value.as_str()));
        let mut found = match &seen.state {
            State::Unknown(why) => {
                return unknown(&check, About::Dkim, "whether the key is there", why, &[(&name, Kind::Txt)]);
            }
            State::Good(key) => self.good(&check, key),
            bad => {
                let (outcome, title) = self.said(bad, &seen);
                let (severity, effect) = self.effect(bad);
                Finding {
                    changes: self.changes(&name, &seen),
                    ..finding((&check, outcome), About::Dkim, severity, title, effect, &[])
                }
            }
        };
        found.asked.push(question(&name, Kind::Txt));
        found.details.extend(self.details(&name, &seen));
        if seen.state == State::Missing && self.key.is_some() {
            let doubled = format!("{name}.{}", self.domain);
            if facts.texts(&doubled).is_ok_and(|texts| !texts.is_empty()) {
                found.details.push(format!(
                    "A record was published at {doubled}: the DNS form adds {} by itself, so leave it out there.",
                    self.domain
                ));
                found.asked.push(question(&doubled, Kind::Txt));
            }
        }
        if let (State::Good(key), Some(ours)) = (&seen.state, self.key)
            && key.is_testing()
            && !ours.retiring
        {
            found.changes.push(publish(&name, Kind::Txt, seen.texts, &ours.value));
        }
        found
    }

    /// The key is there and receivers can use it; it may still be weak, on trial, or on its way out.
    fn good(&self, check: &str, key: &KeyRecord) -> Finding {
        let selector = self.selector;
        let (outcome, severity, title, effect) = match key.bits() {
            Some(bits) if key.kind == "rsa" && bits < GOOD_BITS => (
                "short_key",
                Severity::Warning,
                format!("The key at {selector} has {bits} bits only"),
                "Receivers still take signatures with this key, as Gmail does from 1024 bits on, and will not for ever: keys \
                 of less than 2048 bits are no longer considered safe (RFC 8301 §3.2); rotate to a new key.",
            ),
            _ if key.is_testing() => (
                "testing",
                Severity::Warning,
                format!("The key at {selector} is still marked as a test"),
                "Receivers may treat the mail as if it were not signed, because t=y in the record says that the \
                 domain only tries signing out (RFC 6376 §3.6.1).",
            ),
            _ if self.key.is_some_and(|key| key.retiring) => (
                "retiring",
                Severity::Note,
                format!("The old key at {selector} is still there, as it should be"),
                "Mail that was signed with it and still waits in the queue can be checked; remove the record when \
                 the portal says that the key is retired.",
            ),
            _ => (
                "good",
                Severity::Good,
                format!("The key at {selector} is in DNS"),
                "Receivers can check signatures made with this key.",
            ),
        };
        finding((check, outcome), About::Dkim, severity, title, effect, &[])
    }

    fn said(&self, state: &State, seen: &Seen) -> Said {
        let (selector, target) = (self.selector, seen.aliases.last().map_or("", String::as_str));
        match state {
            State::Missing if seen.aliases.is_empty() => ("missing", format!("The key {selector} is not in DNS")),
            State::Missing => {
                ("alias_to_nothing", format!("{selector} is an alias of {target}, where there is no key"))
            }
            State::NoKey => ("not_a_key", format!("The text at {selector} is not a DKIM key")),
            State::AliasAnswersOthers { .. } => {
                let whose = if target == self.domain { "the domain itself".to_owned() } else { target.to_owned() };
                let outcome = match purposes(&seen.texts).as_slice() {
                    ["SPF", ..] => "alias_answers_spf",
                    ["DMARC", ..] => "alias_answers_dmarc",
                    _ => "alias_answers_others",
                };
                let what = list(purposes(&seen.texts));
                (outcome, format!("{selector} is an alias of {whose}, so it answers with {what} as well"))
            }
            State::BesideOthers { .. } => {
                let what = list(purposes(&seen.texts));
                ("several_texts", format!("There is {what} at {selector} beside the key"))
            }
            State::Several { .. } => ("several_keys", format!("There are several keys at {selector}")),
            State::Syntax(KeyError::Quotes) => ("quotes", format!("The text at {selector} has quotation marks in it")),
            State::Syntax(_) => ("syntax", format!("The text at {selector} cannot be read as a key")),
            State::CutOff(_) => ("cut_off", format!("The key at {selector} is cut off")),
            State::Algorithm(kind) => {
                ("algorithm", format!("The record at {selector} is for another kind of key ({kind})"))
            }
            State::Another(_) => ("another_key", format!("There is another key at {selector}")),
            State::Fault(fault) => self.fault(*fault),
            State::Good(_) | State::Unknown(_) => ("good", String::new()),
        }
    }

    fn fault(&self, fault: Fault) -> Said {
        let selector = self.selector;
        match fault {
            Fault::Revoked => ("revoked", format!("The key at {selector} is revoked (p= is empty)")),
            Fault::Base64 => ("broken_key", format!("The key at {selector} is garbled")),
            Fault::NotAKey => ("broken_key", format!("The key at {selector} is incomplete or garbled")),
            Fault::NoSha256 => ("no_sha256", format!("The record at {selector} allows no SHA-256 (h=)")),
            Fault::NotForMail => ("not_for_mail", format!("The record at {selector} is not for mail (s=)")),
            Fault::UnknownAlgorithm => ("algorithm", format!("The key at {selector} is of an unknown kind (k=)")),
            Fault::TooShort(bits) => ("weak_key", format!("The key at {selector} has {bits} bits only")),
        }
    }

    /// What it does to mail depends less on what is wrong than on whether the key is in use.
    fn effect(&self, state: &State) -> (Severity, String) {
        let half = matches!(
            state,
            State::AliasAnswersOthers { ours: true }
                | State::BesideOthers { ours: true }
                | State::Several { ours: true }
        );
        let text = match self.key {
            None if *state == State::Missing => {
                let effect = "Receivers could check no signature made with this selector.";
                return (Severity::Warning, effect.to_owned());
            }
            _ if half => {
                "Many receivers do not find the key among the other texts and count the mail as not signed, because \
                 only one text may be at a selector (RFC 6376 §3.6.2.2)."
            }
            None => "Receivers cannot check signatures made with this selector and count the mail as not signed.",
            Some(key) if key.retiring => {
                "Mail that was signed with this old key and still waits in the queue will count as not signed; leave \
                 the record until the portal says that the key is retired."
            }
            Some(key) if key.signs && self.beside == Beside::Ed25519 => {
                "Gmail, Yahoo and Outlook count the domain's mail as not signed and may refuse it or call it spam, because \
                 they check RSA signatures alone, and receivers cannot check this one."
            }
            Some(_) if self.beside == Beside::Ed25519 => {
                "Gmail, Yahoo and Outlook count the domain's mail as not signed until the record is there, because they \
                 check RSA signatures alone, and till then it has the other one."
            }
            Some(key) if key.signs && self.beside == Beside::Another => {
                "Receivers cannot check this one of the signatures on the domain's mail; it counts as signed by the other \
                 key, as long as they know that kind of key."
            }
            Some(_) if self.beside == Beside::Another => {
                "Mail of the domain is not signed with this key until the record is there; till then it has the other \
                 signature alone."
            }
            Some(key) if key.signs => {
                "Receivers cannot check the signature on the domain's mail and count it as not signed, so Gmail and \
                 others may refuse it or call it spam."
            }
            Some(_) => {
                "Mail of the domain is not signed with this key until the record is there; without any signature, \
                 forwarded mail fails DMARC and large receivers trust the domain less."
            }
        };
        let severity = match self.key {
            Some(key) if !key.signs || key.retiring || self.beside == Beside::Another => Severity::Warning,
            _ => Severity::Error,
        };
        (severity, text.to_owned())
    }

    /// The way to the record as it should be: what does not belong there goes, then ours is published.
    fn changes(&self, name: &str, seen: &Seen) -> Vec<RecordChange> {
        let Some(key) = self.key else { return Vec::new() };
        let mut changes = Vec::new();
        let Some(target) = seen.aliases.first() else {
            return vec![publish(name, Kind::Txt, seen.texts.clone(), &key.value)];
        };
        if self.alias.as_ref() == Some(target) {
            return Vec::new();
        }
        let below = |name: &str| name.split_once('.').map(|(_, below)| below.to_owned());
        if let Some(alias) = self.alias.as_ref().filter(|alias| below(alias) == below(target)) {
            return vec![publish(name, Kind::Cname, vec![format!("{target}.")], format!("{alias}."))];
        }
        changes.push(remove(name, Kind::Cname, vec![format!("{target}.")]));
        changes.push(publish(name, Kind::Txt, Vec::new(), &key.value));
        let end = seen.aliases.last().unwrap_or(target);
        let keys: Vec<String> = seen.texts.iter().filter(|text| KeyRecord::parse(text).is_ok()).cloned().collect();
        if end == self.domain && !keys.is_empty() {
            changes.push(remove(self.domain, Kind::Txt, keys));
        }
        changes
    }

    fn details(&self, name: &str, seen: &Seen) -> Vec<String> {
        let mut details = Vec::new();
        let mut owner = name;
        for alias in &seen.aliases {
            let ours = if self.alias.as_ref() == Some(alias) { ", which this relay publishes" } else { "" };
            details.push(format!("{owner} is an alias (CNAME) of {alias}{ours}."));
            owner = alias;
        }
        match &seen.state {
            State::AliasAnswersOthers { .. } => details.push(
                "An alias leads to everything that is at its target; a selector needs a TXT record of its own, or an \
                 alias to a name that holds nothing but the key."
                    .to_owned(),
            ),
            State::Syntax(error) => details.push(format!("The text is no key: {error}.")),
            State::CutOff(length) => details.push(format!(
                "Only the first {length} characters of the key are there; strings of a TXT record hold 255 each, so \
                 publish it in two strings, or let the DNS form split it."
            )),
            State::NoKey => details.push(
                "A record for all names below the domain (*) may answer here; publishing the key takes its place."
                    .to_owned(),
            ),
            State::Fault(Fault::TooShort(_)) => {
                details.push("Receivers must not use RSA keys of less than 1024 bits (RFC 8301 §3.2).".to_owned());
            }
            State::Missing if self.alias.is_some() && self.alias.as_ref() == seen.aliases.first() => details
                .push("The alias is right; the record behind it is published by whoever runs this relay.".to_owned()),
            State::Good(key) => details.extend(self.remarks(key)),
            _ => {}
        }
        if !seen.agreed {
            details.push("The domain's servers do not say the same yet; a change is on its way.".to_owned());
        }
        details
    }

    fn remarks(&self, key: &KeyRecord) -> Vec<String> {
        let mut remarks = Vec::new();
        if let Some(bits) = key.bits() {
            remarks.push(format!("{} key of {bits} bits.", if key.kind == "rsa" { "RSA" } else { "Ed25519" }));
        }
        if key.is_strict() {
            remarks.push(format!(
                "t=s: the key is for {} alone and not for names below it, which is how this relay signs.",
                self.domain
            ));
        }
        if key.spaces {
            remarks.push("There are spaces inside the key; receivers skip them.".to_owned());
        }
        if !key.unknown.is_empty() {
            let names = list(key.unknown.iter().map(|(name, _)| format!("{name}=")));
            remarks.push(format!("Receivers skip what they do not know: {names}."));
        }
        remarks
    }
}

/// What the texts that are no keys are for, SPF first.
fn purposes(texts: &[String]) -> Vec<&'static str> {
    let mut purposes = Vec::new();
    let begins = |begin: &str| texts.iter().any(|text| text.to_ascii_lowercase().starts_with(begin));
    if begins("v=spf1") {
        purposes.push("SPF");
    }
    if begins("v=dmarc1") {
        purposes.push("DMARC");
    }
    if purposes.is_empty() {
        purposes.push("other texts");
    }
    purposes
}

#[cfg(test)]
mod tests;
