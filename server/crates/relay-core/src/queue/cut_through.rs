//! Cut-through: a session that waits for what its next hop says, and the record of that attempt, which tells it.
//!
//! The message is on disk before anybody waits. Who records the attempt takes the wait away first; from then on the
//! program hears of a failure and nobody else does. A wait that ends before is gone, and then a failure is told by a
//! notification as always. So each failure is told exactly once: in the session, or by a notification. It is in memory:
//! after a crash nobody has been told anything, the program tries again by the rules of SMTP, and the message that was
//! kept is delivered or bounces as any other.

use crate::Core;
use relay_types::{
    message::{MessageId, Outcome},
    reply::Reply,
};
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::oneshot, time::timeout};

/// How long a session waits for an outcome that is being written down, beyond its own time.
const WRITING: Duration = Duration::from_secs(20);

/// What a session hears of its message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// The next hop took it for all recipients, with these words.
    Delivered(Reply),
    /// It is captured; nothing left this machine.
    Captured,
    /// All recipients failed for good, for this reason. Nobody else is told.
    Refused(Reply),
    /// It is tried again; the next hop said this.
    Later(Reply),
    /// The recipients have different fates: failures are told by notifications.
    Mixed,
    /// There was no answer in time: the message is in the queue like any other.
    NotInTime,
    /// It goes to several destinations, so nobody waited.
    Several,
    /// An outcome was there and could not be written down, or a failure that does not count because others have the
    /// message by now: nobody knows what will be of it.
    Unknown,
}

/// The sessions that wait, by message.
#[derive(Default)]
pub(crate) struct Awaited(Mutex<HashMap<MessageId, Slot>>);

/// One of them.
pub(crate) struct Slot {
    recipients: usize,
    tell: oneshot::Sender<Heard>,
}

impl Awaited {
    fn lock(&self) -> MutexGuard<'_, HashMap<MessageId, Slot>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the wait for a message, to tell it: from now on nobody else does.
    pub(crate) fn take(&self, message: MessageId) -> Option<Slot> {
        let mut waiting = self.lock();
        // Mail that nobody waits for, which is nearly all of it, costs this look.
        if waiting.is_empty() {
            return None;
        }
        waiting.remove(&message).filter(|slot| !slot.tell.is_closed())
    }

    /// What was to be told could not be written down; it is tried again.
    pub(crate) fn put_back(&self, message: MessageId, slot: Slot) {
        if !slot.tell.is_closed() {
            self.lock().insert(message, slot);
        }
    }
}

impl Slot {
    /// What the session will hear of these outcomes.
    pub(crate) fn hears<'a>(&self, outcomes: impl ExactSizeIterator<Item = &'a Outcome> + Clone) -> Heard {
        let mut each = outcomes.clone();
        let Some(first) = each.next() else { return Heard::Mixed };
        let alike = |other: &Outcome| std::mem::discriminant(other) == std::mem::discriminant(first);
        if outcomes.len() < self.recipients || !each.all(alike) {
            return Heard::Mixed;
        }
        match first {
            Outcome::Delivered(reply) => Heard::Delivered(reply.clone()),
            Outcome::Captured => Heard::Captured,
            Outcome::PermFail(cause) => Heard::Refused(cause.reply().clone()),
            Outcome::TempFail(cause) => Heard::Later(cause.reply().clone()),
        }
    }

    /// Tells it, once the outcome is on disk.
    pub(crate) fn tell(self, heard: Heard) {
        // A session that is gone hears nothing; its program tries again.
        let _ = self.tell.send(heard);
    }
}

/// A session's wait. When it is dropped nobody waits any more.
pub(crate) struct Waiting {
    core: Core,
    message: MessageId,
    told: oneshot::Receiver<Heard>,
}

/// Begins to wait for a message that is about to be kept.
pub(crate) fn begin(core: &Core, message: MessageId, recipients: usize) -> Waiting {
    let (tell, told) = oneshot::channel();
    core.awaited.lock().insert(message, Slot { recipients, tell });
    Waiting { core: core.clone(), message, told }
}

impl Waiting {
    /// Waits for so long.
    pub(crate) async fn heard(self, patience: Duration) -> Heard {
        self.heard_within(patience, WRITING).await
    }

    async fn heard_within(mut self, patience: Duration, writing: Duration) -> Heard {
        // The second time for somebody who has an outcome and writes it down at this moment.
        for patience in [patience, writing] {
            if let Ok(told) = timeout(patience, &mut self.told).await {
                // Whoever was to tell may have come to grief over it.
                return told.unwrap_or(Heard::Unknown);
            }
            if self.give_up() {
                return Heard::NotInTime;
            }
        }
        Heard::Unknown
    }

    /// Whether nobody has taken the wait.
    fn give_up(&self) -> bool {
        self.core.awaited.lock().remove(&self.message).is_some()
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.give_up();
    }
}

#[cfg(test)]
mod tests;
