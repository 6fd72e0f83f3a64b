//! The examples of RFC 7208, and behaviours that belong to no other table.

use super::*;
use crate::spf::macros::{Place, Template};
use SpfResult::{Fail, Neutral, None as NoRecord, Pass, PermError, SoftFail, TempError};

/// RFC 7208 §7.4.
#[test]
fn the_examples_of_macros() {
    let filled = |text: &str, ip: &str| {
        let question = Question {
            ip: ip.parse().unwrap(),
            domain: "email.example.com".to_owned(),
            sender: "strong-bad@email.example.com".to_owned(),
            helo: "mx.example.org".to_owned(),
        };
        let template = Template::parse(text, Place::Explanation).unwrap();
        template.fill(|letter| names::value(&Facts::default(), &question, "email.example.com", letter))
    };
    for (text, expected) in [
        ("%{s}", "strong-bad@email.example.com"),
        ("%{o}", "email.example.com"),
        ("%{d}", "email.example.com"),
        ("%{d4}", "email.example.com"),
        ("%{d3}", "email.example.com"),
        ("%{d2}", "example.com"),
        ("%{d1}", "com"),
        ("%{dr}", "com.example.email"),
        ("%{d2r}", "example.email"),
        ("%{l}", "strong-bad"),
        ("%{l-}", "strong.bad"),
        ("%{lr}", "strong-bad"),
        ("%{lr-}", "bad.strong"),
        ("%{l1r-}", "strong"),
        ("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"),
        ("%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"),
        ("%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"),
        ("%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com"),
        ("%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"),
    ] {
        assert_eq!(filled(text, "192.0.2.3"), expected, "{text}");
    }
    assert_eq!(
        filled("%{ir}.%{v}._spf.%{d2}", "2001:db8::cb01"),
        "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6._spf.example.com"
    );
}

/// RFC 7208 §A.1: who may send for example.com, by different records.
#[test]
fn the_examples_of_the_appendix_by_mechanism() {
    let zone = "\
        example.com A 192.0.2.10\nexample.com A 192.0.2.11\nwww.example.com CNAME example.com\n\
        example.com MX 10 mail-a.example.com\nexample.com MX 20 mail-b.example.com\n\
        amy.example.com A 192.0.2.65\nbob.example.com A 192.0.2.66\n\
        mail-a.example.com A 192.0.2.129\nmail-b.example.com A 192.0.2.130\n\
        example.org MX 10 mail-c.example.org\nmail-c.example.org A 192.0.2.140\n\
        192.0.2.10 PTR example.com\n192.0.2.11 PTR example.com\n\
        192.0.2.65 PTR amy.example.com\n192.0.2.66 PTR bob.example.com\n\
        192.0.2.129 PTR mail-a.example.com\n192.0.2.130 PTR mail-b.example.com\n\
        192.0.2.140 PTR mail-c.example.org\n10.0.0.4 PTR bob.example.com\n";
    let hosts = [
        "192.0.2.10",
        "192.0.2.11",
        "192.0.2.65",
        "192.0.2.66",
        "192.0.2.129",
        "192.0.2.130",
        "192.0.2.131",
        "192.0.2.132",
        "192.0.2.140",
        "192.0.2.143",
        "10.0.0.4",
    ];
    for (record, passing) in [
        ("+all", &hosts[..]),
        ("a -all", &["192.0.2.10", "192.0.2.11"]),
        ("a:example.org -all", &[]),
        ("mx -all", &["192.0.2.129", "192.0.2.130"]),
        ("mx:example.org -all", &["192.0.2.140"]),
        ("mx mx:example.org -all", &["192.0.2.129", "192.0.2.130", "192.0.2.140"]),
        ("mx/30 mx:example.org/30 -all", &["192.0.2.129", "192.0.2.130", "192.0.2.131", "192.0.2.140", "192.0.2.143"]),
        ("ptr -all", &["192.0.2.10", "192.0.2.11", "192.0.2.65", "192.0.2.66", "192.0.2.129", "192.0.2.130"]),
        ("ip4:192.0.2.128/28 -all", &hosts[4..10]),
    ] {
        let zone = format!("{zone}example.com TXT v=spf1 {record}");
        for ip in hosts {
            let question =
                Question { domain: "example.com".to_owned(), sender: "anna@example.com".to_owned(), ..question(ip) };
            let expected = if passing.contains(&ip) { Pass } else { Fail };
            let found = evaluated(&zone, &question);
            assert_eq!(found.result, expected, "{record} {ip}: {found:#?}");
        }
    }
}

/// RFC 7208 §A.2 to §A.4: records that lead to others, users in names, and several requirements at once.
#[test]
fn the_examples_of_the_appendix_that_lead_elsewhere() {
    let zone = "\
        example.com TXT v=spf1 mx include:mobile-users._spf.%{d} include:remote-users._spf.%{d} -all\n\
        example.com MX 10 mail-a.example.com\nmail-a.example.com A 192.0.2.129\n\
        example.net TXT v=spf1 ip4:203.0.113.5 -all\n\
        example.org TXT v=spf1 include:example.com include:example.net -all\nla.example.org TXT v=spf1 redirect=example.org\n\
        mobile-users._spf.example.com TXT v=spf1 exists:%{l1r+}.%{d}\n\
        mary.mobile-users._spf.example.com A 127.0.0.2\nfred.mobile-users._spf.example.com A 127.0.0.2\n\
        remote-users._spf.example.com TXT v=spf1 exists:%{ir}.%{l1r+}.%{d}\n\
        15.15.168.192.joel.remote-users._spf.example.com A 127.0.0.2\n\
        both.example TXT v=spf1 -include:ip4._spf.%{d} -include:ptr._spf.%{d} +all\n\
        ip4._spf.both.example TXT v=spf1 -ip4:192.0.2.0/24 +all\nptr._spf.both.example TXT v=spf1 -ptr +all\n\
        192.0.2.65 PTR amy.both.example\namy.both.example A 192.0.2.65\n\
        192.0.2.66 PTR x.ptr._spf.both.example\nx.ptr._spf.both.example A 192.0.2.66\n";
    for (section, sender, ip, result) in [
        ("A.2", "anna@la.example.org", "192.0.2.129", Pass),
        ("A.2", "anna@la.example.org", "203.0.113.5", Pass),
        ("A.2", "anna@la.example.org", "198.51.100.1", Fail),
        ("A.3", "mary@example.com", "198.51.100.1", Pass),
        ("A.3", "fred+wildcard@example.com", "198.51.100.1", Pass),
        ("A.3", "joel@example.com", "198.51.100.1", Fail),
        ("A.3", "joel@example.com", "192.168.15.15", Pass),
        ("A.3", "joel@example.com", "192.168.15.16", Fail),
        // As it is printed, ptr wants a name below ptr._spf: that of the domain is not enough.
        ("A.4", "anna@both.example", "192.0.2.65", Fail),
        ("A.4", "anna@both.example", "192.0.2.66", Pass),
        ("A.4", "anna@both.example", "198.51.100.1", Fail),
    ] {
        let found = evaluated(zone, &Question { domain: String::new(), sender: sender.to_owned(), ..question(ip) });
        assert_eq!(found.result, result, "§{section} {sender} {ip}: {found:#?}");
    }
}

/// RFC 7208 §3.3, §6.2: the strings of one TXT record are one text, and nothing stands between them.
#[test]
fn strings_of_a_record_are_joined_without_a_space() {
    use crate::{
        facts::{Data, Kind, Known},
        look_up,
        test_zone::NOW,
    };
    let mut facts = Facts::default();
    for (name, strings) in [
        ("d.example", vec!["v=spf1 ip4:192.0", ".2.10 -all exp=e.", "example"]),
        ("e.example", vec!["go ", "away, ", "%{", "i}"]),
    ] {
        let strings = strings.into_iter().map(str::to_owned).collect();
        let known = Known::Records(vec![Data::Text(strings)]);
        facts.insert(name, Kind::Txt, look_up::answer(name, Kind::Txt, known, vec![], None, NOW));
    }
    assert_eq!(evaluate(&facts, &question("192.0.2.10")).result, Pass);
    let refused = evaluate(&facts, &question("192.0.2.11"));
    assert_eq!((refused.result, refused.explanation.as_deref()), (Fail, Some("go away, 192.0.2.11")));
}

/// RFC 7208 §4.6.2, §6: modifiers count wherever they stand, and never before a mechanism.
#[test]
fn modifiers_stand_anywhere() {
    let other = "x.example TXT v=spf1 -all\ne.example TXT why\n";
    for (record, result, explanation) in [
        ("redirect=x.example ip4:192.0.2.10", Pass, None),
        ("ip4:198.51.100.1 redirect=x.example ip4:192.0.2.10", Pass, None),
        ("exp=e.example ip4:198.51.100.1 -all", Fail, Some("why")),
        ("ip4:198.51.100.1 exp=e.example -all", Fail, Some("why")),
        ("unknown=%{d} -all exp=e.example", Fail, Some("why")),
    ] {
        let found = check(&format!("{other}d.example TXT v=spf1 {record}"), "192.0.2.10", result, "");
        assert_eq!(found.explanation.as_deref(), explanation, "{record}");
    }
}

/// RFC 7208 §4.7.
#[test]
fn what_nothing_matches_is_neutral() {
    for record in ["", " ip4:198.51.100.1", " -ip4:198.51.100.1", " exp=e.example", " unknown=x"] {
        check(&format!("d.example TXT v=spf1{record}"), "192.0.2.10", Neutral, "no term in the record");
    }
}

/// RFC 7208 §5.1: neither mechanisms behind `all` nor `redirect=` anywhere.
#[test]
fn nothing_behind_all_counts() {
    let other = "x.example TXT v=spf1 +all\n";
    for (record, result) in [
        ("-all ip4:192.0.2.10", Fail),
        ("-all a:gone1.example a:gone2.example a:gone3.example", Fail),
        ("-all redirect=x.example", Fail),
        ("redirect=x.example -all", Fail),
        ("~all -all", SoftFail),
    ] {
        let found = check(&format!("{other}d.example TXT v=spf1 {record}"), "192.0.2.10", result, "all matched");
        assert_eq!((found.lookups, found.voids), (0, 0), "{record}");
    }
}

/// RFC 7208 §4.8, §7.3: a name of more than 253 characters is made to fit by whole labels from the left.
#[test]
fn a_name_that_is_too_long_is_asked_for_without_its_first_labels() {
    let sender = format!("{}@d.example", ["abcdefghi"; 30].join("."));
    let fits = format!("{}.s.d.example", ["abcdefghi"; 24].join("."));
    assert!(fits.len() <= 253 && fits.len() + 10 > 253, "{}", fits.len());
    let zone = format!("d.example TXT v=spf1 exists:%{{l}}.s.%{{d}} -all\n{fits} A 127.0.0.1");
    let found = evaluated(&zone, &Question { sender, ..question("192.0.2.10") });
    assert_eq!(found.result, Pass, "{found:#?}");
}

/// RFC 7208 §4.6.4: the same limit for `%{p}` as for `ptr`.
#[test]
fn names_of_an_address_beyond_the_tenth_are_no_macro() {
    let zone = |n: usize| {
        let names: String = (0..n).map(|i| format!("192.0.2.10 PTR a{i:02}.other.example\n")).collect();
        format!(
            "{names}192.0.2.10 PTR z.d.example\nz.d.example A 192.0.2.10\nz.d.example.p.example A 127.0.0.1\n\
                 d.example TXT v=spf1 exists:%{{p}}.p.example -all"
        )
    };
    check(&zone(9), "192.0.2.10", Pass, "");
    check(&zone(10), "192.0.2.10", Fail, "");
}

/// RFC 7208 §8.1 to §8.7.
#[test]
fn each_result_has_its_reason() {
    for (section, zone, result, because) in [
        ("8.1", "", NoRecord, "d.example has no SPF record"),
        ("8.2", "d.example TXT v=spf1 ?all", Neutral, "?all matched in the record of d.example"),
        ("8.3", "d.example TXT v=spf1 a\nd.example A 192.0.2.10", Pass, "a matched in the record of d.example"),
        ("8.4", "d.example TXT v=spf1 -all", Fail, "-all matched in the record of d.example"),
        ("8.5", "d.example TXT v=spf1 ~all", SoftFail, "~all matched in the record of d.example"),
        (
            "8.6",
            "d.example FAILS SERVFAIL",
            TempError,
            "DNS did not answer about the SPF record of d.example: SERVFAIL",
        ),
        ("8.7", "d.example TXT v=spf1 ip4:192.0.2", PermError, "cannot be read: column 12"),
    ] {
        assert_eq!(check(zone, "192.0.2.10", result, because).result, result, "§{section}");
    }
}
