//! Cut-through: the next hop's verdict in the session of the program, and what becomes of the message.

use crate::harness::{Dns, Issued, Portal, Relaykeep, Session, Sink, clients, until};
use std::{
    io::{Read, Write},
    net::TcpListener,
    thread,
    time::{Duration, Instant},
};

const RULES: &str = "
projects:
  - slug: bio
    name: Bioinformatics
    sandbox: false
    senders: [{ address: sender@domain.com, verified: true }]
    service_accounts:
      - label: waits
        cut_through: true
      - label: plain
";

struct World {
    relay: Relaykeep,
    sink: Sink,
    waits: Issued,
    plain: Issued,
    _dns: Dns,
}

impl World {
    /// `domain.com` and `other.test` lead to the sink, `silent.test` to a host that greets after `greets_after` with a
    /// refusal, or never.
    fn start(greets_after: Option<Duration>) -> Self {
        let sink = Sink::start();
        let silent = TcpListener::bind(("127.0.0.3", sink.port)).unwrap();
        thread::spawn(move || {
            let mut open = Vec::new();
            for mut stream in silent.incoming().flatten() {
                if let Some(wait) = greets_after {
                    // The client says nothing before the greeting, so this takes so long.
                    stream.set_read_timeout(Some(wait)).unwrap();
                    let _ = stream.read(&mut [0]);
                    let _ = stream.write_all(b"554 5.7.1 go away\r\n");
                }
                open.push(stream);
            }
        });
        let dns = Dns::start(
            "sink.test. IN A 127.0.0.1\nsilent.host.test. IN A 127.0.0.3\ndomain.com. IN MX 10 sink.test.\n\
             other.test. IN MX 10 sink.test.\nsilent.test. IN MX 10 silent.host.test.\n",
        );
        let nameserver = dns.address();
        let mut relay = Relaykeep::prepare(&format!(
            "[smtp]\ncut_through = \"2s\"\n[dns]\nnameservers = [\"{nameserver}\"]\n[delivery]\nroute = \"mx\"\n\
             local_mx = true\nport = {}\nretry = [\"1s\"]\n",
            sink.port
        ));
        relay.run();
        let mut issued = relay.apply(RULES);
        let plain = issued.pop().unwrap();
        let waits = issued.pop().unwrap();
        Self { relay, sink, waits, plain, _dns: dns }
    }

    fn send(&self, recipients: &[&str]) -> String {
        let content = b"From: sender@domain.com\r\nSubject: hi\r\n\r\nhello\r\n";
        Session::signed_in(&self.relay, &self.waits).send("sender@domain.com", recipients, content)
    }

    fn story(&self, portal: &Portal, id: &str) -> String {
        portal.get(&format!("/p/bio/messages/{id}")).text()
    }
}

/// The queue id in a reply.
fn id(reply: &str) -> String {
    let (_, rest) = reply.split_once("queued as ").unwrap_or_else(|| panic!("no queue id: {reply}"));
    rest.split(';').next().unwrap().to_owned()
}

#[test]
fn row_3_20_a_program_hears_what_its_next_hop_says() {
    let world = World::start(None);
    let portal = world.relay.operator();
    world.sink.answer_rcpt("no@other.test", &["550 5.7.1 not from you"]);
    world.sink.answer_rcpt("later@other.test", &["451 4.3.0 come back", "250 2.1.5 Ok"]);

    let reply = world.send(&["yes@other.test", "yes2@other.test"]);
    assert!(
        reply.starts_with("250 2.0.0 Ok: queued as ") && reply.ends_with("; the next hop said 250 2.0.0 Ok"),
        "{reply}"
    );

    // The next hop's own words, and nobody is told a second time.
    assert_eq!(world.send(&["no@other.test"]), "550 5.7.1 not from you");
    let list = portal.get("/p/bio/messages?state=bounced");
    let story = portal.get(&list.link("/p/bio/messages/")).text();
    assert!(story.contains("not from you") && story.contains("The program was told in its session"), "{story}");

    let reply = world.send(&["later@other.test"]);
    assert!(reply.ends_with("; not delivered yet, it is tried again: 451 4.3.0 come back"), "{reply}");
    until("its second attempt", || world.story(&portal, &id(&reply)).contains("Attempt 2").then_some(()));

    let reply = world.send(&["yes@other.test", "no@other.test"]);
    assert!(reply.ends_with("; not all recipients have the same fate"), "{reply}");
    // The failure of one of them is told by a notification: with the three messages it is the fourth.
    let received = world.sink.wait_for(4);
    let notices = received.iter().filter(|one| one.mail.is_empty()).collect::<Vec<_>>();
    assert_eq!(notices.len(), 1);
    assert!(notices[0].text().contains("no@other.test"), "{}", notices[0].text());

    let reply = world.send(&["yes@other.test", "yes@domain.com"]);
    assert!(reply.ends_with("; it goes to several destinations, which are not waited for"), "{reply}");

    let content = b"From: sender@domain.com\r\n\r\nhello\r\n";
    let reply = Session::signed_in(&world.relay, &world.plain).send("sender@domain.com", &["a@other.test"], content);
    assert!(reply.starts_with("250 2.0.0 Ok: queued as ") && !reply.contains(';'), "{reply}");

    // As a program sees it.
    let (ok, said) = clients::python(&format!(
        "import smtplib\ns = smtplib.SMTP('127.0.0.1', {})\ns.starttls()\ns.login('{}', '{}')\n\
         try:\n    s.sendmail('sender@domain.com', ['no@other.test'], 'From: sender@domain.com\\n\\nhi')\n\
         except smtplib.SMTPDataError as error:\n    print(error.smtp_code, error.smtp_error.decode())\n\
         print(s.sendmail('sender@domain.com', ['yes@other.test'], 'From: sender@domain.com\\n\\nhi'))",
        world.relay.submission, world.waits.username, world.waits.secret
    ));
    assert!(ok && said.contains("550 5.7.1 not from you\n{}"), "{said}");
    // No refusal of ours: the page of refusals has none of it.
    assert!(!portal.get("/p/bio/refusals").text().contains("not from you"));
}

#[test]
fn a_next_hop_that_does_not_answer_in_time_leaves_the_message_in_the_queue_and_its_failure_to_a_notification() {
    let world = World::start(Some(Duration::from_secs(5)));
    let began = Instant::now();
    let reply = world.send(&["a@silent.test"]);
    assert!(reply.ends_with("; the next hop did not answer in time"), "{reply}");
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    let notice = &world.sink.wait_for(1)[0];
    assert!(notice.mail.is_empty() && notice.text().contains("go away"), "{}", notice.text());
}

#[test]
fn a_crash_while_a_session_waits_loses_nothing() {
    let mut world = World::start(None);
    let mut session = Session::signed_in(&world.relay, &world.waits);
    session.say("MAIL FROM:<sender@domain.com>");
    session.say("RCPT TO:<a@silent.test>");
    session.say("DATA");
    let waiting =
        thread::spawn(move || session.try_content(b"From: sender@domain.com\r\nSubject: kept\r\n\r\nhello\r\n"));
    until("a message in flight", || (world.relay.metric("relaykeep_queue_in_flight") > 0.0).then_some(()));
    world.relay.kill();
    assert!(waiting.join().unwrap().is_err(), "nothing was said of it");
    world.relay.run();
    let portal = world.relay.operator();
    let text = portal.get("/p/bio/messages").text();
    assert!(text.contains("kept"), "{text}");
    until("another attempt", || (world.relay.metric("relaykeep_queue_in_flight") > 0.0).then_some(()));
}
