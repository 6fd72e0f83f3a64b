//! From settings to a running process: bind everything first, then run, then drain.

use crate::{
    bring_up_to_date, health::Health, needs_migration, open_migrated, portal_connections, prepare, relay,
    settings::Settings, web,
};
use anyhow::{Context, Result, bail};
use metrics_exporter_prometheus::PrometheusBuilder;
use relay_core::{Actor, Core, nodes, users};
use relay_mta::{Relay, delivery::DeliveryConfig, queue_manager, self_test, self_test::Finding};
use relay_types::node::Role;
use std::{fs::File, path::Path, process::ExitCode, sync::Arc};
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Everything bound and ready to run.
pub struct Application {
    settings: Settings,
    core: Core,
    portal: TcpListener,
    relay: Arc<Relay>,
    health: Health,
    stop: CancellationToken,
    signals: Signals,
    /// Held for as long as this process runs.
    _claims: Vec<File>,
}

/// `relaykeep serve`.
pub async fn serve(settings: Settings, demo: bool) -> Result<ExitCode> {
    let application = Application::build(settings).await?;
    if demo {
        crate::demo::fill(&application.settings, &application.core)
            .await
            .context("the demonstration; remove its data folder and try again")?;
    }
    application.announce().await?;
    application.run().await?;
    Ok(ExitCode::SUCCESS)
}

impl Application {
    /// Opens the database and binds every port.
    pub async fn build(settings: Settings) -> Result<Self> {
        // Before any port is bound: whoever sees it answer may send a signal.
        let signals = Signals::install()?;
        prepare(&settings)?;
        // Before the database is touched: the schema must not change under a relay that runs.
        let claims = own(&settings.data_dir, &settings.core.database_url)?;
        if needs_migration(&settings).await? {
            bring_up_to_date(&settings).await?;
        }
        let core = open_migrated(&settings).await?;
        let metrics = PrometheusBuilder::new().install_recorder().context("metrics")?;
        let portal = TcpListener::bind(settings.portal.listen)
            .await
            .with_context(|| format!("portal.listen {} cannot be bound", settings.portal.listen))?;
        let stop = CancellationToken::new();
        let relay = Arc::new(relay::bind(&core, &settings, &stop).await?);
        // Last: who is registered runs.
        let freed = nodes::join(&core, &Actor::System, identity(&settings)?).await?;
        if freed > 0 {
            tracing::info!(recipients = freed, "an earlier run ended while it was sending these; they are due again");
        }
        let metrics_allow = settings.metrics_allow.clone().into();
        let health = Health { core: core.clone(), stop: stop.clone(), metrics, metrics_allow };
        Ok(Self { settings, core, portal, relay, health, stop, signals, _claims: claims })
    }

    /// Says where it is to be found.
    async fn announce(&self) -> Result<()> {
        let portal = &self.settings.portal.public_url;
        if self.settings.has(Role::Web) {
            println!("Portal  {portal}");
        } else {
            println!("Health  http://{}/readyz", self.settings.portal.listen);
        }
        if self.settings.has(Role::Web) && users::setup_needed(&self.core).await? {
            println!("Setup   {portal}/setup?code={}", users::setup_code(&self.core));
        }
        for listener in self.core.listeners().all() {
            let (tls, auth) = (listener.tls.words(), listener.auth.words());
            println!("SMTP    {}  {tls} · {auth} ({})", listener.address, listener.name);
        }
        if !self.settings.has(Role::Delivery) {
            println!("Mail    is kept for the nodes that deliver");
            return Ok(());
        }
        println!(
            "Mail    {}",
            match self.settings.core.route.kind() {
                relay_types::route::RouteKind::Capture =>
                    "is captured and shown in the portal; nothing leaves this machine",
                relay_types::route::RouteKind::Mx => "goes to mail exchangers",
                relay_types::route::RouteKind::Smarthost => "goes to the smarthost",
            }
        );
        Ok(())
    }

    /// Runs until SIGTERM or SIGINT, then drains.
    pub async fn run(self) -> Result<()> {
        let Self { settings, core, portal, relay, health, stop, mut signals, _claims } = self;
        let grace = settings.shutdown_grace;
        let samples = health.metrics.clone();
        let router = match settings.has(Role::Web) {
            true => web::router(core.clone(), &settings.portal, health)?,
            false => web::without_portal(&settings.portal, health),
        };
        let tasks = TaskTracker::new();
        // Writers outlive the sessions that feed them.
        let writers_stop = CancellationToken::new();
        let writers = TaskTracker::new();
        let (linked, halt, gone) = (core.clone(), stop.clone(), writers_stop.clone());
        writers.spawn(async move {
            // Last of all to end: what is delivered in the grace time is still this node's.
            if let Err(error) = nodes::run(&linked, gone).await {
                tracing::error!(%error, "this process may not go on: stopping");
                halt.cancel();
            }
        });
        writers.spawn(relay_core::service_accounts::run_writer(core.clone(), writers_stop.clone()));
        writers.spawn(relay_core::refusals::run_writer(core.clone(), writers_stop.clone()));
        let serving = relay.clone();
        tasks.spawn(async move { serving.run().await });
        let delivery = settings.has(Role::Delivery).then(|| delivery(&settings));
        if let Some(outward) = delivery.clone() {
            let (delivering, halt) = (core.clone(), stop.clone());
            tasks.spawn(async move {
                if let Err(error) = queue_manager::run(delivering, outward, halt.clone()).await {
                    tracing::error!(%error, "nothing can be delivered: stopping");
                    halt.cancel();
                }
            });
        }
        tasks.spawn(crate::schedule::run(core.clone(), delivery, stop.clone()));
        tasks.spawn(crate::health::keep_up(samples, stop.clone()));
        tasks.spawn(portal_connections::serve(portal, router, stop.clone()));
        let asked_to_stop = tokio::select! {
            closed = refuse_to_be_open(&core) => closed.map(|()| false)?,
            () = signals.until_stop(&stop, &relay) => true,
        };
        if !asked_to_stop {
            signals.until_stop(&stop, &relay).await;
        }
        stop.cancel();
        tracing::info!(grace_seconds = grace.as_secs(), "stopping: running transactions may finish");
        tasks.close();
        if tokio::time::timeout(grace, tasks.wait()).await.is_err() {
            tracing::warn!("the grace time is over; what still runs is cut off, and nothing acknowledged is lost");
        }
        writers_stop.cancel();
        writers.close();
        writers.wait().await;
        Ok(())
    }
}

/// Who this process is among those that serve the database.
fn identity(settings: &Settings) -> Result<nodes::Identity> {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = match host.trim() {
        "" => settings.hostname.to_string(),
        host => host.to_owned(),
    };
    let id = nodes::Identity::id_in(&settings.data_dir)?;
    Ok(nodes::Identity { id, host, version: env!("CARGO_PKG_VERSION").to_owned(), roles: settings.roles.clone() })
}

/// Claims the data folder and the SQLite file, wherever it is, so that two processes never serve one database: the
/// second would send again what the first is sending.
pub fn own(data_dir: &Path, database_url: &str) -> Result<Vec<File>> {
    let folder = claim(&data_dir.join("lock")).with_context(|| {
        format!("another relaykeep serves from {}; stop it first, or set data_dir", data_dir.display())
    })?;
    let mut claims = vec![folder];
    if let Some(database) = sqlite_file(database_url) {
        let lock = claim(Path::new(&format!("{database}.lock"))).with_context(|| {
            format!("another relaykeep serves the database {database}; stop it first, or set database.url")
        })?;
        claims.push(lock);
    }
    Ok(claims)
}

fn claim(path: &Path) -> Result<File> {
    let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    file.try_lock().with_context(|| format!("{} is locked", path.display()))?;
    Ok(file)
}

/// The path in `sqlite://path?options`; none for another database.
fn sqlite_file(url: &str) -> Option<&str> {
    let path = url.strip_prefix("sqlite:")?;
    path.strip_prefix("//").unwrap_or(path).split('?').next().filter(|path| !path.is_empty())
}

/// Delivery as configured. The relay's own names are never a next hop.
fn delivery(settings: &Settings) -> DeliveryConfig {
    DeliveryConfig {
        own_names: settings.listeners.iter().filter_map(|listener| listener.hostname.clone()).collect(),
        local_mx: settings.delivery_local_mx,
        port: settings.delivery_port,
        workers: settings.delivery_workers,
        connections_per_destination: settings.delivery_per_destination,
        // The rest of the time is for giving claims back.
        grace: settings.shutdown_grace * 4 / 5,
        extra_ca: settings.extra_ca.iter().cloned().collect(),
        ..DeliveryConfig::new(settings.hostname.clone())
    }
}

/// Asks every listener as an outsider; a relay that takes an outsider's mail does not run.
async fn refuse_to_be_open(core: &Core) -> Result<()> {
    for listener in core.listeners().all() {
        match self_test::ask(listener.address, listener.tls).await {
            Finding::Closed(reply) => tracing::debug!(listener = %listener.name, reply, "refuses outsiders"),
            Finding::Unknown(why) => {
                tracing::warn!(listener = %listener.name, why, "the open-relay test got no answer");
            }
            Finding::Open(reply) => {
                bail!("listener {} takes mail from outsiders ({reply}); this must never be: stopping", listener.name)
            }
        }
    }
    Ok(())
}

/// What may be asked of this process from outside. From the moment it is installed no signal ends it at once.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    fn install() -> Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for SIGTERM or SIGINT; SIGHUP reads certificates again on the way.
    async fn until_stop(&mut self, stop: &CancellationToken, relay: &Relay) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                () = stop.cancelled() => return,
                _ = self.hangup.recv() => relay.reload_certificates(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_processes_never_serve_one_sqlite_file_nor_one_data_folder() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let place = |folder: &tempfile::TempDir| format!("sqlite://{}?mode=rwc", folder.path().join("db").display());
        let refused = |folder: &tempfile::TempDir, url: &str| own(folder.path(), url).unwrap_err().to_string();
        let claims = own(one.path(), &place(&one)).unwrap();
        assert!(refused(&other, &place(&one)).starts_with("another relaykeep serves the database "));
        assert!(refused(&one, &place(&other)).starts_with("another relaykeep serves from "));
        // Several nodes may share one PostgreSQL.
        let postgres = "postgres://relaykeep@db/relaykeep";
        let node = own(other.path(), postgres).unwrap();
        drop((claims, node));
        assert_eq!(own(one.path(), &place(&one)).unwrap().len(), 2);
        assert_eq!(own(other.path(), postgres).unwrap().len(), 1);
    }
}
