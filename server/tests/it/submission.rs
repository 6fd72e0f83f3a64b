//! A program sends through rules a person made: the samples of the organisation's own instructions, and real clients.

use crate::harness::{Dns, Portal, Relaykeep, Sink, clients};

/// A project on loopback's trusted network, whose mail goes to the sink by MX.
pub const RULES: &str = "
projects:
  - slug: bio
    name: Bioinformatics
    sandbox: false
    networks: [{ cidr: 127.0.0.1/32, label: this machine }]
    domains: [{ name: domain.test, verified: true }]
    senders: [{ address: sender@domain.com, verified: true }]
    service_accounts: [{ label: portal-web }]
";

/// DNS in which every domain's mail goes to the sink on 127.0.0.1.
pub fn dns() -> Dns {
    Dns::start(
        "sink.test. IN A 127.0.0.1\ndomain.com. IN MX 10 sink.test.\ndomain.test. IN MX 10 sink.test.\n\
         other.test. IN MX 10 sink.test.\n",
    )
}

/// Settings of a relay that sends by MX to the sink.
pub fn settings(dns: &Dns, sink: &Sink) -> String {
    routed(dns, sink.port, "retry = [\"1s\", \"2s\"]\n")
}

/// Settings of a relay that sends by MX to this port, with these further lines of `[delivery]`.
pub fn routed(dns: &Dns, port: u16, lines: &str) -> String {
    let nameserver = dns.address();
    format!(
        "[dns]\nnameservers = [\"{nameserver}\"]\n[delivery]\nroute = \"mx\"\nlocal_mx = true\nport = {port}\n{lines}"
    )
}

/// Row 0.4: the sample of seed 000, with only host and port changed.
fn sample(port: u16) -> String {
    format!(
        r#"import smtplib
from smtplib import SMTPException

sender = 'sender@domain.com'
receivers = ['destination@domain.com']

message = """From: SENDER NAME <%s>
To: DESTINATION NAME <%s>
Subject: SMTP e-mail test

This is a test e-mail message.
""" % (sender, receivers[0])

try:
   smtpObj = smtplib.SMTP('127.0.0.1', {port})
   smtpObj.sendmail(sender, receivers, message)
   print("Successfully sent email")
except SMTPException as error:
   print("Error: unable to send email", error)
"#
    )
}

#[test]
fn row_0_4_the_smtplib_sample_arrives_with_nothing_touched_but_what_was_missing() {
    let (dns, sink) = (dns(), Sink::start());
    let relay = Relaykeep::start(&settings(&dns, &sink));
    relay.apply(RULES);
    let (_, said) = clients::python(&sample(relay.networks));
    assert_eq!(said.trim(), "Successfully sent email");
    let received = sink.wait_for(1).remove(0);
    assert_eq!(
        (received.mail.as_str(), received.rcpt.as_slice()),
        ("sender@domain.com", &["destination@domain.com".to_owned()][..])
    );
    let submitted = "From: SENDER NAME <sender@domain.com>\r\nTo: DESTINATION NAME <destination@domain.com>\r\nSubject: SMTP e-mail test\r\n\r\nThis is a test e-mail message.\r\n";
    let text = received.text();
    assert!(text.ends_with(submitted), "{text}");
    let prefix = &text[..text.len() - submitted.len()];
    let fields: Vec<&str> = prefix
        .lines()
        .filter(|line| !line.starts_with([' ', '\t']))
        .filter_map(|line| line.split(':').next())
        .collect();
    assert_eq!(fields, ["Received", "Date", "Message-ID"], "{prefix}");
}

#[test]
fn row_0_1_from_elsewhere_it_is_530() {
    let (dns, sink) = (dns(), Sink::start());
    let relay = Relaykeep::start(&settings(&dns, &sink));
    relay.apply(&RULES.replace("127.0.0.1/32", "192.0.2.0/24"));
    let (_, said) = clients::python(&sample(relay.networks));
    assert!(said.contains("530") && said.contains("5.7.0 Authentication required"), "{said}");
}

/// AUTH as Python's smtplib does it.
fn python_auth(relay: &Relaykeep, user: &str, secret: &str, implicit: bool) -> (bool, String) {
    let (class, port, starttls) = if implicit {
        ("SMTP_SSL", relay.submissions, "")
    } else {
        ("SMTP", relay.submission, "s.starttls(context=c)\n")
    };
    let context = if implicit { ", context=c" } else { "" };
    clients::python(&format!(
        "import smtplib, ssl\nc = ssl.create_default_context(); c.check_hostname = False; c.verify_mode = ssl.CERT_NONE\n\
         s = smtplib.{class}('127.0.0.1', {port}{context})\n{starttls}s.login('{user}', '{secret}')\n\
         s.sendmail('web@domain.test', ['a@other.test'], 'From: web@domain.test\\r\\nSubject: hello\\r\\n\\r\\nhello\\r\\n')\nprint('sent')\n"
    ))
}

#[test]
fn row_1_2_auth_over_starttls_and_implicit_tls_by_python_and_swaks() {
    let (dns, sink) = (dns(), Sink::start());
    let relay = Relaykeep::start(&settings(&dns, &sink));
    let account = relay.apply(RULES).remove(0);
    for implicit in [false, true] {
        let (_, said) = python_auth(&relay, &account.username, &account.secret, implicit);
        assert_eq!(said.trim(), "sent", "implicit: {implicit}");
    }
    // Row 2.14: `user@realm` is the same account; the realm is the relay's host name.
    let (_, said) = python_auth(&relay, &format!("{}@relay.test", account.username), &account.secret, false);
    assert_eq!(said.trim(), "sent");
    let (_, said) = python_auth(&relay, &account.username, "wrong", false);
    assert!(said.contains("535") && said.contains("5.7.8 Authentication credentials invalid"), "{said}");
    for (mechanism, tls, port) in
        [("PLAIN", "--tls", relay.submission), ("LOGIN", "--tls-on-connect", relay.submissions)]
    {
        let mut swaks = std::process::Command::new("swaks");
        swaks.args(["--server", "127.0.0.1", "--port", &port.to_string(), tls, "--auth", mechanism]);
        swaks.args(["--auth-user", &account.username, "--auth-password", &account.secret]);
        swaks.args(["--from", "web@domain.test", "--to", "b@other.test", "--h-From", "web@domain.test"]);
        let (sent, said) = clients::run(&mut swaks);
        assert!(sent && said.contains("250 2.0.0 Ok: queued as "), "{said}");
    }
    assert_eq!(sink.wait_for(5).len(), 5);
}

#[test]
fn auth_is_not_to_be_had_without_tls() {
    let (dns, sink) = (dns(), Sink::start());
    let relay = Relaykeep::start(&settings(&dns, &sink));
    let replies = clients::dialogue(
        relay.submission,
        &["EHLO client.test", "AUTH PLAIN AGEAYg==", "MAIL FROM:<a@domain.test>", "QUIT"],
    );
    assert!(!replies[1].contains("AUTH"), "{}", replies[1]);
    assert_eq!(replies[2], "538 5.7.11 Encryption required for requested authentication mechanism\r\n");
    assert!(replies[3].starts_with("530 5.7.0 Authentication required"), "{}", replies[3]);
}

#[test]
fn apply_is_idempotent_and_issues_a_secret_once() {
    let (dns, sink) = (dns(), Sink::start());
    let relay = Relaykeep::prepare(&settings(&dns, &sink));
    let (issued, changed) = relay.apply_counted(RULES);
    assert_eq!((issued.len(), issued[0].project.as_str(), issued[0].label.as_str()), (1, "bio", "portal-web"));
    assert!(changed >= 5, "{changed}");
    let (issued, changed) = relay.apply_counted(RULES);
    assert_eq!((issued.len(), changed), (0, 0));
}

#[test]
fn the_story_of_a_message_is_on_its_page() {
    let (dns, sink) = (dns(), Sink::start());
    let relay = Relaykeep::start(&settings(&dns, &sink));
    relay.apply(RULES);
    let portal: Portal = relay.operator();
    clients::python(&sample(relay.networks));
    sink.wait_for(1);
    let list = portal.get("/p/bio/messages").body;
    let at = list.find("/p/bio/messages/").expect("a link to the message");
    let link: String = list[at..].chars().take_while(|c| *c != '"' && *c != '?').collect();
    crate::harness::until("the delivery on the page", || portal.get(&link).body.contains("250 2.0.0 Ok").then_some(()));
    let page = portal.get(&link).body;
    for word in ["this machine", "sink.test", "destination@domain.com", "Delivered"] {
        assert!(page.contains(word), "no {word} on\n{page}");
    }
}
