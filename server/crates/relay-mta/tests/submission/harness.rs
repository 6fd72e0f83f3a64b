//! A relay on a port of its own, with a database of its own.

use relay_core::{
    Actor, Clock, Core, CoreConfig, config::PlatformRoute, listeners, networks, projects, senders, service_accounts,
};
use relay_dns::{Resolver, fixed::FixedAnswers};
use relay_mta::{CertificateFiles, ListenerConfig, Relay, SubmissionSettings, tls::certificates};
use relay_types::{
    Cidr, DomainName, EmailAddress, Timestamp,
    limit::Limits,
    listener::{ListenerAuth, ListenerStatus, ListenerTls},
    project::Slug,
    service_account::{AllowedSenders, ServiceAccountId, ServiceAccountSettings},
};
use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

pub const HOST: &str = "relay.example";
/// Another name of the same listeners.
pub const OTHER_HOST: &str = "other.example";

/// A running relay. Its listeners are in the order of `start`.
pub struct TestRelay {
    pub relay: Arc<Relay>,
    pub core: Core,
    /// The project that [`Self::account`] or [`Self::trust`] makes.
    pub project: Slug,
    pub addresses: Vec<SocketAddr>,
    pub certificate: CertificateFiles,
    pub other_certificate: CertificateFiles,
    pub stop: CancellationToken,
    pub running: JoinHandle<()>,
    _folder: TempDir,
}

/// A service account of the project.
#[derive(Clone)]
pub struct Account {
    pub id: ServiceAccountId,
    pub username: String,
    pub secret: String,
}

/// The machine's moment: rustls judges certificates by it, whatever the clock of the test.
pub fn now() -> Timestamp {
    Clock::System.now()
}

/// Settings without the wait for early talkers.
pub fn settings() -> SubmissionSettings {
    SubmissionSettings { greeting_wait: Duration::ZERO, ..SubmissionSettings::default() }
}

/// Starts a relay with these listeners.
pub async fn start(settings: SubmissionSettings, listeners: &[(ListenerTls, ListenerAuth)]) -> TestRelay {
    start_behind(settings, listeners, Vec::new()).await
}

async fn start_behind(
    settings: SubmissionSettings,
    listeners: &[(ListenerTls, ListenerAuth)],
    balancers: Vec<Cidr>,
) -> TestRelay {
    let folder = tempfile::tempdir().expect("a folder");
    let core = open_core(folder.path()).await;
    let certificate = certificates::self_signed(folder.path(), HOST, now()).expect("made");
    let other_certificate = certificates::self_signed(folder.path(), OTHER_HOST, now()).expect("made");
    let stop = CancellationToken::new();
    let mut relay = Relay::new(core.clone(), settings, stop.clone());
    let mut addresses = Vec::new();
    for (number, (tls, auth)) in listeners.iter().enumerate() {
        let socket = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        addresses.push(socket.local_addr().expect("bound"));
        let config = ListenerConfig {
            name: format!("listener-{number}"),
            hostname: HOST.to_owned(),
            tls: *tls,
            auth: *auth,
            plaintext_auth_from: Vec::new(),
            certificates: vec![certificate.clone(), other_certificate.clone()],
            proxy_protocol_from: balancers.clone(),
        };
        relay.listen(&config, socket).expect("a listener");
    }
    let relay = Arc::new(relay);
    let running = tokio::spawn({
        let relay = relay.clone();
        async move { relay.run().await }
    });
    let project = Slug::parse("project").expect("a slug");
    TestRelay { relay, core, project, addresses, certificate, other_certificate, stop, running, _folder: folder }
}

impl TestRelay {
    /// A relay that believes this balancer.
    pub async fn behind_balancer(balancer: &str, listener: (ListenerTls, ListenerAuth)) -> Self {
        Self::behind_balancer_with(settings(), balancer, listener).await
    }

    /// As [`Self::behind_balancer`], with these settings.
    pub async fn behind_balancer_with(
        settings: SubmissionSettings,
        balancer: &str,
        listener: (ListenerTls, ListenerAuth),
    ) -> Self {
        start_behind(settings, &[listener], vec![Cidr::parse(balancer).expect("a block")]).await
    }

    /// Makes the project with the verified sender `app@sender.example`, and an account that may use every sender.
    pub async fn account(&self) -> Account {
        self.make_project().await;
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
        let made = service_accounts::create(&self.core, &Actor::System, &self.project, settings).await;
        let (id, secret) = made.expect("an account");
        let detail = service_accounts::get(&self.core, &Actor::System, &self.project, id).await.expect("it is there");
        Account { id, username: detail.account.username, secret: secret.reveal().to_owned() }
    }

    /// Makes the project with the verified sender `app@sender.example`, and a block of addresses that is its own.
    pub async fn trust(&self, cidr: &str) {
        self.make_project().await;
        self.trust_also(cidr).await;
    }

    /// Another block of addresses of the project.
    pub async fn trust_also(&self, cidr: &str) {
        let cidr = Cidr::parse(cidr).expect("a block");
        networks::add(&self.core, &Actor::System, &self.project, cidr, "network").await.expect("a network");
    }

    async fn make_project(&self) {
        let slug = self.project.clone();
        projects::create(&self.core, &Actor::System, "Project", slug, false).await.expect("a project");
        let sender = "app@sender.example";
        senders::mark_verified(&self.core, &Actor::System, &self.project, sender).await.expect("a sender");
    }

    /// A listener as operators see it.
    pub fn status(&self, listener: usize) -> ListenerStatus {
        listeners::list(&self.core, &Actor::System).expect("allowed").remove(listener)
    }
}

async fn open_core(folder: &Path) -> Core {
    let url = format!("sqlite://{}", folder.join("relay.db").display());
    Core::migrate(&url).await.expect("a new database");
    let name = DomainName::parse(HOST).expect("a name");
    let config = CoreConfig {
        database_url: url,
        public_url: "https://portal.example".to_owned(),
        hostname: name.clone(),
        realm: name,
        mail_from: EmailAddress::parse("relay@relay.example").expect("an address"),
        secret_key_file: folder.join("key"),
        route: PlatformRoute::Capture,
        message_size: 50 * 1024 * 1024,
        retry_schedule: vec![Duration::from_secs(60)],
        queue_lifetime: Duration::from_secs(5 * 86_400),
        delay_warning: Duration::from_secs(4 * 3600),
        lease: Duration::from_secs(300),
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
    let resolver = Resolver::fixed(FixedAnswers::new());
    Core::open(config, resolver, Clock::System).await.expect("the database opens")
}
