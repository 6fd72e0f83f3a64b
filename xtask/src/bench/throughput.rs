//! `bench throughput`: how many small messages go through in a second, beside Debian's Postfix.
//!
//! Relaykeep (SQLite with `synchronous=FULL`, or PostgreSQL) and Postfix, each relaying to a sink of the same kind, are
//! measured in turns, in one run on one machine; the middle of each is told.

use anyhow::Result;

use super::load::SMALL;
use super::postfix::Postfix;
use super::{Options, figure};
use crate::rig::{Lines, Relay, Sink};

const MESSAGES: usize = 5_000;

/// Measures both and prints them.
pub fn throughput(options: &Options) -> Result<()> {
    let load = options.load(MESSAGES, SMALL);
    let database = options.database()?;
    let (our_sink, their_sink) = (Sink::start()?, Sink::start()?);
    let mut relay = Relay::prepare("relaykeep", &database, &our_sink, &Lines::default())?;
    relay.start()?;
    let postfix = Postfix::start(&their_sink, "")?;
    load.warm_up("relaykeep", &[relay.port], &our_sink)?;
    load.warm_up("postfix", &[postfix.port], &their_sink)?;
    let [ours, theirs] = figure::beside(
        || load.send("relaykeep", &[relay.port], &our_sink),
        || load.send("postfix", &[postfix.port], &their_sink),
    )?;
    figure::print(&ours, &theirs, options.json);
    Ok(())
}
