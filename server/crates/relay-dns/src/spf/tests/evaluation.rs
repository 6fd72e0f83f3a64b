//! RFC 7208 §2.3 to §2.6, §4.3 to §4.8, §5, §6: what matches, and what comes of it.

use super::*;
use SpfResult::{Fail, Neutral, None as NoRecord, Pass, PermError, SoftFail, TempError};

#[test]
fn the_record_of_a_domain_is_found_or_is_not() {
    for (zone, result, because) in [
        ("", NoRecord, "d.example has no SPF record"),
        ("d.example A 192.0.2.10", NoRecord, "d.example has no SPF record"),
        ("d.example TXT v=spf10 all\nd.example TXT other", NoRecord, "no SPF record"),
        ("d.example TXT v=spf1 +all\nd.example TXT v=DMARC1\nd.example TXT v=spf1x", Pass, "+all matched"),
        ("d.example TXT v=spf1 +all\nd.example TXT v=spf1 +all", PermError, "d.example has 2 SPF records"),
        ("d.example TXT v=spf1 a\nd.example TXT V=SPF1", PermError, "2 SPF records"),
        ("d.example FAILS SERVFAIL", TempError, "about the SPF record of d.example: SERVFAIL"),
        ("d.example TXT caf\u{e9}\nd.example TXT v=spf1 all", Pass, "all matched"),
        ("d.example CNAME e.example\ne.example TXT v=spf1 all", Pass, "all matched"),
        ("d.example TXT v=spf1", Neutral, "no term in the record of d.example matched"),
    ] {
        check(zone, "192.0.2.10", result, because);
    }
}

#[test]
fn qualifiers_say_what_a_match_means() {
    for (term, result) in [
        ("all", Pass),
        ("+all", Pass),
        ("-all", Fail),
        ("~all", SoftFail),
        ("?all", Neutral),
        ("-ip4:192.0.2.10", Fail),
        ("~ip4:192.0.2.10", SoftFail),
        ("?ip4:192.0.2.10", Neutral),
    ] {
        check(
            &format!("d.example TXT v=spf1 {term}"),
            "192.0.2.10",
            result,
            &format!("{term} matched in the record of d.example"),
        );
    }
}

#[test]
fn the_first_match_decides_and_the_rest_is_shown_as_not_evaluated() {
    let zone = "d.example TXT v=spf1 ip4:192.0.2.1 ~ip4:192.0.2.0/24 include:x.example -all redirect=y.example";
    let found = check(zone, "192.0.2.10", SoftFail, "~ip4:192.0.2.0/24 matched");
    let steps: Vec<_> = found.steps.iter().map(|step| (step.term.as_str(), step.said.as_str(), step.decided)).collect();
    assert_eq!(
        steps[1..],
        [
            ("ip4:192.0.2.1", "does not match", false),
            ("~ip4:192.0.2.0/24", "matches", true),
            ("include:x.example", "not evaluated", false),
            ("-all", "not evaluated", false),
        ]
    );
    assert_eq!((found.lookups, found.voids), (0, 0));
}

#[test]
fn networks_match_by_their_first_bits_and_family() {
    for (term, ip, matches) in [
        ("ip4:192.0.2.10", "192.0.2.10", true),
        ("ip4:192.0.2.10", "192.0.2.11", false),
        ("ip4:192.0.2.99/25", "192.0.2.10", true),
        ("ip4:192.0.2.128/25", "192.0.2.10", false),
        ("ip4:1.2.3.4/0", "192.0.2.10", true),
        ("ip4:1.2.3.4/0", "2001:db8::1", false),
        ("ip4:192.0.2.10", "::ffff:192.0.2.10", true),
        ("ip6:2001:db8::/32", "2001:db8:ffff::1", true),
        ("ip6:2001:db8::/33", "2001:db8:ffff::1", false),
        ("ip6:2001:DB8::1", "2001:db8::1", true),
        ("ip6:::/0", "2001:db8::1", true),
        ("ip6:::/0", "192.0.2.10", false),
        ("ip6:::ffff:192.0.2.10", "192.0.2.10", false),
    ] {
        let result = if matches { Pass } else { Fail };
        check(&format!("d.example TXT v=spf1 {term} -all"), ip, result, "");
    }
}

#[test]
fn addresses_of_hosts_match() {
    let hosts = "d.example A 192.0.2.10\nd.example AAAA 2001:db8::10\nh.example A 192.0.2.20\nh.example A 192.0.2.30\nlong.example CNAME h.example\n";
    for (term, ip, result) in [
        ("a", "192.0.2.10", Pass),
        ("a", "2001:db8::10", Pass),
        ("a", "192.0.2.11", Fail),
        ("a/24", "192.0.2.11", Pass),
        ("a//64", "2001:db8::ffff", Pass),
        ("a//0", "2001:db8:ffff::1", Pass),
        ("a:h.example//0", "2001:db8::1", Fail),
        ("a/24", "2001:db8::11", Fail),
        ("a//64", "192.0.2.11", Fail),
        ("a/24//64", "2001:db8::ffff", Pass),
        ("a/0", "198.51.100.1", Pass),
        ("a:h.example", "192.0.2.30", Pass),
        ("a:H.Example.", "192.0.2.30", Pass),
        ("a:long.example", "192.0.2.20", Pass),
        ("a:h.example", "2001:db8::10", Fail),
        ("a:gone.example", "192.0.2.10", Fail),
        ("a:x..example", "192.0.2.10", Fail),
    ] {
        check(&format!("{hosts}d.example TXT v=spf1 {term} -all"), ip, result, "");
    }
    check(
        "d.example TXT v=spf1 a:h.example -all\nh.example FAILS time-out",
        "192.0.2.1",
        TempError,
        "about h.example, for a:h.example in the record of d.example: time-out",
    );
    let long = format!("d.example TXT v=spf1 a:{}.example -all", "a".repeat(64));
    let found = check(&long, "192.0.2.1", Fail, "");
    assert_eq!((found.steps[1].said.as_str(), found.lookups, found.voids), ("its name cannot be", 1, 0));
}

#[test]
fn mail_exchangers_match_and_are_never_implied() {
    let zone = "d.example MX 10 m1.example\nd.example MX 20 m2.example\nm1.example A 192.0.2.1\nm2.example A 192.0.2.2\nm2.example AAAA 2001:db8::2\nd.example A 192.0.2.10\ne.example A 192.0.2.10\nn.example MX 0 .\n";
    for (term, ip, result) in [
        ("mx", "192.0.2.1", Pass),
        ("mx", "192.0.2.2", Pass),
        ("mx", "2001:db8::2", Pass),
        ("mx", "192.0.2.10", Fail),
        ("mx/28", "192.0.2.10", Pass),
        ("mx//64", "2001:db8::ffff", Pass),
        ("mx:e.example", "192.0.2.10", Fail),
        ("mx:n.example", "192.0.2.10", Fail),
    ] {
        check(&format!("{zone}d.example TXT v=spf1 {term} -all"), ip, result, "");
    }
    check(
        "d.example TXT v=spf1 mx -all\nd.example MX 5 m.example\nm.example FAILS SERVFAIL",
        "192.0.2.1",
        TempError,
        "about m.example",
    );
    // The zone of the exchangers is silent, and the domain's own is not.
    check(
        "d.example TXT v=spf1 mx:e.example -all\ne.example FAILS SERVFAIL",
        "192.0.2.1",
        TempError,
        "about e.example",
    );
}

#[test]
fn names_of_the_address_match_when_they_lead_back() {
    let zone = "192.0.2.10 PTR mail.d.example\n192.0.2.10 PTR x.other.example\nmail.d.example A 192.0.2.10\nx.other.example A 192.0.2.99\n\
                2001:db8::10 PTR d.example\nd.example AAAA 2001:db8::10\n";
    for (term, ip, result) in [
        ("ptr", "192.0.2.10", Pass),
        ("ptr", "2001:db8::10", Pass),
        ("ptr:mail.D.example", "192.0.2.10", Pass),
        ("ptr:ail.d.example", "192.0.2.10", Fail),
        ("ptr:other.example", "192.0.2.10", Fail),
        ("ptr", "192.0.2.11", Fail),
    ] {
        check(&format!("{zone}d.example TXT v=spf1 {term} -all"), ip, result, "");
    }
    let silent = "d.example TXT v=spf1 ptr -all\n192.0.2.10 PTR a.d.example\n192.0.2.10 PTR b.d.example\na.d.example FAILS SERVFAIL\nb.d.example A 192.0.2.10";
    check(silent, "192.0.2.10", Pass, "");
    let silent = format!(
        "d.example TXT v=spf1 ptr -all\n{} FAILS SERVFAIL",
        relay_types::reverse_name::reverse_name("192.0.2.10".parse().unwrap())
    );
    let found = check(&silent, "192.0.2.10", Fail, "");
    assert_eq!(found.voids, 0, "silence is no absence");
}

#[test]
fn exists_asks_for_an_ipv4_address_whatever_sends() {
    let zone = "d.example TXT v=spf1 exists:yes.example -exists:no.example ?all\nyes.example A 127.0.0.2";
    check(zone, "192.0.2.1", Pass, "exists:yes.example matched");
    check(zone, "2001:db8::1", Pass, "exists:yes.example matched");
    let six = "d.example TXT v=spf1 exists:six.example -all\nsix.example AAAA 2001:db8::1";
    let found = check(six, "2001:db8::1", Fail, "-all");
    assert_eq!(found.voids, 1);
    check(
        "d.example TXT v=spf1 exists:x.example -all\nx.example FAILS no answer",
        "192.0.2.1",
        TempError,
        "about x.example",
    );
}

#[test]
fn include_is_judged_by_its_table() {
    for (inner, result, because) in [
        ("x.example TXT v=spf1 ip4:192.0.2.10", Pass, "ip4:192.0.2.10 matched in the record of x.example"),
        ("x.example TXT v=spf1 -all", SoftFail, "~all matched in the record of d.example"),
        ("x.example TXT v=spf1 ~all", SoftFail, "~all matched in the record of d.example"),
        ("x.example TXT v=spf1 ?all", SoftFail, "~all matched in the record of d.example"),
        ("x.example TXT v=spf1 a:y.example\ny.example FAILS SERVFAIL", TempError, "about y.example"),
        ("x.example FAILS SERVFAIL", TempError, "about the SPF record of x.example"),
        ("x.example TXT v=spf1 foo", PermError, "the SPF record of x.example cannot be read"),
        ("x.example TXT v=spf1\nx.example TXT v=spf1", PermError, "x.example has 2 SPF records"),
        ("x.example A 192.0.2.10", PermError, "include:x.example in the record of d.example leads to no SPF record"),
        ("", PermError, "leads to no SPF record"),
    ] {
        check(&format!("d.example TXT v=spf1 include:x.example ~all\n{inner}"), "192.0.2.10", result, because);
    }
    // A match with another sign is the includer's word.
    let zone = "d.example TXT v=spf1 -include:x.example +all\nx.example TXT v=spf1 +all";
    check(zone, "192.0.2.10", Fail, "-include:x.example matched in the record of d.example");
    let name = format!("d.example TXT v=spf1 include:{}.example -all", "a".repeat(64));
    check(&name, "192.0.2.10", PermError, "makes no name that could be");
}

#[test]
fn the_tree_of_includes_is_told_by_depth() {
    let zone = "d.example TXT v=spf1 include:x.example -all\nx.example TXT v=spf1 include:y.example\ny.example TXT v=spf1 ip4:192.0.2.10 ?all";
    let found = check(zone, "192.0.2.10", Pass, "ip4:192.0.2.10 matched in the record of y.example");
    let told: Vec<String> = found
        .steps
        .iter()
        .map(|step| {
            format!("{} {} {} | {} | {} {}", step.depth, step.domain, step.term, step.said, step.decided, step.lookups)
        })
        .collect();
    assert_eq!(
        told,
        [
            "0 d.example v=spf1 include:x.example -all | the record | false 0",
            "0 d.example include:x.example | matches | true 1",
            "1 x.example v=spf1 include:y.example | the record | false 1",
            "1 x.example include:y.example | matches | true 2",
            "2 y.example v=spf1 ip4:192.0.2.10 ?all | the record | false 2",
            "2 y.example ip4:192.0.2.10 | matches | true 2",
            "2 y.example ?all | not evaluated | false 2",
            "0 d.example -all | not evaluated | false 2",
        ]
    );
}

#[test]
fn redirect_counts_when_nothing_matched_and_there_is_no_all() {
    let other = "x.example TXT v=spf1 ip4:192.0.2.10 -all\n";
    for (record, ip, result, because) in [
        ("redirect=x.example", "192.0.2.10", Pass, "in the record of x.example"),
        ("redirect=x.example", "192.0.2.11", Fail, "-all matched in the record of x.example"),
        ("redirect=x.example ip4:192.0.2.11", "192.0.2.11", Pass, "in the record of d.example"),
        ("redirect=x.example ?all", "192.0.2.10", Neutral, "?all"),
        ("redirect=none.example", "192.0.2.10", PermError, "leads to no SPF record"),
        ("redirect=silent.example", "192.0.2.10", TempError, "silent.example"),
        ("redirect=%{d}..example", "192.0.2.10", PermError, "leads to no SPF record"),
    ] {
        check(&format!("{other}silent.example FAILS SERVFAIL\nd.example TXT v=spf1 {record}"), ip, result, because);
    }
    // In an include, the redirect's result is that of the included record; %{d} is the domain whose record it is.
    let zone = "d.example TXT v=spf1 include:x.example ~all\nx.example TXT v=spf1 redirect=r.%{d}\nr.x.example TXT v=spf1 exists:%{d}\nr.x.example A 127.0.0.1";
    check(zone, "192.0.2.10", Pass, "exists:%{d} matched in the record of r.x.example");
}

#[test]
fn unknown_modifiers_are_passed_over() {
    check("d.example TXT v=spf1 match_subdomains=yes ip4=192.0.2.10 -all v=spf1", "192.0.2.10", Fail, "-all");
}

#[test]
fn the_question_is_completed() {
    let zone = "d.example TXT v=spf1 exists:%{l}.%{o}.l.example -all\nmail.d.example TXT v=spf1 exists:%{l}.%{o}.l.example -all\n\
                postmaster.mail.d.example.l.example A 127.0.0.1\npostmaster.d.example.l.example A 127.0.0.1\nanna.d.example.l.example A 127.0.0.1";
    let ask = |domain: &str, sender: &str, helo: &str| {
        let question =
            Question { domain: domain.into(), sender: sender.into(), helo: helo.into(), ..question("192.0.2.10") };
        evaluated(zone, &question)
    };
    for (domain, sender, helo, of, said) in [
        ("", "anna@d.example", "mail.d.example", "d.example", "anna@d.example"),
        ("", "", "mail.d.example", "mail.d.example", "postmaster@mail.d.example"),
        ("D.Example.", "", "mail.d.example", "d.example", "postmaster@mail.d.example"),
        ("", "d.example", "x", "d.example", "postmaster@d.example"),
        ("", "@d.example", "x", "d.example", "postmaster@d.example"),
    ] {
        let found = ask(domain, sender, helo);
        assert_eq!((found.result, found.domain.as_str(), found.sender.as_str()), (Pass, of, said), "{found:#?}");
    }
    let helo = Question::helo("192.0.2.10".parse().unwrap(), "mail.d.example");
    assert_eq!(evaluated(zone, &helo).result, Pass);
    for domain in
        ["localhost", "[192.0.2.10]", &format!("{}.example", "a".repeat(64)), "a..example", &"abc.".repeat(70)]
    {
        let found = ask(domain, "anna@d.example", "x");
        assert_eq!(found.result, NoRecord, "{found:?}");
    }
}

#[test]
fn what_was_not_asked_is_unknown_and_never_bad() {
    let found = evaluate(&Facts::default(), &question("192.0.2.10"));
    assert_eq!((found.result, found.lookups), (TempError, 0));
}
