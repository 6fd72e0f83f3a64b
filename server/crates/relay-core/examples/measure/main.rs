//! What the use cases cost in the database alone, on SQLite in a fresh folder: `cargo xtask bench
//! policy|queue|depth|messages|import|sweep|health`. Takes a name, a count, and `--json` anywhere among them.
//! `fill URL FROM WAITING HISTORY` writes into the database of a relay that does not run, for `cargo xtask bench history`.
//!
//! Prints figures for `server/docs/performance.md`, and judges none of them.

mod depth;
mod figures;
mod health;
mod import;
mod knot;
mod messages;
mod policy;
mod queue;
mod sweep;

use figures::Figures;
use relay_core::{Actor, Clock, Core, CoreConfig, config::PlatformRoute, networks, policy::Verdict, projects, senders};
use relay_dns::{Resolver, fixed::FixedAnswers};
use relay_types::{Cidr, DomainName, EmailAddress, project::Slug};
use std::{error::Error, net::IpAddr, time::Duration};
use tempfile::TempDir;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// A relay's core with one project, one verified sender and one trusted network.
struct Bench {
    core: Core,
    url: String,
    project: Slug,
    /// The trusted network.
    network: Actor,
    _folder: TempDir,
}

const SENDER: &str = "app@sender.example";

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Outcome<()> {
    let (json, arguments): (Vec<_>, Vec<_>) = std::env::args().skip(1).partition(|argument| argument == "--json");
    let mut arguments = arguments.into_iter();
    let name = arguments.next().unwrap_or_default();
    if name == "fill" {
        let url = arguments.next().ok_or("fill takes a URL and three numbers")?;
        let numbers: Vec<u32> = arguments.map(|number| number.parse()).collect::<Result<_, _>>()?;
        let [from, waiting, history] = numbers[..] else { return Err("fill takes a URL and three numbers".into()) };
        return depth::fill_stopped(&url, from, waiting, history).await;
    }
    let count = arguments.next().map(|count| count.parse()).transpose()?;
    let mut figures = Figures::new(!json.is_empty());
    measure(&name, count, &mut figures).await?;
    figures.end();
    Ok(())
}

/// Measures what is named: so many, or as many as is usual for it.
async fn measure(name: &str, count: Option<u32>, figures: &mut Figures) -> Outcome<()> {
    if name == "sweep" {
        return sweep::measure(count.unwrap_or(100_000), figures).await;
    }
    if name == "health" {
        return health::measure(count.unwrap_or(10_000), figures).await;
    }
    let bench = Bench::with(Resolver::fixed(FixedAnswers::new())).await?;
    match name {
        "policy" => policy::measure(&bench, count.unwrap_or(2_000), figures).await,
        "queue" => queue::measure(&bench, count.unwrap_or(4_000), figures).await,
        "depth" => depth::measure(&bench, count.unwrap_or(1_000_000), figures).await,
        "messages" => messages::measure(&bench, count.unwrap_or(1_000_000), figures).await,
        "import" => import::measure(&bench, count.unwrap_or(100_000), figures).await,
        _ => Err("measure takes policy, queue, depth, messages, import, sweep or health, a count, and --json".into()),
    }
}

impl Bench {
    async fn with(resolver: Resolver) -> Outcome<Self> {
        let folder = tempfile::tempdir()?;
        let url = format!("sqlite://{}", folder.path().join("relay.db").display());
        Core::migrate(&url).await?;
        let name = DomainName::parse("relay.example")?;
        let config = CoreConfig {
            database_url: url.clone(),
            public_url: "https://portal.example".to_owned(),
            hostname: name.clone(),
            realm: name,
            mail_from: EmailAddress::parse("relay@relay.example")?,
            secret_key_file: folder.path().join("key"),
            route: PlatformRoute::Mx,
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
        let core = Core::open(config, resolver, Clock::System).await?;
        let project = Slug::parse("physics")?;
        projects::create(&core, &Actor::System, "Physics", project.clone(), false).await?;
        senders::mark_verified(&core, &Actor::System, &project, SENDER).await?;
        networks::add(&core, &Actor::System, &project, Cidr::parse("192.0.2.0/24")?, "cluster").await?;
        let network = networks::identify(&core, IpAddr::from([192, 0, 2, 1])).await?.ok_or("the network is trusted")?;
        Ok(Self { core, url, project, network, _folder: folder })
    }
}

/// What must not be refused here.
async fn allowed<T>(verdict: impl Future<Output = Verdict<T>>) -> Outcome<T> {
    verdict.await?.map_err(|rejection| format!("{rejection:?}").into())
}
