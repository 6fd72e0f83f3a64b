//! What a node counts of itself: what it tells with each sign of life, and `/metrics` shows.

use crate::Core;
use relay_types::node::NodeLoad;
use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;

/// Counters of this process.
#[derive(Default)]
pub(crate) struct Figures {
    deliveries: AtomicUsize,
    recovered: AtomicU64,
    commits: AtomicU64,
    jobs: AtomicU64,
    microseconds: AtomicU64,
    syncs: AtomicU64,
    sync_microseconds: AtomicU64,
    last: Mutex<Option<(Instant, [u64; 5])>>,
}

impl Figures {
    /// So many deliveries run.
    pub(crate) fn delivering(&self, deliveries: usize) {
        self.deliveries.store(deliveries, Ordering::Relaxed);
    }

    /// So many recipients that processes had which are gone, or whose leases ran out, are due again.
    pub(crate) fn recovered(&self, recipients: u64) {
        self.recovered.fetch_add(recipients, Ordering::Relaxed);
        metrics::counter!("relaykeep_leases_recovered_total").increment(recipients);
    }

    /// A commit of so many jobs took so long.
    pub(crate) fn committed(&self, jobs: usize, took: Duration) {
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.jobs.fetch_add(jobs as u64, Ordering::Relaxed);
        self.microseconds.fetch_add(u64::try_from(took.as_micros()).unwrap_or(0), Ordering::Relaxed);
        metrics::histogram!("relaykeep_commit_batch").record(jobs as f64);
        metrics::histogram!("relaykeep_commit_seconds").record(took.as_secs_f64());
    }

    /// The COMMIT of a round alone took so long: the fsync, and on PostgreSQL the way there and back.
    pub(crate) fn synced(&self, took: Duration) {
        self.syncs.fetch_add(1, Ordering::Relaxed);
        self.sync_microseconds.fetch_add(u64::try_from(took.as_micros()).unwrap_or(0), Ordering::Relaxed);
        metrics::histogram!("relaykeep_fsync_seconds").record(took.as_secs_f64());
    }

    /// As it is now; commits since this was asked last.
    pub(crate) fn load(&self, core: &Core) -> NodeLoad {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let counters = [&self.commits, &self.jobs, &self.microseconds, &self.syncs, &self.sync_microseconds];
        let sums = counters.map(read);
        let now = Instant::now();
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).replace((now, sums));
        let (at, before) = last.unwrap_or((now, sums));
        let [commits, jobs, microseconds, syncs, sync_microseconds] =
            std::array::from_fn(|place| sums[place].saturating_sub(before[place]) as f64);
        let of_each = |sum: f64, count: f64| (count > 0.0).then(|| rounded(sum / count));
        let seconds = now.duration_since(at).as_secs_f64().max(0.001);
        NodeLoad {
            deliveries: self.deliveries.load(Ordering::Relaxed) as u64,
            sessions: core.listeners().all().iter().map(|one| one.sessions.load(Ordering::Relaxed)).sum(),
            memory: resident(&std::fs::read_to_string("/proc/self/status").unwrap_or_default()),
            commits: rounded(commits / seconds),
            commit_ms: of_each(microseconds / 1_000.0, commits),
            fsync_ms: of_each(sync_microseconds / 1_000.0, syncs),
            batch: of_each(jobs, commits),
            recovered: self.recovered.load(Ordering::Relaxed),
            ahead_ms: core.node.clock.ahead_ms(),
            plaintext_auth: core.listeners().plaintext_auth(),
        }
    }
}

fn rounded(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

/// Octets, from `VmRSS:   12345 kB`; 0 where the system says nothing.
fn resident(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    number.unwrap_or(0) * 1_024
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::Test;

    #[tokio::test]
    async fn figures_are_those_since_they_were_asked_last() {
        let core = Test::new().await.core;
        let figures = Figures::default();
        assert_eq!(figures.load(&core).batch, None);
        figures.committed(3, Duration::from_millis(2));
        figures.committed(6, Duration::from_millis(4));
        figures.synced(Duration::from_millis(1));
        figures.delivering(7);
        let load = figures.load(&core);
        assert_eq!((load.batch, load.commit_ms, load.fsync_ms), (Some(4.5), Some(3.0), Some(1.0)));
        assert_eq!(load.deliveries, 7);
        let since = figures.load(&core);
        assert_eq!((since.commit_ms, since.fsync_ms), (None, None));
    }

    #[test]
    fn memory_is_read_as_the_kernel_writes_it() {
        assert_eq!(resident("VmPeak:\t  9 kB\nVmRSS:\t   12 kB\n"), 12 * 1_024);
        assert_eq!(resident(""), 0);
    }
}
