//! BIMI: a logo that some receivers show beside mail that passes DMARC (draft-brand-indicators-for-message-identification).

use super::{tags, value};
use crate::{
    dmarc::{self, Request},
    facts::{Facts, Kind},
    judge::say::{finding, unknown},
};
use relay_types::finding::{Finding, Severity, Subject as About};

/// `bimi.record`.
pub(super) fn judge(facts: &Facts, domain: &str) -> Finding {
    let check = "bimi.record";
    let (name, policy) = (format!("default._bimi.{domain}"), format!("_dmarc.{domain}"));
    let asked = [(name.as_str(), Kind::Txt), (policy.as_str(), Kind::Txt)];
    let speak = |outcome, severity, title: &str, effect: &str, asked: &[(&str, Kind)]| {
        finding((check, outcome), About::Bimi, severity, title, effect, asked)
    };
    let texts = match facts.texts(&name) {
        Err(why) => return unknown(check, About::Bimi, "whether there is a logo", why, &asked[..1]),
        Ok(texts) => texts,
    };
    if texts.is_empty() {
        let effect = "Mail does not suffer; receivers show no logo of the domain.";
        return speak("missing", Severity::Note, "There is no logo for mail (BIMI)", effect, &asked[..1]);
    }
    let records: Vec<_> = texts.iter().filter_map(|text| tags(text, "BIMI1")).collect();
    let [record] = &records[..] else {
        let effect = "Receivers show no logo, because they find no single record that begins with v=BIMI1.";
        return speak("syntax", Severity::Note, "The BIMI record cannot be read", effect, &asked[..1]);
    };
    let logo = value(record, "l").unwrap_or_default();
    if !logo.starts_with("https://") {
        let effect = "Receivers show no logo, because l= is not the https address of one.";
        return speak("no_logo", Severity::Note, "The BIMI record names no logo", effect, &asked[..1]);
    }
    let policy = match dmarc::find(facts, domain) {
        Err(why) => {
            return unknown(check, About::Bimi, "whether the DMARC policy lets the logo be shown", &why, &asked);
        }
        Ok(found) => found.policy.and_then(|policy| policy.applied()),
    };
    if !matches!(policy, Some(Request::Quarantine | Request::Reject)) {
        let effect =
            "Receivers show no logo, because BIMI needs a DMARC policy of quarantine or reject that is in force.";
        return speak("no_policy", Severity::Note, "The logo waits for a DMARC policy", effect, &asked);
    }
    let certified = value(record, "a").is_some_and(|certificate| certificate.starts_with("https://"));
    let (outcome, severity, effect) = if certified {
        ("found", Severity::Good, "Receivers that show logos have one to show.")
    } else {
        let effect =
            "Gmail and others show the logo only with a certificate for it (a=), which the record does not name.";
        ("no_certificate", Severity::Note, effect)
    };
    speak(outcome, severity, "There is a logo for mail (BIMI)", effect, &asked)
}
