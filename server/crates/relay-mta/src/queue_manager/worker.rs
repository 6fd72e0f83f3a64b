//! One job: read the message, find the way, deliver, record. What cannot be done within the lease is given back.

use super::backlog::Job;
use crate::delivery::{Deliverer, Delivery, Key, key};
use relay_core::{
    Core, Error, nodes,
    queue::{self, Claimed},
    routes::{self, Way},
};
use relay_types::{
    Timestamp,
    message::{Attempt, AttemptOutcome, Cause, DialogueLine, MessageId, Outcome},
    project::ProjectId,
    reply::Reply,
    terms::Addressee,
    tls::AttemptTls,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::Semaphore,
    time::{Instant, sleep, timeout},
};
use tokio_util::task::TaskTracker;

/// Recipients of one transaction; every server takes so many (RFC 5321 §4.5.3.1.8).
const RECIPIENTS: usize = 100;
/// Waits between tries to record what happened: losing it means to deliver twice. The last one repeats.
const RECORD_AGAIN: [Duration; 5] = [
    Duration::from_millis(100),
    Duration::from_millis(500),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(10),
];

/// Delivers jobs. Cheap to clone.
#[derive(Clone)]
pub struct Worker {
    core: Core,
    deliverer: Arc<Deliverer>,
    limit: Duration,
    /// Results that are being recorded. A connection does not wait for that: its next message is sent meanwhile, and
    /// the results of many are recorded in one commit.
    records: TaskTracker,
    /// Bounds how much may be delivered and not recorded yet.
    room: Arc<Semaphore>,
    /// Results that wait because the store cannot be used.
    stuck: Arc<AtomicUsize>,
}

/// No host of a destination could be used.
pub struct Unreachable {
    /// Why.
    pub cause: Cause,
    /// Since when this is known.
    pub since: Instant,
}

impl Worker {
    /// A worker whose attempts take `limit` at most, and never more than half of a lease: whoever has a lease must
    /// have recorded the result before it runs out, or another worker sends the same message again.
    ///
    /// At most `unrecorded` results wait to be recorded; then deliveries wait.
    pub fn new(core: Core, deliverer: Arc<Deliverer>, limit: Duration, unrecorded: usize) -> Self {
        let limit = limit.min(core.config().lease / 2);
        let room = Arc::new(Semaphore::new(unrecorded.max(1)));
        Self { core, deliverer, limit, records: TaskTracker::new(), room, stuck: Arc::default() }
    }

    /// Whether what was delivered cannot be recorded now. Then nothing more is to be delivered: each message would
    /// only be another one that is sent twice if the store does not come back in time.
    pub fn is_stuck(&self) -> bool {
        self.stuck.load(Ordering::Relaxed) > 0
    }

    /// As when a result cannot be recorded.
    #[cfg(test)]
    pub fn stuck(&self) -> impl Drop + use<> {
        Stuck::begin(&self.stuck)
    }

    /// Waits until everything is recorded, or for so long.
    pub async fn recorded(&self, patience: Duration) {
        self.records.close();
        if timeout(patience, self.records.wait()).await.is_err() {
            tracing::error!(attempts = self.records.len(), "not recorded before the end; they are made again");
        }
    }

    /// Delivers a job and records it. Tells when the destination turned out to be unreachable.
    pub async fn deliver(&self, job: Job) -> Option<Unreachable> {
        if !nodes::holds(&self.core, job.claimed_at) {
            // Others may have them: those that are still ours are due again.
            self.give_back(&job.claims).await;
            return None;
        }
        let message = match queue::outgoing(&self.core, job.message).await {
            Ok(message) => message,
            Err(error) => {
                let outcome = unreadable(&error);
                tracing::warn!(message.id = %job.message, %error, "a message cannot be read");
                self.record_all(job.message, job.claims, job.claimed_at, &outcome, "(the message cannot be read)")
                    .await;
                return None;
            }
        };
        let mut unreachable = None;
        for (way, claims) in self.ways(job.project, job.claims).await {
            let way = match way {
                Ok(way) => way,
                Err(error) => {
                    tracing::warn!(message.id = %job.message, %error, "no way can be looked up");
                    let outcome =
                        Outcome::TempFail(Cause::Local(Reply::new(451, (4, 3, 0), "No route can be read now")));
                    self.record_all(job.message, claims, job.claimed_at, &outcome, "(the route cannot be read)").await;
                    continue;
                }
            };
            let mut rest = claims;
            while !rest.is_empty() {
                let late = job.claimed_at.elapsed() + self.limit >= self.core.config().lease;
                if late || !nodes::holds(&self.core, job.claimed_at) {
                    self.give_back(&rest).await;
                    break;
                }
                let now = rest.drain(..rest.len().min(RECIPIENTS)).collect::<Vec<_>>();
                let recipients: Vec<Addressee> = now
                    .iter()
                    .map(|claim| Addressee { address: claim.address.clone(), terms: claim.terms.clone() })
                    .collect();
                let (started_at, started) = (self.core.now(), Instant::now());
                let limit = started + self.limit;
                let ours = || !nodes::others_may_have(&self.core, job.claimed_at);
                let delivery = self.deliverer.deliver(&way, job.project, &message, &recipients, limit, &ours).await;
                if let Some(cause) = delivery.unreachable.clone() {
                    unreachable = Some(Unreachable { cause, since: Instant::now() });
                }
                self.record(job.message, now, job.claimed_at, delivery, started_at, started.elapsed()).await;
            }
        }
        unreachable
    }

    async fn give_back(&self, claims: &[Claimed]) {
        if let Err(error) = queue::give_back(&self.core, claims).await {
            tracing::warn!(%error, "claims cannot be given back; they wait for their lease");
        }
    }

    /// Records that a job was not tried because its destination had just turned out to be unreachable.
    pub async fn defer(&self, job: Job, cause: Cause) -> Option<Unreachable> {
        let outcome = Outcome::TempFail(cause);
        let note = "(not tried: the destination had just failed)";
        self.record_all(job.message, job.claims, job.claimed_at, &outcome, note).await;
        None
    }

    /// The recipients by way, for mail of one project: a smarthost takes recipients of many domains at once.
    async fn ways(
        &self,
        project: Option<ProjectId>,
        claims: Vec<Claimed>,
    ) -> Vec<(relay_core::Result<Way>, Vec<Claimed>)> {
        let mut by_way: Vec<(Option<Key>, relay_core::Result<Way>, Vec<Claimed>)> = Vec::new();
        let mut by_domain: Vec<(relay_types::DomainName, usize)> = Vec::new();
        for claim in claims {
            let domain = claim.address.domain();
            let known = by_domain.iter().find(|(known, _)| known == domain).map(|&(_, place)| place);
            let place = match known {
                Some(place) => place,
                None => {
                    let way = routes::way(&self.core, project, domain).await;
                    let key_of_way = way.as_ref().ok().map(|way| key(way, project));
                    let same = by_way.iter().position(|(known, _, _)| key_of_way.is_some() && *known == key_of_way);
                    let place = same.unwrap_or_else(|| {
                        by_way.push((key_of_way, way, Vec::new()));
                        by_way.len() - 1
                    });
                    by_domain.push((domain.clone(), place));
                    place
                }
            };
            by_way[place].2.push(claim);
        }
        by_way.into_iter().map(|(_, way, claims)| (way, claims)).collect()
    }

    async fn record_all(
        &self,
        message: MessageId,
        claims: Vec<Claimed>,
        claimed_at: Instant,
        outcome: &Outcome,
        note: &str,
    ) {
        let delivery = Delivery {
            outcomes: vec![outcome.clone(); claims.len()],
            dialogue: vec![DialogueLine { ours: true, text: note.to_owned() }],
            ..Delivery::default()
        };
        self.record(message, claims, claimed_at, delivery, self.core.now(), Duration::ZERO).await;
    }

    async fn record(
        &self,
        message: MessageId,
        claims: Vec<Claimed>,
        claimed_at: Instant,
        delivery: Delivery,
        started_at: Timestamp,
        took: Duration,
    ) {
        report(message, &delivery, took);
        let attempt = Attempt {
            number: claims.iter().map(|claim| claim.attempts).max().unwrap_or(0).saturating_add(1),
            started_at,
            milliseconds: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            host: delivery.host,
            address: delivery.address.map(|address| address.ip().to_string()),
            tls: delivery.tls.map(AttemptTls::Result),
            passes_reports_on: delivery.passes_reports_on,
            dialogue: delivery.dialogue,
            outcomes: claims
                .iter()
                .zip(&delivery.outcomes)
                .map(|(claim, outcome)| AttemptOutcome {
                    address: claim.address.clone(),
                    outcome: outcome.clone(),
                    next_at: None,
                })
                .collect(),
        };
        let outcomes: Vec<(Claimed, Outcome)> = claims.into_iter().zip(delivery.outcomes).collect();
        // The semaphore is never closed.
        let Ok(place) = self.room.clone().acquire_owned().await else { return };
        let (core, stuck) = (self.core.clone(), self.stuck.clone());
        let until = claimed_at + core.config().lease;
        self.records.spawn(Box::pin(async move {
            let write = || {
                let (core, attempt, outcomes) = (core.clone(), attempt.clone(), outcomes.clone());
                async move { queue::record(&core, message, attempt, outcomes).await }
            };
            insist(write, message, &stuck, until).await;
            drop(place);
        }));
    }
}

/// Writes a result; when that fails, tries again until the lease is over: then another worker may have the recipients.
async fn insist<F: Future<Output = relay_core::Result<()>>>(
    write: impl Fn() -> F,
    message: MessageId,
    stuck: &Arc<AtomicUsize>,
    until: Instant,
) {
    let mut waits = RECORD_AGAIN.into_iter().chain(std::iter::repeat(RECORD_AGAIN[RECORD_AGAIN.len() - 1]));
    let mut waiting = None;
    while let Err(error) = write().await {
        tracing::error!(message.id = %message, %error, "a delivery attempt cannot be recorded");
        // A result that alone cannot be written stops nobody else; a store that is away stops all.
        let away = matches!(error, Error::Unavailable { .. } | Error::Full { .. });
        waiting = away.then(|| waiting.take().unwrap_or_else(|| Stuck::begin(stuck)));
        let wait = waits.next().unwrap_or_default();
        if Instant::now() + wait >= until {
            tracing::error!(message.id = %message, "the lease is over: this attempt may be made again");
            return;
        }
        sleep(wait).await;
    }
}

/// Counts a result that waits for the store.
struct Stuck(Arc<AtomicUsize>);

impl Stuck {
    fn begin(counter: &Arc<AtomicUsize>) -> Self {
        counter.fetch_add(1, Ordering::Relaxed);
        Self(counter.clone())
    }
}

impl Drop for Stuck {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn unreadable(error: &Error) -> Outcome {
    match error {
        Error::NotFound => Outcome::PermFail(Cause::Local(Reply::new(554, (5, 3, 0), "The message is gone"))),
        _ => Outcome::TempFail(Cause::Local(Reply::new(451, (4, 3, 0), "The message cannot be read now"))),
    }
}

/// Counts outcomes and writes one line to the log, without addresses.
fn report(message: MessageId, delivery: &Delivery, took: Duration) {
    let count = |word: &'static str, hit: fn(&Outcome) -> bool| {
        let count = delivery.outcomes.iter().filter(|outcome| hit(outcome)).count();
        if count > 0 {
            metrics::counter!("relaykeep_deliveries_total", "outcome" => word).increment(count as u64);
        }
        count
    };
    let delivered = count("delivered", |outcome| matches!(outcome, Outcome::Delivered(_)));
    let captured = count("captured", |outcome| matches!(outcome, Outcome::Captured));
    let tempfail = count("tempfail", |outcome| matches!(outcome, Outcome::TempFail(_)));
    let permfail = count("permfail", |outcome| matches!(outcome, Outcome::PermFail(_)));
    metrics::histogram!("relaykeep_delivery_seconds").record(took.as_secs_f64());
    tracing::info!(
        message.id = %message,
        host = delivery.host.as_deref(),
        tls = delivery.tls.as_ref().map(|tls| tls.version.as_str()),
        delivered,
        captured,
        tempfail,
        permfail,
        milliseconds = took.as_millis(),
        "delivery attempt"
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    const LEASE: Duration = Duration::from_secs(1_800);

    fn away() -> relay_core::Result<()> {
        Err(Error::Unavailable { cause: "no answer".to_owned() })
    }

    fn message() -> MessageId {
        "00000000000000000000000001".parse().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_result_is_recorded_when_the_store_is_back_after_minutes_and_nothing_is_begun_meanwhile() {
        let (stuck, began, written) = (Arc::default(), Instant::now(), Cell::new(0));
        let back = began + Duration::from_secs(900);
        let write = || async {
            if Instant::now() < back {
                return away();
            }
            assert_eq!(AtomicUsize::load(&stuck, Ordering::Relaxed), 1);
            written.set(written.get() + 1);
            Ok(())
        };
        insist(write, message(), &stuck, began + LEASE).await;
        assert_eq!((written.get(), stuck.load(Ordering::Relaxed)), (1, 0));
        assert!(began.elapsed() < Duration::from_secs(911), "{:?}", began.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_result_is_given_up_when_the_lease_is_over() {
        let (stuck, began) = (Arc::default(), Instant::now());
        insist(|| async { away() }, message(), &stuck, began + LEASE).await;
        assert_eq!(stuck.load(Ordering::Relaxed), 0);
        let took = began.elapsed();
        assert!(took > LEASE - Duration::from_secs(11) && took <= LEASE, "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_result_that_alone_cannot_be_written_stops_nobody() {
        let stuck = Arc::<AtomicUsize>::default();
        let write = || async {
            assert_eq!(stuck.load(Ordering::Relaxed), 0);
            Err(Error::internal("a column is missing"))
        };
        insist(write, message(), &stuck, Instant::now() + LEASE).await;
    }
}
