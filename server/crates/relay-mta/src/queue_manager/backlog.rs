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
pub fn jobs(claims: Vec<Claimed>) -> Vec<Job> {
    let mut jobs: Vec<Job> = Vec::new();
    let mut places: HashMap<(String, MessageId), usize> = HashMap::new();
    for claim in claims {
        let place = places.entry((claim.destination.clone(), claim.message_id)).or_insert_with(|| {
            jobs.push(Job {
                destination: claim.destination.clone(),
                message: claim.message_id,
                project: claim.project_id,
                claimed_at: claim.claimed_at,
                claims: Vec::new(),
            });
            jobs.len() - 1
        });
        jobs[*place].claims.push(claim);
    }
    jobs
}

/// Waiting jobs, and how many run for each destination and each project.
#[derive(Debug)]
pub struct Backlog {
    limit: usize,
    workers: usize,
    /// Running jobs in all, and of each project.
    running: usize,
    projects: HashMap<Option<ProjectId>, usize>,
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
    /// Lets `limit` jobs of a destination run at the same time on `workers` that all share.
    pub fn new(limit: usize, workers: usize) -> Self {
        Self {
            limit: limit.max(1),
            workers: workers.max(1),
            running: 0,
            projects: HashMap::new(),
            destinations: HashMap::new(),
            turns: VecDeque::new(),
        }
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
        let (turn, place) = self.turns.iter().enumerate().find_map(|(turn, name)| {
            let destination = self.destinations.get(name).filter(|destination| destination.running < self.limit)?;
            Some((turn, destination.waiting.iter().position(|job| self.has_place(job))?))
        })?;
        let name = self.turns.remove(turn)?;
        let destination = self.destinations.get_mut(&name)?;
        let job = destination.waiting.remove(place)?;
        if !destination.waiting.is_empty() {
            self.turns.push_back(name);
        }
        self.begun(&job);
        Some(job)
    }

    /// Whether another job of this job's project may run.
    fn has_place(&self, job: &Job) -> bool {
        self.projects.get(&job.project).copied().unwrap_or_default() < self.most_of_a_project()
    }

    /// So many workers a project may have now: twice what is free. The first gets two thirds of all, the next two thirds
    /// of the rest: mail of some projects to hosts that never answer, for minutes each, does not stop the others'.
    fn most_of_a_project(&self) -> usize {
        2 * self.workers.saturating_sub(self.running)
    }

    /// A job that was taken out runs after all.
    pub fn begun(&mut self, job: &Job) {
        self.destinations.entry(job.destination.clone()).or_default().running += 1;
        *self.projects.entry(job.project).or_default() += 1;
        self.running += 1;
    }

    /// A job ended.
    pub fn finished(&mut self, job: &Job) {
        if let Some(known) = self.destinations.get_mut(&job.destination) {
            known.running = known.running.saturating_sub(1);
            if known.running == 0 && known.waiting.is_empty() {
                self.destinations.remove(&job.destination);
            }
        }
        if let Some(running) = self.projects.get_mut(&job.project) {
            self.running = self.running.saturating_sub(1);
            *running = running.saturating_sub(1);
            if *running == 0 {
                self.projects.remove(&job.project);
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
        let most = self.most_of_a_project();
        let all_have_places = most > 0 && self.projects.values().all(|running| *running < most);
        let free = |known: &Destination| {
            let places = self.limit.saturating_sub(known.running);
            if all_have_places {
                known.waiting.len().min(places)
            } else {
                known.waiting.iter().filter(|job| self.has_place(job)).take(places).count()
            }
        };
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
        let mut backlog = Backlog::new(10, 99);
        backlog.add(vec![job("a", 1, now), job("a", 2, now), job("a", 3, now), job("b", 4, now), job("b", 5, now)]);
        let order: Vec<_> = std::iter::from_fn(|| next(&mut backlog)).collect();
        assert_eq!(order, ["a 1", "b 4", "a 2", "b 5", "a 3"]);
    }

    #[test]
    fn a_slow_destination_holds_no_more_than_its_limit() {
        let now = Instant::now();
        let mut backlog = Backlog::new(2, 99);
        backlog.add((1..=5).map(|message| job("slow", message, now)).chain([job("quick", 9, now)]).collect());
        let order: Vec<_> = std::iter::from_fn(|| next(&mut backlog)).collect();
        assert_eq!(order, ["slow 1", "quick 9", "slow 2"]);
        assert_eq!((backlog.waiting(), backlog.runnable()), (3, 0));
        assert_eq!(backlog.busy(3), ["slow"]);
        assert!(backlog.busy(4).is_empty());
        backlog.finished(&job("quick", 9, now));
        assert_eq!(next(&mut backlog), None);
        backlog.finished(&job("slow", 1, now));
        assert_eq!(backlog.runnable(), 1);
        assert_eq!(next(&mut backlog).as_deref(), Some("slow 3"));
        assert_eq!(next(&mut backlog), None);
    }

    #[test]
    fn a_project_holds_no_more_than_its_share_whatever_hosts_it_writes_to() {
        let now = Instant::now();
        let of = |project: u8, destination: &str, message: u8| Job {
            project: Some(format!("000000000000000000000000{project:02}").parse().unwrap()),
            ..job(destination, message, now)
        };
        let mut backlog = Backlog::new(2, 4);
        let slow: Vec<Job> = (1..=6).map(|message| of(1, &format!("slow{message}"), message)).collect();
        backlog.add(slow.clone());
        backlog.add(vec![of(1, "quick", 7), of(2, "quick", 8), of(2, "slow1", 9)]);
        let order: Vec<_> = std::iter::from_fn(|| next(&mut backlog)).collect();
        assert_eq!(order, ["slow1 1", "slow2 2", "slow3 3", "quick 8"]);
        assert_eq!((backlog.waiting(), backlog.runnable()), (5, 0));
        backlog.finished(&slow[0]);
        // Who has less of the workers is the next.
        assert_eq!(backlog.runnable(), 1);
        assert_eq!(next(&mut backlog).as_deref(), Some("slow1 9"));
        assert_eq!(next(&mut backlog), None);
    }

    #[test]
    fn several_projects_whose_hosts_never_answer_leave_workers_to_the_others() {
        let now = Instant::now();
        let of = |project: u8, host: u8| Job {
            project: Some(format!("000000000000000000000000{project:02}").parse().unwrap()),
            ..job(&format!("p{project}h{host}"), 1, now)
        };
        let mut backlog = Backlog::new(4, 64);
        for project in 1..=3 {
            backlog.add((0..70).map(|host| of(project, host)).collect());
            while backlog.next().is_some() {}
        }
        backlog.add(vec![of(9, 1)]);
        assert_eq!(next(&mut backlog).as_deref(), Some("p9h1 1"));
    }

    #[test]
    fn what_was_claimed_before_a_failure_is_taken_out() {
        let early = Instant::now();
        let failure = early + Duration::from_secs(1);
        let late = early + Duration::from_secs(2);
        let mut backlog = Backlog::new(1, 99);
        backlog.add(vec![job("a", 1, early), job("a", 2, late), job("b", 3, early)]);
        let taken: Vec<_> = backlog.take_out("a", None, failure).iter().map(|job| job.message.to_string()).collect();
        assert_eq!(taken, ["00000000000000000000000001"]);
        assert_eq!(backlog.waiting(), 2);
        backlog.begun(&job("a", 1, early));
        assert_eq!(next(&mut backlog).as_deref(), Some("b 3"));
        assert_eq!(next(&mut backlog), None);
        backlog.finished(&job("a", 1, early));
        assert_eq!(next(&mut backlog).as_deref(), Some("a 2"));
        assert!(backlog.drain().is_empty());
    }

    #[test]
    fn what_did_not_begin_can_be_given_back() {
        let now = Instant::now();
        let mut backlog = Backlog::new(1, 99);
        backlog.add(vec![job("a", 1, now), job("a", 2, now), job("b", 3, now)]);
        next(&mut backlog);
        assert_eq!(backlog.drain().len(), 2);
        assert_eq!((backlog.waiting(), next(&mut backlog)), (0, None));
    }
}
