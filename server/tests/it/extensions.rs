//! Extensions end to end: what a program asks for in MAIL and RCPT, by real clients, and what a next hop offers or not.

use crate::{
    harness::{PATIENCE, Received, Relaykeep, Session, Sink, clients, until},
    submission::{RULES, dns, routed, settings},
};
use std::{
    io::{BufRead, BufReader, Write},
    iter,
    net::{TcpListener, TcpStream},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

const FROM: &str = "web@domain.test";
/// Of an address that only SMTPUTF8 can carry.
const NOT_ASCII: &str = "jörg@other.test";
const DSN: &str = "250-DSN\r\n";
const BINARY: &str = "250-CHUNKING\r\n250-BINARYMIME\r\n";

/// A relay before this sink.
fn relay(sink: &Sink) -> (Relaykeep, crate::harness::Dns) {
    let dns = dns();
    let relay = Relaykeep::start(&settings(&dns, sink));
    relay.apply(RULES);
    (relay, dns)
}

fn reports(sink: &Sink) -> Vec<Received> {
    sink.received().into_iter().filter(|one| one.mail.is_empty()).collect()
}

/// Python's smtplib, with options at MAIL and at RCPT.
fn python(relay: &Relaykeep, mail: &str, rcpt: &str, to: &str) {
    let script = format!(
        "import smtplib\ns = smtplib.SMTP('127.0.0.1', {})\n\
         s.sendmail('{FROM}', ['{to}'], 'From: {FROM}\\r\\nSubject: asked\\r\\n\\r\\nhello\\r\\n', \
         mail_options={mail}, rcpt_options={rcpt})\ns.quit()\nprint('sent')\n",
        relay.networks
    );
    let (_, said) = clients::python(&script);
    assert_eq!(said.trim(), "sent");
}

const MAIL: &str = "['RET=HDRS', 'ENVID=QQ+2B1']";
const RCPT: &str = "['NOTIFY=SUCCESS,FAILURE', 'ORCPT=rfc822;Old+2BName@other.test']";

#[test]
fn a_success_is_reported_here_when_the_next_hop_knows_no_reports() {
    let sink = Sink::start();
    let (relay, _dns) = relay(&sink);
    python(&relay, MAIL, RCPT, "yes@other.test");
    sink.wait_for(2);
    relay.wait_until_queue_is_empty();
    let received = sink.received();
    let mail = received.iter().find(|one| !one.mail.is_empty()).unwrap();
    assert!(!mail.said.concat().contains("NOTIFY"), "{:?}", mail.said);
    let text = reports(&sink).remove(0).text();
    for line in [
        "Action: relayed\r\n",
        "Original-Envelope-Id: QQ+1\r\n",
        "Original-Recipient: rfc822; Old+Name@other.test\r\n",
        "Final-Recipient: rfc822; yes@other.test\r\n",
        "Status: 2.0.0\r\n",
    ] {
        assert!(text.contains(line), "no {line:?} in\n{text}");
    }
}

#[test]
fn what_is_asked_about_reports_goes_on_to_a_next_hop_that_knows_them() {
    let sink = Sink::offering(DSN);
    let (relay, _dns) = relay(&sink);
    python(&relay, MAIL, RCPT, "yes@other.test");
    let said = sink.wait_for(1)[0].said.clone();
    assert!(said[0].contains(" RET=HDRS ENVID=QQ+2B1"), "{said:?}");
    assert!(said[1].ends_with("> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;Old+2BName@other.test"), "{said:?}");
    relay.wait_until_queue_is_empty();
    assert!(reports(&sink).is_empty(), "telling is the next hop's duty now");
    let portal = relay.operator();
    let list = portal.get("/p/bio/messages");
    let page = portal.get(&list.link("/p/bio/messages/")).text();
    assert!(page.contains("reports of success and failure") && page.contains("envelope id QQ+1"), "{page}");
}

#[test]
fn who_asked_never_to_hear_does_not() {
    let sink = Sink::start();
    sink.answer_rcpt("no@other.test", &["550 5.1.1 No such user"]);
    let (relay, _dns) = relay(&sink);
    python(&relay, "[]", "['NOTIFY=NEVER']", "no@other.test");
    let portal = relay.operator();
    let list = until("the message", || {
        let list = portal.get("/p/bio/messages");
        list.text().contains("Bounced").then_some(list)
    });
    let page = portal.get(&list.link("/p/bio/messages/")).text();
    assert!(page.contains("The sender asked not to be told of failures"), "{page}");
    relay.wait_until_queue_is_empty();
    assert!(sink.received().is_empty());
}

#[test]
fn a_failure_returns_the_whole_message_when_that_was_asked_for() {
    let sink = Sink::start();
    sink.answer_rcpt("no@other.test", &["550 5.1.1 No such user"]);
    let (relay, _dns) = relay(&sink);
    python(&relay, "['RET=FULL']", "[]", "no@other.test");
    let text = sink.wait_for(1)[0].text();
    assert!(text.contains("Content-Type: message/rfc822\r\n") && text.contains("\r\nhello\r\n"), "{text}");
    drop(relay);
}

/// Hands in a body that is no text, in two chunks with a command of the next transaction behind them.
fn submit_binary(relay: &Relaykeep, to: &str) -> Vec<u8> {
    let head = format!("From: {FROM}\r\nSubject: binary\r\nContent-Transfer-Encoding: binary\r\n\r\n");
    let body = b"\0\x01\n.\r\n\r.\r\n\xff".to_vec();
    let mut session = Session::open(relay.networks);
    for line in [format!("MAIL FROM:<{FROM}> BODY=BINARYMIME"), format!("RCPT TO:<{to}>")] {
        assert!(session.say(&line).starts_with("250 "), "{line}");
    }
    let mut octets = format!("BDAT {}\r\n{head}", head.len()).into_bytes();
    octets.extend(format!("BDAT {} LAST\r\n", body.len()).bytes());
    octets.extend(&body);
    octets.extend(b"NOOP\r\n");
    assert!(session.octets(&octets).starts_with("250 2.0.0 "), "the first chunk");
    assert!(session.reply().unwrap().starts_with("250 2.0.0 Ok: queued as "), "the message");
    assert_eq!(session.reply().unwrap(), "250 2.0.0 Ok");
    body
}

#[test]
fn binary_content_arrives_octet_for_octet() {
    let sink = Sink::offering(BINARY);
    let (relay, _dns) = relay(&sink);
    let body = submit_binary(&relay, "yes@other.test");
    let received = sink.wait_for(1).remove(0);
    assert_eq!(received.body(), body);
    assert!(received.said[0].ends_with(" BODY=BINARYMIME"), "{:?}", received.said);
    assert_eq!(received.said[2], format!("BDAT {} LAST", received.content.len()));
    relay.wait_until_queue_is_empty();
}

#[test]
fn binary_content_that_cannot_go_on_fails_at_once_and_says_why() {
    let sink = Sink::start();
    let (relay, _dns) = relay(&sink);
    submit_binary(&relay, "yes@other.test");
    let text = sink.wait_for(1)[0].text();
    for line in ["Action: failed\r\n", "Status: 5.6.3\r\n", "BINARYMIME"] {
        assert!(text.contains(line), "no {line:?} in\n{text}");
    }
    relay.wait_until_queue_is_empty();
    assert_eq!(sink.received().len(), 1);
}

#[test]
fn large_content_goes_in_one_chunk_where_that_is_offered() {
    let sink = Sink::offering("250-CHUNKING\r\n");
    let (relay, _dns) = relay(&sink);
    let body = ".a line that begins with a dot\r\n..\r\n".repeat(20_000);
    let content = format!("From: {FROM}\r\nSubject: large\r\n\r\n{body}");
    let reply = Session::open(relay.networks).send(FROM, &["yes@other.test"], content.as_bytes());
    assert!(reply.starts_with("250 2.0.0 "), "{reply}");
    let received = sink.wait_for(1).remove(0);
    assert!(received.said[2].starts_with("BDAT "), "{:?}", received.said);
    assert_eq!(received.body(), body.as_bytes());
    relay.wait_until_queue_is_empty();
}

#[test]
fn a_next_hop_that_takes_one_recipient_at_once_gets_one_after_another_in_one_attempt() {
    let sink = Sink::offering("250-LIMITS RCPTMAX=1 MAILMAX=2\r\n");
    let (relay, _dns) = relay(&sink);
    let to = ["a@other.test", "b@other.test", "c@other.test"];
    let reply = Session::open(relay.networks).send(FROM, &to, b"From: web@domain.test\r\n\r\nhello\r\n");
    assert!(reply.starts_with("250 2.0.0 "), "{reply}");
    let mut rcpt: Vec<_> = sink.wait_for(3).into_iter().map(|one| one.rcpt.concat()).collect();
    rcpt.sort();
    assert_eq!(rcpt, to);
    assert!(to.iter().all(|address| sink.asked(address) == 1));
    relay.wait_until_queue_is_empty();
}

#[test]
fn mail_is_held_until_its_program_wants_it_to_go() {
    let sink = Sink::start();
    let (relay, _dns) = relay(&sink);
    let began = Instant::now();
    python(&relay, "['HOLDFOR=3']", "[]", "yes@other.test");
    let portal = relay.operator();
    let list = portal.get("/p/bio/messages");
    let page = portal.get(&list.link("/p/bio/messages/")).text();
    assert!(page.contains("Released at"), "{page}");
    sink.wait_for(1);
    assert!(began.elapsed() >= Duration::from_secs(3), "{:?}", began.elapsed());
    let mut session = Session::open(relay.networks);
    let offered = session.say("EHLO client.test");
    let seconds = 5 * 86_400;
    assert!(offered.contains(&format!("FUTURERELEASE {seconds} 20")), "{offered}");
    let too_long = session.say(&format!("MAIL FROM:<{FROM}> HOLDFOR={}", seconds + 1));
    assert!(too_long.starts_with("501 5.5.4 "), "{too_long}");
}

#[test]
fn mail_that_asks_for_tls_on_the_whole_way_never_goes_in_the_clear() {
    let sink = Sink::offering("250-REQUIRETLS\r\n");
    let (relay, _dns) = relay(&sink);
    let issued = relay.apply(
        "projects:\n  - slug: bio\n    service_accounts: [{ label: secret-mail }]\n    senders: [{ address: web@domain.test, verified: true }]\n",
    );
    let mut session = Session::signed_in(&relay, &issued[0]);
    assert!(session.say("EHLO client.test").contains("REQUIRETLS"), "inside TLS");
    assert!(session.say(&format!("MAIL FROM:<{FROM}> REQUIRETLS")).starts_with("250 "));
    assert!(session.say("RCPT TO:<yes@other.test>").starts_with("250 "));
    assert!(session.say("DATA").starts_with("354 "));
    let reply = session.try_content(b"From: web@domain.test\r\n\r\nsecret\r\n").unwrap();
    assert!(reply.starts_with("250 2.0.0 "), "{reply}");
    relay.wait_until_queue_is_empty();
    let portal = relay.operator();
    let bounced = until("the failure", || {
        let list = portal.get("/p/bio/messages?state=bounced");
        list.text().contains("5.7.30").then(|| list.text())
    });
    assert!(bounced.contains("REQUIRETLS support required"), "{bounced}");
    assert!(sink.received().is_empty(), "neither the mail nor the report about it");
    let plain = Session::open(relay.networks).say("EHLO client.test");
    assert!(!plain.contains("REQUIRETLS"), "{plain}");
}

/// Hands in mail for an address that is not ASCII, and declares that.
fn submit_utf8(session: &mut Session) {
    assert!(session.say(&format!("MAIL FROM:<{FROM}> SMTPUTF8")).starts_with("250 "));
    assert!(session.say(&format!("RCPT TO:<{NOT_ASCII}>")).starts_with("250 "));
    assert!(session.say("DATA").starts_with("354 "));
    let reply = session.try_content(b"From: web@domain.test\r\nSubject: abroad\r\n\r\nhello\r\n").unwrap();
    assert!(reply.starts_with("250 2.0.0 Ok: queued as "), "{reply}");
}

#[test]
fn an_address_that_is_not_ascii_is_declared_and_goes_on_to_a_next_hop_that_offers_smtputf8() {
    let sink = Sink::start();
    let (relay, _dns) = relay(&sink);
    let mut session = Session::open(relay.networks);
    assert!(session.say("EHLO client.test").contains("SMTPUTF8"));
    assert!(session.say(&format!("MAIL FROM:<{FROM}>")).starts_with("250 "));
    let undeclared = session.say(&format!("RCPT TO:<{NOT_ASCII}>"));
    assert!(undeclared.starts_with("553 5.6.7 "), "{undeclared}");
    assert!(session.say("RSET").starts_with("250 "));
    submit_utf8(&mut session);
    let received = sink.wait_for(1).remove(0);
    assert!(received.said[0].ends_with(" SMTPUTF8"), "{:?}", received.said);
    assert_eq!(received.rcpt, [NOT_ASCII]);
    let trace = received.header("Received").remove(0);
    assert!(trace.contains(" by relay.test with UTF8SMTP id "), "{trace}");
    assert!(trace.contains(&format!(" for <{NOT_ASCII}>;")), "{trace}");
    relay.wait_until_queue_is_empty();
    assert_eq!(sink.received().len(), 1);
}

/// A mail server that offers no extension and takes everything: its port, and each line that is said to it.
fn old_server() -> (u16, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (hears, heard) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let hears = hears.clone();
            thread::spawn(move || take_all(stream, &hears));
        }
    });
    (port, heard)
}

fn take_all(mut stream: TcpStream, hears: &mpsc::Sender<String>) -> Option<()> {
    let lines = BufReader::new(stream.try_clone().ok()?).lines();
    stream.write_all(b"220 old.test\r\n").ok()?;
    let mut in_data = false;
    for line in lines.map_while(Result::ok) {
        let answer = match line.as_str() {
            "." => "250 Ok\r\n",
            _ if in_data => "",
            "DATA" => "354 Go on\r\n",
            _ => "250 Ok\r\n",
        };
        in_data = line != "." && (in_data || line == "DATA");
        hears.send(line).ok()?;
        stream.write_all(answer.as_bytes()).ok()?;
    }
    Some(())
}

#[test]
fn an_address_that_is_not_ascii_fails_at_once_where_smtputf8_is_not_offered() {
    let (port, heard) = old_server();
    let dns = dns();
    let relay = Relaykeep::start(&routed(&dns, port, "retry = [\"1s\"]\n"));
    relay.apply(RULES);
    submit_utf8(&mut Session::open(relay.networks));
    // The report about it is ASCII throughout, and goes to the same server.
    let said: Vec<String> =
        iter::from_fn(|| heard.recv_timeout(PATIENCE).ok()).take_while(|line| line != ".").collect();
    let report = ["Action: failed", "Status: 5.6.7", "Final-Recipient: utf-8; j\\x{F6}rg@other.test"];
    for line in report {
        assert!(said.iter().any(|heard| heard == line), "no {line:?} in\n{}", said.join("\n"));
    }
    relay.wait_until_queue_is_empty();
    let begun = said.into_iter().chain(heard.try_iter()).find(|line| line.starts_with("MAIL FROM:<web"));
    assert_eq!(begun, None, "the mail itself was begun");
}
