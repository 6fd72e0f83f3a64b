//! `bench nodes`: one, two and four Relaykeep processes on one PostgreSQL, all on this machine, under the same load.
//!
//! Beside what went through in a second it prints what a message cost the processor, in the relay, in PostgreSQL, and in
//! the load with its sink, and how busy they kept the processors together: when that is near 100 %, more nodes on one
//! machine cannot help.

use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::load::{Load, SMALL};
use super::{Options, figure::Figure};
use crate::rig::{Database, Lines, Relay, Sink, processor_time, until};

/// Each divides the sessions of the load.
const NODES: [usize; 3] = [1, 2, 4];
const MESSAGES: usize = 5_000;

/// What one number of nodes came to.
struct Run {
    nodes: usize,
    figure: Figure,
    spent: Spent,
}

/// Processor time until a moment, and how long that was.
struct Spent {
    relay: Duration,
    postgres: Duration,
    /// `smtp-source`, and the sink within this process.
    load: Duration,
    elapsed: Duration,
}

/// Measures each number of nodes and prints them.
pub fn nodes(options: &Options) -> Result<()> {
    let postgres = options.database.as_deref().is_none_or(|name| name == "postgres");
    ensure!(postgres, "several nodes share a PostgreSQL: bench nodes has no other --database");
    let load = options.load(MESSAGES, SMALL);
    // As many for each node, and as many in all in each run.
    let load = Load { messages: load.messages.next_multiple_of(4), ..load };
    let runs = NODES.into_iter().map(|nodes| measure(nodes, load)).collect::<Result<Vec<_>>>()?;
    print(&runs, options.json)
}

/// On a database of its own, so that no run finds what another left.
fn measure(nodes: usize, load: Load) -> Result<Run> {
    let (database, sink) = (Database::start("postgres")?, Sink::start()?);
    let mut relays = vec![Relay::prepare("node-1", &database, &sink, &Lines::default())?];
    for number in 2..=nodes {
        let node = relays[0].beside(&format!("node-{number}"), &database, &sink, &Lines::default())?;
        relays.push(node);
    }
    relays.iter_mut().try_for_each(Relay::start)?;
    let ports: Vec<u16> = relays.iter().map(|relay| relay.port).collect();
    let name = if nodes == 1 { "1 node".to_owned() } else { format!("{nodes} nodes") };
    let all_is_recorded = || until("an empty queue", || Ok(relays[0].queued()? == 0));
    load.warm_up(&name, &ports, &sink)?;
    all_is_recorded()?;
    let began = Instant::now();
    let before = Spent::by_now(&relays, &database, began)?;
    let figure = load.send(&name, &ports, &sink)?;
    all_is_recorded()?;
    let spent = Spent::by_now(&relays, &database, began)?.since(&before);
    Ok(Run { nodes, figure, spent })
}

impl Spent {
    fn by_now(relays: &[Relay], database: &Database, began: Instant) -> Result<Self> {
        Ok(Self {
            relay: relays.iter().map(Relay::processor_time).sum::<Result<Duration>>()?,
            postgres: database.processor_time()?,
            load: processor_time(std::process::id())?,
            elapsed: began.elapsed(),
        })
    }

    fn since(self, before: &Self) -> Self {
        Self {
            relay: self.relay.saturating_sub(before.relay),
            postgres: self.postgres.saturating_sub(before.postgres),
            load: self.load.saturating_sub(before.load),
            elapsed: self.elapsed.saturating_sub(before.elapsed),
        }
    }

    /// Milliseconds of each for one of so many messages: relay, PostgreSQL, load.
    fn a_message(&self, messages: usize) -> [f64; 3] {
        [self.relay, self.postgres, self.load].map(|time| time.as_secs_f64() * 1_000.0 / messages as f64)
    }

    /// Percent of so many processors that all three were busy with.
    fn busy(&self, processors: usize) -> f64 {
        let all = self.relay + self.postgres + self.load;
        100.0 * all.as_secs_f64() / (self.elapsed.as_secs_f64() * processors as f64)
    }
}

fn print(runs: &[Run], json: bool) -> Result<()> {
    let processors = available_parallelism()?.get();
    if json {
        let all = runs.iter().map(|run| {
            let [relay, postgres, load] = run.spent.a_message(run.figure.load.messages).map(thousandths);
            let mut value = run.figure.json();
            value["nodes"] = run.nodes.into();
            value["relay_ms_a_message"] = relay.into();
            value["postgres_ms_a_message"] = postgres.into();
            value["load_ms_a_message"] = load.into();
            value["processors"] = processors.into();
            value["processors_busy_percent"] = run.spent.busy(processors).round().into();
            value
        });
        println!("{}", all.collect::<serde_json::Value>());
        return Ok(());
    }
    println!("{:44}{:>36}{processors:>4} processors", "", "processor time, ms a message");
    println!(
        "{:<10}{:>10}{:>12}{:>12}{:>8}{:>12}{:>16}{:>10}",
        "", "messages", "accepted/s", "delivered/s", "relay", "PostgreSQL", "load and sink", "busy"
    );
    for run in runs {
        let Run { figure, spent, .. } = run;
        let (accepted, delivered) = (figure.accepted_per_second(), figure.delivered_per_second());
        let [relay, postgres, load] = spent.a_message(figure.load.messages);
        println!(
            "{:<10}{:>10}{accepted:>12.0}{delivered:>12.0}{relay:>8.2}{postgres:>12.2}{load:>16.2}{:>8.0} %",
            figure.relay,
            figure.load.messages,
            spent.busy(processors)
        );
    }
    Ok(())
}

fn thousandths(number: f64) -> f64 {
    (number * 1_000.0).round() / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::load::SESSIONS;

    #[test]
    fn nodes_share_the_load_evenly() {
        assert!(NODES.into_iter().all(|nodes| SESSIONS.is_multiple_of(nodes) && 4_usize.is_multiple_of(nodes)));
    }

    #[test]
    fn time_is_told_for_a_message_and_of_all_processors() {
        let spent = |relay, load, elapsed| Spent {
            relay: Duration::from_secs(relay),
            postgres: Duration::from_secs(1),
            load: Duration::from_secs(load),
            elapsed: Duration::from_secs(elapsed),
        };
        let spent = spent(6, 3, 10).since(&spent(2, 1, 0));
        assert_eq!(spent.a_message(1_000), [4.0, 0.0, 2.0]);
        assert_eq!(spent.busy(2), 30.0);
    }
}
