use super::*;
use crate::{
    domains, messages, networks, senders, service_accounts,
    test_support::{Test, signed_in, word},
};
use relay_dns::{FixedAnswers, Resolver};
use relay_types::{
    Cidr, DomainName,
    limit::Limits,
    message::{EventKind, MessageDetail, MessageState, Source},
    project::Slug,
    service_account::{AllowedSenders, ServiceAccountSettings},
};

/// A project with the verified address `app@one.example`, the verified and signing domain `lab.example`, an account and
/// a network; and another project with `app@two.example`.
struct World {
    test: Test,
    project: Slug,
    account: Actor,
    network: Actor,
}

fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).expect(text)
}

impl World {
    async fn new() -> Self {
        let answers = FixedAnswers::new();
        let test = Test::with_resolver(Resolver::fixed(answers.clone()), |_| {}).await;
        let (core, system) = (&test.core, &Actor::System);
        let (id, project) = test.project("lab").await;
        let (_, other) = test.project("other").await;
        senders::mark_verified(core, system, &project, "app@one.example").await.expect("a sender");
        senders::mark_verified(core, system, &other, "app@two.example").await.expect("a sender");
        let name = DomainName::parse("lab.example").expect("a name");
        let domain = domains::mark_verified(core, system, &project, name).await.expect("a domain");
        for key in domains::get(core, system, &project, domain).await.expect("the domain").keys {
            answers.set_txt(&key.record.name, &[&key.record.value]);
        }
        domains::check(core, system, &project, domain).await.expect("checked");
        let settings = ServiceAccountSettings {
            label: "app".to_owned(),
            expires_at: None,
            allowed_cidrs: Vec::new(),
            allowed_senders: AllowedSenders::All,
            default_sender: None,
            may_notify: false,
            cut_through: false,
            limits: Limits::default(),
        };
        let made = service_accounts::create(core, system, &project, settings).await.expect("an account");
        let account = signed_in(core, id, &project, made.0).await;
        let block = Cidr::parse("192.0.2.0/24").expect("a block");
        networks::add(core, system, &project, block, "hosts").await.expect("a network");
        let client = "192.0.2.1".parse().expect("an address");
        let network = networks::identify(core, client).await.expect("a verdict").expect("a network");
        Self { test, project, account, network }
    }

    async fn submit(&self, actor: &Actor, content: &str) -> std::result::Result<MessageId, Rejection> {
        self.submit_to(actor, content, &["b@e.example"]).await
    }

    async fn submit_to(
        &self,
        actor: &Actor,
        content: &str,
        recipients: &[&str],
    ) -> std::result::Result<MessageId, Rejection> {
        let submission = Submission {
            arrival: smtp(),
            reverse_path: ReversePath::Address(address("app@one.example")),
            recipients: recipients.iter().map(|one| address(one)).collect(),
            terms: Default::default(),
            smtputf8: recipients.iter().any(|one| !one.is_ascii()),
            content: content.as_bytes().to_vec().into(),
        };
        accept(&self.test.core, actor, submission).await.expect("a verdict")
    }

    async fn sent(&self, id: MessageId) -> String {
        let outgoing = queue::outgoing(&self.test.core, id).await.expect("content");
        outgoing.text().await
    }

    async fn detail(&self, id: MessageId) -> MessageDetail {
        messages::get(&self.test.core, &Actor::System, &self.project, id).await.expect("a message")
    }
}

fn smtp() -> Arrival {
    Arrival::Smtp {
        listener: "submission".to_owned(),
        hostname: "relay.example.org".to_owned(),
        client: "192.0.2.1".parse().expect("an address"),
        helo: "host.example".to_owned(),
        esmtp: true,
        tls: Some("TLS 1.3".to_owned()),
        mechanism: Some("PLAIN".to_owned()),
    }
}

/// The sample of the organisation's own instructions, as Python's `smtplib` sends it.
const SAMPLE: &str = "From: SENDER NAME <app@one.example>\r\nTo: DESTINATION NAME <b@e.example>\r\n\
                      Subject: SMTP e-mail test\r\n\r\nThis is a test e-mail message.\r\n";

#[tokio::test]
async fn a_program_s_mail_is_kept_with_what_it_forgot_and_nothing_else_is_touched() {
    let world = World::new().await;
    for actor in [&world.account, &world.network] {
        let id = world.submit(actor, SAMPLE).await.expect("accepted");
        let sent = world.sent(id).await;
        let expected = format!(
            "Received: from host.example ([192.0.2.1])\r\n\tby relay.example.org with ESMTPSA id {id}\r\n\t\
             for <b@e.example>;\r\n\tSat, 21 Nov 2026 13:46:40 +0000\r\nDate: Sat, 21 Nov 2026 13:46:40 +0000\r\n\
             Message-ID: <{id}@relay.example.org>\r\n{SAMPLE}"
        );
        assert_eq!(sent, expected);
    }
}

#[tokio::test]
async fn what_is_kept_is_told_on_the_message_s_page() {
    let world = World::new().await;
    let content =
        SAMPLE.replace("Subject: SMTP e-mail test", "Subject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?=\r\nMessage-ID: <1@x>");
    let id = world.submit_to(&world.account, &content, &["b@e.example", "C@F.example"]).await.expect("accepted");
    let detail = world.detail(id).await;
    assert_eq!((detail.from.as_str(), detail.subject.as_str()), ("SENDER NAME <app@one.example>", "Grüße"));
    assert_eq!((detail.message_id.as_str(), detail.state), ("<1@x>", MessageState::Queued));
    assert!(matches!(&detail.source, Source::ServiceAccount { label, .. } if label == "app"));
    assert_eq!(detail.size as usize, world.sent(id).await.len());
    assert!(detail.headers.starts_with("Received:") && detail.headers.ends_with("Message-ID: <1@x>\r\n"));
    let recipients: Vec<_> = detail.recipients.iter().map(|one| one.address.to_string()).collect();
    assert_eq!(recipients, ["b@e.example", "C@f.example"]);
    assert!(!detail.headers.contains("for <"), "no recipient is shown to another");
    let EventKind::Accepted { tls, mechanism, listener, client, helo } = &detail.events[0].kind else {
        panic!("{:?}", detail.events)
    };
    let told = [tls, mechanism, &Some(listener.clone()), client, helo].map(|one| one.clone().unwrap_or_default());
    assert_eq!(told, ["TLS 1.3", "PLAIN", "submission", "192.0.2.1", "host.example"]);
    let EventKind::NotSigned { reason } = &detail.events[1].kind else { panic!("{:?}", detail.events) };
    assert_eq!(reason, "one.example has no DKIM key whose record was seen in DNS");
}

#[tokio::test]
async fn mail_of_a_domain_with_keys_is_signed_by_both() {
    let world = World::new().await;
    let content = SAMPLE.replace("app@one.example", "anyone@lab.example");
    let id = world.submit(&world.account, &content).await.expect("accepted");
    let sent = world.sent(id).await;
    let lines = sent.split("\r\n").take_while(|line| !line.is_empty()).filter(|line| !line.starts_with('\t'));
    let names: Vec<_> = lines.filter_map(|line| line.split_once(':')).map(|(name, _)| name).collect();
    let expected = ["Received", "DKIM-Signature", "DKIM-Signature", "Date", "Message-ID", "From", "To", "Subject"];
    assert_eq!(names, expected);
    let EventKind::Signed { domain, selectors } = &world.detail(id).await.events[1].kind else { panic!() };
    assert_eq!(domain, "lab.example");
    assert_eq!(selectors.as_slice(), ["rk2026a (rsa-sha256)", "rk2026e (ed25519-sha256)"]);
}

#[tokio::test]
async fn forged_and_doubtful_headers_are_refused_and_not_kept() {
    let world = World::new().await;
    let from = "From: app@one.example\r\n";
    for (header, rule, about, detail) in [
        ("From: app@two.example\r\n", Rule::FromNotVerified, "app@two.example", ""),
        (
            "From: app@one.example, x@two.example\r\nSender: app@one.example\r\n",
            Rule::FromNotVerified,
            "x@two.example",
            "",
        ),
        ("From: app@one.example\r\nSender: app@two.example\r\n", Rule::SenderNotVerified, "app@two.example", ""),
        ("Subject: x\r\n", Rule::HeaderAmbiguous, "", "From is missing"),
        ("From: app@one.example\r\nFrom: x@two.example\r\n", Rule::HeaderAmbiguous, "", "There are two From fields"),
        ("From: Us: app@one.example;\r\n", Rule::HeaderAmbiguous, "", "From has a group, which is not allowed here"),
        ("From : app@one.example\r\n", Rule::HeaderAmbiguous, "", "From has white space before its colon"),
        (
            "From: app@one.example\r\nno field\r\n",
            Rule::HeaderAmbiguous,
            "",
            "Line 2 of the header is not a header field",
        ),
        (&format!("{}{from}", "Received: x\r\n".repeat(101)), Rule::Loop, "", ""),
        ("From: app@one.example\r\nX: a\nb\r\n", Rule::BareLineEnd, "", ""),
        ("From: app@one.example\r\nX: a\rb\r\n", Rule::BareLineEnd, "", ""),
        ("From: app@one.example\r\nX: a\0b\r\n", Rule::BareLineEnd, "", ""),
        (&format!("{from}X: {}\r\n", "x".repeat(11 * 1024 * 1024)), Rule::TooLarge, "", ""),
        (&format!("{from}{}", "a:\r\n".repeat(500_000)), Rule::TooLarge, "", "The header is larger than 1 MB"),
    ] {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let expected = Rejection { rule, address: some(about), detail: some(detail), wait: None };
        let refused = world.submit(&world.account, &format!("{header}\r\nbody\r\n")).await;
        assert_eq!(refused, Err(expected), "{}", &header[..header.len().min(100)]);
    }
    assert!(world.submit(&world.account, &format!("{}{from}\r\n", "Received: x\r\n".repeat(100))).await.is_ok());
    let all = messages::list(&world.test.core, &Actor::System, &world.project, &Default::default()).await;
    assert_eq!(all.expect("a list").items.len(), 1);
}

#[tokio::test]
async fn blind_copies_do_not_travel() {
    let world = World::new().await;
    let content = format!("Return-Path: <x@y.example>\r\nBcc: secret@e.example\r\n{SAMPLE}");
    let sent = world.sent(world.submit(&world.account, &content).await.expect("accepted")).await;
    assert!(sent.ends_with(SAMPLE) && !sent.contains("secret") && !sent.contains("Return-Path"), "{sent}");
}

#[tokio::test]
async fn octets_above_127_are_noticed_and_smtputf8_is_asked_for_only_when_needed() {
    let world = World::new().await;
    for (content, recipient, eight_bit, smtputf8) in [
        (SAMPLE.to_owned(), "b@e.example", false, false),
        (SAMPLE.replace("test e-mail", "Grüße"), "b@e.example", true, false),
        (SAMPLE.to_owned(), "grüße@e.example", true, true),
    ] {
        let id = world.submit_to(&world.account, &content, &[recipient]).await.expect("accepted");
        let outgoing = queue::outgoing(&world.test.core, id).await.expect("content");
        assert_eq!((outgoing.eight_bit, outgoing.smtputf8), (eight_bit, smtputf8), "{content} {recipient}");
    }
}

#[tokio::test]
async fn a_large_message_comes_back_from_disk_octet_for_octet() {
    let world = World::new().await;
    let body = "0123456789abcdef\r\n".repeat(100_000);
    let id = world.submit(&world.account, &format!("{SAMPLE}{body}")).await.expect("accepted");
    assert!(!world.test.core.contents.has(id), "a large message is not kept in memory");
    let sent = world.sent(id).await;
    assert!(sent.ends_with(&format!("{SAMPLE}{body}")));
    assert_eq!(sent.len() as u64, world.detail(id).await.size);
}

#[tokio::test]
async fn people_and_strangers_cannot_submit() {
    let world = World::new().await;
    let person = world.test.user("x@example.org").await;
    for (actor, expected) in [(person, "Forbidden"), (Actor::Anonymous { client: None }, "SignedOut")] {
        let submission = Submission {
            arrival: Arrival::Portal,
            reverse_path: ReversePath::Null,
            recipients: vec![address("b@e.example")],
            terms: Default::default(),
            smtputf8: false,
            content: SAMPLE.as_bytes().to_vec().into(),
        };
        assert_eq!(word(&accept(&world.test.core, &actor, submission).await), expected);
    }
}
