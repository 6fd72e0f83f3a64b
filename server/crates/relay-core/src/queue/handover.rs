//! The short way of new mail: what is accepted where mail is delivered is leased in the commit that keeps it, and goes
//! to the workers in memory. No look into the queue finds it, no second commit claims it.
//!
//! It is a lease like any other: when the process dies the mail becomes due again as all mail that was claimed. New mail
//! goes the long way (due, then claimed) while the workers have enough, for destinations that have enough waiting, and
//! to many destinations.

use super::{Claimed, Lease};
use crate::{Core, nodes, submission::kept::NewMessage};
use relay_types::message::RecipientId;
use std::{
    collections::HashSet,
    sync::{PoisonError, RwLock},
};
use tokio::{
    sync::mpsc::{self, OwnedPermit},
    time::Instant,
};

/// Recipients of a message that takes the short way.
const RECIPIENTS: usize = 20;

/// The workers of this process, when there are any.
#[derive(Default)]
pub(crate) struct Handover(RwLock<Option<Open>>);

struct Open {
    to: mpsc::Sender<Vec<Claimed>>,
    left_out: HashSet<String>,
}

/// A place that was kept free for a message.
pub(crate) struct Place(OwnedPermit<Vec<Claimed>>);

impl Place {
    /// The message is kept: its claims go to the workers.
    pub(crate) fn hand_over(self, claims: Vec<Claimed>) {
        drop(self.0.send(claims));
    }
}

/// A place for a message that is about to be kept, and its claims; none when it goes the long way.
pub(crate) fn place(core: &Core, new: &NewMessage) -> Option<(Place, Vec<Claimed>)> {
    // What is held for later is not for the workers now.
    let later = new.begins_at() > new.accepted_at;
    if new.recipients.len() > RECIPIENTS || later || !nodes::may_begin(core) {
        return None;
    }
    let place = {
        let open = core.handover.0.read().unwrap_or_else(PoisonError::into_inner);
        let open = open.as_ref()?;
        if new.recipients.iter().any(|(_, destination)| open.left_out.contains(destination)) {
            return None;
        }
        Place(open.to.clone().try_reserve_owned().ok()?)
    };
    let claimed_at = Instant::now();
    let lease = Lease(core.new_id::<()>().uuid());
    let claims = new.recipients.iter().enumerate().map(|(place, (address, destination))| Claimed {
        lease,
        recipient_id: RecipientId::from_uuid(core.new_id::<()>().uuid()),
        message_id: new.id,
        project_id: new.project,
        address: address.clone(),
        destination: destination.clone(),
        attempts: 0,
        accepted_at: new.accepted_at,
        expires_at: new.accepted_at.plus(new.lifetime),
        terms: new.terms_of(place),
        claimed_at,
    });
    Some((place, claims.collect()))
}

/// The workers' end.
pub struct NewMail {
    core: Core,
    from: mpsc::Receiver<Vec<Claimed>>,
    left_out: HashSet<String>,
}

/// Opens the short way for the workers of this process, for at most `waiting` messages that they have not taken yet.
pub fn new_mail(core: &Core, waiting: usize) -> NewMail {
    let (to, from) = mpsc::channel(waiting.max(1));
    set(core, Some(Open { to, left_out: HashSet::new() }));
    NewMail { core: core.clone(), from, left_out: HashSet::new() }
}

impl NewMail {
    /// The claims of the next message. May be dropped and called again.
    pub async fn next(&mut self) -> Vec<Claimed> {
        match self.from.recv().await {
            Some(claims) => claims,
            None => std::future::pending().await,
        }
    }

    /// As [`Self::next`], when there is one now.
    pub fn ready(&mut self) -> Option<Vec<Claimed>> {
        self.from.try_recv().ok()
    }

    /// Lets new mail to a destination go the long way, or the short one again.
    pub fn leave_out(&mut self, destination: &str, out: bool) {
        let changed =
            if out { self.left_out.insert(destination.to_owned()) } else { self.left_out.remove(destination) };
        if !changed {
            return;
        }
        let mut open = self.core.handover.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = open.as_mut() {
            open.left_out.clone_from(&self.left_out);
        }
    }

    /// Closes the short way; gives the claims that nobody took, those of commits that still run included.
    pub async fn close(&mut self) -> Vec<Claimed> {
        set(&self.core, None);
        self.from.close();
        let mut left = Vec::new();
        while let Some(claims) = self.from.recv().await {
            left.extend(claims);
        }
        left
    }
}

impl Drop for NewMail {
    fn drop(&mut self) {
        set(&self.core, None);
    }
}

fn set(core: &Core, open: Option<Open>) {
    core.queue_wake.set_workers(open.is_some());
    *core.handover.0.write().unwrap_or_else(PoisonError::into_inner) = open;
}
