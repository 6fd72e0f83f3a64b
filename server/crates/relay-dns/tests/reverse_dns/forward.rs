//! The addresses of a host, as each authoritative server says.

use crate::{
    NOW,
    knot::{HOSTS, Knot},
    process::free_port,
};
use relay_types::{
    DomainName,
    reverse::{ForwardFound, ForwardState},
};
use std::net::IpAddr;

fn host(text: &str) -> DomainName {
    DomainName::parse(text).unwrap()
}

fn state(found: &ForwardFound, address: &str) -> ForwardState {
    found.points_to(address.parse::<IpAddr>().unwrap())
}

#[tokio::test]
async fn a_name_points_to_what_its_servers_say() {
    let records = "vm A 192.0.2.7\nvm AAAA 2001:db8::7\nalias CNAME vm\nfar 30 CNAME alias\ntxt TXT x\n\
                   loop1 CNAME loop2\nloop2 CNAME loop1\nout CNAME host.nowhere.test.\n";
    let knot = Knot::start(records, "");
    let resolver = knot.resolver();
    let vm = resolver.forward(&host("vm.uni.example"), NOW).await;
    assert_eq!((vm.zone.as_str(), vm.ttl, vm.certain), (HOSTS, Some(60), true));
    assert_eq!(vm.servers[0].said, "192.0.2.7, 2001:db8::7");
    assert_eq!(state(&vm, "192.0.2.7"), ForwardState::Matches);
    assert_eq!(state(&vm, "2001:db8::7"), ForwardState::Matches);
    assert_eq!(state(&vm, "192.0.2.8"), ForwardState::Missing);
    assert_eq!(
        vm.words("192.0.2.8".parse().unwrap()),
        "vm.uni.example points to 192.0.2.7, 2001:db8::7, not to 192.0.2.8"
    );

    for (name, ttl) in [("alias.uni.example", 60), ("far.uni.example", 30)] {
        let found = resolver.forward(&host(name), NOW).await;
        assert_eq!((found.name.as_str(), found.ttl), (name, Some(ttl)));
        assert_eq!(state(&found, "192.0.2.7"), ForwardState::Matches);
    }

    for (name, said) in [
        ("gone.uni.example", "no such name (NXDOMAIN)"),
        ("txt.uni.example", "no A or AAAA record"),
        ("out.uni.example", "no such name (NXDOMAIN)"),
        ("nothing.example", "no such name (NXDOMAIN)"),
    ] {
        let found = resolver.forward(&host(name), NOW).await;
        assert_eq!(
            (found.servers[0].said.as_str(), state(&found, "192.0.2.7")),
            (said, ForwardState::Missing),
            "{name}"
        );
    }

    let circle = resolver.forward(&host("loop1.uni.example"), NOW).await;
    assert_eq!(state(&circle, "192.0.2.7"), ForwardState::Unknown);
    assert!(circle.servers[0].said.contains("alias of loop"), "{circle:?}");
}

#[tokio::test]
async fn a_record_that_was_just_made_is_seen_at_once() {
    let knot = Knot::start("", "");
    let resolver = knot.resolver();
    assert_eq!(state(&resolver.forward(&host("vm.uni.example"), NOW).await, "192.0.2.7"), ForwardState::Missing);
    knot.change_by_others(HOSTS, "add vm.uni.example. 3600 A 192.0.2.7");
    assert_eq!(state(&resolver.forward(&host("vm.uni.example"), NOW).await, "192.0.2.7"), ForwardState::Matches);
    knot.change_by_others(HOSTS, "del vm.uni.example. A");
    assert_eq!(state(&resolver.forward(&host("vm.uni.example"), NOW).await, "192.0.2.7"), ForwardState::Missing);
}

#[tokio::test]
async fn not_every_server_has_it_yet() {
    let port = free_port();
    let both = ["ns1.test.", "ns2.test."];
    let one = Knot::at("127.0.0.1", port, &both, "vm A 192.0.2.7\nname CNAME vm", "");
    let two = Knot::at("127.0.0.2", port, &both, "other A 192.0.2.9", "");
    let resolver = one.resolver();
    let found = resolver.forward(&host("vm.uni.example"), NOW).await;
    assert_eq!(state(&found, "192.0.2.7"), ForwardState::Unknown);
    let words = found.words("192.0.2.7".parse().unwrap());
    assert_eq!(words, "1 of 2 servers have 192.0.2.7; not every server has it yet");
    let alias = resolver.forward(&host("name.uni.example"), NOW).await;
    assert_eq!(
        (state(&alias, "192.0.2.7"), alias.certain),
        (ForwardState::Unknown, false),
        "an alias at one server alone"
    );

    drop(two);
    let found = resolver.forward(&host("vm.uni.example"), NOW).await;
    assert_eq!(state(&found, "192.0.2.7"), ForwardState::Matches, "a dead secondary does not matter: {found:?}");
    drop(one);
    let found = resolver.forward(&host("vm.uni.example"), NOW).await;
    assert_eq!(state(&found, "192.0.2.7"), ForwardState::Unknown);
    assert!(found.servers.iter().all(|server| server.temporary), "{found:?}");
}
