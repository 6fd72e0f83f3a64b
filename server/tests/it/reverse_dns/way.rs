//! Names that come true.

use super::{
    forgetful::Forgetful,
    knot::{CLASSLESS, FOUR, Knot, SIX},
    powerdns::{KEY, PowerDns},
    process::free_port,
    world::{DEFAULT, IP, NAME, VM7, WWW, World, forward, update},
};
use relay_core::{Actor, dns_backends::DnsBackendInput, name_changes, sweep};
use relay_dns::Resolver;
use relay_types::{
    name_change::{ChangeCause, NameChangeState},
    reverse_name::reverse_name,
    sweep::SweepReason,
    ticket::TicketState,
};
use std::net::SocketAddr;
use zeroize::Zeroizing;

const DAY: u64 = 86_400;

#[tokio::test]
async fn a_name_is_set_removed_and_put_back() {
    let knot = Knot::start(WWW, VM7);
    let world = World::with(&knot).await;
    let number = world.approved().await;
    assert_eq!(knot.dig(&["-x", IP]), ["vm7.uni.example."], "nothing is written before its turn");
    world.pass(0).await;
    assert_eq!(world.state(number).await, TicketState::Verifying);
    world.pass(0).await;
    world.assert_done(number).await;
    assert_eq!(knot.dig(&["-x", IP]), ["www.uni.example."]);
    assert_eq!(world.change(number).await.before, Some(vec![DEFAULT.to_owned()]));

    let removal = world.ask_removal(IP).await;
    world.approve(removal).await.unwrap();
    world.settle().await;
    world.assert_done(removal).await;
    assert_eq!(knot.dig(&["-x", IP]), ["vm7.uni.example."], "the default of the range");

    let undo = name_changes::roll_back(&world.core, &Actor::System, world.change(removal).await.id).await.unwrap();
    world.settle().await;
    assert_eq!(knot.dig(&["-x", IP]), ["www.uni.example."]);
    let change = world.change(removal).await;
    assert_eq!((change.id, change.cause, change.state), (undo, ChangeCause::RollBack, NameChangeState::Done));
    assert_eq!(knot.serial(FOUR), 4, "three changes, each written once");
}

#[tokio::test]
async fn an_ipv6_address_gets_its_name_and_its_default_back() {
    let knot = Knot::start("www6 AAAA 2001:db8::7", "");
    let world = World::empty(knot.resolver()).await;
    let backend = world.backend(update(&knot)).await;
    world.range("2001:db8::/32", SIX, "v6-{hex}.uni.example", backend).await;
    // An address in a prefix has no row of its own before somebody asks.
    world.assign("2001:db8::/64").await;
    let number = world.ask("2001:0DB8::7", "www6.uni.example").await;
    world.approve(number).await.unwrap();
    world.settle().await;
    world.assert_done(number).await;
    assert_eq!(knot.dig(&["-x", "2001:db8::7"]), ["www6.uni.example."]);
    let removal = world.ask_removal("2001:db8::7").await;
    world.approve(removal).await.unwrap();
    world.settle().await;
    world.assert_done(removal).await;
    assert_eq!(knot.dig(&["-x", "2001:db8::7"]), ["v6-20010db8000000000000000000000007.uni.example."]);
}

#[tokio::test]
async fn an_address_of_a_classless_delegation_gets_its_name_behind_the_alias() {
    let knot = Knot::start("www A 203.0.113.7", "");
    let world = World::empty(knot.resolver()).await;
    let backend = world.backend(update(&knot)).await;
    world.range("203.0.113.0/25", CLASSLESS, "", backend).await;
    world.assign("203.0.113.7").await;
    let number = world.ask("203.0.113.7", NAME).await;
    world.approve(number).await.unwrap();
    world.settle().await;
    world.assert_done(number).await;
    // dig follows an alias only when somebody asks on for it.
    let (alias, behind) = (["7.0/25.113.0.203.in-addr.arpa."], || knot.dig(&["7.0/25.113.0.203.in-addr.arpa", "PTR"]));
    assert_eq!(
        (knot.dig(&["-x", "203.0.113.7"]), behind()),
        (alias.map(str::to_owned).to_vec(), vec!["www.uni.example.".to_owned()])
    );
    let removal = world.ask_removal("203.0.113.7").await;
    world.approve(removal).await.unwrap();
    world.settle().await;
    world.assert_done(removal).await;
    assert_eq!(knot.dig(&["-x", "203.0.113.7"]), alias);
    assert!(behind().is_empty(), "no default, no record");
}

#[tokio::test]
async fn several_names_are_replaced_by_one_and_cannot_be_rolled_back() {
    let knot = Knot::start(WWW, "7 PTR old.uni.example.\n7 PTR Older.Uni.Example.\n");
    let world = World::with(&knot).await;
    let number = world.approved().await;
    world.settle().await;
    world.assert_done(number).await;
    assert_eq!(knot.dig(&["-x", IP]), ["www.uni.example."]);
    let change = world.change(number).await;
    assert_eq!(change.before, Some(vec!["old.uni.example".to_owned(), "older.uni.example".to_owned()]));
    assert!(!change.can_roll_back);
    let refusal = name_changes::roll_back(&world.core, &Actor::System, change.id).await.unwrap_err().to_string();
    assert!(refusal.contains("once, to one name or none"), "{refusal}");
}

#[tokio::test]
async fn powerdns_is_written_by_its_api() {
    let port = free_port();
    let knot = Knot::at("127.0.0.1", port, &["ns1.test."], WWW, "");
    let powerdns = PowerDns::at("127.0.0.2", port);
    // The reverse zone is PowerDNS's own; whoever asks for its servers is told so.
    knot.change_by_others(FOUR, &format!("add {FOUR}. 60 NS ns2.test.\ndel {FOUR}. NS ns1.test."));
    let named: SocketAddr = format!("127.0.0.2:{port}").parse().unwrap();
    let asked = Forgetful::start(named, format!("127.0.0.1:{port}").parse().unwrap());
    let resolver = Resolver::new(&[asked.address]).unwrap().with_authoritative_port(port);
    let api = |secret: &str| DnsBackendInput {
        label: "powerdns".to_owned(),
        kind: "powerdns".to_owned(),
        url: format!("http://127.0.0.1:{}", powerdns.api),
        secret: Zeroizing::new(secret.to_owned()),
        ..Default::default()
    };
    let (world, backend) = World::written_by(resolver, api("no-key-it-knows")).await;
    let number = world.approved().await;
    world.settle().await;
    world.assert_failed(number, "401").await;
    assert!(powerdns.dig(&reverse_name(IP.parse().unwrap())).is_empty());

    relay_core::dns_backends::edit(&world.core, &Actor::System, backend, api(KEY)).await.unwrap();
    relay_core::tickets::reopen(&world.core, &Actor::System, number, "the key is mended").await.unwrap();
    world.approve(number).await.unwrap();
    world.settle().await;
    world.assert_done(number).await;
    assert_eq!(powerdns.dig(&reverse_name(IP.parse().unwrap())), ["www.uni.example."]);
}

#[tokio::test]
async fn a_resolver_that_remembers_the_old_name_is_waited_for() {
    let knot = Knot::start(WWW, VM7);
    let server: SocketAddr = format!("127.0.0.1:{}", knot.port).parse().unwrap();
    let asked = Forgetful::start(server, server);
    let resolver = Resolver::new(&[asked.address]).unwrap().with_authoritative_port(knot.port);
    let (world, _) = World::written_by(resolver, update(&knot)).await;
    let (names, _) = world.core.resolver().ptr_at_resolvers(IP.parse().unwrap()).await.unwrap();
    assert_eq!(names, [DEFAULT]);
    let number = world.approved().await;
    world.settle().await;
    assert_eq!(knot.dig(&["-x", IP]), ["www.uni.example."]);
    let change = world.change(number).await;
    assert_eq!((world.state(number).await, change.state), (TicketState::Verifying, NameChangeState::Verifying));
    let why = "The zone has it. Resolvers still remember vm7.uni.example, until its time is over.";
    assert_eq!(change.error.as_deref(), Some(why));
    assert_eq!(change.next_at.unwrap().since(world.core.now()).as_secs(), 61, "the countdown: its TTL and a second");
    world.pass(60).await;
    assert_eq!(world.state(number).await, TicketState::Verifying);
    asked.forget();
    world.pass(1).await;
    world.assert_done(number).await;
}

#[tokio::test]
async fn a_name_whose_forward_record_is_gone_is_taken_after_the_grace() {
    let knot = Knot::start(WWW, VM7);
    let world = World::with(&knot).await;
    let number = world.approved().await;
    world.settle().await;
    world.assert_done(number).await;
    world.sweep().await;
    assert_eq!(sweep::plan(&world.core, &Actor::System).await.unwrap().count, 0);

    forward(&knot, "del", "www.uni.example. A");
    world.sweep().await;
    let plan = sweep::plan(&world.core, &Actor::System).await.unwrap();
    let item = &plan.items[0];
    assert_eq!((item.name.as_str(), item.why, item.due), (NAME, SweepReason::Forward, false));
    assert_eq!((item.default.as_deref(), plan.grace_days), (Some(DEFAULT), 14));
    assert_eq!(knot.dig(&["-x", IP]), ["www.uni.example."], "warned only");

    world.pass(13 * DAY).await;
    world.sweep().await;
    assert_eq!(knot.dig(&["-x", IP]), ["www.uni.example."], "still in its grace");
    world.pass(DAY).await;
    world.sweep().await;
    world.settle().await;
    assert_eq!(knot.dig(&["-x", IP]), ["vm7.uni.example."]);
    assert_eq!(sweep::plan(&world.core, &Actor::System).await.unwrap().count, 0);
    assert_eq!(knot.serial(FOUR), 3);

    // Undone with one action when it was a mistake.
    forward(&knot, "add", "www.uni.example. 60 A 192.0.2.7");
    let again = world.ask(IP, NAME).await;
    world.approve(again).await.unwrap();
    world.settle().await;
    world.assert_done(again).await;
    assert_eq!(knot.dig(&["-x", IP]), ["www.uni.example."]);
}
