//! The loop that empties the queue: claims what is due, gives it to workers, records how it went.
//!
//! It owns how many workers run, in all and for one destination, and the orderly end. It never decides when something
//! is tried again (`relay-core::retry`) nor how a host is spoken to (`delivery`).

mod backlog;
mod worker;

use crate::delivery::{Deliverer, DeliveryConfig, DeliveryError};
use backlog::{Backlog, Job};
use relay_core::{Actor, Core, queue};
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::{
    task::{Id, JoinError, JoinSet},
    time::{Instant, interval, timeout},
};
use tokio_util::sync::CancellationToken;
use worker::{Unreachable, Worker};

/// How often the queue is looked at when nothing wakes the loop: mail that becomes due again does not.
const LOOK: Duration = Duration::from_secs(1);
/// How often idle connections are looked at, and delay warnings.
const SWEEP: Duration = Duration::from_secs(5);
const WARN: Duration = Duration::from_secs(60);
/// Claimed jobs in memory for each worker: enough that none waits for the database.
const JOBS_PER_WORKER: usize = 4;
/// Recipients that are claimed at once for each connection to a destination.
const CLAIMS_PER_CONNECTION: usize = 25;

/// Delivers until `stop`; then lets what runs finish within the grace time and gives the rest back.
pub async fn run(core: Core, config: DeliveryConfig, stop: CancellationToken) -> Result<(), DeliveryError> {
    let deliverer = Arc::new(Deliverer::new(config.clone(), core.resolver().clone())?);
    let worker = Worker::new(core.clone(), deliverer.clone(), config.attempt_limit);
    let manager = Manager {
        core: core.clone(),
        backlog: Backlog::new(config.connections_per_destination),
        config,
        worker,
        running: JoinSet::new(),
        jobs: HashMap::new(),
        limited: false,
    };
    tokio::join!(manager.run(&stop), warn_of_delays(&core, &stop), sweep(&deliverer, &stop));
    deliverer.close_idle(true).await;
    Ok(())
}

struct Manager {
    core: Core,
    config: DeliveryConfig,
    worker: Worker,
    backlog: Backlog,
    running: JoinSet<Option<Unreachable>>,
    /// What each running task is about.
    jobs: HashMap<Id, Job>,
    /// The last claim left something due behind, because there was no room for it.
    limited: bool,
}

impl Manager {
    async fn run(mut self, stop: &CancellationToken) {
        let core = self.core.clone();
        let mut wake = std::pin::pin!(queue::wait_until_due(&core, LOOK));
        let mut look = true;
        loop {
            self.start();
            if look && self.room() > 0 && !stop.is_cancelled() {
                look = self.claim().await;
                continue;
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Some(ended) = self.running.join_next_with_id() => {
                    self.finished(ended);
                    look |= self.limited && self.room() >= self.capacity() / 2;
                }
                () = &mut wake => {
                    wake.set(queue::wait_until_due(&core, LOOK));
                    look = true;
                }
            }
        }
        self.end().await;
    }

    fn capacity(&self) -> usize {
        self.config.workers * JOBS_PER_WORKER
    }

    fn room(&self) -> usize {
        self.capacity().saturating_sub(self.backlog.waiting() + self.running.len())
    }

    /// Starts what may run now.
    fn start(&mut self) {
        while self.running.len() < self.config.workers
            && let Some(job) = self.backlog.next()
        {
            let worker = self.worker.clone();
            let about = job.clone();
            let task = self.running.spawn(async move { worker.deliver(job).await });
            self.jobs.insert(task.id(), about);
        }
    }

    /// Claims what fits; whether there may be more.
    async fn claim(&mut self) -> bool {
        let per_destination = self.config.connections_per_destination * CLAIMS_PER_CONNECTION;
        let busy = self.backlog.busy(per_destination / 2);
        let most = self.room();
        match queue::claim(&self.core, most, per_destination, &busy).await {
            Ok(claims) => {
                let count = claims.len();
                self.limited = count > 0 || !busy.is_empty();
                self.backlog.add(backlog::jobs(claims, Instant::now()));
                count > 0
            }
            Err(error) => {
                tracing::warn!(%error, "the queue cannot be read");
                false
            }
        }
    }

    fn finished(&mut self, ended: Result<(Id, Option<Unreachable>), JoinError>) {
        let (id, unreachable) = match ended {
            Ok(ended) => ended,
            Err(error) => {
                // Its lease runs out, then it is tried again.
                tracing::error!(%error, "a delivery ended unexpectedly");
                (error.id(), None)
            }
        };
        let Some(job) = self.jobs.remove(&id) else { return };
        self.backlog.finished(&job.destination);
        if let Some(unreachable) = unreachable {
            // What was claimed before the destination turned out to be unreachable would only wait for the same.
            for job in self.backlog.take_out(&job.destination, job.project, unreachable.since) {
                let worker = self.worker.clone();
                let cause = unreachable.cause.clone();
                let about = job.clone();
                self.backlog.begun(&job.destination);
                let task = self.running.spawn(async move { worker.defer(job, cause).await });
                self.jobs.insert(task.id(), about);
            }
        }
    }

    /// Lets running jobs finish within the grace time; what did not begin, or did not finish, is given back.
    async fn end(mut self) {
        let mut left: Vec<_> = self.backlog.drain().into_iter().flat_map(|job| job.claims).collect();
        self.give_back(&left).await;
        left.clear();
        let finish = async {
            while let Some(ended) = self.running.join_next_with_id().await {
                let id = ended.map_or_else(|error| error.id(), |(id, _)| id);
                self.jobs.remove(&id);
            }
        };
        if timeout(self.config.grace, finish).await.is_err() {
            tracing::warn!(jobs = self.jobs.len(), "the grace time is over; deliveries are cut off");
            self.running.shutdown().await;
            left.extend(self.jobs.drain().flat_map(|(_, job)| job.claims));
            self.give_back(&left).await;
        }
    }

    async fn give_back(&self, claims: &[queue::Claimed]) {
        if claims.is_empty() {
            return;
        }
        if let Err(error) = queue::give_back(&self.core, claims).await {
            tracing::warn!(%error, claims = claims.len(), "claims cannot be given back; they wait for their lease");
        }
    }
}

async fn warn_of_delays(core: &Core, stop: &CancellationToken) {
    let mut tick = interval(WARN);
    while stop.run_until_cancelled(tick.tick()).await.is_some() {
        match queue::warn_of_delays(core, &Actor::System).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "delay warnings sent"),
            Err(error) => tracing::warn!(%error, "delay warnings cannot be sent"),
        }
    }
}

async fn sweep(deliverer: &Deliverer, stop: &CancellationToken) {
    let mut tick = interval(SWEEP);
    while stop.run_until_cancelled(tick.tick()).await.is_some() {
        deliverer.close_idle(false).await;
    }
}
