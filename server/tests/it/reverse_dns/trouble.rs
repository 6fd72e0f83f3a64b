//! What can be in a name's way: each ends in a clear state and a message that says what to do, and nothing is written
//! twice.

use super::{
    knot::{FOUR, Knot, SECRET_TEXT},
    process::free_port,
    world::{DEFAULT, IP, NAME, VM7, WWW, World, update, update_at},
};
use relay_core::{Actor, dns_backends, name_changes, tickets};
use relay_dns::PtrChange;
use relay_types::{
    ZoneName,
    name_change::NameChangeState,
    reverse_name::reverse_name,
    ticket::{TicketNumber, TicketState},
};
use std::{net::TcpListener, time::Instant};

/// 32 octets that Knot does not know.
const OTHER_SECRET: &str = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=";

/// Mended, taken up again, approved and done.
async fn mend(world: &World, knot: &Knot, number: TicketNumber, backend: relay_types::dns_backend::DnsBackendId) {
    dns_backends::edit(&world.core, &Actor::System, backend, update(knot)).await.unwrap();
    tickets::reopen(&world.core, &Actor::System, number, "the key is mended").await.unwrap();
    assert_eq!(world.approve(number).await.unwrap(), TicketState::Approved);
    world.settle().await;
    world.assert_done(number).await;
    assert_eq!(knot.dig(&["-x", IP]), ["www.uni.example."]);
}

#[tokio::test]
async fn a_wrong_secret_and_an_unknown_key_fail_with_the_servers_answer_and_can_be_mended() {
    for (key, secret, says) in [
        ("writer", OTHER_SECRET, "does not accept the signature of the key writer (NOTAUTH, BADSIG)"),
        ("nobody", SECRET_TEXT, "does not know the key nobody with hmac-sha256"),
        ("reader", SECRET_TEXT, "NOTAUTH"),
    ] {
        let knot = Knot::start(WWW, VM7);
        let server = format!("127.0.0.1:{}", knot.port);
        let (world, backend) = World::written_by(knot.resolver(), update_at(&server, key, secret)).await;
        let number = world.approved().await;
        world.settle().await;
        world.assert_failed(number, says).await;
        let reason = world.ticket(number).await.reason.unwrap();
        assert!(!reason.contains(secret), "{reason}");
        assert_eq!((knot.dig(&["-x", IP]), knot.serial(FOUR)), (vec!["vm7.uni.example.".to_owned()], 1));
        mend(&world, &knot, number, backend).await;
    }
}

#[tokio::test]
async fn a_zone_that_the_server_does_not_serve_is_said() {
    let knot = Knot::start("far A 198.51.100.7", "");
    let world = World::empty(knot.resolver()).await;
    let backend = world.backend(update(&knot)).await;
    world.range("198.51.100.0/24", "100.51.198.in-addr.arpa", "", backend).await;
    world.assign("198.51.100.7").await;
    let number = world.ask("198.51.100.7", "far.uni.example").await;
    world.approve(number).await.unwrap();
    world.settle().await;
    world.assert_failed(number, "does not serve 100.51.198.in-addr.arpa as its primary").await;
}

#[tokio::test]
async fn a_server_that_is_down_at_approval_changes_nothing_and_later_keeps_the_change_waiting() {
    let mut knot = Knot::start(WWW, VM7);
    let world = World::with(&knot).await;
    let number = world.ask(IP, NAME).await;
    knot.stop();
    let refusal = world.approve(number).await.unwrap_err().to_string();
    assert!(refusal.contains("do not answer with certainty just now. Nothing was changed"), "{refusal}");
    assert_eq!(world.state(number).await, TicketState::Ready);

    knot.start_again();
    assert_eq!(world.approve(number).await.unwrap(), TicketState::Approved);
    knot.stop();
    for (passed, attempts) in [(0, 1), (60, 2), (300, 3)] {
        world.pass(passed).await;
        let change = world.change(number).await;
        assert_eq!((world.state(number).await, change.state), (TicketState::Approved, NameChangeState::Waiting));
        assert_eq!(change.attempts, attempts);
        let why = change.error.unwrap();
        assert!(why.contains("is not able to answer now: not reached: Connection refused"), "{why}");
    }

    knot.start_again();
    world.pass(15 * 60).await;
    world.settle().await;
    world.assert_done(number).await;
    assert_eq!((knot.dig(&["-x", IP]), knot.serial(FOUR)), (vec!["www.uni.example.".to_owned()], 2), "written once");
}

#[tokio::test]
async fn what_a_node_wrote_before_it_died_is_not_written_again() {
    let knot = Knot::start(WWW, VM7);
    let world = World::with(&knot).await;
    let number = world.approved().await;
    let change = PtrChange {
        zone: ZoneName::parse(FOUR).unwrap(),
        owner: reverse_name(IP.parse().unwrap()),
        before: vec![DEFAULT.to_owned()],
        after: Some(NAME.to_owned()),
        ttl: 3600,
    };
    knot.back_end().write(&change).await.unwrap();
    assert_eq!(knot.serial(FOUR), 2);
    world.settle().await;
    world.assert_done(number).await;
    assert_eq!(knot.serial(FOUR), 2);
}

#[tokio::test]
async fn two_nodes_write_each_change_once() {
    let hosts: String = (1..=20).map(|d| format!("h{d} A 192.0.2.{d}\n")).collect();
    let knot = Knot::start(&hosts, "");
    let world = World::with(&knot).await;
    let mut numbers = Vec::new();
    for d in 1..=20 {
        let address = format!("192.0.2.{d}");
        world.assign(&address).await;
        let number = world.ask(&address, &format!("h{d}.uni.example")).await;
        world.approve(number).await.unwrap();
        numbers.push(number);
    }
    let other = world.second_node().await;
    for _ in 0..3 {
        let both = tokio::join!(
            name_changes::run_due(&world.core, &Actor::System),
            name_changes::run_due(&other, &Actor::System)
        );
        assert!(both.0.is_ok() && both.1.is_ok(), "{both:?}");
    }
    for number in numbers {
        assert_eq!(world.state(number).await, TicketState::Done);
        assert_eq!(world.change(number).await.attempts, 1);
    }
    // Knot takes several updates that come at once as one.
    assert!(knot.serial(FOUR) <= 21);
    assert_eq!(knot.dig(&["-x", "192.0.2.20"]), ["h20.uni.example."]);
}

#[tokio::test]
async fn a_server_that_accepts_and_says_nothing_is_left_after_a_while() {
    let knot = Knot::start(WWW, VM7);
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = silent.local_addr().unwrap().to_string();
    let (world, backend) = World::written_by(knot.resolver(), update_at(&server, "writer", SECRET_TEXT)).await;
    let number = world.approved().await;
    let began = Instant::now();
    world.pass(0).await;
    assert!(began.elapsed().as_secs() < 15, "{:?}", began.elapsed());
    let why = world.change(number).await.error.unwrap();
    assert!(why.contains("is not able to answer now: no answer in 5 s"), "{why}");
    assert_eq!(world.state(number).await, TicketState::Approved);
    dns_backends::edit(&world.core, &Actor::System, backend, update(&knot)).await.unwrap();
    world.pass(60).await;
    world.settle().await;
    world.assert_done(number).await;
}

#[tokio::test]
async fn what_somebody_else_changed_in_between_stays_as_it_is() {
    let knot = Knot::start(WWW, VM7);
    let world = World::with(&knot).await;
    let number = world.approved().await;
    let owner = reverse_name(IP.parse().unwrap());
    knot.change_by_others(FOUR, &format!("del {owner}. PTR\nadd {owner}. 60 PTR theirs.uni.example."));
    world.settle().await;
    let why = "Somebody else changed it in between: there was vm7.uni.example, and now there is theirs.uni.example. \
               Nothing was written.";
    world.assert_failed(number, why).await;
    assert_eq!((knot.dig(&["-x", IP]), knot.serial(FOUR)), (vec!["theirs.uni.example.".to_owned()], 2));
}

#[tokio::test]
async fn an_alias_in_the_way_is_said_with_where_it_leads() {
    let knot = Knot::start(WWW, "7 CNAME 7.elsewhere.uni.example.");
    let world = World::with(&knot).await;
    let number = world.approved().await;
    world.settle().await;
    world.assert_failed(number, "The reverse name is an alias that leads to 7.elsewhere.uni.example").await;
    assert_eq!(knot.serial(FOUR), 1);
}

#[tokio::test]
async fn it_is_done_only_when_every_server_of_the_zone_has_it() {
    let (port, servers) = (free_port(), ["ns1.test.", "ns2.test."]);
    let one = Knot::at("127.0.0.1", port, &servers, WWW, VM7);
    let mut two = Knot::at("127.0.0.2", port, &servers, WWW, VM7);
    let world = World::with(&one).await;
    let number = world.approved().await;
    world.settle().await;
    let behind = |said: &str| format!("ns2.test (127.0.0.2:{port}) {said}");
    let seen = async |why: String| {
        let change = world.change(number).await;
        assert_eq!((world.state(number).await, change.state), (TicketState::Verifying, NameChangeState::Verifying));
        let error = change.error.unwrap();
        assert!(error.starts_with("Not every server of the zone has it yet: ") && error.contains(&why), "{error}");
        assert_eq!(change.said.len(), 2);
    };
    seen(behind("says vm7.uni.example")).await;
    two.stop();
    world.pass(2).await;
    seen(behind("does not answer: not reached")).await;
    two.start_again();
    let owner = reverse_name(IP.parse().unwrap());
    two.change_by_others(FOUR, &format!("del {owner}. PTR\nadd {owner}. 60 PTR {NAME}."));
    world.pass(10).await;
    world.assert_done(number).await;
    assert_eq!(one.serial(FOUR), 2);
}
