//! When a recipient is tried again: a pure function of the schedule, the attempts so far and chance.
//!
//! It makes no difference why an attempt failed for now: a 4yz reply, `421`, DNS and network faults wait alike
//! (RFC 5321 §4.5.4.1).

use relay_types::Timestamp;
use std::time::Duration;

/// How far chance moves a wait, so that mail that failed together does not come back together.
const JITTER: f64 = 0.2;

/// The wait after attempt number `attempts` (1 for the first) failed for now. The last wait of `schedule` repeats;
/// `chance`, 0 to 1, moves it by up to a fifth either way.
pub fn wait(schedule: &[Duration], attempts: u32, chance: f64) -> Duration {
    let place = usize::try_from(attempts.max(1) - 1).unwrap_or(usize::MAX);
    let wait = schedule.get(place).or(schedule.last()).copied().unwrap_or(Duration::from_secs(3600));
    wait.mul_f64(1.0 + JITTER * (2.0 * chance.clamp(0.0, 1.0) - 1.0))
}

/// When to try again, or `None` when the message would be older than its life by then and there is no use in waiting.
pub fn next(
    schedule: &[Duration],
    attempts: u32,
    chance: f64,
    now: Timestamp,
    expires: Timestamp,
) -> Option<Timestamp> {
    (now < expires).then(|| now.plus(wait(schedule, attempts, chance)).min(expires))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn waits_follow_the_schedule_and_the_last_repeats() {
        let schedule = [MINUTE, 5 * MINUTE, 15 * MINUTE];
        for (attempts, minutes) in [(0, 1), (1, 1), (2, 5), (3, 15), (4, 15), (1_000_000, 15)] {
            assert_eq!(wait(&schedule, attempts, 0.5), minutes * MINUTE, "after attempt {attempts}");
        }
    }

    #[test]
    fn chance_moves_a_wait_by_a_fifth_at_most() {
        for (chance, seconds) in [(0.0, 48), (0.5, 60), (1.0, 72), (-3.0, 48), (9.0, 72)] {
            assert_eq!(wait(&[MINUTE], 1, chance), Duration::from_secs(seconds));
        }
    }

    #[test]
    fn the_last_attempt_is_at_the_end_of_life() {
        let end = Timestamp(100_000);
        for (now, next_at) in [(0, Some(60_000)), (70_000, Some(100_000)), (100_000, None), (100_001, None)] {
            assert_eq!(next(&[MINUTE], 1, 0.5, Timestamp(now), end), next_at.map(Timestamp), "at {now}");
        }
    }
}
