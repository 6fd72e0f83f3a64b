//! Group commit: what waits to be kept goes into one transaction, so that one fsync pays for many messages.
//!
//! Whoever has work puts it down and waits for its answer. The first to come starts a round; what arrives while all
//! rounds commit makes the next one, so a batch grows with the load and nobody waits for a timer. An answer is given
//! after the commit alone. Work that fails does not spoil its neighbours': the batch is then done again one by one, but
//! for what is found done (`lost.rs`). Results of attempts, for which nobody waits, gather for a moment (`waiting.rs`).

mod lost;
mod waiting;

use crate::{
    Core, Error, Result, limits,
    queue::{claim, handover::Place, record, state},
    submission::{
        content::{self, NewParts},
        kept::{self, NewMessage},
    },
    suppressions,
    tables::{event, recipient, suppression},
};
use relay_types::overview::Counts;
use sea_orm::DbBackend;
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{Notify, oneshot},
    time::{Instant, timeout, timeout_at},
};
use uuid::Uuid;
use waiting::{Next, Waiting};

/// Jobs that may wait; more means that the disk cannot keep up, and it is better to say so.
const WAITING: usize = 4096;
/// How long a round may take.
const ROUND: Duration = Duration::from_secs(60);

/// What can be committed together.
pub(crate) enum Work {
    /// Keep a message, and hand it to the workers when there is a place.
    Accept(Box<NewMessage>, Option<Place>),
    /// Store octets of a message that arrives.
    Store(NewParts),
    /// Record an attempt.
    Record(Box<record::Record>),
    /// Lease recipients.
    Claim(claim::Request),
}

/// What came of it.
#[derive(Debug)]
pub(crate) enum Done {
    /// It is on disk.
    Kept,
    /// A message was not kept: there was no room under a limit any more.
    Over(limits::kept::Over),
    /// An attempt was not recorded: its recipients are not its own any more.
    Stale,
    /// The recipients that are leased now.
    Claimed(Vec<recipient::Model>),
}

/// The jobs that wait.
#[derive(Default)]
pub(crate) struct Committer {
    state: Mutex<State>,
    /// A round became due while results were gathering.
    came: Notify,
}

#[derive(Default)]
struct State {
    waiting: Waiting,
    /// Rounds that run.
    running: usize,
    /// One of these waits while results gather.
    lingers: bool,
}

struct Job {
    work: Work,
    tell: Tell,
}

/// Whoever waits for the answer.
type Tell = oneshot::Sender<Result<Done>>;

impl Work {
    /// The message whose state follows from it.
    fn message(&self) -> Option<Uuid> {
        if let Self::Record(record) = self { Some(record.message.uuid()) } else { None }
    }

    fn octets(&self) -> usize {
        match self {
            Self::Accept(message, _) => message.at_hand(),
            Self::Store(parts) => parts.octets(),
            Self::Record(_) | Self::Claim(_) => 0,
        }
    }
}

/// What a round adds to the counts, each subject once and in order (see `limits::count`).
#[derive(Default)]
pub(crate) struct Tally(BTreeMap<Uuid, Counts>);

impl Tally {
    /// Adds for every subject.
    pub(crate) fn add(&mut self, subjects: impl IntoIterator<Item = Uuid>, counts: Counts) {
        for subject in subjects {
            *self.0.entry(subject).or_default() += counts;
        }
    }
}

/// What the works of a round leave to be written for all of them together.
#[derive(Default)]
pub(crate) struct Written {
    pub(crate) tally: Tally,
    /// What policy asks for was changed, too.
    pub(crate) rules: bool,
    /// Lines of stories.
    pub(crate) events: Vec<event::ActiveModel>,
    /// Whom projects do not write to any more.
    pub(crate) suppressed: Vec<suppression::Model>,
}

/// Does `work` durably, together with whatever else waits. An error means that nothing of it was kept, or that the
/// database went away in between and could not be asked.
pub(crate) async fn commit(core: &Core, work: Work) -> Result<Done> {
    let (tell, told) = oneshot::channel();
    {
        let mut state = core.committer.lock();
        if state.waiting.len() >= WAITING {
            return Err(Error::Unavailable { cause: "too much waits to be committed".to_owned() });
        }
        let due = state.waiting.push(Job { work, tell }, Instant::now());
        if state.lingers {
            if due {
                core.committer.came.notify_one();
            }
        } else if state.running < rounds_at_once(core) {
            state.running += 1;
            // A task of its own: who waits may be cancelled, the round goes on.
            tokio::spawn(rounds(Rounds { core: core.clone(), ended: false }));
        }
    }
    told.await.unwrap_or_else(|_| Err(Error::Unavailable { cause: "the commit was abandoned".to_owned() }))
}

/// SQLite has one writer. PostgreSQL spends a part of a round waiting for the network; with more than two, rounds are
/// so small that they cost more than is won, above all when several nodes have a part of the load each.
fn rounds_at_once(core: &Core) -> usize {
    if core.db.backend() == DbBackend::Sqlite { 1 } else { 2 }
}

impl Committer {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next round, or the end of the rounds. One of those that run waits for results to gather, no more.
    fn next(&self) -> Next {
        let mut state = self.lock();
        match state.waiting.next(Instant::now()) {
            round @ Next::Round(_) => round,
            Next::Later(at) if !state.lingers => {
                state.lingers = true;
                Next::Later(at)
            }
            Next::Later(_) | Next::Nothing => {
                state.running -= 1;
                Next::Nothing
            }
        }
    }

    /// Until a round is due.
    async fn linger(&self, until: Instant) {
        let _ = timeout_at(until, self.came.notified()).await;
        self.lock().lingers = false;
    }
}

/// Notes the end of rounds also when one panics: those who wait are told, and the next to come starts anew.
struct Rounds {
    core: Core,
    ended: bool,
}

impl Drop for Rounds {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let mut state = self.core.committer.lock();
        state.running = state.running.saturating_sub(1);
        if state.running == 0 {
            state.waiting = Waiting::default();
            state.lingers = false;
        }
    }
}

async fn rounds(mut rounds: Rounds) {
    loop {
        let mut batch = match rounds.core.committer.next() {
            Next::Round(batch) => batch,
            Next::Later(at) => {
                rounds.core.committer.linger(at).await;
                continue;
            }
            Next::Nothing => break,
        };
        batch.retain(|job| is_wanted(&job.work, &job.tell));
        if !batch.is_empty() {
            one_round(&rounds.core, batch).await;
        }
    }
    rounds.ended = true;
}

/// Who has gone before its message was kept has seen no `250` and will come again.
fn is_wanted(work: &Work, tell: &Tell) -> bool {
    matches!(work, Work::Record(_)) || !tell.is_closed()
}

async fn one_round(core: &Core, batch: Vec<Job>) {
    let started = Instant::now();
    let (works, tells): (Vec<_>, Vec<_>) = batch.into_iter().map(|job| (job.work, job.tell)).unzip();
    let results = {
        let works: Vec<_> = works.iter().collect();
        match transaction(core, &works).await {
            Ok(done) => done.into_iter().map(Ok).collect(),
            Err(Failure::Work(error)) => one_by_one(core, &works, &tells, error).await,
            Err(Failure::Store(error)) => again(&error, works.len()),
        }
    };
    core.node.figures.committed(works.len(), started.elapsed());
    for ((work, tell), result) in works.into_iter().zip(tells).zip(results) {
        // Here and not where it was accepted: who waits for that may be gone.
        if let (Work::Accept(message, Some(place)), Ok(Done::Kept)) = (work, &result) {
            place.hand_over(message.claims);
        }
        let _ = tell.send(result);
    }
    core.changes.committed();
}

/// After a round that failed with `error`: each job by itself, but for those that the round had done after all.
async fn one_by_one(core: &Core, works: &[&Work], tells: &[Tell], error: Error) -> Vec<Result<Done>> {
    tracing::warn!(%error, jobs = works.len(), "a commit failed");
    let only = works.len() == 1;
    let mut results = Vec::new();
    for (work, tell) in works.iter().zip(tells) {
        let result = match lost::done(core, work).await {
            Ok(Some(done)) => Ok(done),
            Ok(None) if only || !is_wanted(work, tell) => Err(Failure::Work(error.clone())),
            Ok(None) => alone(core, work).await,
            Err(error) => Err(Failure::Store(error)),
        };
        match result {
            Ok(done) => results.push(Ok(done)),
            Err(Failure::Work(error)) => results.push(Err(error)),
            Err(Failure::Store(error)) => {
                results.extend(again(&error, works.len() - results.len()));
                break;
            }
        }
    }
    results
}

/// One job in a transaction of its own.
async fn alone(core: &Core, work: &Work) -> std::result::Result<Done, Failure> {
    match transaction(core, &[work]).await {
        Ok(mut done) => done.pop().ok_or_else(|| Failure::Work(Error::internal("a commit without a result"))),
        Err(Failure::Work(error)) => match lost::done(core, work).await {
            Ok(Some(done)) => Ok(done),
            // A second time: the others would wait as long for the same.
            _ if matches!(error, Error::Unavailable { .. }) => Err(Failure::Store(error)),
            _ => Err(Failure::Work(error)),
        },
        Err(failure) => Err(failure),
    }
}

/// The same failure for each; what kind it is tells whether another time may do.
fn again(error: &Error, times: usize) -> Vec<Result<Done>> {
    (0..times).map(|_| Err(error.clone())).collect()
}

enum Failure {
    /// No transaction can be had now; trying again for each job would only take longer.
    Store(Error),
    /// A statement or the commit failed.
    Work(Error),
}

impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Work(error.into())
    }
}

/// One round; it ends in time also when the connection to the database is half open and nothing ever comes back.
async fn transaction(core: &Core, works: &[&Work]) -> std::result::Result<Vec<Done>, Failure> {
    timeout(ROUND, in_one_transaction(core, works)).await.unwrap_or_else(|_| {
        Err(Failure::Store(Error::Unavailable { cause: "the database does not answer".to_owned() }))
    })
}

async fn in_one_transaction(core: &Core, works: &[&Work]) -> std::result::Result<Vec<Done>, Failure> {
    let transaction = core.db.begin_aside().await.map_err(Failure::Store)?;
    // Before anything else is read or written, and all at once: see there.
    state::lock(&transaction, works.iter().filter_map(|work| work.message())).await?;
    let parts: Vec<&NewParts> =
        works.iter().filter_map(|work| if let Work::Store(parts) = work { Some(parts) } else { None }).collect();
    content::store(core, &transaction, &parts).await?;
    let mut written = Written::default();
    let new: Vec<&NewMessage> = works
        .iter()
        .filter_map(|work| if let Work::Accept(message, _) = work { Some(&**message) } else { None })
        .collect();
    let over = limits::kept::judge(core, &transaction, &new).await?;
    let new: Vec<&NewMessage> =
        new.into_iter().zip(&over).filter(|(_, over)| over.is_none()).map(|(message, _)| message).collect();
    if !new.is_empty() {
        kept::insert_rows(core, &transaction, &new, &mut written.events).await?;
        for message in new {
            let accepted = Counts { accepted: message.recipients.len() as u64, ..Counts::default() };
            written.tally.add(message.origin.subjects(message.project), accepted);
        }
    }
    let records: Vec<&record::Record> =
        works.iter().filter_map(|work| if let Work::Record(record) = work { Some(&**record) } else { None }).collect();
    let mut recorded = record::apply(core, &transaction, &records, &mut written).await?.into_iter();
    let mut done = Vec::with_capacity(works.len());
    let mut over = over.into_iter();
    for work in works {
        done.push(match work {
            Work::Accept(..) => over.next().flatten().map_or(Done::Kept, Done::Over),
            Work::Store(_) => Done::Kept,
            Work::Record(_) => recorded.next().unwrap_or(Done::Kept),
            Work::Claim(request) => Done::Claimed(request.apply(&transaction).await?),
        });
    }
    let now = core.now();
    for (message, line) in suppressions::add_all(&transaction, written.suppressed, now).await? {
        written.rules = true;
        written.events.push(kept::event_row(core, message, now, &line)?);
    }
    kept::insert_events(&transaction, written.events).await?;
    for (subject, counts) in written.tally.0 {
        limits::count(&transaction, subject, now, counts).await?;
    }
    let before = Instant::now();
    let committed = transaction.commit().await;
    if committed.is_ok() {
        core.node.figures.synced(before.elapsed());
    }
    if written.rules {
        core.db.generation().next();
    }
    committed?;
    Ok(done)
}

#[cfg(test)]
pub(crate) mod tests;
