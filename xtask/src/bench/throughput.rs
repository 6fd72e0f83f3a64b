//! `bench throughput`: how many small messages go through in a second, beside Debian's Postfix.
//!
//! First Relaykeep (SQLite with `synchronous=FULL`, or PostgreSQL), then Postfix relaying to a sink of the same kind, in one
//! run on one machine.

use anyhow::Result;

use super::load::{Load, SMALL};
use super::postfix::Postfix;
use super::{Options, figure, figure::Figure};
use crate::rig::{Database, Lines, Relay, Sink};

const MESSAGES: usize = 5_000;

/// Measures both and prints them.
pub fn throughput(options: &Options) -> Result<()> {
    let load = options.load(MESSAGES, SMALL);
    let ours = relaykeep(load, &options.database()?)?;
    let theirs = postfix(load)?;
    figure::print(&ours, &theirs, options.json);
    Ok(())
}

fn relaykeep(load: Load, database: &Database) -> Result<Figure> {
    let sink = Sink::start()?;
    let mut relay = Relay::prepare("relaykeep", database, &sink, &Lines::default())?;
    relay.start()?;
    load.warm_up("relaykeep", &[relay.port], &sink)?;
    load.send("relaykeep", &[relay.port], &sink)
}

fn postfix(load: Load) -> Result<Figure> {
    let sink = Sink::start()?;
    let postfix = Postfix::start(&sink, "")?;
    load.warm_up("postfix", &[postfix.port], &sink)?;
    load.send("postfix", &[postfix.port], &sink)
}
