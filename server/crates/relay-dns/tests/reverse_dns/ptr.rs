//! The PTR records of an address, as each authoritative server says.

use crate::{
    NOW,
    knot::{CLASSLESS, FOUR, Knot, SIX},
    process::free_port,
};
use relay_types::reverse_name::reverse_name;
use std::net::IpAddr;

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[tokio::test]
async fn names_come_from_the_zones_own_servers_with_their_life() {
    let knot = Knot::start("", "7 PTR VM7.uni.example.\n8 300 PTR b.uni.example.\n8 300 PTR a.uni.example.\n");
    let resolver = knot.resolver();
    let found = resolver.ptr(address("192.0.2.7"), NOW).await;
    assert_eq!((found.names.as_slice(), found.zone.as_str()), (&["vm7.uni.example".to_owned()][..], FOUR));
    assert_eq!((found.alias, found.agreed, found.certain, found.ttl), (false, true, true, Some(60)));
    assert_eq!(found.servers[0].server, format!("ns1.test (127.0.0.1:{})", knot.port));
    assert_eq!(found.servers[0].said, "vm7.uni.example");

    let several = resolver.ptr(address("192.0.2.8"), NOW).await;
    assert_eq!((several.names, several.ttl), (vec!["a.uni.example".into(), "b.uni.example".into()], Some(300)));

    let none = resolver.ptr(address("192.0.2.9"), NOW).await;
    assert_eq!((none.names.len(), none.certain, none.agreed, none.ttl), (0, true, true, Some(5)));
    assert_eq!(none.servers[0].said, "no such name (NXDOMAIN)");

    assert_eq!(resolver.ptr_at_resolvers(address("192.0.2.7")).await, Ok((vec!["vm7.uni.example".into()], Some(60))));
    assert_eq!(resolver.ptr_at_resolvers(address("192.0.2.9")).await, Ok((vec![], Some(5))));
}

#[tokio::test]
async fn an_alias_of_classless_delegation_is_followed() {
    let knot = Knot::start("", "");
    knot.change_by_others(CLASSLESS, &format!("add 7.{CLASSLESS}. 120 PTR vm7.uni.example."));
    let resolver = knot.resolver();
    let found = resolver.ptr(address("203.0.113.7"), NOW).await;
    assert_eq!((found.owner.as_str(), found.zone.as_str()), ("7.0/25.113.0.203.in-addr.arpa", CLASSLESS));
    assert_eq!((found.alias, found.certain, found.ttl), (true, true, Some(120)));
    assert!(found.is_only("vm7.uni.example"), "{found:?}");
    let none = resolver.ptr(address("203.0.113.8"), NOW).await;
    assert_eq!((none.owner.as_str(), none.names.len(), none.certain), ("8.0/25.113.0.203.in-addr.arpa", 0, true));
    let (names, _) = resolver.ptr_at_resolvers(address("203.0.113.7")).await.unwrap();
    assert_eq!(names, ["vm7.uni.example"]);
}

#[tokio::test]
async fn nibbles_of_ipv6_are_found() {
    let knot = Knot::start("", "");
    let six = address("2001:db8::7");
    knot.change_by_others(SIX, &format!("add {}. 60 PTR vm7.uni.example.", reverse_name(six)));
    let found = knot.resolver().ptr(six, NOW).await;
    assert_eq!((found.names, found.zone.as_str()), (vec!["vm7.uni.example".to_owned()], SIX));
    assert_eq!(knot.dig(&["-x", "2001:db8::7"]), ["vm7.uni.example."]);
}

#[tokio::test]
async fn servers_that_disagree_are_both_heard() {
    let port = free_port();
    let both = ["ns1.test.", "ns2.test."];
    let one = Knot::at("127.0.0.1", port, &both, "", "7 PTR new.uni.example.");
    let two = Knot::at("127.0.0.2", port, &both, "", "7 PTR old.uni.example.");
    let found = one.resolver().ptr(address("192.0.2.7"), NOW).await;
    assert_eq!(found.names, ["new.uni.example", "old.uni.example"]);
    assert_eq!((found.certain, found.agreed), (true, false));
    let said: Vec<&str> = found.servers.iter().map(|server| server.said.as_str()).collect();
    assert_eq!(said, ["new.uni.example", "old.uni.example"]);

    drop(two);
    let found = one.resolver().ptr(address("192.0.2.7"), NOW).await;
    assert!(found.is_only("new.uni.example"), "{found:?}");
    assert!(found.servers[1].temporary && found.servers[1].said.starts_with("not reached"), "{found:?}");
}
