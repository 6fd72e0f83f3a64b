//! What the person at the terminal sees: one line when a step begins, one with the time when it ends.
//!
//! Owns the wording of progress. Never decides what runs.

use std::time::{Duration, Instant};

use anyhow::Result;

/// Runs one step between two lines, `==> name` and `    name: 1.2 s`, and gives back what the step gave.
pub fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    eprintln!("==> {name}");
    let began = Instant::now();
    let result = work();
    let outcome = if result.is_ok() { "done" } else { "failed" };
    eprintln!("    {outcome} in {}", elapsed(began.elapsed()));
    result
}

/// One indented line within a step.
pub fn note(text: &str) {
    eprintln!("    {text}");
}

/// A duration as people say it: `850 ms`, `12.3 s`, `4 min 05 s`.
pub fn elapsed(duration: Duration) -> String {
    let milliseconds = duration.as_millis();
    match milliseconds {
        0..1_000 => format!("{milliseconds} ms"),
        1_000..60_000 => format!("{:.1} s", duration.as_secs_f64()),
        _ => format!("{} min {:02} s", milliseconds / 60_000, milliseconds / 1_000 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_say_them() {
        for (milliseconds, said) in [(7, "7 ms"), (999, "999 ms"), (12_340, "12.3 s"), (245_000, "4 min 05 s")] {
            assert_eq!(elapsed(Duration::from_millis(milliseconds)), said);
        }
    }
}
