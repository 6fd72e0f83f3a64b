//! `relaykeep check`: configuration, database, certificates, and that no listener is an open relay.

use crate::{open, relay, settings::Settings};
use anyhow::Result;
use relay_mta::{self_test, self_test::Finding};
use std::{
    net::{Ipv4Addr, SocketAddr},
    process::ExitCode,
};
use tokio_util::sync::CancellationToken;

/// Judges each part and prints a line for it; fails when one does.
pub async fn run(settings: Settings) -> Result<ExitCode> {
    println!("ok    configuration");
    let core = match open(&settings).await {
        Ok(core) => core,
        Err(error) => {
            println!("FAIL  database: {error:#}");
            return Ok(ExitCode::FAILURE);
        }
    };
    core.ready().await?;
    println!("ok    database");
    // The same listeners on free ports of this machine, so that it also works beside a running relay.
    let stop = CancellationToken::new();
    let relay = match relay::bind_at(&core, &settings, &stop, |_| SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await {
        Ok(relay) => relay,
        Err(error) => {
            println!("FAIL  listeners: {error:#}");
            return Ok(ExitCode::FAILURE);
        }
    };
    let now = core.now();
    let mut failed = false;
    for listener in core.listeners().all() {
        let certificate = *listener.certificate.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match certificate {
            None => println!("ok    {}: no TLS", listener.name),
            Some((_, ends_at)) if ends_at <= now => {
                failed = true;
                println!("FAIL  {}: the certificate ended at {}", listener.name, ends_at.text());
            }
            Some((true, _)) => println!("note  {}: a self-made certificate; clients will not trust it", listener.name),
            Some((false, ends_at)) => {
                println!("ok    {}: the certificate is good until {}", listener.name, ends_at.text())
            }
        }
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
