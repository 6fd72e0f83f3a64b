use super::*;
use crate::{
    FixedAnswers,
    judge::{
        OurKey,
        tests::{Case, judged, plain, told, zone},
    },
};
use relay_types::{domain::DkimAlgorithm, spf::SpfResult};

const RSA: &str = include_str!("../../dkim/rsa2048.txt").trim_ascii_end();
const ED: &str = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

fn at(texts: &[&str]) -> FixedAnswers {
    zone(|zone| {
        zone.set_txt("_dmarc.uni.example", texts);
    })
}

fn evaluation(result: SpfResult) -> SpfEvaluation {
    SpfEvaluation {
        ip: "192.0.2.10".parse().unwrap(),
        domain: "uni.example".to_owned(),
        sender: "postmaster@uni.example".to_owned(),
        helo: "mx1.relay.example".to_owned(),
        result,
        because: "SERVFAIL".to_owned(),
        explanation: None,
        lookups: 0,
        voids: 0,
        steps: Vec::new(),
    }
}

#[test]
fn the_record_is_judged() {
    let check = "dmarc.record";
    let good = "v=DMARC1; p=reject; rua=mailto:dmarc@uni.example";
    let silent = zone(|zone| {
        zone.set_temporary_failure("_dmarc.uni.example", "SERVFAIL");
    });
    // Seed 004 has its policy at the domain itself.
    let seed = zone(|zone| {
        zone.set_txt("uni.example", &["v=spf1 -all", "v=DMARC1; p=reject; ruf=mailto:postmaster@uni.example"]);
    });
    let cases = [
        Case("there", at(&[good]), check, "found", "good"),
        Case("missing", zone(|_| ()), check, "missing", "warning"),
        Case("another text", at(&["hello"]), check, "missing", "warning"),
        Case("seed 004: at the domain itself", seed, check, "wrong_place", "warning"),
        Case("several", at(&["v=DMARC1; p=none", good]), check, "several", "warning"),
        Case("another beginning", at(&["v=dmarc1; p=reject"]), check, "unreadable", "warning"),
        Case("quotation marks", at(&["\"v=DMARC1; p=reject\""]), check, "unreadable", "warning"),
        Case("the version behind", at(&["p=reject; v=DMARC1"]), check, "unreadable", "warning"),
        Case("a bad policy", at(&["v=DMARC1; p=block"]), check, "bad_policy", "warning"),
        Case(
            "a bad policy with reports",
            at(&["v=DMARC1; p=block; rua=mailto:a@uni.example"]),
            check,
            "syntax",
            "warning",
        ),
        Case("a tag twice", at(&["v=DMARC1; p=none; p=reject"]), check, "syntax", "warning"),
        Case("no policy", at(&["v=DMARC1; rua=mailto:a@uni.example"]), check, "no_policy", "warning"),
        Case(
            "oddities",
            at(&["v=DMARC1; p=reject; colour=red; adkim=x; rua=a@uni.example,mailto:b@uni.example!10m; nonsense"]),
            check,
            "oddities",
            "note",
        ),
        Case("no answer", silent, check, "unknown", "unknown"),
    ];
    insta::assert_snapshot!(told(&cases, |facts| judge(facts, &plain("uni.example"), &[])));
}

#[test]
fn the_policy_is_judged() {
    let check = "dmarc.policy";
    let above = zone(|zone| {
        zone.set_txt("_dmarc.example", &["v=DMARC1; p=none; sp=quarantine"]);
    });
    let cases = [
        Case("none", at(&["v=DMARC1; p=none"]), check, "none", "note"),
        Case("quarantine", at(&["v=DMARC1; p=quarantine; adkim=s; aspf=s"]), check, "quarantine", "good"),
        Case("reject", at(&["v=DMARC1; p=reject; sp=none"]), check, "reject", "good"),
        Case("reject on trial", at(&["v=DMARC1; p=reject; t=y"]), check, "testing", "note"),
        Case("quarantine on trial", at(&["v=DMARC1; p=quarantine; t=y"]), check, "testing", "note"),
        Case("names that do not exist", at(&["v=DMARC1; p=none; np=reject"]), check, "none", "note"),
        Case("inherited", above, check, "quarantine", "good"),
    ];
    insta::assert_snapshot!(told(&cases, |facts| judge(facts, &plain("uni.example"), &[])));
}

#[test]
fn tags_of_the_past_are_explained() {
    let check = "dmarc.old_tags";
    let cases = [
        Case("a part", at(&["v=DMARC1; p=reject; pct=50"]), check, "part", "warning"),
        Case("none of it", at(&["v=DMARC1; p=reject; pct=0; rf=afrf; ri=86400"]), check, "part", "warning"),
        Case("all", at(&["v=DMARC1; pct=100; p=reject; rua=mailto:a@uni.example"]), check, "skipped", "note"),
        Case("a part of nothing", at(&["v=DMARC1; p=none; pct=5"]), check, "skipped", "note"),
    ];
    insta::assert_snapshot!(told(&cases, |facts| judge(facts, &plain("uni.example"), &[])));
    let (findings, _) = judged(&at(&["v=DMARC1; p=none"]), |facts| judge(facts, &plain("uni.example"), &[]));
    assert!(findings.iter().all(|finding| finding.check != check));
}

#[test]
fn reports_need_a_place_that_takes_them() {
    let check = "dmarc.reports";
    let outside = "v=DMARC1; p=none; rua=mailto:a@reports.example,mailto:b@uni.example; ruf=mailto:c@other.test";
    let organization = |zone: &FixedAnswers| {
        zone.set_txt("_dmarc.uni.example", &[outside]).set_txt("_dmarc.other.test", &["v=DMARC1; p=none"]);
    };
    let (allowed, asterisk) = ("uni.example._report._dmarc.reports.example", "uni.example._report._dmarc.other.test");
    let authorized = zone(|zone| {
        organization(zone);
        zone.set_txt(allowed, &["v=DMARC1;"]).set_txt(asterisk, &["v=DMARC1"]);
    });
    let one = zone(|zone| {
        organization(zone);
        zone.set_txt(allowed, &["v=DMARC1"]);
    });
    let silent = zone(|zone| {
        organization(zone);
        zone.set_txt(allowed, &["v=DMARC1"]).set_temporary_failure(asterisk, "SERVFAIL");
    });
    // RFC 9989 §B.2.4, RFC 9990 §4: the permission may name another address of the same domain, and no other domain.
    let renamed = zone(|zone| {
        zone.set_txt("_dmarc.uni.example", &["v=DMARC1; p=none; rua=mailto:a@reports.example"]);
        zone.set_txt(allowed, &["v=DMARC1; rua=mailto:b@reports.example; ruf=mailto:c@reports.example"]);
    });
    let elsewhere = zone(|zone| {
        zone.set_txt("_dmarc.uni.example", &["v=DMARC1; p=none; rua=mailto:a@reports.example"]);
        zone.set_txt(allowed, &["v=DMARC1; rua=mailto:b@other.test"]);
    });
    // The address is below the domain whose record it is, so it needs no permission.
    let below = at(&["v=DMARC1; p=none; rua=mailto:a@reports.uni.example"]);
    let cases = [
        Case("to the domain itself", at(&["v=DMARC1; p=none; rua=mailto:a@uni.example"]), check, "good", "good"),
        Case("to a name below", below, check, "good", "good"),
        Case("to nobody", at(&["v=DMARC1; p=none;"]), check, "none", "note"),
        Case("allowed outside", authorized, check, "good", "good"),
        Case("another address of the same domain", renamed, check, "good", "good"),
        Case("an address of another domain", elsewhere, check, "elsewhere", "warning"),
        Case("not allowed outside", zone(organization), check, "not_authorized", "warning"),
        Case("one is not allowed", one, check, "not_authorized", "warning"),
        Case("no answer", silent, check, "unknown", "unknown"),
    ];
    insta::assert_snapshot!(told(&cases, |facts| judge(facts, &plain("uni.example"), &[])));
}

#[test]
fn what_this_relay_sends_is_held_against_the_policy() {
    let check = "dmarc.alignment";
    let (name, second) = ("rk2026a._domainkey.uni.example", "rk2026e._domainkey.uni.example");
    let key = |selector: &str, algorithm, value: &str| OurKey {
        selector: selector.to_owned(),
        algorithm,
        value: value.to_owned(),
        signs: true,
        retiring: false,
    };
    let keys = vec![key("rk2026a", DkimAlgorithm::RsaSha256, RSA), key("rk2026e", DkimAlgorithm::Ed25519Sha256, ED)];
    let subject = Subject { keys, ..plain("uni.example") };
    let signed = |policy: &'static str| {
        zone(move |zone| {
            zone.set_txt("_dmarc.uni.example", &[policy]).set_txt(name, &[RSA]);
        })
    };
    let by_ed25519 = |policy: &'static str| {
        zone(move |zone| {
            zone.set_txt("_dmarc.uni.example", &[policy]).set_txt(second, &[ED]);
        })
    };
    let strict = "v=DMARC1; p=reject; adkim=s; aspf=s";
    let silent = at(&[strict]);
    silent.set_temporary_failure(name, "SERVFAIL");
    let mut all = String::new();
    for (case, result) in [
        (Case("both, strict", signed(strict), check, "both", "good"), SpfResult::Pass),
        (Case("a signature alone", signed(strict), check, "by_dkim", "good"), SpfResult::SoftFail),
        (Case("a signature, and SPF unknown", signed(strict), check, "by_dkim", "good"), SpfResult::TempError),
        (Case("Ed25519 alone, and SPF", by_ed25519(strict), check, "ed25519", "warning"), SpfResult::Pass),
        (Case("Ed25519 alone, p=reject", by_ed25519(strict), check, "ed25519", "error"), SpfResult::SoftFail),
        (Case("Ed25519 alone, p=none", by_ed25519("v=DMARC1; p=none"), check, "ed25519", "warning"), SpfResult::Fail),
        (Case("SPF alone", at(&["v=DMARC1; p=none"]), check, "by_spf", "warning"), SpfResult::Pass),
        (Case("neither, p=reject", at(&["v=DMARC1; p=reject"]), check, "neither", "error"), SpfResult::Fail),
        (Case("neither, p=none", at(&["v=DMARC1; p=none"]), check, "neither", "warning"), SpfResult::None),
        (Case("neither, on trial", at(&["v=DMARC1; p=quarantine; t=y"]), check, "neither", "warning"), SpfResult::None),
        (Case("no answer about SPF", at(&[strict]), check, "unknown", "unknown"), SpfResult::TempError),
        (Case("no answer about the key", silent, check, "unknown", "unknown"), SpfResult::Fail),
    ] {
        all += &told(&[case], |facts| judge(facts, &subject, &[evaluation(result)]));
    }
    insta::assert_snapshot!(all);
    let (findings, _) = judged(&at(&[strict]), |facts| judge(facts, &plain("uni.example"), &[]));
    assert!(findings.iter().all(|finding| finding.check != check), "nothing is said of what is not sent");
}
