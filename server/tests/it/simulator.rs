//! Simulated recipients behave as they are named, end to end, and nothing of theirs leaves the machine.

use crate::{
    harness::{Portal, Relaykeep, Session, Sink, until},
    submission::{RULES, dns, routed},
};

const FROM: &str = "web@domain.test";
const SIMULATOR: &str = "sim.relay.test";

fn submit(relay: &Relaykeep, name: &str) {
    let content = b"From: web@domain.test\r\nTo: undisclosed-recipients:;\r\nSubject: try\r\n\r\nhello\r\n";
    let to = format!("{name}@{SIMULATOR}");
    let reply = Session::open(relay.networks).send(FROM, &[&to], content);
    assert!(reply.starts_with("250 2.0.0 Ok: queued as "), "{name}: {reply}");
}

/// The page of the newest message of the project that says this.
fn story(portal: &Portal, name: &str, words: &[&str]) {
    let search = format!("/p/bio/messages?q={name}%40{SIMULATOR}");
    until(&format!("{words:?} in the story of {name}"), || {
        let list = portal.get(&search);
        let link = list.body.split("href=\"").find(|rest| rest.starts_with("/p/bio/messages/"))?;
        let text = portal.get(link.split('"').next()?).text();
        words.iter().all(|word| text.contains(word)).then_some(())
    });
}

#[test]
fn each_simulated_recipient_behaves_as_it_is_named_also_in_the_sandbox() {
    let (dns, sink) = (dns(), Sink::start());
    let settings = routed(&dns, sink.port, "retry = [\"1s\"]\nlifetime = \"4s\"\n");
    let relay = Relaykeep::start(&format!("{settings}\n[simulator]\ndomain = \"{SIMULATOR}\"\n"));
    relay.apply(RULES);
    relay.apply("projects:\n  - slug: bio\n    sandbox: true\n");
    let portal = relay.operator();

    submit(&relay, "success+42");
    story(&portal, "success%2B42", &["Delivered", "250 2.0.0 Simulated: delivered"]);
    submit(&relay, "complaint");
    story(&portal, "complaint", &["Delivered", "complaint@sim.relay.test complained", "it is on no list"]);
    submit(&relay, "bounce");
    story(&portal, "bounce", &["Bounced", "550 5.1.1 Simulated: no such mailbox", "Notice sent to the reverse-path"]);
    submit(&relay, "defer");
    story(&portal, "defer", &["451 4.2.1 Simulated: try again later", "Attempt 2", "Bounced", "Message expired"]);

    let mut session = Session::open(relay.networks);
    assert!(session.say(&format!("MAIL FROM:<{FROM}>")).starts_with("250 "));
    let reply = session.say(&format!("RCPT TO:<Suppressed+1@{SIMULATOR}>"));
    assert!(reply.starts_with("550 5.1.1 ") && reply.contains("is suppressed since"), "{reply}");
    let others = session.say("RCPT TO:<anyone@other.test>");
    assert!(others.starts_with("550 5.7.1 "), "the sandbox holds for others: {others}");

    // What left are the two notifications to the sender, and nothing else.
    relay.wait_until_queue_is_empty();
    let received = sink.wait_for(2);
    let left: Vec<_> = received.iter().map(|one| (one.mail.as_str(), one.rcpt.join(","))).collect();
    assert_eq!(left, [("", FROM.to_owned()), ("", FROM.to_owned())]);
    let list = portal.get("/p/bio/suppressions").text();
    assert!(list.contains("No address is suppressed"), "{list}");
}

#[test]
fn the_simulators_domain_is_nobodys() {
    let (dns, sink) = (dns(), Sink::start());
    let settings = routed(&dns, sink.port, "");
    let relay = Relaykeep::start(&format!("{settings}\n[simulator]\ndomain = \"{SIMULATOR}\"\n"));
    relay.apply(RULES);
    let portal = relay.operator();
    for name in [SIMULATOR.to_owned(), format!("a.{SIMULATOR}")] {
        let answer = portal.submit("/p/bio/senders", "add_domain", &[("name", &name)]).text();
        assert!(answer.contains("is the domain of simulated recipients"), "{answer}");
    }
}
