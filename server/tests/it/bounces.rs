//! What becomes of mail that is not taken at once: fates, notifications, retries, and what people do to waiting mail.

use crate::{
    harness::{Dns, Portal, Received, Relaykeep, Session, Sink, html, until},
    submission::{RULES, dns, routed, settings},
};

const FROM: &str = "web@domain.test";

/// Hands a message in from the trusted network.
fn submit(relay: &Relaykeep, reverse_path: &str, recipients: &[&str]) {
    let content = b"From: web@domain.test\r\nTo: undisclosed-recipients:;\r\nSubject: the one\r\n\r\nhello\r\n";
    let reply = Session::open(relay.networks).send(reverse_path, recipients, content);
    assert!(reply.starts_with("250 2.0.0 Ok: queued as "), "{reply}");
}

fn notifications(sink: &Sink) -> Vec<Received> {
    sink.received().into_iter().filter(|one| one.mail.is_empty()).collect()
}

#[test]
fn one_envelope_answered_250_550_451_has_three_fates_one_notification_and_no_duplicate() {
    let (dns, sink) = (dns(), Sink::start());
    sink.answer_rcpt("no@other.test", &["550 5.1.1 No such user"]);
    sink.answer_rcpt("later@other.test", &["451 4.2.1 Try again", "250 2.1.5 Ok"]);
    let relay = Relaykeep::start(&settings(&dns, &sink));
    relay.apply(RULES);
    submit(&relay, FROM, &["yes@other.test", "no@other.test", "later@other.test"]);
    sink.wait_for(3);
    relay.wait_until_queue_is_empty();
    let mut envelopes: Vec<_> = sink.received().into_iter().map(|one| (one.mail, one.rcpt)).collect();
    envelopes.sort();
    let to = |address: &str| vec![address.to_owned()];
    assert_eq!(
        envelopes,
        [(String::new(), to(FROM)), (FROM.to_owned(), to("later@other.test")), (FROM.to_owned(), to("yes@other.test"))]
    );
    let report = notifications(&sink).remove(0);
    let text = report.text();
    assert!(report.header("Content-Type")[0].starts_with("multipart/report; report-type=delivery-status"), "{text}");
    for line in [
        "Final-Recipient: rfc822; no@other.test\r\n",
        "Action: failed\r\n",
        "Status: 5.1.1\r\n",
        "Diagnostic-Code: smtp; 550 5.1.1 No such user\r\n",
        "Subject: the one\r\n",
    ] {
        assert!(text.contains(line), "no {line:?} in\n{text}");
    }
    assert!(!text.contains("later@") && !text.contains("yes@"), "{text}");
}

#[test]
fn nothing_is_ever_reported_about_a_null_reverse_path() {
    let (dns, sink) = (dns(), Sink::start());
    sink.answer_rcpt("no@other.test", &["550 5.1.1 No such user"]);
    let relay = Relaykeep::start(&settings(&dns, &sink));
    relay.apply(RULES);
    let portal = relay.operator();
    submit(&relay, "", &["no@other.test"]);
    for word in ["No notice to the reverse-path", "Bounced", "550 5.1.1 No such user"] {
        state(&portal, &story(&portal), word);
    }
    relay.wait_until_queue_is_empty();
    assert_eq!(sink.received().len(), 0);
}

#[test]
fn row_1_14_whom_nobody_knows_is_suppressed_until_a_person_removes_the_address() {
    let (dns, sink) = (dns(), Sink::start());
    sink.answer_rcpt("no@other.test", &["550 5.1.1 No such user", "250 2.1.5 Ok"]);
    sink.answer_rcpt("blocked@other.test", &["550 5.7.1 Listed by a blocklist"]);
    sink.answer_rcpt("vague@other.test", &["550 Rejected"]);
    let relay = Relaykeep::start(&settings(&dns, &sink));
    relay.apply(RULES);
    let portal = relay.operator();
    let page = "/p/bio/suppressions";
    assert!(portal.get(page).text().contains("No address is suppressed"));
    // A session that is open all the while: what it may changes under it.
    let mut session = Session::open(relay.networks);
    assert!(session.say(&format!("MAIL FROM:<{FROM}>")).starts_with("250 "));
    submit(&relay, FROM, &["no@other.test", "blocked@other.test", "vague@other.test"]);
    sink.wait_for(1);
    relay.wait_until_queue_is_empty();
    let reply = session.say("RCPT TO:<No@other.test>");
    let today = &portal.get(&format!("{page}.csv")).body;
    let [_, row, ""] = today.split("\r\n").collect::<Vec<_>>()[..] else { panic!("not one row: {today}") };
    let cells: Vec<&str> = row.split(',').collect();
    assert_eq!(cells[..2], ["no@other.test", "no_mailbox"], "{row}");
    assert_eq!(cells[4], "550 5.1.1 No such user", "{row}");
    let said =
        format!("550 5.1.1 No@other.test is suppressed since {}: \"550 5.1.1 No such user\"; see ", &cells[2][..10]);
    assert!(reply.starts_with(&said) && reply.contains("/s/"), "{reply}, not {said}");
    for address in ["blocked@other.test", "vague@other.test"] {
        assert!(session.say(&format!("RCPT TO:<{address}>")).starts_with("250 "), "{address}");
    }
    until("the refusal with the way to mend it", || {
        let refusals = portal.get("/p/bio/refusals");
        let known = refusals.text().contains("Recipient suppressed");
        (known && refusals.body.contains("/p/bio/suppressions?q=No%40other.test")).then_some(())
    });
    let list = portal.get(page);
    assert!(list.text().contains("550 5.1.1 No such user") && !list.text().contains("blocked@"), "{}", list.text());
    let message = portal.get(&list.link("/p/bio/messages/")).text();
    assert!(message.contains("550 5.7.1 Listed by a blocklist"), "not the message that was refused:\n{message}");
    let id = html::tags(&list.body, "input").find(|(tag, _)| tag.contains("name=\"ids[]\""));
    let id = id.and_then(|(tag, _)| html::attribute(tag, "value")).expect("a box");
    portal.change(page, "remove_suppressions", &[("ids[]", &id)]);
    assert!(session.say("RCPT TO:<no@other.test>").starts_with("250 "), "in the same session");
    submit(&relay, FROM, &["no@other.test"]);
    until("the mail", || sink.received().into_iter().find(|one| one.rcpt == ["no@other.test"]).map(|_| ()));
    // And a person can add one.
    portal.change(page, "add_suppression", &[("address", "left@other.test"), ("reason", "has left.")]);
    let reply = session.say("RCPT TO:<left@other.test>");
    assert!(
        reply.contains(" left@other.test is suppressed since ") && reply.contains(": \"has left\"; see "),
        "{reply}"
    );
}

#[test]
fn row_1_14_a_list_larger_than_other_forms_comes_in_as_a_job() {
    let (dns, sink) = (dns(), Sink::start());
    let relay = Relaykeep::start(&settings(&dns, &sink));
    relay.apply(RULES);
    let portal = relay.operator();
    let reason = "has left us, and asked for no more mail to this address";
    let lines: Vec<String> = (0..30_000).map(|number| format!("left{number}@other.test,\"{reason}\"")).collect();
    let csv = format!("address,reason\r\nno address,x\r\n{}\r\n", lines.join("\r\n"));
    assert!(csv.len() > 2 << 20);
    portal.change("/p/bio/suppressions", "import_suppressions", &[("csv", &csv)]);
    until("the end of the import", || {
        portal.get("/p/bio/suppressions?q=left29999").text().contains("left29999@other.test").then_some(())
    });
    let mut session = Session::open(relay.networks);
    assert!(session.say(&format!("MAIL FROM:<{FROM}>")).starts_with("250 "));
    assert!(session.say("RCPT TO:<Left29999@other.test>").starts_with("550 5.1.1 "));
}

#[test]
fn an_exchanger_at_this_machine_bounces_unless_that_was_allowed() {
    let (dns, sink) = (dns(), Sink::start());
    let relay = Relaykeep::start(&settings(&dns, &sink).replace("local_mx = true\n", ""));
    relay.apply(RULES);
    let portal = relay.operator();
    submit(&relay, "", &["anyone@other.test"]);
    for word in ["Bounced", "554 5.4.6 sink.test is at 127.0.0.1, which is this machine itself"] {
        state(&portal, &story(&portal), word);
    }
    assert!(sink.received().is_empty());
}

#[test]
fn row_4_15_a_null_mx_bounces_at_once_with_5_1_10() {
    let dns = Dns::start(
        "sink.test. IN A 127.0.0.1\ndomain.com. IN MX 10 sink.test.\ndomain.test. IN MX 10 sink.test.\n\
         none.test. IN MX 0 .\n",
    );
    let sink = Sink::start();
    let relay = Relaykeep::start(&settings(&dns, &sink));
    relay.apply(RULES);
    submit(&relay, FROM, &["anyone@none.test"]);
    let text = sink.wait_for(1)[0].text();
    for line in ["Final-Recipient: rfc822; anyone@none.test\r\n", "Action: failed\r\n", "Status: 5.1.10\r\n"] {
        assert!(text.contains(line), "no {line:?} in\n{text}");
    }
    relay.wait_until_queue_is_empty();
    assert_eq!(sink.received().len(), 1);
}

#[test]
fn who_waits_long_is_told_once_and_gets_the_mail_all_the_same() {
    let (dns, sink) = (dns(), Sink::start());
    sink.answer_rcpt("later@other.test", &["451 4.2.1 Try again"]);
    let relay = Relaykeep::start(&routed(&dns, sink.port, "retry = [\"1s\"]\ndelay_warning = \"1s\"\n"));
    relay.apply(RULES);
    submit(&relay, FROM, &["later@other.test"]);
    let text = sink.wait_for(1)[0].text();
    for line in ["Subject: Your message is delayed\r\n", "Action: delayed\r\n", "Will-Retry-Until: "] {
        assert!(text.contains(line), "no {line:?} in\n{text}");
    }
    // Further attempts, and further looks for what is late.
    let asked = sink.asked("later@other.test");
    until("more attempts", || (sink.asked("later@other.test") >= asked + 2).then_some(()));
    sink.answer_rcpt("later@other.test", &["250 2.1.5 Ok"]);
    sink.wait_for(2);
    relay.wait_until_queue_is_empty();
    assert_eq!(notifications(&sink).len(), 1);
}

/// The page of the newest message.
fn story(portal: &Portal) -> String {
    let link = portal.get("/p/bio/messages").link("/p/bio/messages/");
    link.split('?').next().unwrap_or_default().to_owned()
}

/// A relay whose first attempt at `later@other.test` is over, and which would not try again for hours.
fn waiting(dns: &Dns, sink: &Sink) -> (Relaykeep, Portal, String) {
    sink.answer_rcpt("later@other.test", &["451 4.2.1 Try again", "250 2.1.5 Ok"]);
    let relay = Relaykeep::start(&routed(dns, sink.port, "retry = [\"3h\"]\n"));
    relay.apply(RULES);
    let portal = relay.operator();
    submit(&relay, FROM, &["later@other.test"]);
    let page = story(&portal);
    state(&portal, &page, "Attempt 1");
    (relay, portal, page)
}

fn state(portal: &Portal, page: &str, word: &str) {
    until(word, || portal.get(page).text().contains(word).then_some(()));
}

#[test]
fn a_person_tries_waiting_mail_now() {
    let (dns, sink) = (dns(), Sink::start());
    let (_relay, portal, page) = waiting(&dns, &sink);
    portal.change(&page, "retry_message", &[]);
    assert_eq!(sink.wait_for(1)[0].rcpt, ["later@other.test"]);
    state(&portal, &page, "asked for an attempt now");
    state(&portal, &page, "Attempt 2");
}

#[test]
fn held_mail_waits_until_it_is_released() {
    let (dns, sink) = (dns(), Sink::start());
    let (relay, portal, page) = waiting(&dns, &sink);
    portal.change(&page, "hold_message", &[]);
    state(&portal, &page, "Held by operator@relay.test");
    assert_eq!(relay.metric("relaykeep_queue_held"), 1.0);
    relay.wait_until_queue_is_empty();
    assert_eq!(sink.received().len(), 0);
    portal.change(&page, "release_message", &[]);
    sink.wait_for(1);
    state(&portal, &page, "Released by operator@relay.test");
}

#[test]
fn cancelled_mail_goes_nowhere_and_nobody_is_told() {
    let (dns, sink) = (dns(), Sink::start());
    let (relay, portal, page) = waiting(&dns, &sink);
    // The dialog asks for the end of the queue id, which is the page's.
    portal.change(&page, "cancel_message", &[("confirm", &page[page.len() - 6..])]);
    state(&portal, &page, "Cancelled by operator@relay.test");
    relay.wait_until_queue_is_empty();
    assert_eq!(sink.received().len(), 0);
    let body = portal.get(&page).body;
    assert!(!body.contains("retry_message") && !body.contains("release_message"), "nothing is left to do:\n{body}");
}
