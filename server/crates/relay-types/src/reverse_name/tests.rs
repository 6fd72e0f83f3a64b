//! Reverse names, zones and owners as tables; the round trip for any address.

use super::*;
use proptest::prelude::*;

const SIX_NAME: &str = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa";

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn zone(text: &str) -> ZoneName {
    ZoneName::parse(text).unwrap()
}

#[test]
fn an_address_has_one_reverse_name() {
    for (text, name) in [
        ("86.50.168.120", "120.168.50.86.in-addr.arpa"),
        ("0.0.0.0", "0.0.0.0.in-addr.arpa"),
        ("2001:db8::1", SIX_NAME),
        ("::ffff:192.0.2.1", "1.2.0.192.in-addr.arpa"),
    ] {
        assert_eq!(reverse_name(address(text)), name);
    }
}

#[test]
fn only_names_of_single_addresses_are_read_back() {
    assert_eq!(address_of("120.168.50.86.IN-ADDR.ARPA."), Some(address("86.50.168.120")));
    assert_eq!(address_of(SIX_NAME), Some(address("2001:db8::1")));
    for name in [
        "",
        "in-addr.arpa",
        "168.50.86.in-addr.arpa",
        "1.120.168.50.86.in-addr.arpa",
        "256.168.50.86.in-addr.arpa",
        "007.168.50.86.in-addr.arpa",
        "+7.168.50.86.in-addr.arpa",
        "120.168.50.86.in-addr.arpa.example",
        "120.168.50.86.xin-addr.arpa",
        "8.b.d.0.1.0.0.2.ip6.arpa",
        &format!("0.{SIX_NAME}"),
        &SIX_NAME.replacen('1', "10", 1),
        &SIX_NAME.replacen('1', "g", 1),
    ] {
        assert_eq!(address_of(name), None, "{name:?}");
    }
}

proptest! {
    #[test]
    fn every_address_comes_back(bits in any::<u128>(), four in any::<u32>()) {
        let six = IpAddr::V6(Ipv6Addr::from_bits(bits)).to_canonical();
        prop_assert_eq!(address_of(&reverse_name(six)), Some(six));
        let four = IpAddr::V4(Ipv4Addr::from_bits(four));
        prop_assert_eq!(address_of(&reverse_name(four)), Some(four));
    }

    #[test]
    fn any_text_is_judged_without_harm(text in any::<String>(), four in any::<u32>()) {
        let _ = address_of(&text);
        if let Ok(zone) = ZoneName::parse(&text) {
            let _ = owner_in(&zone, IpAddr::V4(Ipv4Addr::from_bits(four)));
        }
    }
}

#[test]
fn a_zone_has_one_form() {
    for (typed, stored) in [
        ("2.0.192.IN-ADDR.ARPA.", "2.0.192.in-addr.arpa"),
        (" 0/25.2.0.192.in-addr.arpa", "0/25.2.0.192.in-addr.arpa"),
        ("0-127.2.0.192.in-addr.arpa", "0-127.2.0.192.in-addr.arpa"),
        ("customer_7.example", "customer_7.example"),
    ] {
        assert_eq!(ZoneName::parse(typed).unwrap().as_str(), stored);
    }
    use ZoneNameError::*;
    for (typed, why) in [
        ("", Empty),
        (".", Empty),
        ("arpa", OneLabel),
        ("192.0.2.0", Address),
        ("192.0.2.0/24", Address),
        ("2001:db8::/32", Address),
        ("a..arpa", Malformed),
        ("2.0.192.in-addr.arpa;", Malformed),
        ("2.0.192.in-addr.arpa\nsend", Malformed),
        ("käse.example", Malformed),
        (&format!("{}.example", "a".repeat(64)), TooLong),
    ] {
        assert_eq!(ZoneName::parse(typed), Err(why), "{typed:?}");
    }
}

#[test]
fn a_zone_is_stored_as_its_text() {
    let stored = serde_json::to_string(&zone("0/25.2.0.192.in-addr.arpa")).unwrap();
    assert_eq!(stored, "\"0/25.2.0.192.in-addr.arpa\"");
    assert_eq!(serde_json::from_str::<ZoneName>(&stored).unwrap(), zone("0/25.2.0.192.in-addr.arpa"));
    assert!(serde_json::from_str::<ZoneName>("\"192.0.2.0\"").is_err());
}

#[test]
fn the_owner_is_the_reverse_name_or_below_the_classless_label() {
    for (name, of, owner) in [
        ("2.0.192.in-addr.arpa", "192.0.2.7", "7.2.0.192.in-addr.arpa"),
        ("192.in-addr.arpa", "192.0.2.7", "7.2.0.192.in-addr.arpa"),
        ("7.2.0.192.in-addr.arpa", "192.0.2.7", "7.2.0.192.in-addr.arpa"),
        ("8.b.d.0.1.0.0.2.ip6.arpa", "2001:db8::1", SIX_NAME),
        ("0/25.2.0.192.in-addr.arpa", "192.0.2.7", "7.0/25.2.0.192.in-addr.arpa"),
        ("128/26.2.0.192.in-addr.arpa", "192.0.2.191", "191.128/26.2.0.192.in-addr.arpa"),
        ("0-127.2.0.192.in-addr.arpa", "192.0.2.127", "127.0-127.2.0.192.in-addr.arpa"),
        ("128-26.2.0.192.in-addr.arpa", "192.0.2.130", "130.128-26.2.0.192.in-addr.arpa"),
        ("kaj.2.0.192.in-addr.arpa", "192.0.2.7", "7.kaj.2.0.192.in-addr.arpa"),
    ] {
        assert_eq!(owner_in(&zone(name), address(of)).as_deref(), Ok(owner), "{of} in {name}");
    }
}

#[test]
fn a_zone_that_does_not_fit_is_told_with_one_that_does() {
    for (name, of, words) in [
        (
            "3.0.192.in-addr.arpa",
            "192.0.2.7",
            "The PTR of 192.0.2.7 does not belong into the zone 3.0.192.in-addr.arpa; 2.0.192.in-addr.arpa would fit",
        ),
        (
            "8.2.0.192.in-addr.arpa",
            "192.0.2.7",
            "The PTR of 192.0.2.7 does not belong into the zone 8.2.0.192.in-addr.arpa; 2.0.192.in-addr.arpa would fit",
        ),
        (
            "12.0.192.in-addr.arpa",
            "192.0.2.7",
            "The PTR of 192.0.2.7 does not belong into the zone 12.0.192.in-addr.arpa; 2.0.192.in-addr.arpa would fit",
        ),
        (
            "a.b.2.0.192.in-addr.arpa",
            "192.0.2.7",
            "The PTR of 192.0.2.7 does not belong into the zone a.b.2.0.192.in-addr.arpa; 2.0.192.in-addr.arpa would fit",
        ),
        (
            "9.b.d.0.1.0.0.2.ip6.arpa",
            "2001:db8::1",
            "The PTR of 2001:db8::1 does not belong into the zone 9.b.d.0.1.0.0.2.ip6.arpa; \
             0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa would fit",
        ),
        (
            "0/25.2.0.192.in-addr.arpa",
            "192.0.2.128",
            "192.0.2.128 is not among the addresses of the classless zone 0/25.2.0.192.in-addr.arpa (RFC 2317)",
        ),
    ] {
        assert_eq!(owner_in(&zone(name), address(of)).unwrap_err().to_string(), words);
    }
}
