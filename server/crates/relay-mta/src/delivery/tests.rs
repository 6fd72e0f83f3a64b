//! Delivery over loopback TCP to hosts that follow a script.

mod in_time;
mod rules;
pub(crate) mod sink;

use super::*;
use relay_core::config::SmarthostAccess;
use relay_dns::FixedAnswers;
use relay_types::{DomainName, EmailAddress, ReversePath, route::SmarthostTls, terms::MessageTerms};
use sink::{Authority, Script, Sink};
use std::{sync::Arc, time::Duration};

/// A deliverer under test; exchangers listen on the sink's port.
struct Relay {
    answers: FixedAnswers,
    deliverer: Deliverer,
}

impl Relay {
    fn new(port: u16, change: impl FnOnce(&mut DeliveryConfig)) -> Self {
        let answers = FixedAnswers::new();
        let mut config = DeliveryConfig { port, local_mx: true, ..DeliveryConfig::new(name("relay.example")) };
        change(&mut config);
        let deliverer = Deliverer::new(config, Resolver::fixed(answers.clone())).unwrap();
        Self { answers, deliverer }
    }

    /// `b.example` has one exchanger, which is the sink.
    fn with_exchanger(sink: &Sink) -> Self {
        let relay = Self::new(sink.address.port(), |_| {});
        relay.answers.set_mx("b.example", &[(10, "mx.b.example")]);
        relay.answers.set_addresses("mx.b.example", &[sink.address.ip()]);
        relay
    }

    async fn send(&self, recipients: &[&str]) -> Delivery {
        self.deliver(&Way::Mx(name("b.example")), b"Subject: hi\r\n\r\n.dot\r\nend\r\n", recipients).await
    }

    async fn deliver(&self, way: &Way, content: &[u8], recipients: &[&str]) -> Delivery {
        self.deliver_for(None, way, content, recipients).await
    }

    async fn deliver_for(
        &self,
        project: Option<ProjectId>,
        way: &Way,
        content: &[u8],
        recipients: &[&str],
    ) -> Delivery {
        self.deliver_asked(project, way, content, recipients, TlsTerm::Usual).await
    }

    /// As [`Self::deliver_for`], of mail whose sender asks this of TLS.
    async fn deliver_asked(
        &self,
        project: Option<ProjectId>,
        way: &Way,
        content: &[u8],
        recipients: &[&str],
        tls: TlsTerm,
    ) -> Delivery {
        let message = Outgoing {
            reverse_path: ReversePath::parse("from@a.example").unwrap(),
            content: Content::InMemory(content.to_vec().into()),
            eight_bit: false,
            smtputf8: false,
            terms: MessageTerms { tls, ..MessageTerms::default() },
        };
        let recipients: Vec<_> = recipients.iter().map(|text| EmailAddress::parse(text).unwrap().into()).collect();
        let limit = Instant::now() + Duration::from_secs(600);
        self.deliverer.deliver(way, project, &message, &recipients, limit, &|| true).await
    }
}

fn name(text: &str) -> DomainName {
    DomainName::parse(text).unwrap()
}

fn short(delivery: &Delivery) -> Option<&'static str> {
    let tls = delivery.tls.as_ref()?;
    assert_eq!(tls.version, "TLS 1.3");
    Some(if tls.unverified.is_none() { "TLS 1.3, verified" } else { "TLS 1.3, not verified" })
}

fn words(delivery: &Delivery) -> Vec<String> {
    let word = |outcome: &Outcome| match outcome {
        Outcome::Delivered(reply) => format!("delivered {reply}"),
        Outcome::Captured => "captured".to_owned(),
        Outcome::TempFail(cause) => format!("tempfail {}", cause.reply()),
        Outcome::PermFail(cause) => format!("permfail {}", cause.reply()),
    };
    delivery.outcomes.iter().map(word).collect()
}

#[tokio::test]
async fn three_recipients_have_three_fates_in_one_transaction() {
    let sink = Sink::start(
        Script::default().answer("RCPT TO:<no@", "550 5.1.1 no").answer("RCPT TO:<later@", "451 4.3.0 later"),
    )
    .await;
    let relay = Relay::with_exchanger(&sink);
    let delivery = relay.send(&["yes@b.example", "no@b.example", "later@b.example"]).await;
    assert_eq!(words(&delivery), ["delivered 250 2.0.0 queued", "permfail 550 5.1.1 no", "tempfail 451 4.3.0 later"]);
    assert_eq!(sink.messages(), [b"Subject: hi\r\n\r\n.dot\r\nend\r\n".to_vec()]);
    assert_eq!(delivery.host.as_deref(), Some("mx.b.example"));
    assert_eq!(delivery.address, Some(sink.address));
    assert_eq!(delivery.tls, None);
}

#[tokio::test]
async fn the_envelope_is_pipelined_where_offered() {
    let sink = Sink::start(Script::default().offer("PIPELINING")).await;
    let relay = Relay::with_exchanger(&sink);
    relay.send(&["a@b.example", "c@b.example"]).await;
    let expected = "MAIL FROM:<from@a.example>\r\nRCPT TO:<a@b.example>\r\nRCPT TO:<c@b.example>\r\nDATA\r\n";
    assert!(sink.heard().contains(&expected.to_owned()), "{:?}", sink.heard());
}

#[tokio::test]
async fn a_connection_carries_one_message_after_another() {
    let sink = Sink::start(Script::default()).await;
    let relay = Relay::with_exchanger(&sink);
    for _ in 0..5 {
        assert_eq!(words(&relay.send(&["a@b.example"]).await), ["delivered 250 2.0.0 queued"]);
    }
    assert_eq!((sink.connections(), sink.received()), (1, 5));
}

#[tokio::test]
async fn a_connection_is_closed_after_its_last_transaction_and_when_idle_for_too_long() {
    let sink = Sink::start(Script::default()).await;
    let relay = Relay::new(sink.address.port(), |config| config.transactions_per_connection = 2);
    relay.answers.set_addresses("b.example", &[sink.address.ip()]);
    for _ in 0..4 {
        relay.send(&["a@b.example"]).await;
    }
    assert_eq!(sink.connections(), 2);
    let relay = Relay::new(sink.address.port(), |config| config.idle = Duration::ZERO);
    relay.answers.set_addresses("b.example", &[sink.address.ip()]);
    relay.send(&["a@b.example"]).await;
    relay.deliverer.close_idle(false).await;
    assert_eq!(sink.heard().last().map(String::as_str), Some("QUIT\r\n"));
}

#[tokio::test]
async fn an_idle_connection_that_the_host_closed_costs_nothing() {
    let sink = Sink::start(Script::default().close_after_message()).await;
    let relay = Relay::with_exchanger(&sink);
    for _ in 0..3 {
        assert_eq!(words(&relay.send(&["a@b.example"]).await), ["delivered 250 2.0.0 queued"]);
    }
    assert_eq!((sink.connections(), sink.received()), (3, 3));
}

#[tokio::test]
async fn a_connection_that_drops_in_the_middle_leaves_a_temporary_failure() {
    for command in ["RCPT", "DATA", "."] {
        let sink = Sink::start(Script::default().drop_at(command)).await;
        let relay = Relay::with_exchanger(&sink);
        let delivery = relay.send(&["a@b.example"]).await;
        assert!(words(&delivery)[0].starts_with("tempfail 451 4.4.2 Connection lost"), "{command}: {delivery:?}");
        assert!(delivery.unreachable.is_none(), "the host did answer");
    }
}

#[tokio::test]
async fn exchangers_are_tried_in_order_until_one_takes_it() {
    let sink =
        Sink::start(Script::default().greet_at("127.0.0.2", "554 5.7.1 not you").greet_at("127.0.0.3", "421 busy"))
            .await;
    let relay = Relay::new(sink.address.port(), |_| {});
    relay.answers.set_mx(
        "b.example",
        &[
            (40, "good.b.example"),
            (10, "closed.b.example"),
            (20, "refuses.b.example"),
            (30, "busy.b.example"),
            (5, "gone.b.example"),
        ],
    );
    // Nothing listens at 127.0.0.9.
    relay.answers.set_addresses("closed.b.example", &["127.0.0.9".parse().unwrap()]);
    relay.answers.set_addresses("refuses.b.example", &["127.0.0.2".parse().unwrap()]);
    relay.answers.set_addresses("busy.b.example", &["127.0.0.3".parse().unwrap()]);
    relay.answers.set_addresses("good.b.example", &["127.0.0.9".parse().unwrap(), "127.0.0.1".parse().unwrap()]);
    let delivery = relay.send(&["a@b.example"]).await;
    assert_eq!(words(&delivery), ["delivered 250 2.0.0 queued"]);
    assert_eq!(delivery.host.as_deref(), Some("good.b.example"));
    let tried: Vec<_> = delivery
        .dialogue
        .iter()
        .filter_map(|line| line.text.strip_prefix("(connecting to "))
        .filter_map(|text| text.split('.').next())
        .collect();
    assert_eq!(tried, ["closed", "refuses", "busy", "good", "good"]);
}

#[tokio::test]
async fn when_every_host_fails_the_most_telling_cause_is_named() {
    let sink = Sink::start(Script::default().greet_at("127.0.0.2", "554 5.7.1 not you")).await;
    let relay = Relay::new(sink.address.port(), |_| {});
    relay.answers.set_mx("b.example", &[(10, "refuses.b.example")]);
    relay.answers.set_addresses("refuses.b.example", &["127.0.0.2".parse().unwrap()]);
    assert_eq!(words(&relay.send(&["a@b.example"]).await), ["permfail 554 5.7.1 not you"]);
    relay.answers.set_mx("b.example", &[(10, "refuses.b.example"), (20, "closed.b.example")]);
    relay.answers.set_addresses("closed.b.example", &["127.0.0.9".parse().unwrap()]);
    let delivery = relay.send(&["a@b.example"]).await;
    assert!(words(&delivery)[0].starts_with("tempfail 451 4.4.1 closed.b.example [127.0.0.9]"), "{delivery:?}");
    assert!(delivery.unreachable.is_some());
}

#[tokio::test]
async fn dns_decides_without_a_connection() {
    let sink = Sink::start(Script::default()).await;
    let relay = Relay::new(sink.address.port(), |_| {});
    assert_eq!(words(&relay.send(&["a@b.example"]).await), ["permfail 550 5.1.2 b.example has no address in DNS"]);
    relay.answers.set_mx("b.example", &[(0, ".")]);
    assert_eq!(words(&relay.send(&["a@b.example"]).await), ["permfail 556 5.1.10 b.example takes no mail (null MX)"]);
    relay.answers.set_temporary_failure("b.example", "SERVFAIL");
    let delivery = relay.send(&["a@b.example"]).await;
    assert!(words(&delivery)[0].starts_with("tempfail 451 4.4.3"), "{delivery:?}");
    assert_eq!(sink.connections(), 0);
}

#[tokio::test]
async fn captured_mail_goes_nowhere() {
    let relay = Relay::new(1, |_| {});
    assert_eq!(words(&relay.deliver(&Way::Capture, b"a\r\n", &["a@b.example"]).await), ["captured"]);
}

#[tokio::test]
async fn opportunistic_tls_takes_any_certificate_and_says_so() {
    let authority = Authority::new();
    let sink = Sink::start(Script::default().starttls(authority.server("mx.b.example"))).await;
    for (trusted, tls) in [(false, "TLS 1.3, not verified"), (true, "TLS 1.3, verified")] {
        let relay = Relay::new(sink.address.port(), |config| {
            config.extra_ca.extend(trusted.then(|| authority.file()));
        });
        relay.answers.set_mx("b.example", &[(10, "mx.b.example")]);
        relay.answers.set_addresses("mx.b.example", &[sink.address.ip()]);
        let delivery = relay.send(&["a@b.example"]).await;
        assert_eq!(words(&delivery), ["delivered 250 2.0.0 queued"]);
        assert_eq!(short(&delivery), Some(tls));
    }
}

#[tokio::test]
async fn a_handshake_that_fails_is_followed_by_a_connection_in_the_clear() {
    let sink =
        Sink::start(Script::default().offer("STARTTLS").answer("STARTTLS", "220 go").drop_after("STARTTLS")).await;
    let relay = Relay::with_exchanger(&sink);
    let delivery = relay.send(&["a@b.example"]).await;
    assert_eq!(words(&delivery), ["delivered 250 2.0.0 queued"]);
    assert_eq!((delivery.tls, sink.connections()), (None, 2));
}

fn smarthost(sink: &Sink, tls: SmarthostTls, credentials: bool) -> Way {
    Way::Smarthost(SmarthostAccess {
        host: "smart.example".to_owned(),
        port: sink.address.port(),
        tls,
        credentials: credentials.then(|| ("user".to_owned(), "secret".to_owned().into())),
        others_only: false,
    })
}

#[tokio::test]
async fn a_smarthost_is_verified_before_it_sees_credentials() {
    let authority = Authority::new();
    let server = || authority.server("smart.example");
    for (mode, sink) in [
        (SmarthostTls::Starttls, Sink::start(Script::default().starttls(server()).offer("AUTH PLAIN")).await),
        (SmarthostTls::Implicit, Sink::start(Script::default().implicit(server()).offer("AUTH LOGIN PLAIN")).await),
    ] {
        let relay = Relay::new(1, |config| config.extra_ca.push(authority.file()));
        relay.answers.set_addresses("smart.example", &[sink.address.ip()]);
        let delivery = relay.deliver(&smarthost(&sink, mode, true), b"a\r\n", &["a@b.example", "c@d.example"]).await;
        assert_eq!(words(&delivery), ["delivered 250 2.0.0 queued"; 2]);
        assert_eq!(short(&delivery), Some("TLS 1.3, verified"));
        assert!(sink.heard().contains(&"AUTH PLAIN AHVzZXIAc2VjcmV0\r\n".to_owned()), "{:?}", sink.heard());
        assert!(delivery.dialogue.iter().all(|line| !line.text.contains("AHVzZXI")));

        let relay = Relay::new(1, |_| {});
        relay.answers.set_addresses("smart.example", &[sink.address.ip()]);
        let before = sink.heard().len();
        let delivery = relay.deliver(&smarthost(&sink, mode, true), b"a\r\n", &["a@b.example"]).await;
        assert!(words(&delivery)[0].starts_with("tempfail 451 4.7.5 TLS failed"), "{delivery:?}");
        assert!(sink.heard()[before..].iter().all(|line| !line.starts_with("AUTH")));
    }
}

#[tokio::test]
async fn only_the_same_project_with_the_same_password_sends_through_an_idle_connection() {
    let authority = Authority::new();
    // AUTH PLAIN of `user` with `secret`, and whatever else.
    let script = Script::default()
        .starttls(authority.server("smart.example"))
        .offer("AUTH PLAIN")
        .answer("AUTH PLAIN AHVzZXIAc2VjcmV0", "235 2.7.0 ok")
        .answer("AUTH", "535 5.7.8 no");
    let sink = Sink::start(script).await;
    let relay = Relay::new(1, |config| config.extra_ca.push(authority.file()));
    relay.answers.set_addresses("smart.example", &[sink.address.ip()]);
    let [own, other] =
        ["00000000000000000000000001", "00000000000000000000000002"].map(|text| text.parse::<ProjectId>().unwrap());
    let way = |password: &str| {
        Way::Smarthost(SmarthostAccess {
            host: "smart.example".to_owned(),
            port: sink.address.port(),
            tls: SmarthostTls::Starttls,
            credentials: Some(("user".to_owned(), password.to_owned().into())),
            others_only: false,
        })
    };
    for (project, password, taken, connections) in [
        (Some(own), "secret", true, 1),
        (Some(own), "secret", true, 1),
        (Some(other), "guessed", false, 2),
        (Some(own), "guessed", false, 3),
        (None, "guessed", false, 4),
        (Some(other), "secret", true, 5),
        (Some(own), "secret", true, 5),
    ] {
        let delivery = relay.deliver_for(project, &way(password), b"a\r\n", &["a@b.example"]).await;
        let words = words(&delivery);
        assert_eq!(words[0].starts_with("delivered"), taken, "{project:?} with {password}: {words:?}");
        assert_eq!(sink.connections(), connections, "{project:?} with {password}");
    }
}

#[tokio::test]
async fn a_connection_is_shared_only_by_mail_that_asks_nothing_of_tls() {
    let sink = Sink::start(Script::default()).await;
    let relay = Relay::with_exchanger(&sink);
    for (tls, connections, delivered) in [
        // What this one opens may be less than the recipient's domain asks for.
        (TlsTerm::Optional, 1, true),
        (TlsTerm::Usual, 2, true),
        (TlsTerm::Usual, 2, true),
        (TlsTerm::Optional, 3, true),
        (TlsTerm::Usual, 3, true),
        (TlsTerm::Required, 4, false),
    ] {
        let way = Way::Mx(name("b.example"));
        let delivery = relay.deliver_asked(None, &way, b"a\r\n", &["a@b.example"], tls).await;
        assert_eq!(words(&delivery)[0].starts_with("delivered"), delivered, "{tls:?}: {delivery:?}");
        assert_eq!(sink.connections(), connections, "{tls:?}");
    }
}

#[tokio::test]
async fn mail_that_asks_for_tls_on_the_whole_way_goes_over_verified_tls_to_a_host_that_promises_it() {
    let authority = Authority::new();
    let script = || Script::default().starttls(authority.server("mx.b.example"));
    for (script, promised) in [(script().offer("REQUIRETLS"), true), (script(), false)] {
        let sink = Sink::start(script).await;
        let relay = Relay::new(sink.address.port(), |config| config.extra_ca.push(authority.file()));
        relay.answers.set_mx("b.example", &[(10, "mx.b.example")]);
        relay.answers.set_addresses("mx.b.example", &[sink.address.ip()]);
        let way = Way::Mx(name("b.example"));
        let delivery = relay.deliver_asked(None, &way, b"a\r\n", &["a@b.example"], TlsTerm::Required).await;
        let asked = sink.heard().iter().any(|heard| heard.contains("MAIL FROM:<from@a.example> REQUIRETLS"));
        assert_eq!((asked, sink.received()), (promised, usize::from(promised)), "{delivery:?}");
        if promised {
            assert_eq!(words(&delivery), ["delivered 250 2.0.0 queued"]);
            assert_eq!(short(&delivery), Some("TLS 1.3, verified"));
        } else {
            assert!(words(&delivery)[0].starts_with("permfail 550 5.7.30 REQUIRETLS"), "{delivery:?}");
        }
    }
}

#[tokio::test]
async fn a_host_that_fails_the_tls_of_one_sender_is_not_unreachable_for_others() {
    let authority = Authority::new();
    let sink = Sink::start(Script::default().starttls(authority.server("mx.b.example"))).await;
    let relay = Relay::with_exchanger(&sink);
    let way = Way::Mx(name("b.example"));
    let delivery = relay.deliver_asked(None, &way, b"a\r\n", &["a@b.example"], TlsTerm::Required).await;
    assert!(words(&delivery)[0].starts_with("tempfail 451 4.7.5 TLS failed"), "{delivery:?}");
    assert!(delivery.unreachable.is_none(), "{delivery:?}");
    assert_eq!(words(&relay.send(&["a@b.example"]).await), ["delivered 250 2.0.0 queued"]);
}

#[tokio::test]
async fn idle_connections_are_few_whatever_the_destinations_and_each_is_told_goodbye() {
    let sink = Sink::start(Script::default()).await;
    let relay = Relay::new(sink.address.port(), |config| config.workers = 2);
    for number in 0..10 {
        let domain = format!("b{number}.example");
        relay.answers.set_addresses(&domain, &[sink.address.ip()]);
        relay.deliver(&Way::Mx(name(&domain)), b"a\r\n", &[&format!("a@{domain}")]).await;
    }
    let goodbyes = || sink.heard().iter().filter(|line| *line == "QUIT\r\n").count();
    tokio::time::timeout(Duration::from_secs(10), async {
        while goodbyes() < 6 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
    assert_eq!(goodbyes(), 6, "four wait for more");
    relay.deliverer.close_idle(true).await;
    assert_eq!(goodbyes(), 10);
}

#[tokio::test]
async fn a_smarthost_with_the_wrong_name_is_not_verified() {
    let authority = Authority::new();
    let sink = Sink::start(Script::default().starttls(authority.server("other.example"))).await;
    let relay = Relay::new(1, |config| config.extra_ca.push(authority.file()));
    relay.answers.set_addresses("smart.example", &[sink.address.ip()]);
    let delivery = relay.deliver(&smarthost(&sink, SmarthostTls::Starttls, false), b"a\r\n", &["a@b.example"]).await;
    assert!(words(&delivery)[0].starts_with("tempfail 451 4.7.5 TLS failed"), "{delivery:?}");
    assert_eq!(sink.received(), 0);
}

#[tokio::test]
async fn large_content_arrives_byte_for_byte() {
    let sink = Sink::start(Script::default().offer("PIPELINING").offer("SIZE 50000000")).await;
    let relay = Relay::with_exchanger(&sink);
    let content = b".\r\n..two\r\nline with text\r\n\r\n".repeat(100_000);
    let delivery = relay.deliver(&Way::Mx(name("b.example")), &content, &["a@b.example"]).await;
    assert_eq!(words(&delivery), ["delivered 250 2.0.0 queued"]);
    assert!(sink.messages() == [content]);
}

#[tokio::test]
async fn many_messages_at_once_use_few_connections_and_lose_nothing() {
    let sink = Sink::start(Script::default().offer("PIPELINING")).await;
    let relay = Arc::new(Relay::with_exchanger(&sink));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let relay = relay.clone();
        tasks.spawn(async move {
            for _ in 0..25 {
                assert_eq!(words(&relay.send(&["a@b.example"]).await), ["delivered 250 2.0.0 queued"]);
            }
        });
    }
    tasks.join_all().await;
    assert_eq!(sink.received(), 100);
    assert!(sink.connections() <= 8, "{}", sink.connections());
}

#[test]
fn what_many_hosts_say_is_bounded() {
    let mut delivery = Delivery::default();
    for host in 0..256 {
        delivery.note(format!("(connecting to host {host})"));
        delivery.dialogue.extend((0..600).map(|_| DialogueLine { ours: false, text: "x".repeat(1000) }));
        delivery.bound();
    }
    let said: usize = delivery.dialogue.iter().map(|line| line.text.len()).sum();
    assert!(said <= MOST_SAID && delivery.dialogue.len() > 200, "{said}");
    assert_eq!(delivery.dialogue.len() + delivery.left_out, 256 * 601, "none is forgotten");
}

#[test]
fn who_took_nothing_has_no_say_in_who_reports_a_success() {
    let delivery = |passes_reports_on, reply: Reply| {
        let outcome =
            if reply.code == 250 { Outcome::Delivered(reply) } else { Outcome::TempFail(Cause::Reply(reply)) };
        Delivery { passes_reports_on, outcomes: vec![outcome], ..Delivery::default() }
    };
    let (took, refused) = (Reply::plain(250, "Ok"), Reply::plain(421, "Later"));
    for (first, second, expected) in [
        ((true, &took), (true, &took), true),
        ((true, &took), (false, &took), false),
        ((true, &took), (false, &refused), true),
        ((false, &refused), (true, &took), true),
        ((false, &took), (true, &refused), false),
    ] {
        let mut whole = delivery(first.0, first.1.clone());
        whole.add(delivery(second.0, second.1.clone()));
        assert_eq!((whole.passes_reports_on, whole.outcomes.len()), (expected, 2), "{first:?}, then {second:?}");
    }
}
