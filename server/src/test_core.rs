//! Use cases on a fresh database with a clock that is set by hand, for the tests of this crate.

use relay_core::{Clock, Core, CoreConfig, config::PlatformRoute};
use relay_dns::{FixedAnswers, Resolver};
use relay_types::{DomainName, EmailAddress};
use std::time::Duration;
use tempfile::TempDir;

/// A core, its clock, and the folder it lives in.
pub struct TestCore {
    pub core: Core,
    pub clock: Clock,
    /// Goes with the test.
    _folder: TempDir,
}

impl TestCore {
    /// On SQLite; DNS knows nothing; the platform captures.
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let config = CoreConfig {
            database_url: format!("sqlite://{}", folder.path().join("test.sqlite").display()),
            public_url: "https://mail.example.org".to_owned(),
            hostname: DomainName::parse("relay.example.org").expect("a name"),
            realm: DomainName::parse("example.org").expect("a name"),
            mail_from: EmailAddress::parse("relaykeep@example.org").expect("an address"),
            secret_key_file: folder.path().join("key"),
            route: PlatformRoute::Capture,
            message_size: 1_000_000,
            retry_schedule: vec![Duration::from_secs(60)],
            queue_lifetime: Duration::from_secs(86_400),
            delay_warning: Duration::from_secs(3_600),
            lease: Duration::from_secs(300),
            hashing_parallelism: 2,
            sandbox_per_hour: 20,
            reverse_dns: Default::default(),
            egress: Default::default(),
            dns_health: Default::default(),
            retention: Default::default(),
            simulator_domain: DomainName::parse("simulator.relay.example.org").expect("a name"),
            suppressions: Default::default(),
            tls: Default::default(),
        };
        let clock = Clock::manual(Clock::System.now());
        Core::migrate(&config.database_url).await.expect("migrated");
        let resolver = Resolver::fixed(FixedAnswers::new());
        let core = Core::open(config, resolver, clock.clone()).await.expect("opened");
        Self { core, clock, _folder: folder }
    }
}
