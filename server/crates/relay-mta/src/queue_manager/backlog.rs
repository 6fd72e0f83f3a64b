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
        let (taken, left): (Vec<_>, VecDeque<_>) = std::mem::take(&mut known.waiting).into_iter().fold(
            (Vec::new(), VecDeque::new()),
            |(mut taken, mut left), job| {
                if hit(&job) {
                    taken.push(job)
                } else {
                    left.push_back(job)
                }
                (taken, left)
            },
        );
        known.waiting = left;
        if known.waiting.is_empty() {
            self.turns.retain(|name| name != destination);
        }
        taken
    }

    /// Destinations for which `enough` jobs wait; nothing more is claimed for them.
    pub fn busy(&self, enough: usize) -> Vec<String> {
        let busy = |(name, destination): (&String, &Destination)| {
            (destination.waiting.len() >= enough.max(1)).then(|| name.clone())
        };
        self.destinations.iter().filter_map(busy).collect()
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
