use super::*;
use crate::{
    FixedAnswers,
    judge::tests::{Case, judged, told, zone},
};

const ADDRESS: &str = "192.0.2.10";
const EHLO: &str = "mx1.relay.example";

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// Names of our address, and addresses of names.
fn named(names: &[&str], forward: &[(&str, &str)]) -> FixedAnswers {
    zone(|zone| {
        zone.set_ptr(address(ADDRESS), names);
        for (name, at) in forward {
            zone.set_addresses(name, &[address(at)]);
        }
    })
}

#[test]
fn the_names_of_an_address_are_judged() {
    let reverse = reverse_name(address(ADDRESS));
    let us = (EHLO, ADDRESS);
    let generic = "host-192-0-2-10.isp.example";
    let silent = |name: &str| {
        let answers = named(&[EHLO], &[us]);
        answers.set_temporary_failure(name, "SERVFAIL");
        answers
    };
    let all_good = || named(&[EHLO], &[us]);
    let seed = || named(&["mail.laudate.example"], &[("mail.laudate.example", ADDRESS), us]);
    let cases = [
        Case("as it should be", all_good(), "ptr.present", "found", "good"),
        Case("as it should be", all_good(), "ptr.fcrdns", "pass", "good"),
        Case("as it should be", all_good(), "ptr.generic", "own_name", "good"),
        Case("as it should be", all_good(), "ehlo.name", "good", "good"),
        Case("no name", named(&[], &[us]), "ptr.present", "missing", "error"),
        Case("no answer", silent(&reverse), "ptr.present", "unknown", "unknown"),
        Case("several names", named(&["a.example", EHLO], &[us]), "ptr.present", "several", "note"),
        Case("several names, one leads back", named(&["a.example", EHLO], &[us]), "ptr.fcrdns", "pass", "good"),
        Case("a name that leads nowhere", named(&["a.example"], &[]), "ptr.fcrdns", "fail", "error"),
        Case(
            "a name that leads elsewhere",
            named(&["a.example"], &[("a.example", "192.0.2.99")]),
            "ptr.fcrdns",
            "fail",
            "error",
        ),
        Case("a name that leads nowhere, and ours does", named(&["a.example"], &[us]), "ptr.fcrdns", "fail", "error"),
        Case("no answer about the name", silent(EHLO), "ptr.fcrdns", "unknown", "unknown"),
        Case("no answer about the name", silent(EHLO), "ehlo.name", "unknown", "unknown"),
        Case("a made-up name", named(&[generic], &[(generic, ADDRESS), us]), "ptr.generic", "generic", "warning"),
        Case("seed 004: another name than in EHLO", seed(), "ptr.fcrdns", "pass", "good"),
        Case("seed 004: another name than in EHLO", seed(), "ehlo.name", "another_name", "note"),
        Case(
            "EHLO leads nowhere",
            named(&["a.example"], &[("a.example", ADDRESS)]),
            "ehlo.name",
            "no_address",
            "warning",
        ),
        Case("EHLO leads elsewhere", named(&[EHLO], &[(EHLO, "192.0.2.99")]), "ehlo.name", "elsewhere", "warning"),
    ];
    insta::assert_snapshot!(told(&cases, |facts| judge(facts, address(ADDRESS), EHLO, &[])));
}

#[test]
fn an_address_of_ipv6_has_its_own_records() {
    let six = address("2001:db8::7");
    let answers = zone(|zone| {
        zone.set_ptr(six, &[EHLO]).set_addresses(EHLO, &[address(ADDRESS)]);
    });
    let (findings, _) = judged(&answers, |facts| judge(facts, six, EHLO, &[]));
    let round_trip = findings.iter().find(|finding| finding.check == "ptr.fcrdns").unwrap();
    assert_eq!(round_trip.outcome, "fail");
    assert_eq!((round_trip.changes[0].kind.as_str(), round_trip.changes[0].name.as_str()), ("AAAA", EHLO));
}

#[test]
fn an_address_that_is_not_public_is_only_noted() {
    let lists = [Blocklist::of("zen.spamhaus.org")];
    let (findings, facts) = judged(&zone(|_| ()), |facts| judge(facts, address("10.0.0.1"), EHLO, &lists));
    assert_eq!((findings.len(), findings[0].severity, facts.len()), (1, Severity::Note, 0));
}

#[test]
fn names_alone_can_be_asked_for() {
    let (findings, _) = judged(&named(&[EHLO], &[(EHLO, ADDRESS)]), |facts| names(facts, address(ADDRESS), None));
    let checks: Vec<&str> = findings.iter().map(|finding| finding.check.as_str()).collect();
    assert_eq!(checks, ["ptr.present", "ptr.fcrdns", "ptr.generic"]);
    let (missing, _) = judged(&named(&[], &[]), |facts| names(facts, address(ADDRESS), None));
    assert_eq!((missing.len(), missing[0].changes.len()), (1, 0));
}

#[test]
fn names_that_providers_make_up_are_recognised() {
    for (name, made_up) in [
        ("mx1.relay.example", false),
        ("mail10.uni.example", false),
        ("vm0120.kaj.example", false),
        ("smtp-out-2.relay.example", false),
        ("poolside.uni.example", false),
        ("dynamics.uni.example", false),
        ("mail.dyn.example", false),
        ("192-0-2-10.isp.example", true),
        ("10.2.0.192.isp.example", true),
        ("static.10.2.0.192.clients.isp.example", true),
        ("ip192-0-2.isp.example", true),
        ("c000020a.isp.example", true),
        ("host192000002010.isp.example", true),
        ("dyn7.isp.example", true),
        ("p5.dsl.isp.example", true),
        ("dhcp-17.campus.isp.example", true),
        ("a.pool.isp.example", true),
    ] {
        assert_eq!(generic::sign(name, address(ADDRESS)).is_some(), made_up, "{name}");
    }
    for (name, made_up) in [
        ("mx6.relay.example", false),
        ("2001-db8--7.isp.example", true),
        ("20010db8000000000000000000000007.isp.example", true),
    ] {
        assert_eq!(generic::sign(name, address("2001:db8::7")).is_some(), made_up, "{name}");
    }
}
