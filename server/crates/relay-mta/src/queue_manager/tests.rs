//! From acceptance to the end, with a real database and hosts that follow a script.

mod until;

use super::*;
use crate::delivery::tests::sink::{Script, Sink};
use relay_core::{
    Actor, Clock, CoreConfig,
    config::{PlatformRoute, SmarthostAccess},
    messages, projects, senders, service_accounts,
    submission::{self, Arrival, Submission},
};
use relay_dns::{FixedAnswers, Resolver};
use relay_types::{
    DomainName, EmailAddress, ReversePath, Timestamp,
    limit::Limits,
    message::{Attempt, EventKind, MessageDetail, MessageId, MessageState, Outcome, RecipientState},
    project::Slug,
    route::SmarthostTls,
    service_account::{AllowedSenders, ServiceAccountSettings},
};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use until::until;

/// A relay that delivers to a sink.
struct Relay {
    core: Core,
    clock: Clock,
    answers: FixedAnswers,
    project: Slug,
    account: Actor,
    config: DeliveryConfig,
    stop: CancellationToken,
    _folder: TempDir,
}

impl Relay {
    /// `b.example` and `sender.example` lead to the sink, `slow.example` to its address 127.0.0.2.
    async fn new(sink: &Sink, route: PlatformRoute) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("relay.db").display());
        Core::migrate(&url).await.unwrap();
        let hostname = DomainName::parse("relay.example").unwrap();
        let config = CoreConfig {
            database_url: url,
            public_url: "https://portal.example".to_owned(),
            hostname: hostname.clone(),
            realm: hostname.clone(),
            mail_from: EmailAddress::parse("relay@relay.example").unwrap(),
            secret_key_file: folder.path().join("key"),
            route,
            message_size: 1024 * 1024,
            retry_schedule: vec![Duration::from_secs(60)],
            queue_lifetime: Duration::from_secs(5 * 86_400),
            delay_warning: Duration::from_secs(4 * 3600),
            lease: Duration::from_secs(1800),
            hashing_parallelism: 2,
            sandbox_per_hour: 100,
            reverse_dns: Default::default(),
            egress: Default::default(),
            dns_health: Default::default(),
            retention: Default::default(),
            simulator_domain: DomainName::parse("simulator.relay.example.org").expect("a name"),
            suppressions: Default::default(),
            tls: Default::default(),
        };
        let clock = Clock::manual(Timestamp(1_790_000_000_000));
        let answers = FixedAnswers::new();
        for domain in ["b.example", "c.example", "sender.example"] {
            answers.set_mx(domain, &[(10, "mx.b.example")]);
        }
        answers.set_mx("slow.example", &[(10, "mx.slow.example")]);
        answers.set_addresses("mx.b.example", &["127.0.0.1".parse().unwrap()]);
        answers.set_addresses("mx.slow.example", &["127.0.0.2".parse().unwrap()]);
        let core = Core::open(config, Resolver::fixed(answers.clone()), clock.clone()).await.unwrap();
        let project = Slug::parse("project").unwrap();
        let project_id = projects::create(&core, &Actor::System, "Project", project.clone(), false).await.unwrap();
        senders::mark_verified(&core, &Actor::System, &project, "app@sender.example").await.unwrap();
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
        let (id, _) = service_accounts::create(&core, &Actor::System, &project, settings).await.unwrap();
        let detail = service_accounts::get(&core, &Actor::System, &project, id).await.unwrap();
        let account = Actor::ServiceAccount {
            id,
            project_id,
            label: "app".to_owned(),
            client: "127.0.0.1".parse().unwrap(),
            secret: detail.secrets[0].id,
        };
        let config = DeliveryConfig { port: sink.address.port(), local_mx: true, ..DeliveryConfig::new(hostname) };
        Self { core, clock, answers, project, account, config, stop: CancellationToken::new(), _folder: folder }
    }

    fn start(&self) -> JoinHandle<Result<(), DeliveryError>> {
        tokio::spawn(run(self.core.clone(), self.config.clone(), self.stop.clone()))
    }

    async fn accept(&self, recipients: &[&str]) -> MessageId {
        self.accept_at(&self.core, recipients).await
    }

    /// As [`Self::accept`], by this process.
    async fn accept_at(&self, core: &Core, recipients: &[&str]) -> MessageId {
        let submission = Submission {
            arrival: Arrival::Smtp {
                listener: "submission".to_owned(),
                hostname: "relay.example".to_owned(),
                client: "127.0.0.1".parse().unwrap(),
                helo: "client.example".to_owned(),
                esmtp: true,
                tls: None,
                mechanism: Some("PLAIN".to_owned()),
            },
            reverse_path: ReversePath::parse("app@sender.example").unwrap(),
            recipients: recipients.iter().map(|text| EmailAddress::parse(text).unwrap()).collect(),
            terms: Default::default(),
            smtputf8: false,
            content: b"From: app@sender.example\r\nSubject: hi\r\n\r\nbody\r\n.dot\r\n".to_vec().into(),
        };
        submission::accept(core, &self.account, submission).await.unwrap().unwrap()
    }

    async fn detail(&self, message: MessageId) -> MessageDetail {
        messages::get(&self.core, &Actor::System, &self.project, message).await.unwrap()
    }

    async fn until(&self, message: MessageId, what: &str, is: impl Fn(&MessageDetail) -> bool) -> MessageDetail {
        until(what, async || Some(self.detail(message).await).filter(&is)).await;
        // A page is read in several queries: this one sees all of what the first one saw a part of.
        self.detail(message).await
    }
}

fn states(detail: &MessageDetail) -> Vec<(String, RecipientState)> {
    let mut states: Vec<_> = detail.recipients.iter().map(|one| (one.address.to_string(), one.state)).collect();
    states.sort_by(|one, other| one.0.cmp(&other.0));
    states
}

fn attempts(detail: &MessageDetail) -> Vec<&Attempt> {
    let attempts = detail.events.iter().filter_map(|event| match &event.kind {
        EventKind::Attempt(attempt) => Some(attempt),
        _ => None,
    });
    attempts.collect()
}

#[tokio::test]
async fn one_message_has_three_fates_one_dsn_and_no_duplicate() {
    let script = Script::default()
        .offer("PIPELINING")
        .answer("RCPT TO:<no@", "550 5.1.1 no such user")
        .answer("RCPT TO:<later@", "451 4.3.0 later");
    let sink = Sink::start(script).await;
    let relay = Relay::new(&sink, PlatformRoute::Mx).await;
    let running = relay.start();
    let message = relay.accept(&["yes@b.example", "no@b.example", "later@b.example"]).await;
    let detail = relay.until(message, "the first attempt", |detail| !attempts(detail).is_empty()).await;
    assert_eq!(
        states(&detail),
        [
            ("later@b.example".to_owned(), RecipientState::Due),
            ("no@b.example".to_owned(), RecipientState::Bounced),
            ("yes@b.example".to_owned(), RecipientState::Delivered),
        ]
    );
    let attempt = attempts(&detail)[0];
    assert_eq!((attempt.number, attempt.host.as_deref(), attempt.tls.is_none()), (1, Some("mx.b.example"), true));
    assert!(attempt.dialogue.iter().any(|line| line.text == "RCPT TO:<no@b.example>"));

    // The DSN goes to the sender's own exchanger, which is the sink, too.
    until("the DSN", async || (sink.received() == 2).then_some(())).await;
    // Its lease would end with the time that is let pass, and it would be sent again.
    let recorded = async || (queue::totals(&relay.core).await.unwrap().in_flight == 0).then_some(());
    until("its record", recorded).await;
    let dsn = String::from_utf8_lossy(&sink.messages()[1]).into_owned();
    assert!(dsn.contains("multipart/report") && dsn.contains("no@b.example") && !dsn.contains("yes@b.example"));

    sink.relent();
    relay.clock.advance(Duration::from_secs(3600));
    let detail = relay.until(message, "the second attempt", |detail| attempts(detail).len() == 2).await;
    assert_eq!(attempts(&detail)[1].number, 2);
    assert_eq!(detail.state, MessageState::Bounced);
    assert_eq!(sink.received(), 3);
    let body = |message: &Vec<u8>| message.ends_with(b"\r\n\r\nbody\r\n.dot\r\n");
    assert_eq!(sink.messages().iter().filter(|message| body(message)).count(), 2);
    relay.stop.cancel();
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn captured_mail_is_done_without_a_connection() {
    let sink = Sink::start(Script::default()).await;
    let relay = Relay::new(&sink, PlatformRoute::Capture).await;
    let running = relay.start();
    let message = relay.accept(&["a@b.example", "c@d.example"]).await;
    let detail = relay.until(message, "the capture", |detail| detail.state == MessageState::Delivered).await;
    let outcomes: Vec<_> = attempts(&detail).iter().flat_map(|attempt| &attempt.outcomes).collect();
    assert!(outcomes.iter().all(|one| one.outcome == Outcome::Captured) && outcomes.len() == 2);
    assert_eq!(sink.connections(), 0);
    relay.stop.cancel();
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_smarthost_takes_recipients_of_many_domains_in_one_transaction() {
    let sink = Sink::start(Script::default().offer("PIPELINING")).await;
    let smarthost = SmarthostAccess {
        host: "127.0.0.1".to_owned(),
        port: sink.address.port(),
        tls: SmarthostTls::Opportunistic,
        credentials: None,
        others_only: false,
    };
    let relay = Relay::new(&sink, PlatformRoute::Smarthost(smarthost)).await;
    let message = relay.accept(&["a@one.example", "b@two.example", "c@three.example"]).await;
    let running = relay.start();
    relay.until(message, "delivery", |detail| detail.state == MessageState::Delivered).await;
    assert_eq!((sink.received(), sink.connections()), (1, 1));
    relay.stop.cancel();
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_silent_host_holds_only_its_own_workers() {
    let sink = Sink::start(Script::default().silent_at("127.0.0.2")).await;
    let mut relay = Relay::new(&sink, PlatformRoute::Mx).await;
    relay.config.workers = 4;
    relay.config.connections_per_destination = 2;
    relay.config.grace = Duration::ZERO;
    for number in 0..10 {
        relay.accept(&[&format!("a{number}@slow.example")]).await;
    }
    let running = relay.start();
    until("the slow connections", async || (sink.connections() == 2).then_some(())).await;
    let mut quick = Vec::new();
    for number in 0..10 {
        quick.push(relay.accept(&[&format!("a{number}@b.example"), &format!("a{number}@c.example")]).await);
    }
    for message in quick {
        relay.until(message, "delivery", |detail| detail.state == MessageState::Delivered).await;
    }
    assert_eq!(sink.received(), 20);
    assert!(sink.connections() <= 2 + 2 * 2, "{}", sink.connections());
    relay.stop.cancel();
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn what_is_not_finished_at_the_end_is_given_back() {
    let sink = Sink::start(Script::default().silent_at("127.0.0.2")).await;
    let mut relay = Relay::new(&sink, PlatformRoute::Mx).await;
    relay.config.connections_per_destination = 1;
    relay.config.grace = Duration::ZERO;
    let held = [relay.accept(&["a@slow.example"]).await, relay.accept(&["b@slow.example"]).await];
    let running = relay.start();
    until("the slow connection", async || (sink.connections() == 1).then_some(())).await;
    relay.stop.cancel();
    running.await.unwrap().unwrap();
    for message in held {
        let detail = relay.detail(message).await;
        assert_eq!((detail.recipients[0].state, detail.recipients[0].attempts), (RecipientState::Due, 0));
    }
    relay.answers.set_mx("slow.example", &[(10, "mx.b.example")]);
    relay.stop = CancellationToken::new();
    let running = relay.start();
    for message in held {
        relay.until(message, "delivery", |detail| detail.state == MessageState::Delivered).await;
    }
    relay.stop.cancel();
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn what_waits_behind_an_unreachable_host_fails_with_it() {
    let sink = Sink::start(Script::default().greet_at("127.0.0.2", "421 4.3.2 busy")).await;
    let mut relay = Relay::new(&sink, PlatformRoute::Mx).await;
    relay.config.connections_per_destination = 1;
    let mut messages = Vec::new();
    for number in 0..5 {
        messages.push(relay.accept(&[&format!("a{number}@slow.example")]).await);
    }
    let running = relay.start();
    for message in messages {
        let detail = relay.until(message, "the attempt", |detail| !attempts(detail).is_empty()).await;
        assert_eq!(detail.state, MessageState::Deferred);
        assert_eq!(detail.recipients[0].last_reply.as_deref(), Some("421 4.3.2 busy"));
    }
    assert_eq!(sink.connections(), 1);
    relay.stop.cancel();
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn many_messages_are_each_delivered_once() {
    let sink = Sink::start(Script::default().offer("PIPELINING")).await;
    let relay = Relay::new(&sink, PlatformRoute::Mx).await;
    let running = relay.start();
    let mut messages = Vec::new();
    for number in 0..200 {
        messages.push(relay.accept(&[&format!("a{number}@b.example")]).await);
    }
    for message in messages {
        relay.until(message, "delivery", |detail| detail.state == MessageState::Delivered).await;
    }
    assert_eq!(sink.received(), 200);
    assert!(sink.connections() <= 8, "{}", sink.connections());
    relay.stop.cancel();
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn nothing_is_claimed_or_begun_while_results_cannot_be_recorded() {
    let sink = Sink::start(Script::default()).await;
    let relay = Relay::new(&sink, PlatformRoute::Mx).await;
    relay.accept(&["a@b.example"]).await;
    let mut manager = manager(relay.core.clone(), relay.config.clone()).unwrap();
    assert!(manager.claim().await && manager.has_room());
    let stuck = manager.worker.stuck();
    manager.start();
    assert_eq!((manager.has_room(), manager.running.len()), (false, 0));
    drop(stuck);
    manager.start();
    assert_eq!((manager.has_room(), manager.running.len()), (true, 1));
    manager.end().await;
}

#[tokio::test]
async fn new_mail_leaves_room_for_what_waits_in_the_queue() {
    let sink = Sink::start(Script::default()).await;
    let mut relay = Relay::new(&sink, PlatformRoute::Mx).await;
    (relay.config.workers, relay.config.connections_per_destination) = (2, 100);
    relay.accept(&["old@b.example"]).await;
    let mut manager = manager(relay.core.clone(), relay.config.clone()).unwrap();
    let mut taken = 0;
    while manager.takes_new() {
        relay.accept(&["new@b.example"]).await;
        let new = manager.new_mail.ready().expect("handed over");
        manager.take(new);
        taken += 1;
    }
    assert_eq!((taken, manager.backlog.waiting()), (6, 6));
    assert!(manager.has_room() && manager.claim().await, "the old one is claimed");
    assert_eq!(manager.backlog.waiting(), 7);
    // What came in meanwhile waits where it is, and is given back at the end.
    relay.accept(&["last@b.example"]).await;
    manager.end().await;
    assert_eq!(queue::claim(&relay.core, 100, 100, &[]).await.unwrap().len(), 8);
}

#[tokio::test]
async fn mail_for_a_host_that_has_just_failed_rests_in_the_queue() {
    let sink = Sink::start(Script::default().greet_at("127.0.0.2", "421 4.3.2 busy")).await;
    let mut relay = Relay::new(&sink, PlatformRoute::Mx).await;
    relay.config.connections_per_destination = 1;
    for number in 0..=CLAIMS_PER_CONNECTION {
        relay.accept(&[&format!("a{number}@slow.example")]).await;
    }
    let mut manager = manager(relay.core.clone(), relay.config.clone()).unwrap();
    assert!(manager.claim().await);
    let before = Instant::now();
    manager.start();
    while let Some(ended) = manager.running.join_next_with_id().await {
        manager.finished(ended);
    }
    let Actor::ServiceAccount { project_id, .. } = relay.account else { unreachable!() };
    let project = Some(project_id);
    let slow = LeftOut::OfProject(project, "slow.example".to_owned());
    assert_eq!(manager.resting.left_out(before).collect::<Vec<_>>(), std::slice::from_ref(&slow));
    // As after many more: it rests longer than a slow machine takes for a claim.
    manager.resting.failed(project, "slow.example", 1_000_000, Instant::now());
    assert!(!manager.claim().await, "what is left rests");
    assert_eq!((manager.left_out.clone(), manager.backlog.waiting()), (vec![slow], 0));
    manager.resting = Resting::default();
    assert!(manager.claim().await);
    assert_eq!(manager.backlog.waiting(), 1);
    manager.end().await;
}

#[tokio::test]
async fn mail_that_another_process_accepted_is_found_without_being_woken() {
    let sink = Sink::start(Script::default()).await;
    let relay = Relay::new(&sink, PlatformRoute::Mx).await;
    let other = Core::open(relay.core.config().clone(), relay.core.resolver().clone(), relay.clock.clone());
    let other = other.await.unwrap();
    let manager = manager(relay.core.clone(), relay.config.clone()).unwrap();
    let stop = relay.stop.clone();
    let running = tokio::spawn(async move { manager.run(&stop).await });
    // Handed over in memory: when it is delivered, the look at the start was in vain and is over.
    let own = relay.accept(&["own@b.example"]).await;
    relay.until(own, "delivery", |detail| detail.state == MessageState::Delivered).await;
    // The other process has no workers, and its bells are heard by nobody here.
    let found = relay.accept_at(&other, &["other@b.example"]).await;
    relay.until(found, "delivery", |detail| detail.state == MessageState::Delivered).await;
    assert_eq!(sink.received(), 2);
    relay.stop.cancel();
    running.await.unwrap();
}
