//! What tests of judgements share: answers from a table, and findings as text for snapshots.

use crate::{Ask, Facts, FixedAnswers, Resolver, gather};
use futures_util::FutureExt;
use relay_types::{Timestamp, finding::Finding};
use std::fmt::Write as _;

pub(crate) const NOW: Timestamp = Timestamp(1_795_269_482_000);

/// Judges what a table answers; nothing waits, for a table has its answers at hand.
pub(crate) fn judged<T>(answers: &FixedAnswers, judge: impl Fn(&Facts) -> T) -> (T, Facts) {
    let resolver = Resolver::fixed(answers.clone());
    gather(&resolver, Ask::Authoritative, NOW, judge).now_or_never().expect("a table answers at once")
}

/// A finding as a person reads it.
pub(crate) fn shown(finding: &Finding) -> String {
    let mut text = format!("{} {} ({})\n", finding.severity.as_str().to_uppercase(), finding.check, finding.outcome);
    let _ = writeln!(text, "  {}\n  {}", finding.title, finding.effect);
    for detail in &finding.details {
        let _ = writeln!(text, "  - {detail}");
    }
    for change in &finding.changes {
        let _ = writeln!(text, "  {} {}", change.kind, change.name);
        for found in &change.found {
            let _ = writeln!(text, "    found   {}", short(found));
        }
        match &change.publish {
            Some(value) => {
                let _ = writeln!(text, "    publish {}", short(value));
            }
            None => text += "    remove\n",
        }
    }
    if let Some(link) = &finding.link {
        let _ = writeln!(text, "  [{}]({})", link.text, link.url);
    }
    if !finding.asked.is_empty() {
        let _ = writeln!(text, "  asked {}", finding.asked.join(", "));
    }
    text
}

/// Keys are long, and their middle says nothing.
fn short(text: &str) -> String {
    if text.len() <= 120 { text.to_owned() } else { format!("{}…{}", &text[..60], &text[text.len() - 20..]) }
}

/// A domain without keys and proof.
pub(crate) fn plain(domain: &str) -> super::Subject {
    super::Subject {
        domain: relay_types::DomainName::parse(domain).expect("a domain"),
        keys: Vec::new(),
        proof: None,
        delegated_to: None,
        next_selectors: Vec::new(),
    }
}

/// Judges each case, checks what comes out, and gives all texts for a snapshot. A case has a name, answers, and of the
/// finding that is asked for its check, outcome and severity.
pub(crate) fn told(cases: &[Case<'_>], judge: impl Fn(&Facts) -> Vec<Finding>) -> String {
    let mut all = String::new();
    for Case(name, answers, check, outcome, severity) in cases {
        let (findings, _) = judged(answers, &judge);
        let found = findings.iter().find(|finding| finding.check == *check);
        let found = found.unwrap_or_else(|| panic!("{name}: no {check} in {findings:#?}"));
        assert_eq!((found.outcome.as_str(), found.severity.as_str()), (*outcome, *severity), "{name}: {found:#?}");
        assert!(found.effect.ends_with('.') && !found.title.ends_with('.'), "{name}: {found:#?}");
        let _ = writeln!(all, "# {name}\n{}", shown(found));
    }
    all
}

/// What [`told`] takes.
pub(crate) struct Case<'a>(pub &'a str, pub FixedAnswers, pub &'a str, pub &'a str, pub &'a str);

/// Answers made by a function that fills a table.
pub(crate) fn zone(fill: impl Fn(&FixedAnswers)) -> FixedAnswers {
    let answers = FixedAnswers::new();
    fill(&answers);
    answers
}

#[test]
fn a_report_is_in_the_order_of_its_subjects_the_worst_first() {
    use relay_types::finding::Severity;
    let answers = zone(|zone| {
        zone.set_mx("uni.example", &[(10, "192.0.2.9")]);
        zone.set_txt("_dmarc.uni.example", &["v=DMARC1; p=none; pct=50"]);
    });
    let mut subject = plain("uni.example");
    subject.proof = Some(("_relaykeep-challenge.uni.example".to_owned(), "abc".to_owned()));
    let ours = super::Ours {
        egress: vec!["192.0.2.10".parse().expect("an address")],
        ehlo: "mx.relay.example".to_owned(),
        spf_include: None,
    };
    let (_, facts) = judged(&answers, |facts| super::domain(facts, &subject, &ours, NOW));
    let report = super::domain(&facts, &subject, &ours, NOW);
    let places: Vec<_> =
        report.findings.iter().map(|finding| (finding.subject, std::cmp::Reverse(finding.severity))).collect();
    assert!(places.is_sorted(), "{places:?}");
    assert_eq!(report.findings[0].check, "proof.record");
    assert_eq!((report.worst(), report.about.as_str(), report.checked_at), (Severity::Error, "uni.example", NOW));
    assert_eq!((report.evaluations.len(), report.predictions.len()), (1, 1));
    let answered: Vec<&str> = report.answers.iter().map(|answer| answer.question.as_str()).collect();
    for finding in &report.findings {
        for asked in &finding.asked {
            assert!(answered.contains(&asked.as_str()), "{} rests on {asked}, which was not asked", finding.check);
        }
    }
    let mut checks: Vec<&str> = report.findings.iter().map(|finding| finding.check.as_str()).collect();
    checks.sort_unstable();
    checks.dedup();
    assert_eq!(checks.len(), report.findings.len(), "a check gives one finding");
}

#[test]
fn what_dns_does_not_say_is_never_held_against_a_domain() {
    let names = ["uni.example", "_dmarc.uni.example", "_relaykeep-challenge.uni.example", "_mta-sts.uni.example"];
    let answers = zone(|zone| {
        for name in names.into_iter().chain(["_smtp._tls.uni.example", "default._bimi.uni.example"]) {
            zone.set_temporary_failure(name, "SERVFAIL");
        }
    });
    let mut subject = plain("uni.example");
    subject.proof = Some(("_relaykeep-challenge.uni.example".to_owned(), "abc".to_owned()));
    let ours =
        super::Ours { egress: vec!["192.0.2.10".parse().expect("an address")], ehlo: String::new(), spf_include: None };
    let (report, _) = judged(&answers, |facts| super::domain(facts, &subject, &ours, NOW));
    assert_eq!(report.to_mend(), 0, "{:#?}", report.findings);
    assert!(report.findings.iter().all(|finding| finding.outcome == "unknown"), "{:#?}", report.findings);
    assert!(report.predictions[0].receivers.iter().all(|said| said.fate == relay_types::prediction::Fate::Unknown));
}

#[test]
fn texts_of_any_kind_are_judged_and_nothing_breaks() {
    let long = format!("v=DMARC1; p=none; rua={}", "mailto:a@b.example,".repeat(200));
    let key = format!("v=DKIM1; p={}", "A".repeat(4000));
    let texts = [
        "",
        "=",
        ";",
        ";;;==;=",
        "\"",
        "\\",
        "\u{0}",
        "\u{fffd}\u{fffd}",
        "é=é; p=é",
        "p=",
        "p=é",
        "v=",
        "v=DKIM1",
        "v=dkim",
        "v=DKIé",
        "v=DKIM1; p=\u{0}AA",
        "v=DKIM1; k=ed25519; p=AA",
        "v=DKIM1; k=; p=AA",
        "v=DKIM1; p=MIIB",
        "v=DKIM1; p=MIL//////w==",
        "v=DMARC1",
        "v=DMARC1;;=;p",
        "v=DMARC1; p=",
        "v=DMARC1; p=none; rua=",
        "v=DMARC1; rua=mailto:@,mailto:a@,!,a!,mailtoé:x@y.z",
        "v=DMARC1; pct=; ri=-1; rf=",
        "\"v=DMARC1",
        "dmarc1",
        "v=STSv1",
        "v=STSv1; id=é",
        "v=TLSRPTv1; rua=",
        "v=BIMI1; l=; a=",
        "v=spf1 é",
        &long,
        &key,
    ];
    let names = ["_dmarc.", "k._domainkey.", "_proof.", "_mta-sts.", "_smtp._tls.", "default._bimi.", ""];
    let mut subject = plain("uni.example");
    subject.proof = Some(("_proof.uni.example".to_owned(), "abc".to_owned()));
    subject.delegated_to = Some("keys.example".to_owned());
    subject.keys.push(super::OurKey {
        selector: "k".to_owned(),
        algorithm: relay_types::domain::DkimAlgorithm::RsaSha256,
        value: include_str!("../dkim/rsa2048.txt").trim().to_owned(),
        signs: true,
        retiring: false,
    });
    let address = "192.0.2.10".parse().expect("an address");
    let ours = super::Ours { egress: vec![address], ehlo: "mx.relay.example".to_owned(), spf_include: None };
    for (index, text) in texts.iter().enumerate() {
        for other in [*text, texts[(index + 1) % texts.len()]] {
            let answers = zone(|zone| {
                for name in names {
                    zone.set_txt(&format!("{name}uni.example"), &[text, other]);
                }
                zone.set_mx("uni.example", &[(1, text), (2, other)]).set_ptr(address, &[text, other]);
            });
            let (report, _) = judged(&answers, |facts| super::domain(facts, &subject, &ours, NOW));
            assert!(report.findings.len() >= 10, "{text:?}");
            let (names, _) = judged(&answers, |facts| super::egress::names(facts, address, Some(text)));
            assert!(names.len() >= 3, "{text:?}");
        }
    }
}
