//! Answers of our resolver that are kept for their TTL, so that ten thousand domains that include one record ask once.
//!
//! Never kept: what failed, and what an authoritative server said. Who asks while the same question is open waits for
//! its answer.

use crate::facts::{Answer, Kind, Known};
use moka::future::Cache;
use relay_types::Timestamp;
use std::time::Duration;

/// An absence is believed for so long at most: a record made a moment ago is found soon.
const LONGEST_ABSENCE: Duration = Duration::from_secs(300);
/// Nor is a record kept for longer than this, whatever its TTL.
const LONGEST: Duration = Duration::from_secs(86_400);
/// All that is kept, in octets: some ten thousand answers of usual size.
const ROOM: u64 = 64 << 20;
/// What an answer needs besides its texts, which are in it about four times.
const EACH: usize = 512;

/// Cheap to clone; clones share it.
#[derive(Clone)]
pub(crate) struct Kept {
    answers: Cache<(String, Kind), Entry>,
}

#[derive(Clone)]
struct Entry {
    answer: Answer,
    until: Timestamp,
}

impl Kept {
    pub(crate) fn new() -> Self {
        let weight = |_: &(String, Kind), entry: &Entry| {
            u32::try_from(EACH + 4 * entry.answer.shown.dig.len()).unwrap_or(u32::MAX)
        };
        Self { answers: Cache::builder().max_capacity(ROOM).weigher(weight).time_to_live(LONGEST).build() }
    }

    /// The answer that is kept, or what `ask` says now.
    pub(crate) async fn get(
        &self,
        name: &str,
        kind: Kind,
        now: Timestamp,
        ask: impl Future<Output = Answer>,
    ) -> Answer {
        let key = (name.trim_end_matches('.').to_ascii_lowercase(), kind);
        let ask = async {
            let answer = ask.await;
            let life = life(&answer).as_millis();
            let until = now.0.saturating_add(i64::try_from(life).unwrap_or(i64::MAX));
            Entry { answer, until: Timestamp(until) }
        };
        let is_over = |entry: &Entry| entry.until <= now;
        self.answers.entry(key).or_insert_with_if(ask, is_over).await.into_value().answer
    }
}

/// For how long an answer is kept; an absence that does not say its own life is not (RFC 2308 §5).
fn life(answer: &Answer) -> Duration {
    let ttl = Duration::from_secs(answer.shown.ttl.unwrap_or(0).into());
    match answer.known {
        Known::Records(_) => ttl.min(LONGEST),
        Known::Nothing { .. } => ttl.min(LONGEST_ABSENCE),
        Known::Unknown(_) => Duration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{facts::Data, look_up};
    use std::sync::atomic::{AtomicUsize, Ordering};

    const NOW: i64 = 1_795_269_482_000;

    fn records(ttl: u32) -> Answer {
        let known = Known::Records(vec![Data::Text(vec!["v=spf1 -all".to_owned()])]);
        look_up::answer("d.example", Kind::Txt, known, Vec::new(), Some(ttl), Timestamp(NOW))
    }

    fn other(known: Known, ttl: Option<u32>) -> Answer {
        look_up::answer("d.example", Kind::Txt, known, Vec::new(), ttl, Timestamp(NOW))
    }

    #[tokio::test]
    async fn answers_are_kept_for_their_life_and_failures_not_at_all() {
        let nothing = || Known::Nothing { no_such_name: true };
        for (answer, kept_at, asked_at) in [
            (records(60), 59_999, 60_000),
            (records(0), -1, 0),
            (records(u32::MAX), 86_399_999, 86_400_000),
            (other(nothing(), Some(60)), 59_999, 60_000),
            (other(nothing(), Some(86_400)), 299_999, 300_000),
            (other(nothing(), None), -1, 0),
            (other(Known::Unknown("SERVFAIL".to_owned()), Some(60)), -1, 0),
        ] {
            let (kept, count) = (Kept::new(), AtomicUsize::new(0));
            for (after, expected) in [(0, 1), (kept_at, 1), (asked_at, 2)] {
                if after >= 0 {
                    let ask = async {
                        count.fetch_add(1, Ordering::SeqCst);
                        answer.clone()
                    };
                    assert_eq!(kept.get("D.example.", Kind::Txt, Timestamp(NOW + after), ask).await, answer);
                    assert_eq!(count.load(Ordering::SeqCst), expected, "{answer:?} after {after} ms");
                }
            }
        }
    }

    #[tokio::test]
    async fn kinds_are_apart_and_the_room_is_bounded() {
        let kept = Kept::new();
        for number in 0..2000 {
            let known = Known::Records(vec![Data::Text(vec!["x".repeat(10_000)])]);
            let answer = look_up::answer("d.example", Kind::Txt, known, Vec::new(), Some(60), Timestamp(NOW));
            kept.get(&format!("d{number}.example"), Kind::Txt, Timestamp(NOW), async { answer }).await;
        }
        kept.answers.run_pending_tasks().await;
        assert!(kept.answers.weighted_size() <= ROOM, "{}", kept.answers.weighted_size());
        assert!(kept.answers.entry_count() < 2000);
        let count = AtomicUsize::new(0);
        for kind in [Kind::Txt, Kind::A, Kind::Txt, Kind::A] {
            let ask = async {
                count.fetch_add(1, Ordering::SeqCst);
                records(60)
            };
            kept.get("kinds.example", kind, Timestamp(NOW), ask).await;
        }
        assert_eq!(count.load(Ordering::SeqCst), 2);
    }
}
