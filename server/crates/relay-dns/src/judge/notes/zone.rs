//! What holds for the zone the domain is in: who may issue certificates (RFC 8659), and whether it is signed.

use super::upwards;
use crate::{
    facts::{Data, Facts, Kind},
    judge::say::{finding, unknown},
};
use relay_types::finding::{Finding, Severity, Subject as About};

/// The first name upwards with records of a kind, and these as text; an error says why DNS did not tell.
fn nearest<'a>(facts: &Facts, domain: &'a str, kind: Kind) -> Result<Option<(&'a str, Vec<String>)>, String> {
    // All are asked about before one may be missing, so that a check needs one round.
    let all: Vec<_> = upwards(domain)
        .map(|name| {
            let read = |data: &Data| match data {
                Data::Other(text) => Some(text.clone()),
                _ => None,
            };
            (name, facts.read(name, kind, read))
        })
        .collect();
    for (name, records) in all {
        let records = records.map_err(|why| format!("{name}: {why}"))?;
        if !records.is_empty() {
            return Ok(Some((name, records)));
        }
    }
    Ok(None)
}

/// `caa.record`: which authorities may issue certificates for the domain's hosts.
pub(super) fn caa(facts: &Facts, domain: &str) -> Finding {
    let check = "caa.record";
    let asked: Vec<(&str, Kind)> = upwards(domain).map(|name| (name, Kind::Caa)).collect();
    let (outcome, severity, title, effect, details) = match nearest(facts, domain, Kind::Caa) {
        Err(why) => return unknown(check, About::Caa, "who may issue certificates", &why, &asked),
        Ok(None) => (
            "missing",
            Severity::Note,
            "Any authority may issue certificates (no CAA)".to_owned(),
            "Mail does not suffer; a CAA record would say which authorities may issue certificates for the domain.",
            Vec::new(),
        ),
        Ok(Some((name, records))) => (
            "found",
            Severity::Good,
            format!("CAA at {name} says who may issue certificates"),
            "An authority that is not named refuses to issue; name yours before you ask for a certificate.",
            records,
        ),
    };
    Finding { details, ..finding((check, outcome), About::Caa, severity, title, effect, &asked) }
}

/// `dnssec.signed`: whether a DS record above makes the zone's answers verifiable (RFC 4035 §2.4).
pub(super) fn dnssec(facts: &Facts, domain: &str) -> Finding {
    let check = "dnssec.signed";
    let asked: Vec<(&str, Kind)> = upwards(domain).map(|name| (name, Kind::Ds)).collect();
    let (outcome, severity, title, effect) = match nearest(facts, domain, Kind::Ds) {
        Err(why) => return unknown(check, About::Dnssec, "whether the zone is signed", &why, &asked),
        Ok(None) => (
            "unsigned",
            Severity::Note,
            "The zone is not signed (no DNSSEC)".to_owned(),
            "Mail does not suffer; whoever can forge DNS answers can redirect mail to the domain.",
        ),
        Ok(Some((zone, _))) => (
            "signed",
            Severity::Good,
            format!("The zone {zone} is signed (DNSSEC)"),
            "Resolvers that verify notice forged answers about the domain.",
        ),
    };
    finding((check, outcome), About::Dnssec, severity, title, effect, &asked)
}
