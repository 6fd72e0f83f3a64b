//! What is claimed and waits for a worker: in order within a destination, in turn between destinations. Pure.

use relay_core::queue::Claimed;
use relay_types::{message::MessageId, project::ProjectId};
use std::collections::{HashMap, VecDeque};
use tokio::time::Instant;

/// Recipients of one message at one destination.
#[derive(Debug, Clone)]
pub struct Job {
    /// What deliveries are grouped by.
    pub destination: String,
    /// The message.
    pub message: MessageId,
    /// Its project.
    pub project: Option<ProjectId>,
    /// The recipients.
    pub claims: Vec<Claimed>,
    /// When they were claimed: their lease began then.
    pub claimed_at: Instant,
}

/// Groups claims by destination and message; keeps their order.
pub fn jobs(claims: Vec<Claimed>, claimed_at: Instant) -> Vec<Job> {
    let mut jobs: Vec<Job> = Vec::new();
    let mut places: HashMap<(String, MessageId), usize> = HashMap::new();
    for claim in claims {
        let place = places.entry((claim.destination.clone(), claim.message_id)).or_insert_with(|| {
            jobs.push(Job {
                destination: claim.destination.clone(),
                message: claim.message_id,
                project: claim.project_id,
                claims: Vec::new(),
                claimed_at,
            });
            jobs.len() - 1
        });
        jobs[*place].claims.push(claim);
    }
    jobs
}

/// Waiting jobs, and how many run for each destination.
#[derive(Debug)]
pub struct Backlog {
    limit: usize,
    destinations: HashMap<String, Destination>,
    /// Destinations with waiting jobs; the first has its turn.
    turns: VecDeque<String>,
}

#[derive(Debug, Default)]
struct Destination {
    waiting: VecDeque<Job>,
    running: usize,
}

impl Backlog {
    /// Lets `limit` jobs of a destination run at the same time.
    pub fn new(limit: usize) -> Self {
        Self { limit: limit.max(1), destinations: HashMap::new(), turns: VecDeque::new() }
    }

    /// Takes jobs.
    pub fn add(&mut self, jobs: Vec<Job>) {
        for job in jobs {
            let destination = self.destinations.entry(job.destination.clone()).or_default();
            if destination.waiting.is_empty() {
                self.turns.push_back(job.destination.clone());
            }
            destination.waiting.push_back(job);
        }
    }

    /// The next job that may run; it counts as running. Destinations take turns.
    pub fn next(&mut self) -> Option<Job> {
        let limit = self.limit;
        let free = |name: &String| self.destinations.get(name).is_some_and(|destination| destination.running < limit);
        let turn = self.turns.iter().position(free)?;
        let name = self.turns.remove(turn)?;
        let destination = self.destinations.get_mut(&name)?;
        let job = destination.waiting.pop_front()?;
        destination.running += 1;
        if !destination.waiting.is_empty() {
            self.turns.push_back(name);
        }
        Some(job)
    }

    /// A job that was taken out runs after all.
    pub fn begun(&mut self, destination: &str) {
        self.destinations.entry(destination.to_owned()).or_default().running += 1;
    }

    /// A job of this destination ended.
    pub fn finished(&mut self, destination: &str) {
        if let Some(known) = self.destinations.get_mut(destination) {
            known.running = known.running.saturating_sub(1);
            if known.running == 0 && known.waiting.is_empty() {
                self.destinations.remove(destination);
            }
        }
    }

    /// Takes out the waiting jobs of a project at a destination that were claimed before `since`.
    pub fn take_out(&mut self, destination: &str, project: Option<ProjectId>, since: Instant) -> Vec<Job> {
        let Some(known) = self.destinations.get_mut(destination) else { return Vec::new() };
        let hit = |job: &Job| job.project == project && job.claimed_at <= since;
        let (taken, left): (Vec<_>, Vec<_>) = std::mem::take(&mut known.waiting).into_iter().partition(hit);
        known.waiting = left.into();
        if known.waiting.is_empty() {
            self.turns.retain(|name| name != destination);
        }
        taken
    }

    /// Destinations for which `enough` jobs wait; nothing more is claimed for them.
    pub fn busy(&self, enough: usize) -> Vec<String> {
        self.destinations.keys().filter(|name| self.is_busy(name, enough)).cloned().collect()
    }

    /// Whether `enough` jobs wait for this destination.
    pub fn is_busy(&self, destination: &str, enough: usize) -> bool {
        self.destinations.get(destination).is_some_and(|known| known.waiting.len() >= enough.max(1))
    }

    /// How many of the waiting jobs could run now.
    pub fn runnable(&self) -> usize {
        let free = |known: &Destination| known.waiting.len().min(self.limit.saturating_sub(known.running));
        self.turns.iter().filter_map(|name| self.destinations.get(name)).map(free).sum()
    }

    /// How many jobs wait.
    pub fn waiting(&self) -> usize {
        self.turns.iter().filter_map(|name| self.destinations.get(name)).map(|known| known.waiting.len()).sum()
    }

    /// Takes out everything that waits.
    pub fn drain(&mut self) -> Vec<Job> {
        self.turns.clear();
        self.destinations.values_mut().flat_map(|destination| destination.waiting.drain(..)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// A job named by destination and message.
    fn job(destination: &str, message: u8, claimed_at: Instant) -> Job {
        Job {
            destination: destination.to_owned(),
            message: format!("000000000000000000000000{message:02}").parse().unwrap(),
            project: None,
            claims: Vec::new(),
            claimed_at,
        }
    }

    fn next(backlog: &mut Backlog) -> Option<String> {
        let job = backlog.next()?;
        Some(format!("{} {}", job.destination, job.message.to_string().trim_start_matches('0')))
    }

    #[test]
    fn destinations_take_turns_and_keep_their_order() {
        let now = Instant::now();
        let mut backlog = Backlog::new(10);
        backlog.add(vec![job("a", 1, now), job("a", 2, now), job("a", 3, now), job("b", 4, now), job("b", 5, now)]);
        let order: Vec<_> = std::iter::from_fn(|| next(&mut backlog)).collect();
        assert_eq!(order, ["a 1", "b 4", "a 2", "b 5", "a 3"]);
    }

    #[test]
    fn a_slow_destination_holds_no_more_than_its_limit() {
        let now = Instant::now();
        let mut backlog = Backlog::new(2);
        backlog.add((1..=5).map(|message| job("slow", message, now)).chain([job("quick", 9, now)]).collect());
        let order: Vec<_> = std::iter::from_fn(|| next(&mut backlog)).collect();
        assert_eq!(order, ["slow 1", "quick 9", "slow 2"]);
        assert_eq!((backlog.waiting(), backlog.runnable()), (3, 0));
        assert_eq!(backlog.busy(3), ["slow"]);
        assert!(backlog.busy(4).is_empty());
        backlog.finished("quick");
        assert_eq!(next(&mut backlog), None);
        backlog.finished("slow");
        assert_eq!(backlog.runnable(), 1);
        assert_eq!(next(&mut backlog).as_deref(), Some("slow 3"));
        assert_eq!(next(&mut backlog), None);
    }

    #[test]
    fn what_was_claimed_before_a_failure_is_taken_out() {
        let early = Instant::now();
        let failure = early + Duration::from_secs(1);
        let late = early + Duration::from_secs(2);
        let mut backlog = Backlog::new(1);
        backlog.add(vec![job("a", 1, early), job("a", 2, late), job("b", 3, early)]);
        let taken: Vec<_> = backlog.take_out("a", None, failure).iter().map(|job| job.message.to_string()).collect();
        assert_eq!(taken, ["00000000000000000000000001"]);
        assert_eq!(backlog.waiting(), 2);
        backlog.begun("a");
        assert_eq!(next(&mut backlog).as_deref(), Some("b 3"));
        assert_eq!(next(&mut backlog), None);
        backlog.finished("a");
        assert_eq!(next(&mut backlog).as_deref(), Some("a 2"));
        assert!(backlog.drain().is_empty());
    }

    #[test]
    fn what_did_not_begin_can_be_given_back() {
        let now = Instant::now();
        let mut backlog = Backlog::new(1);
        backlog.add(vec![job("a", 1, now), job("a", 2, now), job("b", 3, now)]);
        next(&mut backlog);
        assert_eq!(backlog.drain().len(), 2);
        assert_eq!((backlog.waiting(), next(&mut backlog)), (0, None));
    }
}
