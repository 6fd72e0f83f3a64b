//! `spf.lookups`, `spf.all`, `spf.ptr`.

use super::*;

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
        (10, false, "near", Warning),
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
    let four = "h.example A 198.51.100.1\nd.example A 198.51.100.2\nd.example MX 5 h.example\n";
    for (terms, outcome, severity, publish) in [
        ("a mx", "near", Note, None),
        // What has an answer for IPv4 stays, though our IPv6 address finds none.
        ("a mx a:h.example", "voids", Error, None),
        ("a mx a:g1.example", "voids", Error, Some("v=spf1 include:spf.relay.example a mx -all")),
        ("a mx include:g1.example", "broken", Error, Some("v=spf1 include:spf.relay.example a mx -all")),
        ("a exists:%{i}.d.example", "near", Note, None),
    ] {
        let zone = format!("{four}d.example TXT v=spf1 include:spf.relay.example {terms} -all");
        check_zone(&zone, &with_include(), "spf.lookups", outcome, severity, publish);
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
        ("v=spf1 +all", "pass", Error, Some("v=spf1 include:spf.relay.example ~all")),
        ("v=spf1 mx all", "pass", Error, Some("v=spf1 mx include:spf.relay.example ~all")),
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
