//! RFC 7208 §6.2, §7: macros in names and explanations.

use super::*;
use crate::spf::{
    macros::{Place, Template},
    names::{name, value},
};

/// Of the record of `a.b.d.example`, for `strong-bad+tag@email.example`.
fn asked(ip: &str) -> Question {
    Question {
        ip: ip.parse().unwrap(),
        domain: "a.b.d.example".to_owned(),
        sender: "strong-bad+tag@email.example".to_owned(),
        helo: "mx.Helo.example".to_owned(),
    }
}

fn filled(text: &str, ip: &str) -> String {
    let template = Template::parse(text, Place::Explanation).unwrap();
    template.fill(|letter| value(&Facts::default(), &asked(ip), "a.b.d.example", letter))
}

#[test]
fn letters_digits_and_delimiters() {
    for (text, expected) in [
        ("%{s}", "strong-bad+tag@email.example"),
        ("%{l}", "strong-bad+tag"),
        ("%{o}", "email.example"),
        ("%{d}", "a.b.d.example"),
        ("%{d4}", "a.b.d.example"),
        ("%{d2}", "d.example"),
        ("%{d1}", "example"),
        ("%{d999999999999999999999}", "a.b.d.example"),
        ("%{dr}", "example.d.b.a"),
        ("%{d1R}", "a"),
        ("%{d2r}", "b.a"),
        ("%{l-}", "strong.bad+tag"),
        ("%{l-+}", "strong.bad.tag"),
        ("%{l1-}", "bad+tag"),
        ("%{lr-+}", "tag.bad.strong"),
        ("%{l1r-}", "strong"),
        ("%{i}", "192.0.2.10"),
        ("%{ir}.%{v}._spf.%{d2}", "10.2.0.192.in-addr._spf.d.example"),
        ("%{h}", "mx.Helo.example"),
        ("%{p}", "unknown"),
        ("%{c}", "192.0.2.10"),
        ("%{r}", "unknown"),
        ("%%%_%-", "% %20"),
        ("%{S}", "strong-bad%2Btag%40email.example"),
        ("%{L}~%{I}", "strong-bad%2Btag~192.0.2.10"),
        ("%{D2r}", "b.a"),
        ("%{l=}%{d/}", "strong-bad+taga.b.d.example"),
    ] {
        assert_eq!(filled(text, "192.0.2.10"), expected, "{text}");
    }
    let nibbles = "2.0.0.1.0.d.b.8.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.c.b";
    assert_eq!(filled("%{i}", "2001:db8::cb"), nibbles);
    assert!(filled("%{ir}.%{v}", "2001:db8::cb").starts_with("b.c.0.") && filled("%{v}", "2001:db8::1") == "ip6");
    assert_eq!(filled("%{c}", "2001:db8::cb"), "2001:db8::cb");
}

#[test]
fn a_name_that_is_too_long_loses_labels_from_the_left() {
    let long = Question { sender: format!("{}@email.example", "abcdefgh.".repeat(40) + "z"), ..asked("192.0.2.10") };
    let template = Template::parse_name("%{l}.spf.example").unwrap();
    let made = name(&Facts::default(), &long, "d.example", &template).unwrap();
    assert!(
        made.len() <= 253 && made.len() > 240 && made.starts_with("abcdefgh.") && made.ends_with(".z.spf.example"),
        "{made}"
    );
    // One label that is too long is no name.
    let wide = Question { sender: format!("{}@email.example", "a".repeat(300)), ..asked("192.0.2.10") };
    let other = Template::parse_name("%{l}.%{l}").unwrap();
    assert_eq!(name(&Facts::default(), &wide, "d.example", &other), None);
    // What has a meaning in zone files has none here.
    let odd = Question { sender: "a\\065b@email.example".to_owned(), ..asked("192.0.2.10") };
    assert_eq!(name(&Facts::default(), &odd, "d.example", &template).unwrap(), "a\\092065b.spf.example");
}

#[test]
fn the_validated_name_is_the_domain_or_below_it_when_there_is_one() {
    let zone = "192.0.2.10 PTR z.d.example\n192.0.2.10 PTR a.other.example\n192.0.2.10 PTR liar.d.example\n\
                z.d.example A 192.0.2.10\na.other.example A 192.0.2.10\nliar.d.example A 192.0.2.1\n\
                198.51.100.1 PTR x.example\nx.example A 198.51.100.1\n\
                z.d.example.p.example A 127.0.0.1\nx.example.p.example A 127.0.0.1\nunknown.p.example A 127.0.0.1\n\
                d.example TXT v=spf1 exists:%{p}.p.example -all\n";
    for (ip, asked) in [("192.0.2.10", "z.d.example"), ("198.51.100.1", "x.example"), ("192.0.2.99", "unknown")] {
        check(zone, ip, SpfResult::Pass, "exists:%{p}.p.example matched");
        let without = zone.replace(&format!("{asked}.p.example A 127.0.0.1\n"), "");
        check(&without, ip, SpfResult::Fail, "-all");
    }
}

#[test]
fn included_records_see_their_own_domain_and_the_same_sender() {
    let zone = "d.example TXT v=spf1 include:x.example -all\nx.example TXT v=spf1 exists:%{d}.%{o}.%{h}.q.example\n\
                x.example.d.example.mail.d.example.q.example A 127.0.0.1";
    check(zone, "192.0.2.10", SpfResult::Pass, "in the record of x.example");
}

#[test]
fn an_explanation_is_given_for_fail_alone() {
    let zone = "e.d.example TXT %{i} may not send as %{s}: see http://%{o2}/%{S}?%{t}%%";
    let explained = |record: &str, more: &str| {
        let found = evaluated(&format!("d.example TXT v=spf1 {record}\n{more}\n{zone}"), &question("192.0.2.10"));
        found.explanation
    };
    let text = "192.0.2.10 may not send as anna@d.example: see http://d.example/anna%40d.example?1795269482%";
    assert_eq!(explained("-all exp=e.%{d}", "").as_deref(), Some(text));
    assert_eq!(explained("exp=e.%{d} -all", "").as_deref(), Some(text));
    for record in [
        "~all exp=e.%{d}",
        "?all exp=e.%{d}",
        "+all exp=e.%{d}",
        "-all",
        "-all exp=none.example",
        "-all exp=a..example",
    ] {
        assert_eq!(explained(record, ""), None, "{record}");
    }
    // That of an included record is not ours; that of a record we redirect to is.
    let inner = "x.example TXT v=spf1 -all exp=e.d.example";
    assert_eq!(explained("include:x.example -all", inner), None);
    assert_eq!(explained("redirect=x.example", inner).as_deref(), Some(text));
    assert_eq!(explained("exp=two.example redirect=y.example", "y.example TXT v=spf1 -all\ntwo.example TXT a"), None);
    assert_eq!(
        explained("-include:y.example exp=e.d.example", "y.example TXT v=spf1 +all exp=two.example\ntwo.example TXT a")
            .as_deref(),
        Some(text)
    );
    for (trouble, at) in [
        ("two.example TXT a\ntwo.example TXT b", "two.example"),
        ("bad.example TXT %{x}", "bad.example"),
        ("bad.example TXT caf\u{e9}", "bad.example"),
        ("silent.example FAILS SERVFAIL", "silent.example"),
        ("empty.example TXT ", "empty.example"),
    ] {
        assert_eq!(explained(&format!("-all exp={at}"), trouble), None, "{trouble}");
    }
    let long = format!("long.example TXT {}", "%{s}".repeat(900));
    assert_eq!(explained("-all exp=long.example", &long).map(|text| text.len()), Some(500));
}
