use super::*;
use crate::{
    FixedAnswers,
    judge::tests::{Case, plain, told, zone},
};

fn address(text: &str) -> [IpAddr; 1] {
    [text.parse().unwrap()]
}

fn mx(records: &[(u16, &str)], hosts: &[(&str, &str)]) -> FixedAnswers {
    zone(|zone| {
        zone.set_mx("uni.example", records);
        for (host, at) in hosts {
            zone.set_addresses(host, &address(at));
        }
    })
}

#[test]
fn mail_servers_are_judged_by_what_dns_says() {
    let two = [(10, "mx1.uni.example"), (20, "mx2.uni.example")];
    let cases = [
        Case(
            "two servers",
            mx(&two, &[("mx1.uni.example", "192.0.2.1"), ("mx2.uni.example", "2001:db8::2")]),
            RECORD,
            "found",
            "good",
        ),
        Case(
            "two servers",
            mx(&two, &[("mx1.uni.example", "192.0.2.1"), ("mx2.uni.example", "2001:db8::2")]),
            HOSTS,
            "good",
            "good",
        ),
        Case("none, with an address", mx(&[], &[("uni.example", "192.0.2.1")]), RECORD, "implicit", "note"),
        Case("none, without address", mx(&[], &[]), RECORD, "nowhere", "error"),
        Case("a null MX", mx(&[(0, ".")], &[]), RECORD, "null", "error"),
        Case(
            "a null MX beside others",
            mx(&[(0, "."), (10, "mx1.uni.example")], &[("mx1.uni.example", "192.0.2.1")]),
            RECORD,
            "null_beside_others",
            "warning",
        ),
        Case(
            "an alias",
            zone(|zone| {
                zone.set_mx("uni.example", &[(10, "mail.uni.example")]);
                zone.set_alias("mail.uni.example", "vm7.host.example")
                    .set_addresses("vm7.host.example", &address("192.0.2.1"));
            }),
            HOSTS,
            "alias",
            "error",
        ),
        Case("an address", mx(&[(10, "192.0.2.1")], &[]), HOSTS, "address_literal", "error"),
        Case("no address", mx(&two[..1], &[]), HOSTS, "no_address", "error"),
        Case(
            "one of two without address",
            mx(&two, &[("mx1.uni.example", "192.0.2.1")]),
            HOSTS,
            "no_address",
            "warning",
        ),
        Case("a private address", mx(&two[..1], &[("mx1.uni.example", "10.0.0.1")]), HOSTS, "private_address", "error"),
        Case(
            "one of two private",
            mx(&two, &[("mx1.uni.example", "192.0.2.1"), ("mx2.uni.example", "fd00::1")]),
            HOSTS,
            "private_address",
            "warning",
        ),
        Case(
            "no answer",
            zone(|zone| {
                zone.set_temporary_failure("uni.example", "SERVFAIL");
            }),
            RECORD,
            "unknown",
            "unknown",
        ),
        Case(
            "no answer about a host",
            zone(|zone| {
                zone.set_mx("uni.example", &two[..1]).set_temporary_failure("mx1.uni.example", "SERVFAIL");
            }),
            HOSTS,
            "unknown",
            "unknown",
        ),
    ];
    insta::assert_snapshot!(told(&cases, |facts| judge(facts, &plain("uni.example"))));
}

#[test]
fn addresses_that_the_internet_cannot_reach_are_known() {
    for (text, public) in [
        ("192.0.2.1", true),
        ("198.51.100.7", true),
        ("8.8.8.8", true),
        ("10.1.2.3", false),
        ("172.16.0.1", false),
        ("192.168.1.1", false),
        ("127.0.0.1", false),
        ("169.254.1.1", false),
        ("100.64.0.1", false),
        ("100.128.0.1", true),
        ("0.0.0.0", false),
        ("224.0.0.1", false),
        ("2001:db8::1", true),
        ("::1", false),
        ("fe80::1", false),
        ("fd12::1", false),
        ("ff02::1", false),
        ("::ffff:10.0.0.1", false),
    ] {
        assert_eq!(is_public(text.parse().unwrap()), public, "{text}");
    }
}
