//! RFC 7208 §4.5, §4.6.1, §12: what is a record, and what is wrong with one.

use super::*;
use crate::{
    facts::{Data, Kind, Known},
    look_up,
    test_zone::NOW,
};

#[test]
fn a_record_begins_with_its_version_and_a_space() {
    for (text, expected) in [
        ("v=spf1", true),
        ("v=spf1 -all", true),
        ("V=SPF1 -all", true),
        ("v=spf1  ", true),
        ("v=spf10 -all", false),
        ("v=spf1-all", false),
        ("v=spf1\t-all", false),
        (" v=spf1 -all", false),
        ("\"v=spf1 -all\"", false),
        ("spf2.0/pra -all", false),
        ("v=spf\u{fffd} -all", false),
        ("", false),
    ] {
        assert_eq!(is_record(text), expected, "{text:?}");
    }
    assert_eq!(
        Record::parse("spf2.0/pra -all").unwrap_err()[0].to_string(),
        "column 1: a record begins with v=spf1 and a space"
    );
}

#[test]
fn what_the_grammar_has_is_read() {
    for text in [
        "v=spf1",
        "v=spf1 a mx ptr -all",
        "v=spf1   a   mx   ",
        "v=spf1 +A -Mx ~PTR ?ALL",
        "v=spf1 a:mail.example.org a:mail.example.org. a/24 a//64 a/24//64 a:mail.example.org/0//0",
        "v=spf1 mx:example.org/32//128 ptr:example.org exists:%{i}._spf.example.org",
        "v=spf1 a:foo:bar/baz.example.org/24",
        "v=spf1 a:x-1.example.co-m a:example.1a",
        "v=spf1 ip4:192.0.2.1 ip4:192.0.2.0/24 ip4:0.0.0.0/0",
        "v=spf1 ip6:2001:db8::1 ip6:2001:db8::/32 ip6:::/0 ip6:::ffff:192.0.2.1/128",
        "v=spf1 include:%{d} include:%{d2r-+,/_=.}.example.org include:%{D}",
        "v=spf1 include:a%%b.example.org include:a%_b.example.org include:%{d}%-",
        "v=spf1 redirect=spf.example.org exp=exp.%{d}",
        "v=spf1 REDIRECT=spf.example.org",
        "v=spf1 moo.cow-far_out=man:dog/cat x=%{c}%{r}%{t} empty=",
        "v=spf1 include:%{l1r+}.%{S}.%{o}.%{V}.%{h}.%{p}.%{i999}.example.org",
    ] {
        assert!(Record::parse(text).is_ok(), "{text:?}: {:?}", Record::parse(text));
    }
}

#[test]
fn what_is_wrong_is_said_with_its_column() {
    for (text, expected) in [
        ("v=spf1 ipv4:192.0.2.1 -all", "column 8: \"ipv4\" is no mechanism; perhaps ip4: is meant"),
        ("v=spf1 -ip6 -all", "column 12: a colon and an IPv6 address are missing here, as in ip6:2001:db8::1"),
        ("v=spf1 a ip4:192.0.2 -all", "column 14: \"192.0.2\" is not an IPv4 address"),
        ("v=spf1 ip4:192.0.2.1:25", "column 12: \"192.0.2.1:25\" is not an IPv4 address"),
        ("v=spf1 ip4:192.0.2.01", "column 12: \"192.0.2.01\" is not an IPv4 address"),
        ("v=spf1 ip4:", "column 12: \"\" is not an IPv4 address"),
        ("v=spf1 ip4/24", "column 11: a colon and an IPv4 address are missing here, as in ip4:192.0.2.1"),
        ("v=spf1 ip4:192.0.2.0/33", "column 22: a prefix here has a length from 0 to 32"),
        ("v=spf1 ip4:192.0.2.0/024", "column 22: a prefix here has a length from 0 to 32"),
        ("v=spf1 ip4:192.0.2.0/", "column 22: after a slash belongs the length of a prefix, as in /24"),
        ("v=spf1 ip6:2001:db8::1::2", "column 12: \"2001:db8::1::2\" is not an IPv6 address"),
        ("v=spf1 ip6:2001:db8::/129", "column 23: a prefix here has a length from 0 to 128"),
        ("v=spf1 192.0.2.1 -all", "column 8: ip4: is missing before the address, as in ip4:192.0.2.1"),
        ("v=spf1 2001:db8::/32 -all", "column 8: ip6: is missing before the address, as in ip6:2001:db8::/32"),
        (
            "v=spf1 mail.example.org",
            "column 8: \"mail.example.org\" is no mechanism; a: or include: may be missing before it",
        ),
        ("v=spf1 include -all", "column 15: a colon and a domain name are missing here, as in include:spf.example.org"),
        ("v=spf1 include: -all", "column 16: a domain name is missing here"),
        ("v=spf1 include:localhost", "column 16: a domain name has at least one dot, as in mail.example.org"),
        ("v=spf1 a:example.123", "column 18: no domain name ends like this"),
        ("v=spf1 a:example.-org", "column 18: no domain name ends like this"),
        ("v=spf1 a:example..", "column 18: no domain name ends like this"),
        ("v=spf1 a:example.org/33", "column 22: a prefix here has a length from 0 to 32"),
        ("v=spf1 a:example.org/24//129", "column 26: a prefix here has a length from 0 to 128"),
        ("v=spf1 a:example.org/xy", "column 21: after a slash belongs the length of a prefix, as in /24"),
        ("v=spf1 mx/", "column 10: after a slash belongs the length of a prefix, as in /24"),
        ("v=spf1 mx:", "column 11: a domain name is missing here"),
        ("v=spf1 exists:example.org/24", "column 26: after a slash belongs the length of a prefix, as in /24"),
        ("v=spf1 ptr/24", "column 11: ptr takes no prefix length"),
        ("v=spf1 -all:example.org", "column 12: nothing may follow all"),
        ("v=spf1 a -all.", "column 11: \"all.\" is no mechanism; perhaps all is meant"),
        ("v=spf1 - all", "column 9: a mechanism is missing here"),
        (
            "v=spf1 -redirect=x.example",
            "column 9: \"redirect=x.example\" is no mechanism, and a modifier takes no sign before it",
        ),
        ("v=spf1 redirect:x.example", "column 8: \"redirect\" is no mechanism; perhaps redirect= is meant"),
        ("v=spf1 redirect=", "column 17: a domain name is missing here"),
        ("v=spf1 redirect=a.example redirect=b.example", "column 27: redirect= stands here for the second time"),
        ("v=spf1 exp=a.example exp=a.example -all", "column 22: exp= stands here for the second time"),
        ("v=spf1 =x", "column 8: \"=x\" is no mechanism, and a modifier takes no sign before it"),
        ("v=spf1 a\tmx", "column 9: the character U+0009 is not allowed"),
        ("v=spf1 a:münchen.example -all", "column 11: the character \"ü\" (U+00FC) is not allowed"),
        ("v=spf1 x\u{fffd}", "column 9: the character that is not UTF-8 is not allowed"),
        ("v=spf1 include:%{x}.example.org", "column 16: \"x\" is no macro letter in %{x}"),
        ("v=spf1 include:%{}.example.org", "column 16: there is no macro letter in %{}"),
        ("v=spf1 exists:a.%{c}.example.org", "column 17: the macro letter c belongs in explanations alone in %{c}"),
        ("v=spf1 exp=%{R}.example.org", "column 12: the macro letter R belongs in explanations alone in %{R}"),
        ("v=spf1 include:%{d0}.example.org", "column 16: zero parts cannot be kept in %{d0}"),
        ("v=spf1 include:%{d2x}.example.org", "column 16: \"x\" is no delimiter in %{d2x}"),
        ("v=spf1 include:%{d.example.org", "column 16: this macro has no closing brace"),
        (
            "v=spf1 include:100%.example.org",
            "column 19: a percent sign begins a macro, as in %{d}; the sign itself is written %%",
        ),
        ("v=spf1 include:%{d}.", "column 20: a domain name has at least one dot, as in mail.example.org"),
        ("v=spf1 include:%{d}org", "column 20: a domain name has at least one dot, as in mail.example.org"),
        ("v=spf1 x=%{q}", "column 10: \"q\" is no macro letter in %{q}"),
    ] {
        let errors = Record::parse(text).expect_err(text);
        assert_eq!(errors[0].to_string(), expected, "{text:?}");
        assert!(errors[0].column <= text.chars().count() + 1, "{text:?}");
    }
}

/// Pieces of records in any order, the same ones at each run: reading, evaluating and counting end and say something.
#[test]
fn no_text_does_harm() {
    let pieces = [
        "v=spf1",
        " ",
        "  ",
        "a",
        "mx",
        "ptr",
        "all",
        "ip4",
        "ip6",
        "include",
        "exists",
        "redirect",
        "exp",
        ":",
        "=",
        "/",
        "//",
        "+",
        "-",
        "~",
        "?",
        "%{",
        "}",
        "%",
        "%%",
        "%_",
        "%-",
        "s",
        "L",
        "d2r",
        "i",
        "p",
        "h",
        "c",
        "t",
        "0",
        "24",
        "129",
        ".",
        "..",
        "192.0.2.10",
        "2001:db8::10",
        "d.example",
        "x.example.",
        "\u{e9}",
        "\u{0}",
        "\t",
        "\u{fffd}",
        "\"",
        "\\",
        ";",
    ];
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap()
    };
    let mut readable = 0;
    for _ in 0..20_000 {
        let length = next(14);
        let text: String = (0..length).map(|_| pieces[next(pieces.len())]).collect();
        let text = format!("v=spf1 {text}");
        match Record::parse(&text) {
            Ok(_) => readable += 1,
            Err(errors) => assert!(
                errors.iter().all(|error| (1..=text.chars().count() + 1).contains(&error.column)),
                "{text:?} {errors:?}"
            ),
        }
        let mut facts = Facts::default();
        let known = Known::Records(vec![Data::Text(vec![text])]);
        let answer = look_up::answer("d.example", Kind::Txt, known, vec![], None, NOW);
        facts.insert("d.example", Kind::Txt, answer);
        let found = evaluate(&facts, &question("192.0.2.10"));
        assert!(!found.because.is_empty() && found.lookups <= 11);
        count(&facts, &question("2001:db8::10"));
    }
    assert!(readable > 500, "{readable}");
}

#[test]
fn every_wrong_term_is_told() {
    let errors = Record::parse("v=spf1 ipv4:192.0.2.1 a mx/ ipv6:: -all").unwrap_err();
    assert_eq!(errors.iter().map(|error| error.column).collect::<Vec<_>>(), [8, 27, 29]);
}

#[test]
fn an_error_anywhere_spoils_the_record_also_behind_what_matches() {
    let zone = "d.example TXT v=spf1 ip4:192.0.2.10 all foo";
    check(zone, "192.0.2.10", SpfResult::PermError, "cannot be read: column 27: \"foo\" is no mechanism");
}
