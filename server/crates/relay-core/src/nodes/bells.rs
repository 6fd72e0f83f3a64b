//! What nodes tell each other at once, and would find by looking a second later: no content, only "look now".
//!
//! Ringing costs the hot path an atomic operation. The link of this node tells the others, many rings by one word
//! (`link`); nothing is told while no other node runs.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU8, Ordering},
};
use tokio::sync::Notify;

/// Mail is due, and nobody here delivers.
pub(crate) const MAIL: u8 = 1;
/// A rule may have changed.
pub(crate) const RULES: u8 = 2;
/// A page may look different.
pub(crate) const PAGES: u8 = 4;
/// A session has ended, or somebody's rights were taken.
pub(crate) const ACCESS: u8 = 8;
/// A node came or went.
pub(crate) const NODES: u8 = 16;

/// What the other nodes are to be told.
#[derive(Default)]
pub(crate) struct Bells {
    rung: AtomicU8,
    wake: Notify,
    others: AtomicBool,
}

impl Bells {
    /// The others are to look at this.
    pub(crate) fn ring(&self, what: u8) {
        if self.others.load(Ordering::Relaxed) && self.rung.fetch_or(what, Ordering::AcqRel) & what == 0 {
            self.wake.notify_one();
        }
    }

    /// Whether there are others.
    pub(super) fn set_others(&self, others: bool) {
        self.others.store(others, Ordering::Relaxed);
    }

    /// Waits until something is to be told.
    pub(super) async fn rung(&self) {
        while self.rung.load(Ordering::Acquire) == 0 {
            self.wake.notified().await;
        }
    }

    /// What is to be told; from now on it counts as told.
    pub(super) fn take(&self) -> u8 {
        self.rung.swap(0, Ordering::AcqRel)
    }
}

/// Wakes the workers of this process, or tells the others when there are none here.
#[derive(Default)]
pub(crate) struct QueueWake {
    here: Notify,
    /// Whether mail is delivered here.
    workers: AtomicBool,
    bells: Arc<Bells>,
}

impl QueueWake {
    pub(crate) fn new(bells: Arc<Bells>) -> Self {
        Self { bells, ..Self::default() }
    }

    /// Mail is due.
    pub(crate) fn notify_one(&self) {
        self.here.notify_one();
        if !self.workers.load(Ordering::Relaxed) {
            self.bells.ring(MAIL);
        }
    }

    /// Another node says that mail is due.
    pub(super) fn heard(&self) {
        self.here.notify_one();
    }

    /// Waits until mail is due.
    pub(crate) async fn notified(&self) {
        self.here.notified().await;
    }

    /// Whether workers run here.
    pub(crate) fn set_workers(&self, workers: bool) {
        self.workers.store(workers, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nothing_is_told_without_others_and_mail_only_where_nobody_delivers() {
        let bells = Arc::new(Bells::default());
        let wake = QueueWake::new(bells.clone());
        wake.notify_one();
        assert_eq!(bells.take(), 0);
        bells.set_others(true);
        wake.notify_one();
        bells.ring(RULES);
        bells.rung().await;
        assert_eq!((bells.take(), bells.take()), (MAIL | RULES, 0));
        wake.set_workers(true);
        wake.notify_one();
        wake.heard();
        assert_eq!(bells.take(), 0);
        wake.notified().await;
    }
}
