//! How long a node that gets no word to the database may go on: judged by its own clock, before others judge by theirs.
//!
//! It begins nothing once its last sign of life is older than [`PATIENCE`], half of what makes it missing. When signs get
//! through again, what it had claimed before the silence is not its own any more: others may have it. How long the
//! silence was, the database knows too: a machine that was stopped as a whole has not noticed.

use relay_types::node::MISSING_AFTER;
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// Silence after which nothing is begun.
const PATIENCE: Duration = Duration::from_secs(MISSING_AFTER.as_secs() / 2);

/// The signs of life of this process.
#[derive(Default)]
pub(crate) struct Life(Mutex<Option<Signs>>);

#[derive(Clone, Copy)]
struct Signs {
    /// When the last one that got through was sent.
    last: Instant,
    /// Since when there was no silence.
    since: Instant,
    /// Since when nobody could take it for missing.
    there: Instant,
}

impl Life {
    /// From now on this node may go on only while its signs get through; the first was sent at this time.
    pub(crate) fn watch(&self, sent_at: Instant) {
        *self.signs() = Some(Signs { last: sent_at, since: sent_at, there: sent_at });
    }

    /// A sign that was sent at this time got through; by the database's clock it came so long after the one before.
    pub(crate) fn seen(&self, sent_at: Instant, silence: Duration) {
        if let Some(signs) = self.signs().as_mut() {
            let missing = silence >= MISSING_AFTER;
            if missing {
                signs.there = sent_at;
            }
            if missing || sent_at.duration_since(signs.last) > PATIENCE {
                signs.since = sent_at;
            }
            signs.last = sent_at;
        }
    }

    /// Whether something new may be begun.
    pub(crate) fn may_begin(&self) -> bool {
        self.may_begin_at(Instant::now())
    }

    /// Whether what was claimed at this time is still held.
    pub(crate) fn holds(&self, claimed_at: Instant) -> bool {
        self.holds_at(claimed_at, Instant::now())
    }

    /// Whether what was claimed at this time may be another node's by now.
    pub(crate) fn others_may_have(&self, claimed_at: Instant) -> bool {
        self.others_may_have_at(claimed_at, Instant::now())
    }

    /// Since when signs got through without a silence; none before the first.
    pub(crate) fn since(&self) -> Option<Instant> {
        self.signs().map(|signs| signs.since)
    }

    fn others_may_have_at(&self, claimed_at: Instant, now: Instant) -> bool {
        // The database got the last sign when it was sent, or later: nobody misses this node before that.
        self.signs().is_some_and(|signs| now.duration_since(signs.last) >= MISSING_AFTER || claimed_at < signs.there)
    }

    fn may_begin_at(&self, now: Instant) -> bool {
        self.signs().is_none_or(|signs| now.duration_since(signs.last) < PATIENCE)
    }

    fn holds_at(&self, claimed_at: Instant, now: Instant) -> bool {
        self.may_begin_at(now) && self.signs().is_none_or(|signs| claimed_at >= signs.since)
    }

    fn signs(&self) -> std::sync::MutexGuard<'_, Option<Signs>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn who_is_not_heard_begins_nothing_and_forgets_what_it_had() {
        let life = Life::default();
        let start = Instant::now();
        let at = |seconds| start + seconds * SECOND;
        assert!(life.may_begin_at(at(100)) && life.holds_at(start, at(100)), "who is no node is bound by nothing");
        life.watch(start);
        for beat in 1..10 {
            assert!(life.may_begin_at(at(beat * 14)) && life.holds_at(start, at(beat * 14)));
            life.seen(at(beat * 14), 14 * SECOND);
        }
        assert!(life.may_begin_at(at(140)) && !life.may_begin_at(at(141)));
        assert!(!life.holds_at(start, at(141)));
        assert!(!life.others_may_have_at(start, at(155)) && life.others_may_have_at(start, at(156)), "missing");
        life.seen(at(142), 16 * SECOND);
        assert!(!life.others_may_have_at(start, at(143)), "it was silent for too short a time");
        assert!(life.may_begin_at(at(143)));
        assert!(!life.holds_at(start, at(143)) && !life.holds_at(at(141), at(143)), "others may have it");
        assert!(life.holds_at(at(142), at(143)));
    }

    #[test]
    fn a_sign_counts_from_when_it_was_sent() {
        let life = Life::default();
        let start = Instant::now();
        life.watch(start);
        life.seen(start + SECOND, SECOND);
        assert!(life.may_begin_at(start + 15 * SECOND) && !life.may_begin_at(start + 16 * SECOND));
    }

    #[test]
    fn a_silence_that_only_the_database_noticed_counts() {
        let life = Life::default();
        let start = Instant::now();
        life.watch(start);
        life.seen(start + 5 * SECOND, 29 * SECOND);
        assert!(life.holds_at(start, start + 6 * SECOND));
        life.seen(start + 10 * SECOND, 30 * SECOND);
        assert!(!life.holds_at(start, start + 11 * SECOND) && life.others_may_have_at(start, start + 11 * SECOND));
        assert!(life.holds_at(start + 10 * SECOND, start + 11 * SECOND));
    }
}
