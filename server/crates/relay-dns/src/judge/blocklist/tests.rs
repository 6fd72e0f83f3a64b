use super::*;
use crate::{
    FixedAnswers,
    judge::tests::{Case, told, zone},
};

const ZEN: &str = "zen.spamhaus.org";
const ADDRESS: &str = "192.0.2.10";

fn addresses(texts: &[&str]) -> Vec<IpAddr> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

/// A list that works, and what it says of our address.
fn works(list: &str, codes: &[&str]) -> FixedAnswers {
    zone(|zone| {
        zone.set_addresses(&format!("2.0.0.127.{list}"), &addresses(&["127.0.0.2"]));
        if !codes.is_empty() {
            zone.set_addresses(&format!("10.2.0.192.{list}"), &addresses(codes));
        }
    })
}

#[test]
fn only_an_answer_that_can_be_nothing_else_is_a_listing() {
    let check = "blocklist.zen.spamhaus.org";
    let name = format!("10.2.0.192.{ZEN}");
    let answers = |codes: &[&str]| works(ZEN, codes);
    let listed = answers(&["127.0.0.2", "127.0.0.9", "127.0.0.77"]);
    listed.set_txt(&name, &["https://check.spamhaus.org/sbl/query/SBL1"]);
    let hijacked = answers(&["127.0.0.2"]);
    hijacked.set_addresses(&format!("1.0.0.127.{ZEN}"), &addresses(&["127.0.0.2"]));
    let silent = answers(&[]);
    silent.set_temporary_failure(&name, "no answer in 6 s");
    let untested = answers(&["127.0.0.2"]);
    untested.set_temporary_failure(&format!("1.0.0.127.{ZEN}"), "SERVFAIL");
    let refuses_tests = answers(&[]);
    refuses_tests.set_addresses(&format!("2.0.0.127.{ZEN}"), &addresses(&["127.255.255.254"]));
    let cases = [
        Case("not listed", answers(&[]), check, "not_listed", "good"),
        Case("listed, with codes and a text", listed, check, "listed", "error"),
        Case("a network of end users", answers(&["127.0.0.10"]), check, "listed", "error"),
        Case("a name that is not written right", answers(&["127.255.255.252"]), check, "unknown", "unknown"),
        Case("a public resolver", answers(&["127.255.255.254"]), check, "unknown", "unknown"),
        Case("asked too often", answers(&["127.255.255.255"]), check, "unknown", "unknown"),
        Case("another refusal", answers(&["127.255.255.250"]), check, "unknown", "unknown"),
        Case("127.0.0.1", answers(&["127.0.0.1"]), check, "unknown", "unknown"),
        Case("no code at all", answers(&["203.0.113.80"]), check, "unknown", "unknown"),
        Case("a resolver that answers everything", hijacked, check, "unknown", "unknown"),
        Case("a list that is gone", zone(|_| ()), check, "unknown", "unknown"),
        Case("a list that refuses even its test", refuses_tests, check, "unknown", "unknown"),
        Case("no answer", silent, check, "unknown", "unknown"),
        Case("no answer about the test", untested, check, "unknown", "unknown"),
    ];
    let list = Blocklist::of(ZEN);
    insta::assert_snapshot!(told(&cases, |facts| vec![judge(facts, ADDRESS.parse().unwrap(), &list)]));
}

#[test]
fn the_lists_that_are_known_have_words_and_a_way_off() {
    let mut all = String::new();
    for (zone, severity) in [
        ("bl.spamcop.net", "warning"),
        ("b.barracudacentral.org", "error"),
        ("psbl.surriel.com", "warning"),
        ("key.zen.dq.spamhaus.net", "error"),
        ("bl.uni.example", "warning"),
    ] {
        let (list, check) = (Blocklist::of(zone), format!("blocklist.{zone}"));
        let cases = [Case(zone, works(zone, &["127.0.0.2"]), &check, "listed", severity)];
        all += &told(&cases, |facts| vec![judge(facts, ADDRESS.parse().unwrap(), &list)]);
    }
    insta::assert_snapshot!(all);
}

#[test]
fn an_address_is_asked_about_backwards() {
    let list = Blocklist::of("ZEN.spamhaus.org.");
    assert_eq!(list.name_of(ADDRESS.parse().unwrap()), "10.2.0.192.zen.spamhaus.org");
    let six = list.name_of("2001:db8::1".parse().unwrap());
    assert_eq!(six, format!("1.{}8.b.d.0.1.0.0.2.zen.spamhaus.org", "0.".repeat(23)));
}
