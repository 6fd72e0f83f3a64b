//! Real programs send with what the portal gave a person: user name, secret, and the very lines it printed.

use crate::{
    harness::{Issued, Page, Portal, Postfix, Relaykeep, Session, Sink, clients, html},
    submission::{RULES, dns, settings},
};
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, SmtpTransport, Tokio1Executor, Transport,
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, CertificateStore, Tls, TlsParameters},
    },
};
use std::{collections::HashMap, fs, process::Command};

fn hello() -> Message {
    let message = Message::builder().from("web@domain.test".parse().unwrap()).to("a@other.test".parse().unwrap());
    message.subject("hello").body("from lettre".to_owned()).unwrap()
}

/// Trusts the relay's own certificate and no other.
fn tls(relay: &Relaykeep) -> TlsParameters {
    let certificate = Certificate::from_pem(&fs::read(relay.certificate()).unwrap()).unwrap();
    let parameters = TlsParameters::builder("relay.test".to_owned()).certificate_store(CertificateStore::None);
    parameters.add_root_certificate(certificate).build().unwrap()
}

fn credentials(account: &Issued) -> Credentials {
    Credentials::new(account.username.clone(), account.secret.clone())
}

#[test]
fn row_1_2_lettre_sends_over_starttls_and_implicit_tls_with_the_certificate_checked() {
    let (dns, sink) = (dns(), Sink::start());
    let relay = Relaykeep::start(&settings(&dns, &sink));
    let account = relay.apply(RULES).remove(0);
    let parameters = tls(&relay);
    let ways =
        [(relay.submission, Tls::Required(parameters.clone())), (relay.submissions, Tls::Wrapper(parameters.clone()))];
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for (port, tls) in ways {
        let transport = SmtpTransport::builder_dangerous("127.0.0.1").port(port).tls(tls.clone());
        transport.credentials(credentials(&account)).build().send(&hello()).unwrap();
        let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1").port(port).tls(tls);
        let transport = transport.credentials(credentials(&account)).build();
        runtime.block_on(transport.send(hello())).unwrap();
    }
    for received in sink.wait_for(4) {
        assert_eq!((received.mail.as_str(), received.rcpt[0].as_str()), ("web@domain.test", "a@other.test"));
        assert_eq!(received.body(), b"from lettre\r\n");
    }
    let wrong = Credentials::new(account.username.clone(), "wrong".to_owned());
    let transport = SmtpTransport::builder_dangerous("127.0.0.1").port(relay.submission).tls(Tls::Required(parameters));
    let error = transport.credentials(wrong).build().send(&hello()).unwrap_err().to_string();
    assert!(error.contains("535") && error.contains("5.7.8"), "{error}");
}

/// A page with ready lines: the files of each client and port by the label `Postfix, port 587: /etc/postfix/main.cf`.
fn printed_lines(page: &Page) -> HashMap<String, String> {
    let blocks = html::tags(&page.body, "pre").filter_map(|(tag, rest)| {
        let label = html::attribute(tag, "aria-label")?;
        Some((label, html::text(rest.split_once("</pre>")?.0)))
    });
    blocks.collect()
}

/// The lines that a new account's page prints once, with its secret.
fn lines_of_a_new_account(portal: &Portal) -> HashMap<String, String> {
    let page = portal.submit(
        "/p/bio/service-accounts",
        "create_account",
        &[("label", "printed"), ("allowed_senders", "all"), ("default_sender", "web@domain.test")],
    );
    let lines = printed_lines(&page);
    assert!(lines.len() > 10, "{} blocks on\n{}", lines.len(), page.body);
    lines
}

#[test]
fn row_1_8_a_real_postfix_relays_with_the_very_lines_the_portal_printed() {
    if !Postfix::can_run() {
        return;
    }
    let (dns, sink) = (dns(), Sink::start());
    let relay = Relaykeep::start(&settings(&dns, &sink));
    relay.apply(RULES);
    let lines = lines_of_a_new_account(&relay.operator());
    for port in [relay.submission, relay.submissions] {
        let text = |place: &str| lines[&format!("Postfix, port {port}: {place}")].as_str();
        let password = text("/etc/postfix/sasl_passwd");
        let postfix = Postfix::start(text("/etc/postfix/main.cf"), &[("sasl_passwd", password)]);
        let content = format!("From: web@domain.test\r\nSubject: through {port}\r\n\r\nhello\r\n");
        let reply = Session::open(postfix.port).send("web@domain.test", &["a@other.test"], content.as_bytes());
        assert!(reply.starts_with("250 "), "{reply}");
        let arrived = || sink.received().into_iter().find(|one| one.header("Subject") == [format!("through {port}")]);
        let received = crate::harness::until(&format!("mail through Postfix\n{}", postfix.log()), arrived);
        assert_eq!(received.mail, "web@domain.test");
        let ours = &received.header("Received")[0];
        assert!(ours.contains("by relay.test") && ours.contains("ESMTPSA"), "{ours}");
    }
}

#[test]
fn row_2_7_a_postfix_in_a_trusted_network_needs_the_printed_lines_and_no_secret() {
    if !Postfix::can_run() {
        return;
    }
    let (dns, sink) = (dns(), Sink::start());
    let relay = Relaykeep::start(&settings(&dns, &sink));
    relay.apply(RULES);
    let lines = printed_lines(&relay.operator().get("/p/bio/networks"));
    let main = &lines[&format!("Postfix, port {}: /etc/postfix/main.cf", relay.networks)];
    let postfix = Postfix::start(main, &[]);
    let content = b"From: web@domain.test\r\nSubject: hello\r\n\r\nhello\r\n";
    let reply = Session::open(postfix.port).send("web@domain.test", &["a@other.test"], content);
    assert!(reply.starts_with("250 "), "{reply}");
    assert_eq!(sink.wait_for(1)[0].mail, "web@domain.test");
}

#[test]
fn the_printed_lines_of_msmtp_python_and_curl_send() {
    let (dns, sink) = (dns(), Sink::start());
    let relay = Relaykeep::start(&settings(&dns, &sink));
    relay.apply(RULES);
    let lines = lines_of_a_new_account(&relay.operator());
    let mut sent = 0;
    for port in [relay.submission, relay.submissions] {
        let text = |label: &str| lines[&label.replace('%', &port.to_string())].as_str();
        let (sends, said) = clients::python(text("Python, port %: send.py"));
        assert!(sends && said.contains("250 2.0.0 Ok: queued as "), "{said}");
        let mut curl = Command::new("sh");
        let (sends, said) = clients::run(curl.args(["-ec", text("curl, port %: in a shell")]));
        assert!(sends && said.contains("250 2.0.0 Ok: queued as "), "{said}");
        assert!(!said.contains("> AUTH"), "what it says is printed, and in that the secret: {said}");
        let file = relay.path("msmtprc");
        fs::write(&file, text("msmtp, port %: ~/.msmtprc")).unwrap();
        fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let mut msmtp = Command::new("sh");
        let message =
            "printf 'From: web@domain.test\\nSubject: hello\\n\\nhello\\n' | msmtp --file \"$0\" a@other.test";
        let (sends, said) = clients::run(msmtp.args(["-ec", message]).arg(&file));
        assert!(sends, "{said}");
        sent += 3;
    }
    for received in sink.wait_for(sent) {
        assert_eq!(received.mail, "web@domain.test");
    }
    let network = printed_lines(&relay.operator().get("/p/bio/networks"));
    let script = network[&format!("Python, port {}: send.py", relay.networks)].as_str();
    let (sends, said) = clients::python(&script.replace("sender@example.org", "web@domain.test"));
    assert!(sends && said.contains("250 2.0.0 Ok: queued as "), "{said}");
    sink.wait_for(sent + 1);
}
