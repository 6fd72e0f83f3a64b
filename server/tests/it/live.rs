//! Live pages: the stream that says "something changed here", as curl hears it.

use crate::{
    harness::{Portal, Relaykeep, Session, until},
    submission::RULES,
};

/// A project beside, whose owner must hear nothing of the first one.
const TWO: &str = "
  - slug: other
    name: Other
    sandbox: false
";

fn send(relay: &Relaykeep, from: &str) -> String {
    let content = format!("From: {from}\r\nSubject: live\r\n\r\nhello\r\n");
    Session::open(relay.networks).send(from, &["a@other.test"], content.as_bytes())
}

/// A running relay (route capture) with the rules of `submission`, and its operator.
fn relay() -> (Relaykeep, Portal) {
    let relay = Relaykeep::start("");
    relay.apply(RULES);
    let operator = relay.operator();
    (relay, operator)
}

#[test]
fn who_may_not_see_a_project_may_not_listen_to_it() {
    let (relay, operator) = relay();
    let stranger = relay.stranger();
    for path in ["/events?project=bio", "/events"] {
        assert_eq!(stranger.ask(path, &[]).status, 401, "{path}");
    }
    for path in ["/events?project=none", "/events?project=bio&message=x", "/events?project=-"] {
        assert_eq!(operator.ask(path, &[]).status, 404, "{path}");
    }
    // A message of nobody is not there either.
    assert_eq!(operator.ask("/events?project=bio&message=01HZZZZZZZZZZZZZZZZZZZZZZZ", &[]).status, 404);
}

#[test]
fn the_owner_of_another_project_hears_nothing() {
    let relay = Relaykeep::start("");
    relay.apply(&format!("{RULES}{TWO}"));
    let owner = invited(&relay);
    assert_eq!(owner.ask("/events?project=bio", &[]).status, 404);
    assert_eq!(owner.ask("/events", &[]).status, 403);
    let own = owner.listen("/events?project=other", &[]);
    own.wait_for("event: here");
    let other = relay.stranger();
    other.sign_in("operator@relay.test", "correct horse battery");
    let watched = other.listen("/events?project=bio", &[]);
    watched.wait_for("event: here");
    assert!(send(&relay, "web@domain.test").starts_with("250 "));
    watched.wait_for("data: messages");
    assert!(!own.text().contains("event: changed"), "{}", own.text());
}

/// The owner of the project `other`, with the invitation accepted.
fn invited(relay: &Relaykeep) -> Portal {
    let operator = relay.operator();
    operator.change("/p/other/members", "invite", &[("email", "owner@other.test"), ("role", "owner")]);
    let link = until("the invitation", || {
        let list = operator.get("/admin/captured").body;
        let (_, rest) = list.split_once("href=\"/admin/captured/")?;
        let mail = operator.get(&format!("/admin/captured/{}", rest.split('"').next()?)).text();
        let (_, token) = mail.split_once("/invite/")?;
        Some(format!("/invite/{}", token.split_whitespace().next()?))
    });
    let owner = relay.stranger();
    owner.change(&link, "accept_invitation", &[("name", "Owner"), ("password", "correct horse battery")]);
    owner
}

#[test]
fn an_accepted_message_and_a_refusal_are_heard_without_their_content() {
    let (relay, operator) = relay();
    let project = operator.listen("/events?project=bio", &[]);
    let platform = operator.listen("/events", &[]);
    project.wait_for("event: here");
    platform.wait_for("event: here");
    assert!(send(&relay, "web@domain.test").starts_with("250 "));
    project.wait_for("event: changed");
    project.wait_for("data: messages");
    platform.wait_for("queue");
    assert!(send(&relay, "ceo@bank.test").starts_with("550 "));
    project.wait_for("refusals");
    platform.wait_for("listeners");
    let text = project.text() + &platform.text();
    for content in ["hello", "Subject", "domain.test", "bank.test", "a@other.test"] {
        assert!(!text.contains(content), "{content} in\n{text}");
    }
    let head = project.head();
    assert!(head.contains("content-type: text/event-stream") && head.contains("cache-control: no-store"), "{head}");
}

#[test]
fn one_message_is_heard_until_it_is_delivered() {
    let (relay, operator) = relay();
    let reply = send(&relay, "web@domain.test");
    let id = reply.trim().rsplit(' ').next().unwrap().to_owned();
    let from_the_start = ["Last-Event-ID: message-0"];
    let stream = operator.listen(&format!("/events?project=bio&message={id}"), &from_the_start);
    stream.wait_for("data: messages message refusals");
    until("the message is captured", || {
        operator.get(&format!("/p/bio/messages/{id}")).text().contains("Delivered").then_some(())
    });
}

#[test]
fn who_was_cut_off_hears_what_has_changed_since_and_only_that() {
    let (relay, operator) = relay();
    let stream = operator.listen("/events?project=bio", &[]);
    stream.wait_for("event: here");
    let place = stream.last_id();
    drop(stream);
    assert!(send(&relay, "web@domain.test").starts_with("250 "));
    relay.wait_until_queue_is_empty();
    let resumed = operator.listen("/events?project=bio", &[&format!("Last-Event-ID: {place}")]);
    resumed.wait_for("data: messages\n");
    assert!(!resumed.text().contains("refusals\n"), "{}", resumed.text());
    let by_address = operator.listen(&format!("/events?project=bio&after={place}"), &[]);
    by_address.wait_for("data: messages\n");
}

#[test]
fn a_stream_ends_with_its_session() {
    let (_relay, operator) = relay();
    let stream = operator.listen("/events?project=bio", &[]);
    stream.wait_for("event: here");
    operator.change("/account", "sign_out", &[("next", "/login")]);
    stream.wait_for("event: ended");
    stream.wait_for_the_end();
}

#[test]
fn a_person_has_a_dozen_streams_and_the_next_one_is_refused() {
    let (_relay, operator) = relay();
    let mut streams: Vec<_> = (0..12).map(|_| operator.listen("/events?project=bio", &[])).collect();
    for stream in &streams {
        stream.wait_for("event: here");
    }
    assert_eq!(operator.ask("/events?project=bio", &[]).status, 429);
    streams.pop();
    // The place is free again as soon as the server sees that nobody listens.
    let again = until("a free place", || {
        let stream = operator.listen("/events?project=bio", &[]);
        until("an answer", || (!stream.head().is_empty()).then_some(()));
        stream.head().starts_with("HTTP/1.1 200").then_some(stream)
    });
    again.wait_for("event: here");
}

#[test]
fn a_drain_ends_every_stream_at_once() {
    let (mut relay, operator) = relay();
    let stream = operator.listen("/events?project=bio", &[]);
    stream.wait_for("event: here");
    relay.process().signal("TERM");
    stream.wait_for_the_end();
    assert_eq!(relay.wait_for_the_end().code(), Some(0));
    assert!(!relay.log().contains("the grace time is over"), "{}", relay.log());
}
