//! The database's clock as this node knows it: how far this node's own was from it at the last sign of life.

use relay_types::{Timestamp, node::CLOCKS_APART};
use std::sync::atomic::{AtomicI64, Ordering};

/// Compared with each sign of life; until the first, and on SQLite, the two are taken for one.
#[derive(Default)]
pub(super) struct DatabaseClock {
    /// Milliseconds by which this node's clock is ahead.
    ahead: AtomicI64,
}

impl DatabaseClock {
    /// The database said `theirs` when this node's clock said `ours`, or a moment before.
    pub(super) fn compare(&self, theirs: Timestamp, ours: Timestamp) {
        let ahead = ours.0 - theirs.0;
        let before = self.ahead.swap(ahead, Ordering::Relaxed);
        let far = |milliseconds: i64| u128::from(milliseconds.unsigned_abs()) > CLOCKS_APART.as_millis();
        if far(ahead) && !far(before) {
            tracing::warn!(ahead_ms = ahead, "the clock of this machine and the database's differ: set them");
        }
    }

    /// The database's time, when it is this by the node's.
    pub(super) fn of(&self, ours: Timestamp) -> Timestamp {
        Timestamp(ours.0 - self.ahead_ms())
    }

    /// Milliseconds by which this node's clock is ahead; behind when below 0.
    pub(super) fn ahead_ms(&self) -> i64 {
        self.ahead.load(Ordering::Relaxed)
    }
}
