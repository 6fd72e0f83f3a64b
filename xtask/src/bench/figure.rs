//! What a relay came to under a load, and how it is printed.

use std::time::Duration;

use anyhow::Result;

use super::load::{Load, SESSIONS};

/// How often something is measured whose middle is told.
pub const TURNS: usize = 3;

/// One relay's figures.
pub struct Figure {
    /// Which relay.
    pub relay: String,
    /// What it was sent.
    pub load: Load,
    /// From the first connection to the last 250.
    pub accepted: Duration,
    /// From the first connection to the last message at the sink.
    pub delivered: Duration,
}

impl Figure {
    /// Messages accepted in a second.
    pub fn accepted_per_second(&self) -> f64 {
        self.load.messages as f64 / self.accepted.as_secs_f64()
    }

    /// Messages delivered in a second.
    pub fn delivered_per_second(&self) -> f64 {
        self.load.messages as f64 / self.delivered.as_secs_f64()
    }

    /// For `--json`.
    pub fn json(&self) -> serde_json::Value {
        serde_json::json!({
            "relay": self.relay,
            "messages": self.load.messages,
            "sessions": SESSIONS,
            "octets": self.load.octets,
            "accepted_per_second": self.accepted_per_second().round(),
            "delivered_per_second": self.delivered_per_second().round(),
        })
    }
}

/// Prints Relaykeep's figure beside that of Postfix.
pub fn print(ours: &Figure, theirs: &Figure, json: bool) {
    if json {
        println!("{}", serde_json::Value::from(vec![ours.json(), theirs.json()]));
        return;
    }
    println!("{:<18}{:>10}{:>14}{:>14}", "relay", "messages", "accepted/s", "delivered/s");
    for figure in [ours, theirs] {
        let (accepted, delivered) = (figure.accepted_per_second(), figure.delivered_per_second());
        println!("{:<18}{:>10}{accepted:>14.0}{delivered:>14.0}", figure.relay, figure.load.messages);
    }
    println!("delivered: {:.1} times Postfix", ours.delivered_per_second() / theirs.delivered_per_second());
}

/// Measures ours and theirs in turns, [`TURNS`] times each, and gives of each the run whose deliveries are in the middle.
pub fn beside(
    mut ours: impl FnMut() -> Result<Figure>,
    mut theirs: impl FnMut() -> Result<Figure>,
) -> Result<[Figure; 2]> {
    let mut found = [Vec::new(), Vec::new()];
    for _ in 0..TURNS {
        found[0].push(ours()?);
        found[1].push(theirs()?);
    }
    Ok(found.map(|mut figures| {
        figures.sort_unstable_by_key(|figure| figure.delivered);
        figures.swap_remove(TURNS / 2)
    }))
}

/// Prints what a rig found: words, or one line of JSON.
pub fn tell(json: bool, words: &str, value: &serde_json::Value) {
    if json { println!("{value}") } else { println!("{words}") }
}

/// Measures two things (0 and 1) in turns, [`TURNS`] times each, and gives the middle of each: no machine is the same for
/// a minute.
pub fn in_turns(mut measure: impl FnMut(usize) -> Result<f64>) -> Result<[f64; 2]> {
    let mut found = [Vec::new(), Vec::new()];
    for turn in 0..2 * TURNS {
        found[turn % 2].push(measure(turn % 2)?);
    }
    Ok(found.map(middle))
}

/// The middle of several measurements.
pub fn middle(mut found: Vec<f64>) -> f64 {
    found.sort_unstable_by(f64::total_cmp);
    found.get(found.len() / 2).copied().unwrap_or(f64::NAN)
}
