//! Counts tests from what their runners print, while passing every line on.
//!
//! Knows two runners: cargo's (`test result: ok. 12 passed; 0 failed; …`) and Playwright's (`  12 passed (3.4s)`).

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::workspace::shown;

/// How many tests passed and failed.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// Tests that passed.
    pub passed: u64,
    /// Tests that failed.
    pub failed: u64,
}

impl Tally {
    /// Runs a test runner, shows what it prints, and adds what it counted.
    pub fn run(&mut self, command: &mut Command) -> Result<()> {
        self.run_and(command, |line| println!("{line}"))
    }

    /// The same, but shows it on standard error: standard output is for something else.
    pub fn run_aside(&mut self, command: &mut Command) -> Result<()> {
        self.run_and(command, |line| eprintln!("{line}"))
    }

    fn run_and(&mut self, command: &mut Command, show: impl Fn(&str)) -> Result<()> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", shown(command)))?;
        let printed = child.stdout.take().expect("stdout was piped above");
        for line in BufReader::new(printed).split(b'\n') {
            let line = line?;
            let line = String::from_utf8_lossy(&line);
            show(&line);
            self.read(&line);
        }
        let status = child.wait()?;
        if !status.success() {
            bail!("{} ended with {status}", shown(command));
        }
        Ok(())
    }

    fn read(&mut self, line: &str) {
        if let Some(counts) = line.strip_prefix("test result: ") {
            // "ok. 12 passed; 0 failed; 0 ignored; …"
            let counts = counts.split_once(". ").map_or("", |(_, counts)| counts);
            counts.split("; ").for_each(|count| self.add(count));
        } else if line.starts_with("  ") {
            self.add(line.trim().split(" (").next().unwrap_or_default());
        }
    }

    /// Adds a count such as `12 passed`; anything else is not a count.
    fn add(&mut self, count: &str) {
        let Some((number, word)) = count.split_once(' ') else { return };
        let Ok(number) = number.parse::<u64>() else { return };
        match word {
            "passed" => self.passed += number,
            "failed" => self.failed += number,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_runners_are_understood_and_nothing_else_counts() {
        let mut tally = Tally::default();
        for line in [
            "running 3 tests",
            "test result: FAILED. 10 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "  3 failed",
            "  20 passed (4.2s)",
            "  2 skipped",
            "    1 passed through the relay, said a test",
        ] {
            tally.read(line);
        }
        assert_eq!(tally, Tally { passed: 30, failed: 5 });
    }
}
