//! How long a client may take: one moment at which patience ends.
//!
//! A command must be whole within the idle time, however many octets of it trickle in. A message must keep coming, and
//! faster than the floor once its slow start is over.

use super::SubmissionSettings;
use std::time::Duration;
use tokio::time::Instant;

/// The patience with one session.
#[derive(Debug)]
pub(super) struct Pace {
    idle: Duration,
    rate: u64,
    slow_start: Duration,
    deadline: Instant,
    /// Since when a message comes, and how many octets came.
    content: Option<(Instant, u64)>,
}

impl Pace {
    pub(super) fn new(settings: &SubmissionSettings, now: Instant) -> Self {
        let (idle, slow_start) = (settings.idle, settings.slow_start);
        Self { idle, rate: settings.data_rate, slow_start, deadline: now + idle, content: None }
    }

    /// Something was said to the client: it is its turn, from now on.
    pub(super) fn replied(&mut self, now: Instant) {
        self.content = None;
        self.deadline = now + self.idle;
    }

    /// Octets of a message came.
    pub(super) fn received(&mut self, octets: usize, now: Instant) {
        let (since, sum) = self.content.unwrap_or((now, 0));
        self.content = Some((since, sum + octets as u64));
        self.deadline = now + self.idle;
    }

    /// When the client has lost our patience, if nothing comes before.
    pub(super) fn deadline(&self) -> Instant {
        match self.content {
            // So many octets are good for so many seconds.
            Some((since, octets)) if self.rate > 0 => {
                let earned = Duration::from_secs_f64(octets as f64 / self.rate as f64);
                self.deadline.min(since + self.slow_start + earned)
            }
            _ => self.deadline,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn pace(now: Instant) -> Pace {
        let settings = SubmissionSettings {
            idle: 300 * SECOND,
            data_rate: 100,
            slow_start: 60 * SECOND,
            ..SubmissionSettings::default()
        };
        Pace::new(&settings, now)
    }

    #[test]
    fn a_command_has_the_idle_time() {
        let start = Instant::now();
        let mut pace = pace(start);
        assert_eq!(pace.deadline(), start + 300 * SECOND);
        pace.replied(start + 10 * SECOND);
        assert_eq!(pace.deadline(), start + 310 * SECOND);
    }

    #[test]
    fn a_message_earns_time_with_its_octets() {
        let start = Instant::now();
        let mut pace = pace(start);
        pace.received(1, start);
        assert!(pace.deadline() < start + 61 * SECOND, "a trickle ends after the slow start");
        pace.received(9_999, start + SECOND);
        assert_eq!(pace.deadline(), start + 160 * SECOND);
        pace.received(1_000_000, start + 2 * SECOND);
        assert_eq!(pace.deadline(), start + 302 * SECOND, "but no silence is longer than the idle time");
        pace.replied(start + 3 * SECOND);
        assert_eq!(pace.deadline(), start + 303 * SECOND);
    }
}
