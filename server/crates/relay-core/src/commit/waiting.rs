//! What waits to be committed, and what goes into the next round.
//!
//! Somebody waits for everything but results of attempts: those have been sent, and what is known of them may wait a
//! moment for others. So a round of results is large, and one of new mail short. (Somebody waits for a result, too,
//! when it is one of cut-through.)

use super::{Job, Work};
use std::{collections::VecDeque, time::Duration};
use tokio::time::Instant;

/// Jobs of one transaction.
const JOBS: usize = 128;
/// Octets of content of one transaction (a larger message goes alone).
const OCTETS: usize = 4 * 1024 * 1024;
/// So many results wait no longer, and no more of them go into one round: new mail has the rest of it.
const RESULTS: usize = JOBS / 2;
/// How long a result waits for others. What was sent and is not recorded is sent again after a crash: as short as helps.
const GATHER: Duration = Duration::from_millis(10);

/// Jobs in their order.
#[derive(Default)]
pub(super) struct Waiting {
    jobs: VecDeque<Job>,
    /// Results of attempts, with the moment each came.
    results: VecDeque<(Job, Instant)>,
}

/// What is to be done.
pub(super) enum Next {
    /// Commit these together.
    Round(Vec<Job>),
    /// There are results alone, which may gather until then.
    Later(Instant),
    /// There is nothing.
    Nothing,
}

impl Waiting {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.jobs.len() + self.results.len()
    }

    /// Takes another one; whether a round is due with it.
    pub(super) fn push(&mut self, job: Job, now: Instant) -> bool {
        match &job.work {
            Work::Record(record) if !record.awaited => self.results.push_back((job, now)),
            _ => self.jobs.push_back(job),
        }
        !self.jobs.is_empty() || self.results.len() >= RESULTS
    }

    /// What goes next.
    pub(super) fn next(&mut self, now: Instant) -> Next {
        let mut batch = Vec::new();
        if let Some(&(_, since)) = self.results.front() {
            let until = since + GATHER;
            if self.results.len() >= RESULTS || now >= until {
                let count = self.results.len().min(RESULTS);
                batch.extend(self.results.drain(..count).map(|(job, _)| job));
            } else if self.jobs.is_empty() {
                return Next::Later(until);
            }
        }
        let mut octets = 0;
        while let Some(job) = self.jobs.front() {
            octets += job.work.octets();
            if batch.len() >= JOBS || (octets > OCTETS && !batch.is_empty()) {
                break;
            }
            batch.extend(self.jobs.pop_front());
        }
        if batch.is_empty() { Next::Nothing } else { Next::Round(batch) }
    }
}
