//! `cargo xtask crash`: the relay is killed under load, again and again; what it acknowledged must arrive.
//!
//! Numbered messages come over many connections, `SIGKILL` at a moment left to chance, and the relay starts anew on what
//! is on the disk. At the end every acknowledged number must have come to the sink. Again may come only what was on its
//! way out when the relay was killed: the sink had taken it, and that was not on the disk yet. Which kill that was is known
//! from the round in which it came before.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::progress;
use crate::rig::{Client, Database, Lines, Relay, Sink, until};

const ROUNDS: usize = 20;
/// Connections that send.
const CONNECTIONS: usize = 10;
/// Deliveries at a time, and as many results on their way to the disk.
const WORKERS: u64 = 20;
/// The relay is killed this long after the load began, at least and at most.
const BETWEEN: (Duration, Duration) = (Duration::from_millis(100), Duration::from_millis(900));

/// What the programs know that send.
#[derive(Default)]
struct Senders {
    next: AtomicU64,
    acknowledged: Mutex<BTreeSet<u64>>,
    /// Content was sent whole, and no reply came.
    unanswered: AtomicU64,
    /// The relay was killed: errors are no surprise any more.
    over: AtomicBool,
}

/// The command as typed.
pub fn command(arguments: &[String]) -> Result<()> {
    let (mut rounds, mut database, mut json) = (ROUNDS, "sqlite", false);
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--json" => json = true,
            "--database" => database = arguments.next().context("--database is sqlite or postgres")?,
            "--rounds" => {
                let count = arguments.next().context("--rounds needs a number")?;
                rounds = count.parse().with_context(|| format!("{count} is not a number"))?;
            }
            other => bail!("crash does not know {other}; it knows: --rounds N, --database NAME, --json"),
        }
    }
    ensure!((1..=10_000).contains(&rounds), "--rounds is from 1 to 10000");
    let database = Database::start(database)?;
    let sink = Sink::start()?;
    // What a killed process held on PostgreSQL is free again after its lease.
    let delivery = format!("workers = {WORKERS}\nlease = \"10s\"\nretry = [\"1s\"]\n");
    let mut relay = Relay::prepare("crash", &database, &sink, &Lines { delivery: &delivery, ..Lines::default() })?;
    let senders = Arc::new(Senders::default());
    let mut slowest = Duration::ZERO;
    for round in 1..=rounds {
        sink.next_round();
        slowest = slowest.max(one_round(&mut relay, &senders)?);
        if round % 10 == 0 || round == rounds {
            progress::note(&format!("round {round} of {rounds}: {} acknowledged", senders.acknowledged().len()));
        }
    }
    sink.next_round();
    relay.start()?;
    until("the queue to be empty", || Ok(relay.queued()? == 0))?;
    report(&senders, &sink, rounds, database.name(), slowest, json)
}

/// Starts the relay, sends, kills it; gives how long the start took.
fn one_round(relay: &mut Relay, senders: &Arc<Senders>) -> Result<Duration> {
    let began = Instant::now();
    relay.start()?;
    let started = began.elapsed();
    senders.over.store(false, Ordering::Relaxed);
    let threads: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (senders, port) = (senders.clone(), relay.port);
            thread::spawn(move || senders.run(port))
        })
        .collect();
    thread::sleep(chance(BETWEEN));
    senders.over.store(true, Ordering::Relaxed);
    relay.kill()?;
    for thread in threads {
        thread.join().map_err(|_| anyhow::anyhow!("a sender has panicked"))??;
    }
    Ok(started)
}

fn report(senders: &Senders, sink: &Sink, rounds: usize, database: &str, slowest: Duration, json: bool) -> Result<()> {
    let (acknowledged, arrived) = (senders.acknowledged(), sink.numbers());
    let lost: Vec<u64> = acknowledged.iter().copied().filter(|number| !arrived.contains_key(number)).collect();
    let again = again(arrived.values().map(Vec::as_slice));
    let twice: u64 = again.values().sum();
    let worst = again.values().copied().max().unwrap_or_default();
    let may_be_twice = 2 * WORKERS;
    let unanswered = senders.unanswered.load(Ordering::Relaxed);
    if json {
        let figures = serde_json::json!({
            "database": database,
            "rounds": rounds,
            "acknowledged": acknowledged.len(),
            "arrived": arrived.len(),
            "lost": lost.len(),
            "twice": twice,
            "twice_after_one_kill_at_most": worst,
            "in_flight_at_most": may_be_twice,
            "without_an_answer": unanswered,
            "slowest_start_ms": slowest.as_millis(),
        });
        println!("{figures}");
    } else {
        println!(
            "{database}, killed {rounds} times: {} acknowledged, {} arrived, {} lost, {twice} twice (after one kill at most \
             {worst}; at most {may_be_twice} were in flight), {unanswered} without an answer, slowest start {slowest:.2?}",
            acknowledged.len(),
            arrived.len(),
            lost.len(),
        );
    }
    ensure!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    ensure!(worst <= may_be_twice, "after one kill {worst} came twice, and at most {may_be_twice} were in flight");
    ensure!(unanswered > 0, "the relay was never killed at work: try more rounds");
    Ok(())
}

/// How many came again after each round, from the rounds in which each number came.
fn again<'a>(numbers: impl Iterator<Item = &'a [usize]>) -> BTreeMap<usize, u64> {
    let mut again = BTreeMap::new();
    for rounds in numbers {
        for round in &rounds[..rounds.len().saturating_sub(1)] {
            *again.entry(*round).or_default() += 1;
        }
    }
    again
}

impl Senders {
    /// Sends until the relay is gone.
    fn run(&self, port: u16) -> Result<()> {
        match self.send(port) {
            Err(error) if !self.over.load(Ordering::Relaxed) => Err(error.context("before the relay was killed")),
            _ => Ok(()),
        }
    }

    fn send(&self, port: u16) -> Result<()> {
        let mut client = Client::open(port)?;
        let body = "0123456789".repeat(400);
        while !self.over.load(Ordering::Relaxed) {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            client.begin("someone@sink.test")?;
            match client.content(&format!("X-Number: {number}\r\n"), body.as_bytes()) {
                Ok(()) => drop(self.all().insert(number)),
                Err(error) => {
                    self.unanswered.fetch_add(1, Ordering::Relaxed);
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    fn acknowledged(&self) -> BTreeSet<u64> {
        self.all().clone()
    }

    fn all(&self) -> std::sync::MutexGuard<'_, BTreeSet<u64>> {
        self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A moment between two.
fn chance((least, most): (Duration, Duration)) -> Duration {
    let number = RandomState::new().build_hasher().finish() % 1_000;
    least + (most - least) * number as u32 / 1_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_again_counts_for_the_kill_before() {
        let numbers = [&[1][..], &[1, 2], &[1, 3], &[2, 3, 4]];
        assert_eq!(again(numbers.into_iter()), BTreeMap::from([(1, 2), (2, 1), (3, 1)]));
    }
}
