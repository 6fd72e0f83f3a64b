//! Every judgement of SPF as a table, and every advice as text.

use super::*;
use crate::test_zone::{judged, shown};
use relay_types::{DomainName, finding::Severity::*};

/// The relay's own record, and a provider's.
const RELAY: &str = "spf.relay.example TXT v=spf1 ip4:192.0.2.10 ip6:2001:db8::10 -all\n\
                     spf.provider.example TXT v=spf1 ip4:198.51.100.0/24 -all\n";

fn ours(egress: &[&str], include: Option<&str>) -> Ours {
    Ours {
        egress: egress.iter().map(|ip| ip.parse().unwrap()).collect(),
        ehlo: "relay.example".to_owned(),
        spf_include: include.map(|name| DomainName::parse(name).unwrap()),
    }
}

fn with_include() -> Ours {
    ours(&["192.0.2.10", "2001:db8::10"], Some("spf.relay.example"))
}

fn without_include() -> Ours {
    ours(&["192.0.2.10", "2001:db8::10"], None)
}

fn subject() -> Subject {
    Subject { domain: DomainName::parse("d.example").unwrap(), keys: Vec::new(), proof: None, delegated_to: None }
}

fn findings(zone: &str, ours: &Ours) -> Vec<Finding> {
    judged(&format!("{RELAY}{zone}"), |facts| judge(facts, &subject(), ours)).0
}

fn found(zone: &str, ours: &Ours, check: &str) -> Finding {
    let all = findings(zone, ours);
    let names: Vec<_> = all.iter().map(|finding| finding.check.clone()).collect();
    all.into_iter().find(|finding| finding.check == check).unwrap_or_else(|| panic!("{check} in {names:?} of {zone}"))
}

/// A record, the finding of a check, and what it proposes.
fn check(record: &str, check: &str, outcome: &str, severity: Severity, publish: Option<&str>) {
    check_zone(&format!("d.example TXT {record}"), &with_include(), check, outcome, severity, publish);
}

fn check_zone(zone: &str, ours: &Ours, check: &str, outcome: &str, severity: Severity, publish: Option<&str>) {
    let found = found(zone, ours, check);
    assert_eq!((found.outcome.as_str(), found.severity), (outcome, severity), "{zone}\n{found:#?}");
    let proposed =
        found.changes.iter().find(|change| change.name == "d.example").and_then(|change| change.publish.as_deref());
    assert_eq!(proposed, publish, "{zone}\n{found:#?}");
}

#[test]
fn the_record_is_there_once_and_can_be_read() {
    for (record, outcome, severity, publish) in [
        ("v=spf1 include:spf.relay.example -all", "found", Good, None),
        ("other", "missing", Warning, Some("v=spf1 include:spf.relay.example ~all")),
        ("\"v=spf1 mx -all\"", "not_recognised", Warning, Some("v=spf1 mx include:spf.relay.example -all")),
        (" v=spf1 mx -all", "not_recognised", Warning, Some("v=spf1 mx include:spf.relay.example -all")),
        ("v=spf1; mx; -all;", "not_recognised", Warning, Some("v=spf1 mx include:spf.relay.example -all")),
        ("v=spf10 mx", "missing", Warning, Some("v=spf1 include:spf.relay.example ~all")),
        (
            "v=spf1 ipv4:198.51.100.1 mx, all.",
            "syntax",
            Error,
            Some("v=spf1 ip4:198.51.100.1 mx include:spf.relay.example all"),
        ),
        (
            "v=spf1 198.51.100.1 2001:db8::5/64 -all",
            "syntax",
            Error,
            Some("v=spf1 ip4:198.51.100.1 ip6:2001:db8::5/64 include:spf.relay.example -all"),
        ),
        (
            "v=spf1 ip:2001:db8::5 includes:a.example include:spf.relay.example -all",
            "syntax",
            Error,
            Some("v=spf1 ip6:2001:db8::5 include:a.example include:spf.relay.example -all"),
        ),
        (
            "v=spf1 what:ever redirect:a.example redirect=b.example",
            "syntax",
            Error,
            Some("v=spf1 include:spf.relay.example redirect=a.example"),
        ),
        (
            "v=spf1 ip4=198.51.100.1 include=a.example mx v=spf1 -all",
            "passed_over",
            Warning,
            Some("v=spf1 ip4:198.51.100.1 include:a.example mx include:spf.relay.example -all"),
        ),
        ("v=spf1 x=y include:spf.relay.example -all", "found", Good, None),
    ] {
        check(record, "spf.record", outcome, severity, publish);
    }
    check_zone("d.example FAILS SERVFAIL", &with_include(), "spf.record", "unknown", Unknown, None);
}

#[test]
fn two_records_are_made_one() {
    for (one, two, publish) in [
        ("v=spf1 mx -all", "v=spf1 include:spf.relay.example -all", "v=spf1 include:spf.relay.example mx -all"),
        ("v=spf1 mx -all", "v=spf1 a MX ~all", "v=spf1 a MX include:spf.relay.example ~all"),
        ("v=spf1 mx", "v=spf1 a -all", "v=spf1 a mx include:spf.relay.example ~all"),
        ("v=spf1 redirect=x.example", "v=spf1 a -all", "v=spf1 a include:x.example include:spf.relay.example ~all"),
        ("v=spf1 +all", "v=spf1 a -all", "v=spf1 a include:spf.relay.example ~all"),
        (
            "v=spf1 mx exp=x.example -all",
            "v=spf1 foo exp=y.example -all",
            "v=spf1 exp=y.example mx include:spf.relay.example -all",
        ),
    ] {
        let zone = format!("d.example TXT {one}\nd.example TXT {two}");
        check_zone(&zone, &with_include(), "spf.record", "two_records", Error, Some(publish));
        let all = findings(&zone, &with_include());
        assert_eq!(all.len(), 1, "nothing else is judged");
        assert_eq!(all[0].changes[0].found.len(), 2);
    }
    let three = "d.example TXT v=spf1 ip4:192.0.2.10 -all\nd.example TXT v=spf1 ip6:2001:db8::/32 -all\nd.example TXT v=spf1 mx -all";
    check_zone(
        three,
        &with_include(),
        "spf.record",
        "two_records",
        Error,
        Some("v=spf1 ip4:192.0.2.10 ip6:2001:db8::/32 mx -all"),
    );
    check_zone(
        three,
        &without_include(),
        "spf.record",
        "two_records",
        Error,
        Some("v=spf1 ip4:192.0.2.10 ip6:2001:db8::/32 mx -all"),
    );
}

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
fn look_ups_of_the_whole_record_are_counted() {
    let includes = |n: usize| {
        let names: String = (0..n).map(|i| format!(" include:i{i}.example")).collect();
        let zone: String = (0..n).map(|i| format!("i{i}.example TXT v=spf1 -all\n")).collect();
        (names, zone)
    };
    for (n, ours_first, outcome, severity) in [
        (7, true, "good", Good),
        (8, true, "near", Warning),
        (9, true, "near", Warning),
        (10, true, "over", Error),
        (8, false, "good", Good),
        (10, false, "over_with_ours", Warning),
        (30, false, "over", Error),
    ] {
        let (names, zone) = includes(n);
        let first = if ours_first { " include:spf.relay.example" } else { "" };
        check_zone(
            &format!("{zone}d.example TXT v=spf1{first}{names} -all"),
            &with_include(),
            "spf.lookups",
            outcome,
            severity,
            None,
        );
    }
    let circle =
        "d.example TXT v=spf1 include:spf.relay.example include:x.example -all\nx.example TXT v=spf1 include:d.example";
    check_zone(circle, &with_include(), "spf.lookups", "circle", Error, None);
    for (record, outcome, severity, publish) in [
        ("v=spf1 include:spf.relay.example a:g1.example -all", "good", Good, None),
        (
            "v=spf1 include:spf.relay.example a:g1.example mx -all",
            "near",
            Warning,
            Some("v=spf1 include:spf.relay.example -all"),
        ),
        (
            "v=spf1 include:spf.relay.example a:g1.example mx a:g2.example -all",
            "voids",
            Error,
            Some("v=spf1 include:spf.relay.example -all"),
        ),
    ] {
        check(record, "spf.lookups", outcome, severity, publish);
    }
    let silent = "d.example TXT v=spf1 include:spf.relay.example a:silent.example -all\nsilent.example FAILS SERVFAIL";
    check_zone(silent, &with_include(), "spf.lookups", "unknown", Unknown, None);
    check_zone(silent, &with_include(), "spf.egress", "pass", Good, None);
}

#[test]
fn everyone_else_is_refused_or_doubted() {
    for (record, outcome, severity, publish) in [
        ("v=spf1 include:spf.relay.example -all", "fail", Good, None),
        ("v=spf1 include:spf.relay.example ~all", "softfail", Good, None),
        ("v=spf1 redirect=spf.relay.example", "redirect", Good, None),
        ("v=spf1 include:spf.relay.example ?all", "neutral", Warning, Some("v=spf1 include:spf.relay.example ~all")),
        ("v=spf1 include:spf.relay.example", "none", Warning, Some("v=spf1 include:spf.relay.example ~all")),
        ("v=spf1 +all", "pass", Error, Some("v=spf1 ~all")),
        ("v=spf1 mx all", "pass", Error, Some("v=spf1 mx ~all")),
        (
            "v=spf1 include:spf.relay.example -all a mx",
            "behind",
            Warning,
            Some("v=spf1 include:spf.relay.example a mx -all"),
        ),
        (
            "v=spf1 include:spf.relay.example ?all redirect=x.example",
            "behind",
            Warning,
            Some("v=spf1 include:spf.relay.example ?all"),
        ),
        (
            "v=spf1 include:spf.relay.example ip4:0.0.0.0/0 -all",
            "open",
            Error,
            Some("v=spf1 include:spf.relay.example -all"),
        ),
        (
            "v=spf1 include:spf.relay.example ip6:2000::/3 -all",
            "open",
            Error,
            Some("v=spf1 include:spf.relay.example -all"),
        ),
        ("v=spf1 include:spf.relay.example -ip4:0.0.0.0/0 -all", "fail", Good, None),
        // Ours is added in the same change, so that none undoes the other.
        ("v=spf1 mx ?all", "neutral", Warning, Some("v=spf1 mx include:spf.relay.example ~all")),
    ] {
        check(record, "spf.all", outcome, severity, publish);
    }
    let open = "d.example TXT v=spf1 include:spf.relay.example include:x.example -all\nx.example TXT v=spf1 +all";
    let open = found(open, &with_include(), "spf.all");
    assert_eq!((open.outcome.as_str(), open.changes.len()), ("open", 0), "{open:#?}");
    let negated = "d.example TXT v=spf1 include:spf.relay.example ?include:x.example -all\nx.example TXT v=spf1 +all";
    check_zone(negated, &with_include(), "spf.all", "fail", Good, None);
}

#[test]
fn ptr_is_found_here_and_in_includes() {
    check("v=spf1 include:spf.relay.example -all", "spf.ptr", "good", Good, None);
    check(
        "v=spf1 ptr include:spf.relay.example -all",
        "spf.ptr",
        "used",
        Warning,
        Some("v=spf1 include:spf.relay.example -all"),
    );
    let inside =
        "d.example TXT v=spf1 include:spf.relay.example include:x.example -all\nx.example TXT v=spf1 ptr:x.example";
    check_zone(inside, &with_include(), "spf.ptr", "used", Warning, None);
}

#[test]
fn long_records_say_how_they_are_split() {
    let many: String = (0..20).map(|i| format!(" ip4:198.51.100.{i}")).collect();
    let zone = format!("d.example TXT v=spf1{many} -all");
    let found = found(&zone, &with_include(), "spf.egress");
    let split = found.details.iter().find(|detail| detail.contains("strings in one record")).unwrap();
    let joined: String = split.split('"').skip(1).step_by(2).collect();
    assert_eq!(Some(joined), found.changes[0].publish);
    assert!(split.split('"').skip(1).step_by(2).all(|string| string.len() <= 255), "{split}");
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

#[test]
fn every_advice_is_plain() {
    let includes: String = (0..10).map(|i| format!("include:i{i}.example ")).collect();
    let records: String = (0..10).map(|i| format!("i{i}.example TXT v=spf1 -all\n")).collect();
    let mut text = String::new();
    for (zone, ours) in [
        (
            "d.example TXT v=spf1 mx/24 a:h.example exists:%{i}.x.example include:spf.relay.example ?ip4:198.51.100.1 -ip6:2001:db8:9::/48 ~all x=y exp=e.example\nd.example MX 5 h.example\nh.example A 198.51.100.1",
            with_include(),
        ),
        ("d.example FAILS SERVFAIL", with_include()),
        ("d.example TXT other", with_include()),
        ("d.example TXT other", without_include()),
        ("d.example TXT other", ours(&[], None)),
        ("d.example TXT \"v=spf1 mx -all\"", with_include()),
        ("d.example TXT v=spf1 mx -all\nd.example TXT v=spf1 a ~all", with_include()),
        ("d.example TXT v=spf1 ipv4:198.51.100.1 what -all", with_include()),
        ("d.example TXT v=spf1 ip4=192.0.2.10 -all", without_include()),
        ("d.example TXT v=spf1 ip4:198.51.100.1 ~all", with_include()),
        ("d.example TXT v=spf1 ip4:198.51.100.1 -all", without_include()),
        ("d.example TXT v=spf1 include:gone.example ?all", with_include()),
        ("d.example TXT v=spf1 +all ptr", with_include()),
        (
            "d.example TXT v=spf1 include:spf.relay.example include:x.example\nx.example TXT v=spf1 ip4:0.0.0.0/1",
            with_include(),
        ),
        (
            "d.example TXT v=spf1 include:spf.relay.example a:silent.example redirect=spf.provider.example\nsilent.example FAILS SERVFAIL",
            with_include(),
        ),
        ("d.example TXT v=spf1 a:silent.example -all\nsilent.example FAILS SERVFAIL", with_include()),
        (
            "d.example TXT v=spf1 include:spf.other.example -all\nspf.other.example TXT v=spf1 -all",
            ours(&["192.0.2.10"], Some("spf.other.example")),
        ),
        ("d.example TXT v=spf1 include:spf.relay.example a:g1.example a:g2.example mx -all", with_include()),
        (
            "d.example TXT v=spf1 include:spf.relay.example include:x.example -all\nx.example TXT v=spf1 include:d.example",
            with_include(),
        ),
        (&format!("{records}d.example TXT v=spf1 {includes}-all"), with_include()),
        (&format!("{records}d.example TXT v=spf1 {includes}include:spf.relay.example -all"), with_include()),
        ("d.example TXT v=spf1 -all", ours(&[], None)),
    ] {
        text += &format!("==== {}\n", zone.lines().find(|line| line.starts_with("d.example")).unwrap());
        text += &findings(zone, &ours).iter().map(shown).collect::<Vec<_>>().join("\n");
        text.push('\n');
    }
    insta::assert_snapshot!(text);
}
