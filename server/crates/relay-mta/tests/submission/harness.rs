//! A relay on a port of its own, with a database of its own.

use relay_core::{Clock, Core, CoreConfig, config::PlatformRoute};
use relay_dns::{Resolver, fixed::FixedAnswers};
use relay_mta::{CertificateFiles, ListenerConfig, Relay, SubmissionSettings, tls::certificates};
use relay_types::{
    DomainName, EmailAddress, Timestamp,
    listener::{ListenerAuth, ListenerTls},
};
use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

pub const HOST: &str = "relay.example";

/// A running relay. Its listeners are in the order of `start`.
pub struct TestRelay {
    pub relay: Arc<Relay>,
    pub core: Core,
    pub addresses: Vec<SocketAddr>,
    pub certificate: CertificateFiles,
    pub stop: CancellationToken,
    pub running: JoinHandle<()>,
    _folder: TempDir,
}

/// Settings without the wait for early talkers.
pub fn settings() -> SubmissionSettings {
    SubmissionSettings { greeting_wait: Duration::ZERO, ..SubmissionSettings::default() }
}

/// Starts a relay with these listeners.
pub async fn start(settings: SubmissionSettings, listeners: &[(ListenerTls, ListenerAuth)]) -> TestRelay {
    let folder = tempfile::tempdir().expect("a folder");
    let core = open_core(folder.path()).await;
    let certificate = certificates::self_signed(folder.path(), HOST, Timestamp(1_780_000_000_000)).expect("made");
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
            plaintext_auth: false,
            certificates: vec![certificate.clone()],
            proxy_protocol_from: Vec::new(),
        };
        relay.listen(&config, socket).expect("a listener");
    }
    let relay = Arc::new(relay);
    let running = tokio::spawn({
        let relay = relay.clone();
        async move { relay.run().await }
    });
    TestRelay { relay, core, addresses, certificate, stop, running, _folder: folder }
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
    };
    let resolver = Resolver::fixed(FixedAnswers::new());
    Core::open(config, resolver, Clock::System).await.expect("the database opens")
}
