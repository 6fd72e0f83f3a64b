//! Whether a message costs the relay more when much waits in its queue and much lies in its history.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use super::Options;
use super::figure;
use super::mail::{Mail, lines};
use super::sessions::{PROGRAMS, in_programs};
use crate::progress;
use crate::rig::{Client, Database, Lines, Relay, Sink, until};
use crate::workspace::{cargo, run};

/// What is added at each step: messages that wait until later, and messages of the history.
const STEPS: [(u32, u32); 4] = [(0, 0), (100_000, 0), (900_000, 0), (0, 10_000_000)];
/// Turns at each step, and messages of one.
const TURNS: usize = 6;
const MESSAGES: usize = 5_000;
/// The addresses of the history, to which new mail goes, too; spread over them by a step that has no factor in common.
const ADDRESSES: usize = 50_000;
const SPREAD: usize = 7_919;

/// `bench history`: new mail with nothing, 100,000 and a million waiting, and ten million in the history, in turns with a
/// relay that began empty. Takes some 10 GB of disk.
pub fn history(options: &Options) -> Result<()> {
    ensure!(
        options.database.as_deref().is_none_or(|name| name == "sqlite"),
        "bench history is measured on SQLite alone"
    );
    let sink = Sink::start()?;
    let sent = AtomicUsize::new(0);
    let prepare = |name| Relay::prepare(name, &Database::Sqlite, &sink, &Lines::default());
    let mut full = prepare("history")?;
    let (mut waiting, mut behind, mut found) = (0, 0, Vec::new());
    for (more_waiting, more_behind) in STEPS {
        full.kill()?;
        if more_waiting + more_behind > 0 {
            let what = format!("{more_waiting} more that wait, {more_behind} more in the history");
            progress::step(&what, || fill(&full, waiting, more_waiting, more_behind))?;
        }
        (waiting, behind) = (waiting + more_waiting, behind + more_behind);
        full.start()?;
        let mut empty = prepare("empty")?;
        empty.start()?;
        for relay in [&empty, &full] {
            new_mail(relay, &sink, &sent)?;
        }
        let mut costs = [Mail::default(), Mail::default()];
        for _ in 0..TURNS {
            for (cost, relay) in costs.iter_mut().zip([&empty, &full]) {
                cost.add(new_mail(relay, &sink, &sent)?);
            }
        }
        until("a queue of those that wait until later", || Ok(full.queued()? == u64::from(waiting)))?;
        progress::note(&line(waiting, behind, &costs));
        found.push((waiting, behind, costs));
    }
    let words: Vec<_> = found.iter().map(|(waiting, behind, costs)| line(*waiting, *behind, costs)).collect();
    let value: serde_json::Value =
        found.iter().map(|(waiting, behind, costs)| json(*waiting, *behind, costs)).collect();
    figure::tell(options.json, &words.join("\n"), &value);
    Ok(())
}

fn line(waiting: u32, behind: u32, [empty, full]: &[Mail; 2]) -> String {
    format!(
        "{waiting} waiting, {behind} in the history: {:.3} ms of processor a message where the empty relay needs {:.3} \
         ({:+.1} %); {:.0} a second, the empty one {:.0} ({:+.1} %)",
        full.each(),
        empty.each(),
        100.0 * (full.each() / empty.each() - 1.0),
        full.a_second(),
        empty.a_second(),
        100.0 * (full.a_second() / empty.a_second() - 1.0),
    )
}

fn json(waiting: u32, behind: u32, [empty, full]: &[Mail; 2]) -> serde_json::Value {
    serde_json::json!({
        "waiting": waiting,
        "history": behind,
        "processor_ms": full.each(),
        "processor_ms_empty": empty.each(),
        "per_second": full.a_second(),
        "per_second_empty": empty.a_second(),
    })
}

/// Writes into the database of a relay that does not run.
fn fill(relay: &Relay, from: u32, waiting: u32, history: u32) -> Result<()> {
    let numbers = [from, waiting, history].map(|number| number.to_string());
    let mut example = cargo();
    example.args(["run", "--quiet", "--release", "--package", "relay-core", "--example", "measure", "--", "fill"]);
    run(example.arg(relay.database()).args(numbers)).context("the database was not filled")
}

/// Messages of 5 KB, a connection each, until all are at the sink.
fn new_mail(relay: &Relay, sink: &Sink, sent: &AtomicUsize) -> Result<Mail> {
    let lines = lines();
    let (before, began, worked) = (sink.count(), Instant::now(), relay.processor_time()?);
    in_programs(|_| {
        (0..MESSAGES / PROGRAMS).try_for_each(|_| {
            let address = sent.fetch_add(1, Ordering::Relaxed) * SPREAD % ADDRESSES;
            let mut client = Client::open(relay.port)?;
            client.send(&format!("u{address}@e.example"), "", &lines)?;
            client.quit()
        })
    })?;
    until("all new mail at the sink", || Ok(sink.count() >= before + MESSAGES))?;
    Ok(Mail { messages: MESSAGES, took: began.elapsed(), worked: relay.processor_time()? - worked })
}
