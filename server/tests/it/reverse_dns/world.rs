//! A core on a fresh database, a project with addresses in ranges that a real server holds, and the steps of a name.

use super::knot::{FOUR, HOSTS, Knot, SECRET_TEXT};
use crate::harness::fresh_database;
use relay_core::{
    Actor, Clock, Core, CoreConfig, Result, addresses, config::PlatformRoute, dns_backends,
    dns_backends::DnsBackendInput, jobs, name_changes, projects, ranges, sweep, tickets,
};
use relay_dns::Resolver;
use relay_types::{
    Timestamp,
    address::AssignInput,
    dns_backend::DnsBackendId,
    name_change::{NameChange, NameChangeState},
    project::Slug,
    range::RangeInput,
    ticket::{Ticket, TicketKind, TicketNumber, TicketRequest, TicketState},
};
use std::time::Duration;
use tempfile::TempDir;
use zeroize::Zeroizing;

pub const IP: &str = "192.0.2.7";
pub const NAME: &str = "www.uni.example";
/// What the range gives every address by itself.
pub const DEFAULT: &str = "vm7.uni.example";
/// The forward record of the wanted name, and the reverse record of the default, as in zone files.
pub const WWW: &str = "www A 192.0.2.7";
pub const VM7: &str = "7 PTR vm7.uni.example.";

pub struct World {
    pub core: Core,
    pub clock: Clock,
    pub project: Slug,
    resolver: Resolver,
    config: CoreConfig,
    _folder: TempDir,
}

impl World {
    /// With nothing but a project.
    pub async fn empty(resolver: Resolver) -> Self {
        Self::configured(resolver, |_| {}).await
    }

    /// With nothing but a project, and other settings.
    pub async fn configured(resolver: Resolver, change: impl FnOnce(&mut CoreConfig)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = CoreConfig {
            database_url: fresh_database(folder.path()),
            public_url: "https://relay.test".to_owned(),
            hostname: "relay.test".parse().unwrap(),
            realm: "relay.test".parse().unwrap(),
            mail_from: "relaykeep@relay.test".parse().unwrap(),
            secret_key_file: folder.path().join("key"),
            route: PlatformRoute::Capture,
            message_size: 10 << 20,
            retry_schedule: vec![Duration::from_secs(60)],
            queue_lifetime: Duration::from_secs(86_400),
            delay_warning: Duration::from_secs(3_600),
            lease: Duration::from_secs(300),
            hashing_parallelism: 1,
            sandbox_per_hour: 20,
            reverse_dns: Default::default(),
            egress: Default::default(),
            dns_health: Default::default(),
            retention: Default::default(),
            simulator_domain: "simulator.relay.test".parse().unwrap(),
            suppressions: Default::default(),
            tls: Default::default(),
        };
        change(&mut config);
        Core::migrate(&config.database_url).await.unwrap();
        let clock = Clock::manual(Timestamp(1_795_268_800_000));
        let core = Core::open(config.clone(), resolver.clone(), clock.clone()).await.unwrap();
        let project = Slug::parse("bio").unwrap();
        projects::create(&core, &Actor::System, "Biology", project.clone(), false).await.unwrap();
        Self { core, clock, project, resolver, config, _folder: folder }
    }

    /// The project holds [`IP`] in a range that `knot` takes updates of.
    pub async fn with(knot: &Knot) -> Self {
        Self::written_by(knot.resolver(), update(knot)).await.0
    }

    /// The project holds [`IP`] in a range that this back end writes.
    pub async fn written_by(resolver: Resolver, backend: DnsBackendInput) -> (Self, DnsBackendId) {
        let world = Self::empty(resolver).await;
        let backend = world.backend(backend).await;
        world.range("192.0.2.0/24", FOUR, "vm{d}.uni.example", backend).await;
        world.assign(IP).await;
        (world, backend)
    }

    /// Another node on the same database.
    pub async fn second_node(&self) -> Core {
        Core::open(self.config.clone(), self.resolver.clone(), self.clock.clone()).await.unwrap()
    }

    pub async fn backend(&self, input: DnsBackendInput) -> DnsBackendId {
        dns_backends::add(&self.core, &Actor::System, input).await.unwrap()
    }

    pub async fn range(&self, block: &str, zone: &str, template: &str, backend: DnsBackendId) {
        let input = RangeInput {
            label: block.replace(['/', ':'], "-"),
            block: block.to_owned(),
            zone: zone.to_owned(),
            template: template.to_owned(),
            backend: backend.to_string(),
            ..Default::default()
        };
        ranges::add(&self.core, &Actor::System, &input).await.unwrap();
    }

    pub async fn assign(&self, block: &str) {
        let input = AssignInput { project: self.project.to_string(), block: block.to_owned(), ..Default::default() };
        addresses::assign(&self.core, &Actor::System, &input).await.unwrap();
    }

    /// Asks for a name of an address.
    pub async fn ask(&self, address: &str, name: &str) -> TicketNumber {
        let request = TicketRequest {
            address: address.to_owned(),
            name: name.to_owned(),
            use_case: "mail server".to_owned(),
            ..Default::default()
        };
        self.open(TicketKind::SetPtr, request).await.unwrap()
    }

    /// Asks for the name of an address to go.
    pub async fn ask_removal(&self, address: &str) -> TicketNumber {
        let request = TicketRequest { address: address.to_owned(), ..Default::default() };
        self.open(TicketKind::RemovePtr, request).await.unwrap()
    }

    pub async fn open(&self, kind: TicketKind, request: TicketRequest) -> Result<TicketNumber> {
        tickets::open(&self.core, &Actor::System, &self.project, kind, request, false).await
    }

    pub async fn approve(&self, number: TicketNumber) -> Result<TicketState> {
        tickets::approve(&self.core, &Actor::System, number).await
    }

    /// [`NAME`] was asked for [`IP`], and the desk agreed.
    pub async fn approved(&self) -> TicketNumber {
        let number = self.ask(IP, NAME).await;
        assert_eq!(self.approve(number).await.unwrap(), TicketState::Approved);
        number
    }

    /// Lets time pass and all that is due happen.
    pub async fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
        tickets::run_due(&self.core, &Actor::System).await.unwrap();
        name_changes::run_due(&self.core, &Actor::System).await.unwrap();
        jobs::run_due(&self.core, &Actor::System).await.unwrap();
    }

    /// Written, and read back.
    pub async fn settle(&self) {
        self.pass(0).await;
        self.pass(0).await;
    }

    pub async fn sweep(&self) {
        sweep::start(&self.core, &Actor::System).await.unwrap();
        self.settle().await;
    }

    pub async fn ticket(&self, number: TicketNumber) -> Ticket {
        tickets::get(&self.core, &Actor::System, None, number).await.unwrap()
    }

    pub async fn state(&self, number: TicketNumber) -> TicketState {
        self.ticket(number).await.row.state
    }

    /// The change a ticket led to.
    pub async fn change(&self, number: TicketNumber) -> NameChange {
        self.ticket(number).await.change.expect("a change")
    }

    /// It came true, and its history says so.
    pub async fn assert_done(&self, number: TicketNumber) {
        let ticket = self.ticket(number).await;
        assert_eq!(ticket.row.state, TicketState::Done, "{ticket:#?}");
        assert_eq!(ticket.entries.last().unwrap().text, "Seen by every server and resolver");
        let change = ticket.change.unwrap();
        assert_eq!((change.state, change.error), (NameChangeState::Done, None));
    }

    /// It failed for this reason, which ticket and change both say.
    pub async fn assert_failed(&self, number: TicketNumber, why: &str) {
        let ticket = self.ticket(number).await;
        assert_eq!(ticket.row.state, TicketState::Failed, "{ticket:#?}");
        let reason = ticket.reason.unwrap();
        assert!(reason.contains(why), "{reason}");
        assert_eq!(ticket.change.unwrap().error, Some(reason));
    }
}

/// A back end that writes to `knot` with the key it knows.
pub fn update(knot: &Knot) -> DnsBackendInput {
    update_at(&format!("127.0.0.1:{}", knot.port), "writer", SECRET_TEXT)
}

pub fn update_at(server: &str, key_name: &str, secret: &str) -> DnsBackendInput {
    DnsBackendInput {
        label: "knot".to_owned(),
        kind: "update".to_owned(),
        server: server.to_owned(),
        key_name: key_name.to_owned(),
        algorithm: "hmac-sha256".to_owned(),
        secret: Zeroizing::new(secret.to_owned()),
        ..Default::default()
    }
}

/// A host's address, taken out of the forward zone or put back by whoever runs it.
pub fn forward(knot: &Knot, verb: &str, record: &str) {
    knot.change_by_others(HOSTS, &format!("{verb} {record}"));
}
