//! What runs by the clock: domain checks, digests of bounces, sweeping of what has ended. Delay warnings belong to
//! delivery.

use relay_core::{Actor, Core, bounce, domains, limits, refusals, sessions};
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// How often it is looked whether something is due.
const TICK: Duration = Duration::from_secs(60);

/// Runs until `stop`.
pub async fn run(core: Core, stop: CancellationToken) {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => tick(&core).await,
        }
    }
}

async fn tick(core: &Core) {
    let report = |what: &str, done: relay_core::Result<u64>| match done {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "{what}"),
        Err(error) => tracing::warn!(%error, "{what}: not done, tried again in a minute"),
    };
    report("domains checked", domains::check_due(core, &Actor::System).await);
    report("bounce contacts told", bounce::tell_contacts(core, &Actor::System).await);
    report("ended sessions and links removed", sessions::sweep(core).await);
    report("old counts removed", limits::prune(core, &Actor::System).await);
    report("old refusals removed", refusals::prune(core, &Actor::System).await);
}
