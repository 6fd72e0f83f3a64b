use super::*;
use crate::{
    Actor, nodes, queue,
    submission::{Arrival, Submission, accept},
    tables::{arriving, message_content},
    test_support::{Test, word},
};
use relay_types::{EmailAddress, ReversePath, message::MessageId};
use sea_orm::{DbBackend, EntityTrait, PaginatorTrait};
use std::time::Duration;

const MIB: usize = 1024 * 1024;
const HEADER: &str = "From: a@d.example\r\nBcc: hidden@e.example\r\nSubject: large\r\n\r\n";

/// Text of about so many octets, no two lines alike.
fn body(octets: usize) -> String {
    (0..octets / 20).map(|line| format!("line {line:>12}\r\n")).collect()
}

async fn arrive(test: &Test, content: &str) -> Arriving {
    let mut arriving = Arriving::new(&test.core);
    for piece in content.as_bytes().chunks(16_000) {
        arriving.push(piece).await;
        let most = if matches!(arriving.state, State::Storing(_)) { IN_MEMORY } else { MIB };
        assert!(arriving.held() < (most + 16_000) as u64, "{} octets in memory", arriving.held());
    }
    arriving
}

async fn submit(test: &Test, content: Content) -> Result<std::result::Result<MessageId, crate::policy::Rejection>> {
    let submission = Submission {
        arrival: Arrival::System,
        reverse_path: ReversePath::Null,
        recipients: vec![EmailAddress::parse("b@e.example").expect("an address")],
        terms: Default::default(),
        smtputf8: false,
        content,
    };
    accept(&test.core, &Actor::System, submission).await
}

/// Messages that arrive, and stored parts.
async fn in_store(test: &Test) -> (u64, u64) {
    let arriving = arriving::Entity::find().count(test.core.db.read()).await.expect("a count");
    (arriving, message_content::Entity::find().count(test.core.db.read()).await.expect("a count"))
}

/// What is removed behind the back of who gave up is gone within a moment.
async fn nothing_in_store(test: &Test) {
    let gone = async {
        while in_store(test).await != (0, 0) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone).await.expect("parts are removed");
}

#[tokio::test]
async fn a_large_message_is_stored_while_it_comes_and_sent_as_it_came() {
    let test = Test::new().await;
    let body = body(5 * MIB);
    let arriving = arrive(&test, &format!("{HEADER}{body}no end")).await;
    assert!(in_store(&test).await.1 >= 4, "most of it is in the store before its end");
    let content = arriving.end(false).await.expect("content");
    let id = submit(&test, content).await.expect("a verdict").expect("accepted");
    let sent = queue::outgoing(&test.core, id).await.expect("content").text().await;
    let expected = format!("From: a@d.example\r\nSubject: large\r\n\r\n{body}no end\r\n");
    assert!(sent.ends_with(&expected), "{}", &sent[..500]);
    assert!(sent.starts_with("Received: ") && sent.len() < expected.len() + 1_000);
    // The guard of the parts has looked, and left what belongs to a message.
    tokio::task::yield_now().await;
    let (arriving, parts) = in_store(&test).await;
    assert_eq!(arriving, 0);
    test.clock.advance(Duration::from_secs(86_400));
    assert_eq!(remove_abandoned(&test.core, &Actor::System).await.expect("swept"), 0);
    assert_eq!(in_store(&test).await, (0, parts));
}

#[tokio::test]
async fn a_large_message_has_the_hash_of_its_whole_body() {
    let test = Test::new().await;
    for end in ["\r\n", "a\r\n \t\r\n\r\n", "no end"] {
        let body = body(2 * MIB) + end;
        let content = arrive(&test, &format!("{HEADER}{body}")).await.end(false).await.expect("content");
        let ended = body.strip_suffix("no end").map_or(body.clone(), |lines| format!("{lines}no end\r\n"));
        let stored = content.body.expect("a stored body");
        assert_eq!(stored.octets, ended.len() as u64);
        let (stored, whole) = (stored.hash.clone(), crate::submission::signing::BodyHash::of(ended.as_bytes()));
        assert_eq!(format!("{stored:?}"), format!("{whole:?}"), "{end:?}");
    }
    nothing_in_store(&test).await;
}

#[tokio::test]
async fn what_can_be_no_message_is_refused_and_leaves_nothing() {
    let test = Test::new().await;
    let long_header = format!("From: a@d.example\r\n{}", "X-Long: value\r\n".repeat(100_000));
    for (content, rule) in [
        (format!("{HEADER}{}a\nb\r\n{}", body(MIB), body(MIB)), "BareLineEnd"),
        (format!("{HEADER}{}a\0b\r\n", body(MIB)), "BareLineEnd"),
        (format!("From: a@d.example\nX: y\r\n\r\n{}", body(2 * MIB)), "BareLineEnd"),
        (long_header, "TooLarge"),
        (format!("{HEADER}{}", body(11 * MIB)), "TooLarge"),
        (format!("X: y\r\n\r\n{}", body(2 * MIB)), "HeaderAmbiguous"),
    ] {
        let content = arrive(&test, &content).await.end(false).await.expect("content");
        let rejection = submit(&test, content).await.expect("a verdict").expect_err("refused");
        assert_eq!(format!("{:?}", rejection.rule), rule);
        nothing_in_store(&test).await;
    }
}

#[tokio::test]
async fn what_stops_arriving_is_removed() {
    let test = Test::new().await;
    // Its connection is lost.
    drop(arrive(&test, &format!("{HEADER}{}", body(3 * MIB))).await);
    nothing_in_store(&test).await;
    // Its node dies.
    std::mem::forget(arrive(&test, &format!("{HEADER}{}", body(3 * MIB))).await);
    assert_eq!(remove_abandoned(&test.core, &Actor::System).await.expect("swept"), 0, "it may go on");
    test.clock.advance(parts::ABANDONED + Duration::from_secs(1));
    assert_eq!(remove_abandoned(&test.core, &Actor::System).await.expect("swept"), 1);
    assert_eq!(in_store(&test).await, (0, 0));
}

#[tokio::test]
async fn what_was_arriving_when_the_only_process_died_is_removed_when_it_runs_again() {
    let test = Test::new().await;
    std::mem::forget(arrive(&test, &format!("{HEADER}{}", body(3 * MIB))).await);
    test.clock.advance(Duration::from_secs(1));
    let identity = nodes::Identity { id: Default::default(), host: "h".into(), version: "1".into(), roles: Vec::new() };
    nodes::join(&test.core, &Actor::System, identity).await.expect("a node");
    let comes_now = arrive(&test, &format!("{HEADER}{}", body(3 * MIB))).await;
    // Of many nodes another one may be receiving it.
    let removed = u64::from(test.core.db.backend() == DbBackend::Sqlite);
    assert_eq!(remove_abandoned(&test.core, &Actor::System).await.expect("swept"), removed);
    assert_eq!(in_store(&test).await.0, 2 - removed);
    comes_now.end(false).await.expect("content");
}

#[tokio::test]
async fn what_was_taken_for_abandoned_is_not_accepted() {
    let test = Test::new().await;
    let arriving = arrive(&test, &format!("{HEADER}{}", body(3 * MIB))).await;
    test.clock.advance(parts::ABANDONED + Duration::from_secs(1));
    remove_abandoned(&test.core, &Actor::System).await.expect("swept");
    assert_eq!(word(&arriving.end(false).await), "Unavailable");
    let content = arrive(&test, &format!("{HEADER}{}", body(3 * MIB))).await.end(false).await.expect("content");
    test.clock.advance(parts::ABANDONED + Duration::from_secs(1));
    remove_abandoned(&test.core, &Actor::System).await.expect("swept");
    assert_eq!(word(&submit(&test, content).await), "Unavailable");
    assert_eq!(in_store(&test).await, (0, 0));
}

#[tokio::test]
async fn a_slow_message_is_not_taken_for_abandoned() {
    let test = Test::new().await;
    let mut arriving = Arriving::new(&test.core);
    arriving.push(HEADER.as_bytes()).await;
    for piece in body(3 * MIB).as_bytes().chunks(MIB / 4) {
        arriving.push(piece).await;
        // At 100 octets a second.
        test.clock.advance(Duration::from_secs(MIB as u64 / 4 / 100));
        assert_eq!(remove_abandoned(&test.core, &Actor::System).await.expect("swept"), 0);
    }
    let content = arriving.end(false).await.expect("content");
    assert_eq!(word(&submit(&test, content).await), "Ok");
}

#[tokio::test]
async fn a_header_counts_for_as_long_as_it_is_held_and_takes_no_more_than_it_has() {
    let test = Test::new().await;
    for fields in [1, 60_000] {
        let header = format!("From: a@d.example\r\n{}\r\n", "X-Long: value\r\n".repeat(fields));
        let mut arriving = Arriving::new(&test.core);
        for piece in (header.clone() + &body(2 * MIB)).as_bytes().chunks(16_000) {
            let before = arriving.held();
            arriving.push(piece).await;
            assert!(arriving.held() >= before.min(header.len() as u64), "{} octets of {before}", arriving.held());
        }
        let State::Storing(storing) = &arriving.state else { panic!("its body is stored") };
        assert!(storing.head.capacity() < 2 * header.len(), "{} octets", storing.head.capacity());
    }
    nothing_in_store(&test).await;
}

#[tokio::test]
async fn a_large_header_without_a_body_is_a_message() {
    let test = Test::new().await;
    let header = format!("From: a@d.example\r\n{}\r\n", "X-Long: value\r\n".repeat(40_000));
    let mut arriving = Arriving::new(&test.core);
    arriving.push(header.as_bytes()).await;
    let content = arriving.end(false).await.expect("content");
    let id = submit(&test, content).await.expect("a verdict").expect("accepted");
    let sent = queue::outgoing(&test.core, id).await.expect("content").text().await;
    assert!(sent.ends_with(&header), "{}", &sent[..500]);
}

#[tokio::test]
async fn a_long_header_that_comes_octet_by_octet_is_not_searched_for_each() {
    let test = Test::new().await;
    let began = std::time::Instant::now();
    let mut arriving = arrive(&test, &format!("From: a@d.example\r\n{}", "X-Long: value\r\n".repeat(40_000))).await;
    for octet in "X-Long: value\r\n".repeat(10_000).bytes() {
        arriving.push(&[octet]).await;
    }
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    arriving.push(b"\r\n").await;
    for piece in body(MIB).as_bytes().chunks(16_000) {
        arriving.push(piece).await;
    }
    let content = arriving.end(false).await.expect("content");
    assert!(content.body.is_some() && content.at_hand.len() == 750_021, "{} octets", content.at_hand.len());
}

#[tokio::test]
async fn only_relaykeep_itself_sweeps() {
    let test = Test::new().await;
    let stranger = Actor::Anonymous { client: None };
    assert_ne!(word(&remove_abandoned(&test.core, &stranger).await), "Ok");
}

#[tokio::test]
async fn a_binary_body_is_kept_as_it_is() {
    let test = Test::new().await;
    for (end, is_lines) in [("a\r\n", true), ("a", false), ("a\r", false), ("\0\n\r\n", false)] {
        let whole = format!("{HEADER}{}{end}", body(2 * MIB));
        let content = arrive(&test, &whole).await.end(true).await.expect("content");
        assert_eq!(content.fault(u64::MAX, true), None, "{end:?}");
        let stored = content.body.expect("a stored body");
        assert_eq!((stored.octets as usize, stored.is_lines), (whole.len() - HEADER.len(), is_lines), "{end:?}");
    }
    let spoiled = arrive(&test, "From: a@d.example\nX: y\r\n\r\n\0").await.end(true).await.expect("content");
    assert_eq!(spoiled.fault(u64::MAX, true), Some(Fault::Spoiled), "of the header");
}
