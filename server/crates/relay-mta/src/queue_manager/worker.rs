//! One job: read the message, find the way, deliver, record. What cannot be done within the lease is given back.

use super::backlog::Job;
use crate::delivery::{Deliverer, Delivery};
use relay_core::{
    Core, Error,
    queue::{self, Claimed},
    routes::{self, Way},
};
use relay_types::{
    EmailAddress, Timestamp,
    message::{Attempt, AttemptOutcome, Cause, DialogueLine, MessageId, Outcome},
    project::ProjectId,
    reply::Reply,
};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::Semaphore,
    time::{Instant, sleep},
};
use tokio_util::task::TaskTracker;

/// Recipients of one transaction; every server takes so many (RFC 5321 §4.5.3.1.8).
const RECIPIENTS: usize = 100;
/// Waits between tries to record what happened: losing it means to deliver twice.
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
        Self { core, deliverer, limit, records: TaskTracker::new(), room }
    }

    /// Waits until everything is recorded.
    pub async fn recorded(&self) {
        self.records.close();
        self.records.wait().await;
    }

    /// Delivers a job and records it. Tells when the destination turned out to be unreachable.
    pub async fn deliver(&self, job: Job) -> Option<Unreachable> {
        let message = match queue::outgoing(&self.core, job.message).await {
            Ok(message) => message,
            Err(error) => {
                let outcome = unreadable(&error);
                tracing::warn!(message.id = %job.message, %error, "a message cannot be read");
                self.record_all(job.message, job.claims, &outcome, "(the message cannot be read)").await;
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
                    self.record_all(job.message, claims, &outcome, "(the route cannot be read)").await;
                    continue;
                }
            };
            let mut rest = claims;
            while !rest.is_empty() {
                if job.claimed_at.elapsed() + self.limit >= self.core.config().lease {
                    if let Err(error) = queue::give_back(&self.core, &rest).await {
                        tracing::warn!(%error, "claims cannot be given back; they wait for their lease");
                    }
                    break;
                }
                let now = rest.drain(..rest.len().min(RECIPIENTS)).collect::<Vec<_>>();
                let recipients: Vec<EmailAddress> = now.iter().map(|claim| claim.address.clone()).collect();
                let (started_at, started) = (self.core.now(), Instant::now());
                let delivery = self.deliverer.deliver(&way, &message, &recipients, started + self.limit).await;
                if let Some(cause) = delivery.unreachable.clone() {
                    unreachable = Some(Unreachable { cause, since: Instant::now() });
                }
                self.record(job.message, now, delivery, started_at, started.elapsed()).await;
            }
        }
        unreachable
    }

    /// Records that a job was not tried because its destination had just turned out to be unreachable.
    pub async fn defer(&self, job: Job, cause: Cause) -> Option<Unreachable> {
        let outcome = Outcome::TempFail(cause);
        self.record_all(job.message, job.claims, &outcome, "(not tried: the destination had just failed)").await;
        None
    }

    /// The recipients by way, for mail of one project: a smarthost takes recipients of many domains at once.
    async fn ways(
        &self,
        project: Option<ProjectId>,
        claims: Vec<Claimed>,
    ) -> Vec<(relay_core::Result<Way>, Vec<Claimed>)> {
        let mut by_way: Vec<(Option<String>, relay_core::Result<Way>, Vec<Claimed>)> = Vec::new();
        let mut by_domain: Vec<(relay_types::DomainName, usize)> = Vec::new();
        for claim in claims {
            let domain = claim.address.domain();
            let known = by_domain.iter().find(|(known, _)| known == domain).map(|&(_, place)| place);
            let place = match known {
                Some(place) => place,
                None => {
                    let way = routes::way(&self.core, project, domain).await;
                    let key = way.as_ref().ok().map(crate::delivery::key);
                    let same = by_way.iter().position(|(known, _, _)| key.is_some() && *known == key);
                    let place = same.unwrap_or_else(|| {
                        by_way.push((key, way, Vec::new()));
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

    async fn record_all(&self, message: MessageId, claims: Vec<Claimed>, outcome: &Outcome, note: &str) {
        let delivery = Delivery {
            outcomes: vec![outcome.clone(); claims.len()],
            dialogue: vec![DialogueLine { ours: true, text: note.to_owned() }],
            ..Delivery::default()
        };
        self.record(message, claims, delivery, self.core.now(), Duration::ZERO).await;
    }

    async fn record(
        &self,
        message: MessageId,
        claims: Vec<Claimed>,
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
            tls: delivery.tls,
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
        let core = self.core.clone();
        self.records.spawn(async move {
            write(&core, message, attempt, outcomes).await;
            drop(place);
        });
    }
}

/// Records; tries again for a while when that fails.
async fn write(core: &Core, message: MessageId, attempt: Attempt, outcomes: Vec<(Claimed, Outcome)>) {
    let mut waits = RECORD_AGAIN.into_iter();
    while let Err(error) = queue::record(core, message, attempt.clone(), outcomes.clone()).await {
        tracing::error!(message.id = %message, %error, "a delivery attempt cannot be recorded");
        let Some(wait) = waits.next() else { return };
        sleep(wait).await;
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
        tls = delivery.tls.as_deref(),
        delivered,
        captured,
        tempfail,
        permfail,
        milliseconds = took.as_millis(),
        "delivery attempt"
    );
}
