//! How long a client may take: one moment at which patience ends.
//!
//! A command must be whole within the idle time, however many octets of it trickle in. A message must keep coming, and
//! faster than the floor once its slow start is over; one that comes in chunks (RFC 3030) with the commands between them.

use super::SubmissionSettings;
use std::time::Duration;
use tokio::time::Instant;

/// The patience with one session.
#[derive(Debug)]
pub(super) struct Pace {
    idle: Duration,
    rate: u64,
    slow_start: Duration,
    /// Since when nothing was said to the client, and no content came from it.
    silent_since: Instant,
    /// The message that comes.
    message: Option<Coming>,
}

/// A message that comes.
#[derive(Debug)]
struct Coming {
    octets: u64,
    /// What the client took for them: while it waits for a reply to a chunk, the time is ours.
    took: Duration,
    /// Since when the client takes more.
    since: Instant,
}

impl Pace {
    pub(super) fn new(settings: &SubmissionSettings, now: Instant) -> Self {
        let (idle, slow_start) = (settings.idle, settings.slow_start);
        Self { idle, rate: settings.data_rate, slow_start, silent_since: now, message: None }
    }

    /// A message begins, or is over.
    pub(super) fn another_message(&mut self) {
        self.message = None;
    }

    /// Something was said to the client: it is its turn, from now on.
    pub(super) fn replied(&mut self, now: Instant) {
        self.silent_since = now;
        if let Some(coming) = &mut self.message {
            coming.since = now;
        }
    }

    /// Octets of a message came: of its content, or of a command between its chunks.
    pub(super) fn received(&mut self, octets: usize, content: bool, now: Instant) {
        // What was done before its first octets has the idle time.
        let coming = self.message.get_or_insert(Coming { octets: 0, took: Duration::ZERO, since: now });
        coming.octets += octets as u64;
        coming.took += now.saturating_duration_since(coming.since);
        coming.since = now;
        if content {
            self.silent_since = now;
        }
    }

    /// When the client has lost our patience, if nothing comes before.
    pub(super) fn deadline(&self) -> Instant {
        let idle = self.silent_since + self.idle;
        match &self.message {
            // So many octets are good for so many seconds.
            Some(coming) if self.rate > 0 => {
                let earned = Duration::from_secs_f64(coming.octets as f64 / self.rate as f64);
                idle.min(coming.since + (self.slow_start + earned).saturating_sub(coming.took))
            }
            _ => idle,
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
        pace.received(1, true, start);
        assert!(pace.deadline() < start + 61 * SECOND, "a trickle ends after the slow start");
        pace.received(9_999, true, start + SECOND);
        assert_eq!(pace.deadline(), start + 160 * SECOND);
        pace.received(1_000_000, true, start + 2 * SECOND);
        assert_eq!(pace.deadline(), start + 302 * SECOND, "but no silence is longer than the idle time");
        pace.another_message();
        pace.replied(start + 3 * SECOND);
        assert_eq!(pace.deadline(), start + 303 * SECOND);
    }

    #[test]
    fn a_message_in_chunks_is_one_message() {
        let start = Instant::now();
        let mut pace = pace(start);
        for number in 0..6 {
            let sent = start + 10 * number * SECOND;
            pace.received(50, true, sent);
            // What we take for the reply is not the client's time.
            pace.replied(sent + 5 * SECOND);
        }
        // 300 octets are good for 3 seconds behind the slow start, of which it took 5 for each chunk behind the first.
        assert_eq!(pace.deadline(), start + (55 + 60 + 3 - 25) * SECOND);
        pace.another_message();
        assert_eq!(pace.deadline(), start + 355 * SECOND, "what the next one takes is its own");
    }

    #[test]
    fn a_command_between_chunks_has_the_idle_time_whatever_the_chunks_have_earned() {
        let start = Instant::now();
        let mut pace = pace(start);
        pace.received(1_000_000, true, start);
        pace.replied(start);
        for second in 1..5 {
            pace.received(1, false, start + second * SECOND);
        }
        assert_eq!(pace.deadline(), start + 300 * SECOND);
    }
}
