//! Transport security of mail to the domain: MTA-STS (RFC 8461) and TLS-RPT (RFC 8460).

use super::{tags, value};
use crate::{
    facts::{Facts, Kind},
    judge::say::{addresses, finding, publish, unknown},
    mta_sts::Record,
};
use relay_types::finding::{Finding, Severity, Subject as About};

const STS: &str = "mta_sts.record";
const RPT: &str = "tls_rpt.record";

/// Whether senders are told to deliver over TLS alone.
pub(super) fn mta_sts(facts: &Facts, domain: &str) -> Finding {
    let (name, host) = (format!("_mta-sts.{domain}"), format!("mta-sts.{domain}"));
    let asked = [(name.as_str(), Kind::Txt)];
    let speak = |outcome, severity, title: &str, effect: &str| {
        finding((STS, outcome), About::MtaSts, severity, title, effect, &asked)
    };
    let texts = match facts.texts(&name) {
        Err(why) => return unknown(STS, About::MtaSts, "whether there is an MTA-STS policy", why, &asked),
        Ok(texts) => texts,
    };
    match Record::read(&texts) {
        Record::Missing => speak(
            "missing",
            Severity::Note,
            "There is no MTA-STS policy",
            "Mail that this relay sends does not suffer; mail to the domain can be intercepted by whoever can suppress TLS \
             on the way.",
        ),
        Record::Id(_) => {
            let asked = [asked[0], (host.as_str(), Kind::A), (host.as_str(), Kind::Aaaa)];
            let found = match addresses(facts, &host) {
                Err(why) => return unknown(STS, About::MtaSts, "where the MTA-STS policy is", &why, &asked),
                Ok(found) => found,
            };
            let (outcome, severity, title, effect) = if found.is_empty() {
                (
                    "no_host",
                    Severity::Note,
                    format!("{host}, which should hold the MTA-STS policy, has no address"),
                    "Senders skip the policy and deliver as if there were none, because they cannot fetch it.",
                )
            } else {
                (
                    "found",
                    Severity::Good,
                    "There is an MTA-STS policy".to_owned(),
                    "Senders that follow it deliver mail to the domain over TLS alone.",
                )
            };
            finding((STS, outcome), About::MtaSts, severity, title, effect, &asked)
        }
        Record::Unreadable => Finding {
            details: vec!["One text is needed, of the form v=STSv1; id=20260101, with letters and digits.".to_owned()],
            changes: vec![publish(&name, Kind::Txt, texts, "v=STSv1; id=1")],
            ..speak(
                "syntax",
                Severity::Note,
                "The MTA-STS record cannot be read",
                "Senders skip the policy and deliver as if there were none (RFC 8461 §3.1).",
            )
        },
    }
}

/// Whether somebody hears of failed TLS on the way to the domain.
pub(super) fn tls_rpt(facts: &Facts, domain: &str) -> Finding {
    let name = format!("_smtp._tls.{domain}");
    let asked = [(name.as_str(), Kind::Txt)];
    let speak = |outcome, severity, title: &str, effect: &str| {
        finding((RPT, outcome), About::TlsRpt, severity, title, effect, &asked)
    };
    let texts = match facts.texts(&name) {
        Err(why) => return unknown(RPT, About::TlsRpt, "whether TLS reports are asked for", why, &asked),
        Ok(texts) => texts,
    };
    let records: Vec<_> = texts.iter().filter_map(|text| tags(text, "TLSRPTv1")).collect();
    let served = |record: &Vec<(String, String)>| {
        value(record, "rua").is_some_and(|addresses| {
            addresses.split(',').all(|uri| uri.trim().starts_with("mailto:") || uri.trim().starts_with("https://"))
        })
    };
    let example = format!("v=TLSRPTv1; rua=mailto:postmaster@{domain}");
    match &records[..] {
        [] if texts.is_empty() => speak(
            "missing",
            Severity::Note,
            "Nobody gets reports about TLS",
            "Mail does not suffer; you do not hear when senders cannot reach the domain's servers over TLS.",
        ),
        [record] if served(record) => speak(
            "found",
            Severity::Good,
            "TLS reports are asked for",
            "Large senders report once a day how TLS to the domain's servers went.",
        ),
        _ => Finding {
            changes: vec![publish(&name, Kind::Txt, texts, example)],
            ..speak(
                "syntax",
                Severity::Note,
                "The TLS-RPT record cannot be read",
                "Senders send no reports, because one text with rua=mailto: or https: is needed (RFC 8460 §3).",
            )
        },
    }
}
