//! `spf.egress`: what each address of ours comes to, and what is proposed.

use super::*;

#[test]
fn each_egress_address_is_asked_about_and_ours_is_added_once() {
    for (record, outcome, severity, publish) in [
        ("v=spf1 include:spf.relay.example -all", "pass", Good, None),
        ("v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all", "pass", Good, None),
        ("v=spf1 redirect=spf.relay.example", "pass", Good, None),
        (
            "v=spf1 mx ip4:198.51.100.1 ~all",
            "softfail",
            Warning,
            Some("v=spf1 mx ip4:198.51.100.1 include:spf.relay.example ~all"),
        ),
        ("v=spf1 mx -all", "fail", Error, Some("v=spf1 mx include:spf.relay.example -all")),
        ("v=spf1 mx ?all", "neutral", Warning, Some("v=spf1 mx include:spf.relay.example ?all")),
        ("v=spf1 mx", "neutral", Warning, Some("v=spf1 mx include:spf.relay.example")),
        ("v=spf1", "neutral", Warning, Some("v=spf1 include:spf.relay.example")),
        ("V=SPF1 -ALL", "fail", Error, Some("v=spf1 include:spf.relay.example -ALL")),
        // One family is not enough.
        ("v=spf1 ip4:192.0.2.10 -all", "fail", Error, Some("v=spf1 ip4:192.0.2.10 include:spf.relay.example -all")),
        // Ours behind what decides is moved, and with another sign it is not ours.
        ("v=spf1 mx -all include:spf.relay.example", "fail", Error, Some("v=spf1 mx include:spf.relay.example -all")),
        ("v=spf1 ?include:spf.relay.example -all", "neutral", Warning, Some("v=spf1 include:spf.relay.example -all")),
        (
            "v=spf1 -ip4:192.0.2.0/24 include:spf.relay.example -all",
            "fail",
            Error,
            Some("v=spf1 include:spf.relay.example -ip4:192.0.2.0/24 -all"),
        ),
        (
            "v=spf1 redirect=spf.provider.example",
            "fail",
            Error,
            Some("v=spf1 include:spf.relay.example redirect=spf.provider.example"),
        ),
        (
            "v=spf1 redirect=spf.provider.example exp=x.example",
            "fail",
            Error,
            Some("v=spf1 include:spf.relay.example redirect=spf.provider.example exp=x.example"),
        ),
        (
            "v=spf1 include:gone.example -all",
            "permerror",
            Error,
            Some("v=spf1 include:spf.relay.example include:gone.example -all"),
        ),
    ] {
        check(record, "spf.egress", outcome, severity, publish);
    }
    let silent = "d.example TXT v=spf1 a:silent.example -all\nsilent.example FAILS no answer in 6 s";
    check_zone(silent, &with_include(), "spf.egress", "unknown", Unknown, None);
    check_zone(
        "d.example TXT v=spf1 mx -all",
        &ours(&[], Some("spf.relay.example")),
        "spf.egress",
        "no_egress",
        Note,
        None,
    );
}

#[test]
fn without_an_include_the_addresses_that_are_missing_are_added() {
    for (record, publish) in [
        ("v=spf1 mx -all", "v=spf1 mx ip4:192.0.2.10 ip6:2001:db8::10 -all"),
        ("v=spf1 ip4:192.0.2.0/24 -all", "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::10 -all"),
        ("v=spf1 ip6:2001:db8::/32 ?all", "v=spf1 ip6:2001:db8::/32 ip4:192.0.2.10 ?all"),
    ] {
        let found = found(&format!("d.example TXT {record}"), &without_include(), "spf.egress");
        let change = &found.changes[0];
        assert_eq!(change.publish.as_deref(), Some(publish));
        assert_eq!(change.found, [record]);
        assert!(publish.contains(change.added.as_deref().unwrap()));
    }
}

/// The proposed record, published, lets the relay send; so a second look proposes nothing.
#[test]
fn what_is_proposed_mends_it() {
    let wide: String = (0..11).map(|i| format!("w{i}.example TXT v=spf1 -all\n")).collect();
    let includes: String = (0..11).map(|i| format!("include:w{i}.example ")).collect();
    for record in [
        "v=spf1 mx ~all",
        "v=spf1 -ip4:192.0.2.0/24 -ip6:2001:db8::/32 +all",
        "v=spf1 include:gone.example -all",
        "v=spf1 a:g1.example a:g2.example a:g3.example -all",
        "v=spf1 redirect=spf.provider.example",
        "v=spf1 ipv4:1.2.3.4 -all",
        "v=spf1 ip4=192.0.2.10 -all",
        "nothing",
        &format!("v=spf1 {includes}include:spf.relay.example -all"),
    ] {
        for ours in [with_include(), without_include()] {
            let zone = format!("{wide}d.example TXT {record}");
            let bad = findings(&zone, &ours)
                .into_iter()
                .filter(|finding| ["spf.record", "spf.egress"].contains(&&*finding.check));
            let change = bad
                .filter(|finding| finding.severity.is_bad())
                .find_map(|finding| finding.changes.into_iter().next())
                .unwrap();
            let mended = format!("{wide}d.example TXT {}", change.publish.unwrap());
            check_zone(&mended, &ours, "spf.egress", "pass", Good, None);
        }
    }
}

#[test]
fn the_relays_own_record_is_told_from_the_domains() {
    let zone = "d.example TXT v=spf1 include:spf.relay.example -all";
    for (relay, publish) in [
        ("spf.other.example TXT v=spf1 ip4:192.0.2.10 ~all", "v=spf1 ip6:2001:db8::10 ip4:192.0.2.10 ~all"),
        ("x.example TXT y", "v=spf1 ip4:192.0.2.10 ip6:2001:db8::10 -all"),
    ] {
        let ours = ours(&["192.0.2.10", "2001:db8::10"], Some("spf.other.example"));
        let zone = format!("{}\n{relay}", zone.replace("relay", "other"));
        let found = found(&zone, &ours, "spf.egress");
        assert_eq!((found.outcome.as_str(), found.severity), ("our_record", Error), "{found:#?}");
        assert_eq!(
            (found.changes[0].name.as_str(), found.changes[0].publish.as_deref()),
            ("spf.other.example", Some(publish))
        );
    }
}

#[test]
fn evaluations_are_of_the_domains_own_envelope() {
    let zone = format!("{RELAY}d.example TXT v=spf1 include:spf.relay.example -all");
    let (_, evaluations) = judged(&zone, |facts| judge(facts, &subject(), &with_include()));
    let told: Vec<_> = evaluations
        .iter()
        .map(|one| (one.ip.to_string(), one.sender.as_str(), one.helo.as_str(), one.result))
        .collect();
    assert_eq!(
        told,
        [
            ("192.0.2.10".to_owned(), "postmaster@d.example", "relay.example", SpfResult::Pass),
            ("2001:db8::10".to_owned(), "postmaster@d.example", "relay.example", SpfResult::Pass),
        ]
    );
}
