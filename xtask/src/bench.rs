//! `cargo xtask bench`: how much mail goes through in a second, beside Debian's Postfix, in one run on one machine.
//!
//! Owns the order: the same load (`smtp-source -s 20 -l 5120`), the same sink, first Relaykeep (release build, SQLite with
//! `synchronous=FULL` or PostgreSQL), then Postfix relaying to the same sink. Everything is on 127.0.0.1 and ends by itself. Figures
//! that are worth keeping are written by hand into `server/docs/performance.md`, with the command and the machine.
//!
//! `cargo xtask bench auth|idle|tarpit|backlog` measures what else a relay under load is asked for (`sessions.rs`,
//! `fairness.rs`).
//!
//! `cargo xtask bench policy|queue|depth|messages|import|sweep|health` measures single use cases instead (`use_cases.rs`).

mod fairness;
mod postfix;
mod sessions;
mod use_cases;

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::packages;
use crate::progress;

use crate::rig::{Database, Lines, PATIENCE, Relay, Sink};

/// Sessions at a time and octets of a message, as in the figures of the issue.
const SESSIONS: usize = 20;
const OCTETS: usize = 5120;

/// One relay's figures.
pub struct Figure {
    /// Which relay.
    pub relay: &'static str,
    /// Messages.
    pub messages: usize,
    /// From the first connection to the last 250.
    pub accepted: Duration,
    /// From the first connection to the last message at the sink.
    pub delivered: Duration,
}

impl Figure {
    fn per_second(&self, time: Duration) -> f64 {
        self.messages as f64 / time.as_secs_f64()
    }
}

/// The command as typed.
pub fn command(arguments: &[String]) -> Result<()> {
    if let [name, rest @ ..] = arguments
        && use_cases::NAMES.contains(&name.as_str())
    {
        return use_cases::command(name, rest);
    }
    let (mut messages, mut database) = (5000, "sqlite");
    let (mut json, mut name) = (false, "throughput");
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            typed @ ("throughput" | "auth" | "idle" | "tarpit" | "backlog") => name = typed,
            "--json" => json = true,
            "--database" => database = arguments.next().context("--database is sqlite or postgres")?,
            "--messages" => {
                let count = arguments.next().context("--messages needs a number")?;
                messages = count.parse().with_context(|| format!("{count} is not a number"))?;
            }
            other => {
                let others = use_cases::NAMES.join(", ");
                bail!(
                    "bench does not know {other}; it knows: throughput, auth, idle, tarpit, backlog, --messages N, --database NAME, --json; and {others}"
                )
            }
        }
    }
    ensure!((100..=100_000).contains(&messages), "--messages is from 100 to 100000");
    packages::for_integration()?;
    let database = Database::start(database)?;
    match name {
        "auth" => return sessions::auth(&database),
        "idle" => return sessions::idle(&database),
        "tarpit" => return fairness::tarpit(&database),
        "backlog" => return fairness::backlog(&database),
        _ => {}
    }
    let figures = vec![relaykeep(messages, &database)?, postfix::measure(messages)?];
    print(&figures, json);
    Ok(())
}

/// Relaykeep: release build, a trusted network, the sink as smarthost.
fn relaykeep(messages: usize, database: &Database) -> Result<Figure> {
    let sink = Sink::start()?;
    let mut relay = Relay::prepare("relaykeep", database, &sink, &Lines::default())?;
    relay.start()?;
    // A first run that is not counted warms caches on both sides.
    load("warm-up", relay.port, 200, &sink)?;
    load("relaykeep", relay.port, messages, &sink)
}

/// Sends `messages` to `port` and waits for all of them at the sink.
fn load(relay: &'static str, port: u16, messages: usize, sink: &Sink) -> Result<Figure> {
    let began = Instant::now();
    let before = sink.count();
    let program = packages::find("smtp-source").context("smtp-source is missing (Debian: postfix)")?;
    let status = Command::new(program)
        .args(["-s", &SESSIONS.to_string(), "-l", &OCTETS.to_string(), "-m", &messages.to_string()])
        .args(["-f", "bench@domain.test", "-t", "someone@sink.test", "-M", "client.test"])
        .arg(format!("127.0.0.1:{port}"))
        .status()?;
    ensure!(status.success(), "smtp-source was refused by {relay}");
    let accepted = began.elapsed();
    let all = before + messages;
    while sink.count() < all {
        ensure!(began.elapsed() < PATIENCE, "{relay}: only {} of {messages} arrived", sink.count() - before);
        std::thread::park_timeout(Duration::from_millis(2));
    }
    let delivered = began.elapsed();
    progress::note(&format!("{relay}: {messages} accepted in {accepted:.2?}, delivered in {delivered:.2?}"));
    Ok(Figure { relay, messages, accepted, delivered })
}

fn print(figures: &[Figure], json: bool) {
    if json {
        let all: Vec<_> = figures
            .iter()
            .map(|figure| {
                serde_json::json!({
                    "relay": figure.relay,
                    "messages": figure.messages,
                    "sessions": SESSIONS,
                    "octets": OCTETS,
                    "accepted_per_second": figure.per_second(figure.accepted).round(),
                    "delivered_per_second": figure.per_second(figure.delivered).round(),
                })
            })
            .collect();
        println!("{}", serde_json::Value::from(all));
        return;
    }
    println!("{:<12}{:>10}{:>14}{:>14}", "relay", "messages", "accepted/s", "delivered/s");
    for figure in figures {
        let (accepted, delivered) = (figure.per_second(figure.accepted), figure.per_second(figure.delivered));
        println!("{:<12}{:>10}{accepted:>14.0}{delivered:>14.0}", figure.relay, figure.messages);
    }
    if let [ours, theirs] = figures {
        let ratio = ours.per_second(ours.delivered) / theirs.per_second(theirs.delivered);
        println!("delivered: {ratio:.1} times Postfix");
    }
}
