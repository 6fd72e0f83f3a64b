//! `relaykeep check`: configuration, database, certificates, and that no listener is an open relay.

use crate::{relay, settings::Settings};
use anyhow::{Context, Result};
use relay_core::{Actor, Clock, Core, Schema, egress};
use relay_dns::Resolver;
use relay_mta::{self_test, self_test::Finding};
use relay_types::{
    finding::Severity,
    listener::{ListenerTls, legacy_warning},
};
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::ExitCode,
};
use tokio_util::sync::CancellationToken;

/// Judges each part and prints a line for it; fails when one does.
///
/// It may run beside a relay, and with a newer program than that one: it changes and makes nothing of the
/// installation. What is not there yet is made in a folder that goes when it ends.
pub async fn run(mut settings: Settings) -> Result<ExitCode> {
    println!("ok    configuration");
    let trial = tempfile::tempdir()?;
    let mut failed = false;
    let core = match database(&settings, trial.path()).await {
        Ok((line, core)) => {
            failed |= line.starts_with("FAIL");
            println!("{line}");
            core
        }
        Err(error) => {
            println!("FAIL  database: {error:#}");
            return Ok(ExitCode::FAILURE);
        }
    };
    lend_certificates(&settings, trial.path())?;
    settings.data_dir = trial.path().to_owned();
    // The same listeners on free ports of this machine, so that it also works beside a running relay.
    let stop = CancellationToken::new();
    let relay = match relay::bind_at(&core, &settings, &stop, |_| SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await {
        Ok(relay) => relay,
        Err(error) => {
            println!("FAIL  listeners: {error:#}");
            return Ok(ExitCode::FAILURE);
        }
    };
    for finding in egress::list(&core, &Actor::System).await?.certificates {
        let word = match finding.severity {
            Severity::Error => "FAIL ",
            Severity::Good => "ok   ",
            _ => "note ",
        };
        failed |= finding.severity == Severity::Error;
        println!("{word} {}. {}", finding.title, finding.effect);
    }
    for listener in core.listeners().all() {
        if let Some(warning) = legacy_warning(&listener.name, &listener.plaintext_auth_from) {
            println!("note  {warning}");
        }
    }
    for listener in core.listeners().all().iter().filter(|listener| listener.tls == ListenerTls::None) {
        println!("ok    {}: no TLS", listener.name);
    }
    let running = tokio::spawn(async move { relay.run().await });
    for listener in core.listeners().all() {
        match self_test::ask(listener.address, listener.tls).await {
            Finding::Closed(reply) => println!("ok    {}: refuses outsiders ({reply})", listener.name),
            Finding::Open(reply) => {
                failed = true;
                println!("FAIL  {}: takes mail from outsiders ({reply})", listener.name);
            }
            Finding::Unknown(why) => {
                failed = true;
                println!("FAIL  {}: cannot be tested: {why}", listener.name);
            }
        }
    }
    stop.cancel();
    running.await?;
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// What is to be said of the database, and use cases to judge the rest with: on it, or on an empty one in `trial`.
async fn database(settings: &Settings, trial: &Path) -> Result<(&'static str, Core)> {
    let resolver = Resolver::new(&settings.nameservers)
        .context("dns.nameservers")?
        .with_authoritative_port(settings.authoritative_port);
    let line = match (Core::schema(&settings.core.database_url).await?, settings.migrate) {
        (Schema::Newest, _) => {
            let core = Core::look(settings.core.clone(), resolver, Clock::System).await?;
            core.ready().await?;
            return Ok(("ok    database", core));
        }
        (Schema::Missing, true) => "note  database: there is none yet; the first start makes it",
        (Schema::Older, true) => "note  database: its schema is older; the next start brings it up to date",
        (Schema::Missing | Schema::Older, false) => {
            "FAIL  database: it does not have the schema of this relaykeep: run `relaykeep migrate`"
        }
        (Schema::Newer, _) => "FAIL  database: a newer relaykeep has migrated it; use that one, or restore the backup",
    };
    let mut config = settings.core.clone();
    config.database_url = format!("sqlite://{}", trial.join("check.sqlite").display());
    config.secret_key_file = trial.join("secret.key");
    Core::migrate(&config.database_url).await?;
    Ok((line, Core::open(config, resolver, Clock::System).await?))
}

/// Copies the self-made certificates there are, as they may be made anew while they are read.
fn lend_certificates(settings: &Settings, trial: &Path) -> Result<()> {
    let names = settings.listeners.iter().filter_map(|listener| listener.hostname.as_ref());
    for name in names.chain([&settings.hostname]) {
        for file in ["crt", "key"].map(|ending| format!("{name}.{ending}")) {
            let own = settings.data_dir.join(&file);
            if own.exists() {
                std::fs::copy(&own, trial.join(&file)).with_context(|| format!("cannot read {}", own.display()))?;
            }
        }
    }
    Ok(())
}
