//! Processor time of processes, user and system, as `/proc/PID/stat` has it (proc(5)).

use std::collections::HashMap;
use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// The unit of the times: USER_HZ, a hundredth of a second on the architectures we run on.
const TICK: Duration = Duration::from_millis(10);

/// What is read of a process.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    parent: u32,
    /// Its own, and that of children that have ended.
    time: Duration,
}

/// Of a process, and of its children that have ended and were waited for.
pub fn of_process(id: u32) -> Result<Duration> {
    Ok(Stat::of(id)?.time)
}

/// Of a process and all below it, with those that have ended.
pub fn of_tree(id: u32) -> Result<Duration> {
    let mut all = HashMap::from([(id, Stat::of(id)?)]);
    let entries = fs::read_dir("/proc")?.flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    for other in ids.filter(|&other| other != id) {
        // It may have ended meanwhile.
        if let Ok(stat) = Stat::of(other) {
            all.insert(other, stat);
        }
    }
    Ok(all.iter().filter(|&(&one, _)| is_below(&all, one, id)).map(|(_, stat)| stat.time).sum())
}

/// Whether a process is this one or descends from it.
fn is_below(all: &HashMap<u32, Stat>, mut one: u32, top: u32) -> bool {
    // No chain of parents is longer, whatever was read while processes came and went.
    for _ in 0..all.len() {
        if one == top {
            return true;
        }
        let Some(stat) = all.get(&one) else { return false };
        one = stat.parent;
    }
    false
}

impl Stat {
    fn of(id: u32) -> Result<Self> {
        let path = format!("/proc/{id}/stat");
        let text = fs::read_to_string(&path).with_context(|| format!("{path}: does it run?"))?;
        Self::parse(&text).with_context(|| format!("{path}: {text}"))
    }

    fn parse(text: &str) -> Option<Self> {
        // The name in brackets may hold anything; behind it the third field begins.
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
        let field = |number: usize| fields.get(number - 3)?.parse::<u32>().ok();
        let ticks = field(14)? + field(15)? + field(16)? + field(17)?;
        Some(Self { parent: field(4)?, time: TICK * ticks })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_behind_a_name_of_any_form() {
        let text = "7 (a) b (c) S 3 7 7 0 -1 4194560 1 2 3 4 100 20 3 1 20 0 1 0 5 6 7\n";
        assert_eq!(Stat::parse(text), Some(Stat { parent: 3, time: Duration::from_millis(1_240) }));
        assert_eq!(Stat::parse("7 (cut off) S 3"), None);
    }

    #[test]
    fn a_tree_is_a_process_and_all_below_it() {
        let stat = |parent| Stat { parent, time: TICK };
        let all = HashMap::from([(1, stat(0)), (5, stat(1)), (6, stat(5)), (7, stat(6)), (8, stat(1))]);
        let below = |one| is_below(&all, one, 5);
        assert!(below(5) && below(6) && below(7));
        assert!(!below(8) && !below(1) && !below(99));
    }
}
