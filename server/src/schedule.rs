//! What runs by the clock: checks of domains and egress addresses, digests of bounces, tickets and changes of names,
//! warnings of delay, sweeping of what has ended.
//!
//! What is found and begun row by row may run on every node at the same time; what leaves this machine runs where mail
//! is delivered; the rest is done by the node that leads.

use relay_core::{
    Actor, Core, addresses, bounce, domains, findings, jobs, limits, mta_sts, name_changes, nodes, queue, refusals,
    retention, sessions, submission, suppressions, sweep, tickets, tls_sessions,
};
use relay_mta::DeliveryConfig;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// How often it is looked whether something is due.
const TICK: Duration = Duration::from_secs(60);

/// A person who approved a name watches it: tickets and changes are looked for this often. Each look is two short reads.
const SOON: Duration = Duration::from_secs(1);

/// Runs until `stop`: what may wait a minute, what a person waits for, and long work beside both.
///
/// `delivery` is there where mail is delivered: what is seen of others from here is seen from where mail leaves.
pub async fn run(core: Core, delivery: Option<DeliveryConfig>, stop: CancellationToken) {
    let outward = async {
        let Some(delivery) = &delivery else { return };
        tokio::join!(every(SOON, &stop, || egress(&core, delivery)), every(TICK, &stop, || reach(&core, delivery)),);
    };
    // A warning is late by this at most, and by no more than it was to be waited for.
    let late = TICK.min(core.config().delay_warning).max(SOON);
    tokio::join!(
        outward,
        every(TICK, &stop, || tick(&core)),
        every(late, &stop, || delays(&core)),
        every(TICK, &stop, || old_mail(&core)),
        every(SOON, &stop, || names(&core)),
        every(SOON, &stop, || long_work(&core)),
        every(TICK, &stop, || domains_due(&core)),
    );
}

/// Work that is cut off by `stop` is gone on with by another node, or after the next start.
async fn every<F: Future<Output = ()>>(period: Duration, stop: &CancellationToken, work: impl Fn() -> F) {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = async { ticks.tick().await; work().await } => {}
        }
    }
}

fn report(what: &str, done: relay_core::Result<u64>) {
    match done {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "{what}"),
        Err(error) => tracing::warn!(%error, "{what}: not done, tried again"),
    }
}

async fn names(core: &Core) {
    report("new addresses looked at", addresses::look_at_new(core, &Actor::System).await);
    report("tickets looked at", tickets::run_due(core, &Actor::System).await);
    report("changes of names gone on with", name_changes::run_due(core, &Actor::System).await);
}

async fn long_work(core: &Core) {
    if nodes::leads(core) {
        report("nightly sweep begun", sweep::start_nightly(core, &Actor::System).await);
    }
    report("jobs ended", jobs::run_due(core, &Actor::System).await);
}

async fn egress(core: &Core, delivery: &DeliveryConfig) {
    report("egress addresses checked", relay_mta::egress::check_due(core, &Actor::System, delivery).await);
}

/// May be many, each with dozens of questions: nothing else waits for them.
async fn domains_due(core: &Core) {
    report("domains checked", domains::check_due(core, &Actor::System).await);
}

async fn reach(core: &Core, delivery: &DeliveryConfig) {
    report("domains' mail servers greeted", relay_mta::reach::check_due(core, &Actor::System, delivery).await);
}

async fn delays(core: &Core) {
    if nodes::leads(core) {
        report("delay warnings sent", queue::warn_of_delays(core, &Actor::System).await);
    }
}

/// Takes its time: nothing else waits for it.
async fn old_mail(core: &Core) {
    if nodes::leads(core) {
        report("content and history removed, messages", retention::prune(core, &Actor::System).await);
    }
}

async fn tick(core: &Core) {
    if !nodes::leads(core) {
        return;
    }
    report("bounce contacts told", bounce::tell_contacts(core, &Actor::System).await);
    report("ended sessions and links removed", sessions::sweep(core).await);
    report("warnings of limits sent", limits::warn(core, &Actor::System).await);
    report("operators told of missing nodes", nodes::warn(core, &Actor::System).await);
    report("old counts removed", limits::prune(core, &Actor::System).await);
    report("parts of messages that stopped arriving removed", submission::remove_abandoned(core, &Actor::System).await);
    report("expired suppressions removed", suppressions::prune(core, &Actor::System).await);
    report("old refusals removed", refusals::prune(core, &Actor::System).await);
    report("ended MTA-STS policies removed", mta_sts::prune(core, &Actor::System).await);
    report("old counts of TLS sessions removed", tls_sessions::prune(core, &Actor::System).await);
    report("old changes of findings removed", findings::prune(core, &Actor::System).await);
}
