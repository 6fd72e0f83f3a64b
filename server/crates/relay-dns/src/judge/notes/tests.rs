use super::*;
use crate::{
    FixedAnswers,
    facts::Kind,
    judge::tests::{Case, judged, plain, told, zone},
};
use relay_types::finding::Severity;

fn txt(name: &str, texts: &[&str]) -> FixedAnswers {
    zone(|zone| {
        zone.set_txt(name, texts);
    })
}

fn bimi(record: &str, policy: &str) -> FixedAnswers {
    zone(|zone| {
        zone.set_txt("default._bimi.uni.example", &[record]).set_txt("_dmarc.uni.example", &[policy]);
    })
}

#[test]
fn what_is_published_beside_is_noted() {
    let (sts, rpt) = ("_mta-sts.uni.example", "_smtp._tls.uni.example");
    let (logo, certified) =
        ("v=BIMI1; l=https://uni.example/l.svg", "v=BIMI1; l=https://uni.example/l.svg; a=https://uni.example/l.pem");
    let nothing = || zone(|_| ());
    let silent = |name: &str| {
        zone(|zone| {
            zone.set_temporary_failure(name, "SERVFAIL");
        })
    };
    let cases = [
        Case("none", nothing(), "mta_sts.record", "missing", "note"),
        Case(
            "with its host",
            zone(|zone| {
                zone.set_txt(sts, &["v=STSv1; id=20260101;"]);
                zone.set_addresses("mta-sts.uni.example", &["192.0.2.1".parse().unwrap()]);
            }),
            "mta_sts.record",
            "found",
            "good",
        ),
        Case("without host", txt(sts, &["v=STSv1; id=20260101"]), "mta_sts.record", "no_host", "note"),
        Case("without id", txt(sts, &["v=STSv1;"]), "mta_sts.record", "syntax", "note"),
        Case(
            "with an id of other characters",
            txt(sts, &["v=STSv1; id=2026-01-01"]),
            "mta_sts.record",
            "syntax",
            "note",
        ),
        Case("two", txt(sts, &["v=STSv1; id=1", "v=STSv1; id=2"]), "mta_sts.record", "syntax", "note"),
        Case("no answer", silent(sts), "mta_sts.record", "unknown", "unknown"),
        Case("none", nothing(), "tls_rpt.record", "missing", "note"),
        Case(
            "there",
            txt(rpt, &["v=TLSRPTv1; rua=mailto:tls@uni.example,https://uni.example/r"]),
            "tls_rpt.record",
            "found",
            "good",
        ),
        Case("without mailto", txt(rpt, &["v=TLSRPTv1; rua=tls@uni.example"]), "tls_rpt.record", "syntax", "note"),
        Case("no answer", silent(rpt), "tls_rpt.record", "unknown", "unknown"),
        Case("none", nothing(), "caa.record", "missing", "note"),
        Case(
            "there",
            zone(|zone| {
                zone.set_other("uni.example", Kind::Caa, &["0 issue \"ca.example\""]);
            }),
            "caa.record",
            "found",
            "good",
        ),
        Case("no answer", silent("uni.example"), "caa.record", "unknown", "unknown"),
        Case("none", nothing(), "dnssec.signed", "unsigned", "note"),
        Case(
            "there",
            zone(|zone| {
                zone.set_other("uni.example", Kind::Ds, &["1 13 2 AB"]);
            }),
            "dnssec.signed",
            "signed",
            "good",
        ),
        Case("no answer", silent("uni.example"), "dnssec.signed", "unknown", "unknown"),
        Case("none", nothing(), "bimi.record", "missing", "note"),
        Case("all of it", bimi(certified, "v=DMARC1; p=quarantine"), "bimi.record", "found", "good"),
        Case("without certificate", bimi(logo, "v=DMARC1; p=reject"), "bimi.record", "no_certificate", "note"),
        Case("p=none", bimi(certified, "v=DMARC1; p=none"), "bimi.record", "no_policy", "note"),
        Case("a policy on trial", bimi(certified, "v=DMARC1; p=quarantine; t=y"), "bimi.record", "no_policy", "note"),
        Case("without logo", bimi("v=BIMI1; l=", "v=DMARC1; p=reject"), "bimi.record", "no_logo", "note"),
        Case("another text", bimi("hello", "v=DMARC1; p=reject"), "bimi.record", "syntax", "note"),
        Case("no answer", silent("default._bimi.uni.example"), "bimi.record", "unknown", "unknown"),
    ];
    insta::assert_snapshot!(told(&cases, |facts| judge(facts, &plain("uni.example"))));
}

#[test]
fn what_holds_above_a_domain_holds_for_it() {
    let answers = zone(|zone| {
        zone.set_other("uni.example", Kind::Caa, &["0 issue \"ca.example\""]);
        zone.set_other("uni.example", Kind::Ds, &["1 13 2 AB"]);
        // A top level that is signed says nothing of those below it.
        zone.set_other("example", Kind::Ds, &["1 13 2 CD"]);
    });
    let of = |domain: &str| judged(&answers, |facts| judge(facts, &plain(domain))).0;
    let outcomes = |domain: &str| of(domain).into_iter().map(|finding| finding.outcome).collect::<Vec<_>>();
    assert_eq!(outcomes("news.uni.example")[2..4], ["found", "signed"]);
    assert_eq!(outcomes("other.example")[2..4], ["missing", "unsigned"]);
}

#[test]
fn nothing_here_is_ever_to_be_mended() {
    let answers = txt("_mta-sts.uni.example", &["v=STSv1"]);
    let (findings, _) = judged(&answers, |facts| judge(facts, &plain("uni.example")));
    assert!(findings.iter().all(|finding| finding.severity <= Severity::Note));
}
