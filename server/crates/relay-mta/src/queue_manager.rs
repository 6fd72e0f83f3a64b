//! The loop that empties the queue: claims what is due, gives it to workers, records how it went.
//!
//! It owns how many workers run, in all and for one destination, and the orderly end. It never decides when something
//! is tried again (`relay-core::retry`) nor how a host is spoken to (`delivery`).

mod backlog;
mod resting;
mod worker;

use crate::delivery::{Deliverer, DeliveryConfig, DeliveryError};
use backlog::{Backlog, Job};
use relay_core::{
    Core, Error, nodes,
    queue::{self, Claimed, LeftOut, NewMail},
    tls_sessions,
};
use resting::Resting;
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};
use tokio::{
    task::{Id, JoinError, JoinSet},
    time::{Instant, interval, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;
use worker::{Unreachable, Worker};

/// How often the queue is looked at when nothing wakes the loop: mail that becomes due again does not.
const LOOK: Duration = Duration::from_secs(1);
/// How long a claim may take: longer than a commit may.
const CLAIM: Duration = Duration::from_secs(90);
/// How often idle connections are looked at.
const SWEEP: Duration = Duration::from_secs(5);
/// A look that finds nothing, or little, is followed by none for so many times as long as it took, up to a longest: while
/// much waits that must wait, looking costs a small part of the time.
const APART: u32 = 50;
const APART_AFTER_LITTLE: u32 = 5;
const LONGEST_APART: Duration = Duration::from_millis(500);
/// Mail that comes in quick succession is claimed together.
const PAUSE: Duration = Duration::from_millis(20);
/// Jobs in memory that could run at once, for each worker: enough that none waits for the database.
const JOBS_PER_WORKER: usize = 4;
/// Recipients that are claimed at once for each connection to a destination.
const CLAIMS_PER_CONNECTION: usize = 25;
/// How long results may take to be recorded at the end, at least.
const RECORD_PATIENCE: Duration = Duration::from_secs(2);
/// Jobs in memory in all, most of them behind slow destinations.
const MOST_WAITING: usize = 10_000;

/// Delivers until `stop`; then lets what runs finish within the grace time and gives the rest back.
pub async fn run(core: Core, config: DeliveryConfig, stop: CancellationToken) -> Result<(), DeliveryError> {
    let manager = manager(core.clone(), config)?;
    let deliverer = manager.deliverer.clone();
    tokio::join!(manager.run(&stop), sweep(&core, &deliverer, &stop));
    deliverer.close_idle(true).await;
    write_tls_sessions(&core).await;
    Ok(())
}

/// A manager that has done nothing yet.
fn manager(core: Core, config: DeliveryConfig) -> Result<Manager, DeliveryError> {
    let deliverer = Arc::new(Deliverer::new(config.clone(), core.resolver().clone())?.following(core.clone()));
    let new_mail = queue::new_mail(&core, config.workers);
    Ok(Manager {
        worker: Worker::new(core.clone(), deliverer.clone(), config.attempt_limit, config.workers),
        backlog: Backlog::new(config.connections_per_destination, config.workers),
        core,
        config,
        deliverer,
        running: JoinSet::new(),
        jobs: HashMap::new(),
        resting: Resting::default(),
        not_before: Instant::now(),
        left_out: Vec::new(),
        new_mail,
    })
}

struct Manager {
    core: Core,
    config: DeliveryConfig,
    deliverer: Arc<Deliverer>,
    worker: Worker,
    backlog: Backlog,
    running: JoinSet<Option<Unreachable>>,
    /// What each running task is about.
    jobs: HashMap<Id, Job>,
    /// What rests because its host has just failed.
    resting: Resting,
    /// When the queue may be looked at again.
    not_before: Instant,
    /// What the last claim took nothing of: enough was waiting, or it rests.
    left_out: Vec<LeftOut>,
    /// What was accepted a moment ago and is claimed already.
    new_mail: NewMail,
}

impl Manager {
    async fn run(mut self, stop: &CancellationToken) {
        let core = self.core.clone();
        let mut wake = std::pin::pin!(something_due(&core, Instant::now()));
        let mut look = true;
        loop {
            self.start();
            nodes::delivering(&self.core, self.running.len());
            let may_look = look && self.has_room();
            let too_early = self.not_before > Instant::now();
            if may_look && !too_early && !stop.is_cancelled() {
                look = self.claim().await;
                continue;
            }
            let takes_new = self.takes_new();
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Some(ended) = self.running.join_next_with_id() => look |= self.finished(ended),
                () = &mut wake => {
                    wake.set(something_due(&core, Instant::now() + PAUSE));
                    look = true;
                }
                new = self.new_mail.next(), if takes_new => self.take(new),
                () = sleep_until(self.not_before), if may_look && too_early => {}
            }
        }
        self.end().await;
    }

    /// Jobs that only wait for their slow destination take no room from the others.
    fn room(&self) -> usize {
        let capacity = self.config.workers * JOBS_PER_WORKER;
        let room = capacity.saturating_sub(self.running.len() + self.backlog.runnable());
        room.min(MOST_WAITING.saturating_sub(self.backlog.waiting()))
    }

    /// Whether something may be begun: the others know that this node lives, and results can be recorded.
    fn may_begin(&self) -> bool {
        nodes::may_begin(&self.core) && !self.worker.is_stuck()
    }

    /// Whether there is room for a claim that is worth its while.
    fn has_room(&self) -> bool {
        self.room() >= self.config.workers && self.may_begin()
    }

    /// Whether new mail that is claimed already is taken from where it waits. It leaves room for a claim: what waits in
    /// the queue has its turn also when new mail comes faster than it can be delivered.
    fn takes_new(&self) -> bool {
        self.room() > self.config.workers && self.may_begin()
    }

    /// Takes new mail, with what else came in.
    fn take(&mut self, new: Vec<Claimed>) {
        let mut next = Some(new);
        while let Some(claims) = next {
            let enough = self.per_destination() / 2;
            let destinations: BTreeSet<String> = claims.iter().map(|claim| claim.destination.clone()).collect();
            self.backlog.add(backlog::jobs(claims));
            for destination in destinations {
                if self.backlog.is_busy(&destination, enough) {
                    self.new_mail.leave_out(&destination, true);
                }
            }
            next = if self.takes_new() { self.new_mail.ready() } else { None };
        }
    }

    /// Recipients of one destination in a claim; with half of that waiting, no more are claimed for it.
    fn per_destination(&self) -> usize {
        self.config.connections_per_destination * CLAIMS_PER_CONNECTION
    }

    /// Starts what may run now.
    fn start(&mut self) {
        while self.running.len() < self.config.workers
            && self.may_begin()
            && let Some(job) = self.backlog.next()
        {
            let worker = self.worker.clone();
            let about = job.clone();
            // On the heap at once: it is large, and is else copied at each step of its start.
            let task = self.running.spawn(Box::pin(async move { worker.deliver(job).await }));
            self.jobs.insert(task.id(), about);
        }
    }

    /// Claims what fits; whether there may be more.
    async fn claim(&mut self) -> bool {
        let busy = self.backlog.busy(self.per_destination() / 2).into_iter().map(LeftOut::Destination);
        self.left_out = busy.chain(self.resting.left_out(Instant::now())).collect();
        let began = Instant::now();
        let claim = queue::claim(&self.core, self.room(), self.per_destination(), &self.left_out);
        // A connection that is cut off silently never answers: the next look takes another.
        match timeout(CLAIM, claim).await.unwrap_or_else(|_| Err(Error::Unavailable { cause: "no answer".to_owned() }))
        {
            Ok(claims) => {
                let more = !claims.is_empty();
                if claims.len() < self.config.workers.min(self.per_destination()) {
                    let times = if more { APART_AFTER_LITTLE } else { APART };
                    self.not_before = Instant::now() + (times * began.elapsed()).min(LONGEST_APART);
                }
                self.backlog.add(backlog::jobs(claims));
                more
            }
            Err(error) => {
                tracing::warn!(%error, "the queue cannot be read");
                false
            }
        }
    }

    /// Notes the end of a task; whether more can be claimed for its destination now.
    fn finished(&mut self, ended: Result<(Id, Option<Unreachable>), JoinError>) -> bool {
        let (id, unreachable) = match ended {
            Ok(ended) => ended,
            Err(error) => {
                // Its lease runs out, then it is tried again.
                tracing::error!(%error, "a delivery ended unexpectedly");
                (error.id(), None)
            }
        };
        let Some(job) = self.jobs.remove(&id) else { return false };
        self.backlog.finished(&job);
        if let Some(unreachable) = unreachable {
            // What was claimed before the destination turned out to be unreachable would only wait for the same.
            let put_off = self.backlog.take_out(&job.destination, job.project, unreachable.since);
            self.resting.failed(job.project, &job.destination, put_off.len(), Instant::now());
            for job in put_off {
                let worker = self.worker.clone();
                let cause = unreachable.cause.clone();
                let about = job.clone();
                self.backlog.begun(&about);
                let task = self.running.spawn(async move { worker.defer(job, cause).await });
                self.jobs.insert(task.id(), about);
            }
        }
        if self.backlog.is_busy(&job.destination, self.per_destination() / 4) {
            return false;
        }
        self.new_mail.leave_out(&job.destination, false);
        self.left_out.contains(&LeftOut::Destination(job.destination))
    }

    /// Lets running jobs finish within the grace time; what did not begin, or did not finish, is given back.
    async fn end(mut self) {
        let mut waiting: Vec<_> = self.backlog.drain().into_iter().flat_map(|job| job.claims).collect();
        waiting.extend(timeout(self.config.grace, self.new_mail.close()).await.unwrap_or_default());
        self.give_back(&waiting).await;
        let finish = async {
            while let Some(ended) = self.running.join_next_with_id().await {
                let id = ended.map_or_else(|error| error.id(), |(id, _)| id);
                self.jobs.remove(&id);
            }
        };
        if timeout(self.config.grace, finish).await.is_err() {
            tracing::warn!(jobs = self.jobs.len(), "the grace time is over; deliveries are cut off");
            self.running.shutdown().await;
        }
        // A job that was cut off may have delivered a part: that is recorded before the rest is given back.
        self.worker.recorded((self.config.grace / 4).max(RECORD_PATIENCE)).await;
        let cut_off: Vec<_> = self.jobs.drain().flat_map(|(_, job)| job.claims).collect();
        self.give_back(&cut_off).await;
    }

    async fn give_back(&self, claims: &[Claimed]) {
        if claims.is_empty() {
            return;
        }
        if let Err(error) = queue::give_back(&self.core, claims).await {
            tracing::warn!(%error, claims = claims.len(), "claims cannot be given back; they wait for their lease");
        }
    }
}

/// Something may be due, and it is not earlier than `not_before`.
async fn something_due(core: &Core, not_before: Instant) {
    queue::wait_until_due(core, LOOK).await;
    sleep_until(not_before).await;
}

async fn sweep(core: &Core, deliverer: &Deliverer, stop: &CancellationToken) {
    let mut tick = interval(SWEEP);
    while stop.run_until_cancelled(tick.tick()).await.is_some() {
        deliverer.close_idle(false).await;
        write_tls_sessions(core).await;
    }
}

async fn write_tls_sessions(core: &Core) {
    if let Err(error) = tls_sessions::write(core).await {
        tracing::warn!(%error, "TLS sessions cannot be counted now");
    }
}

#[cfg(test)]
mod tests;
