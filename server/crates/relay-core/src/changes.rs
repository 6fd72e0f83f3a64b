//! "Something changed here": what live pages wait for. A listener hears topics, never content.
//!
//! What is listened to has a mark: a digest of a few indexed rows. While somebody listens, the mark is read each second,
//! so that a change on any node is heard, and at once when this node committed something. All who listen to the same
//! share one reader. A mark is also the place where a listener that was cut off resumes: it is told at once what no
//! longer looks as it did. See `docs/adr/0003-live-pages-compare-marks.md`.

mod mark;

use crate::nodes::bells::{self, Bells};
use crate::{Access, Actor, Core, Result, messages, projects};
use mark::Mark;
pub(crate) use mark::digest;
use relay_types::{change::Topic, message::MessageId, project::Slug};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::watch;
use uuid::Uuid;

/// How often marks are read when this node does nothing.
const EVERY: Duration = Duration::from_secs(1);
/// Marks are read at most this often when it does much.
const APART: Duration = Duration::from_millis(250);

/// What can be listened to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Subject {
    Project(Uuid),
    Message { project: Uuid, message: Uuid },
    Platform,
    Desk,
}

/// The readers of this node, and the bells that wake them.
#[derive(Default)]
pub(crate) struct Changes {
    committed: watch::Sender<()>,
    access: watch::Sender<()>,
    readers: Mutex<HashMap<Subject, Arc<watch::Sender<Mark>>>>,
    bells: Arc<Bells>,
}

impl Changes {
    pub(crate) fn new(bells: Arc<Bells>) -> Self {
        Self { bells, ..Self::default() }
    }

    /// Something was committed that a page may show.
    pub(crate) fn committed(&self) {
        self.heard();
        self.bells.ring(bells::PAGES);
    }

    /// Another node says so.
    pub(crate) fn heard(&self) {
        ring(&self.committed);
    }

    /// A session has ended or a person's rights were taken: who listens is judged anew.
    pub(crate) fn access_changed(&self) {
        self.heard_of_access();
        self.bells.ring(bells::ACCESS);
    }

    /// Another node says so.
    pub(crate) fn heard_of_access(&self) {
        ring(&self.access);
    }

    fn readers(&self) -> MutexGuard<'_, HashMap<Subject, Arc<watch::Sender<Mark>>>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Costs next to nothing while nobody listens.
fn ring(bell: &watch::Sender<()>) {
    if bell.receiver_count() > 0 {
        bell.send_replace(());
    }
}

/// What a listener hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// These look different now.
    Changed(Vec<Topic>),
    /// Somebody's access has changed: ask [`Listener::judge`] before anything else is told.
    Access,
}

/// Someone who listens.
pub struct Listener {
    project: Option<Slug>,
    subject: Subject,
    marks: watch::Receiver<Mark>,
    access: watch::Receiver<()>,
    seen: Mark,
}

/// Listens to a project (any member) and to one of its messages, or without a project to the platform (operator) or the
/// work of the service desk.
/// `after` is [`Listener::place`] of a listener that was cut off: what has changed since is heard first.
pub async fn listen(
    core: &Core,
    actor: &Actor,
    project: Option<&Slug>,
    message: Option<MessageId>,
    after: Option<&str>,
) -> Result<Listener> {
    let subject = match project {
        None => {
            projects::authorize_desk(actor)?;
            if projects::authorize_operator(actor).is_ok() { Subject::Platform } else { Subject::Desk }
        }
        Some(slug) => {
            let project = projects::authorize(core, actor, slug, Access::View).await?;
            match message {
                None => Subject::Project(project.uuid()),
                Some(id) => {
                    messages::find(core, project, id).await?;
                    Subject::Message { project: project.uuid(), message: id.uuid() }
                }
            }
        }
    };
    let access = core.changes.access.subscribe();
    let marks = subscribe(core, subject).await?;
    let seen = after.map_or_else(|| marks.borrow().clone(), Mark::parse);
    Ok(Listener { project: project.cloned(), subject, marks, access, seen })
}

impl Listener {
    /// Waits for news. May be dropped and called again.
    pub async fn next(&mut self) -> News {
        loop {
            let now = self.marks.borrow_and_update().clone();
            let topics = now.different_from(&self.seen);
            if !topics.is_empty() {
                self.seen = now;
                return News::Changed(topics);
            }
            tokio::select! {
                heard = self.access.changed() => if heard.is_ok() { return News::Access },
                heard = self.marks.changed() => if heard.is_err() { std::future::pending().await },
            }
        }
    }

    /// Where it has come to, for `after`.
    pub fn place(&self) -> String {
        self.seen.to_string()
    }

    /// Whether `actor` may still listen, as [`listen`] judges.
    pub async fn judge(&self, core: &Core, actor: &Actor) -> Result<()> {
        match &self.project {
            Some(slug) => projects::authorize(core, actor, slug, Access::View).await.map(|_| ()),
            None if self.subject == Subject::Desk => projects::authorize_desk(actor),
            None => projects::authorize_operator(actor),
        }
    }
}

/// Joins those who listen to the subject; the first one starts its reader.
async fn subscribe(core: &Core, subject: Subject) -> Result<watch::Receiver<Mark>> {
    if let Some(marks) = core.changes.readers().get(&subject) {
        return Ok(marks.subscribe());
    }
    let mark = mark::read(core, subject).await?;
    let mut readers = core.changes.readers();
    if let Some(marks) = readers.get(&subject) {
        return Ok(marks.subscribe());
    }
    let (sender, receiver) = watch::channel(mark);
    let sender = Arc::new(sender);
    readers.insert(subject, sender.clone());
    tokio::spawn(read_on(core.clone(), subject, sender));
    Ok(receiver)
}

/// Reads the mark again and again until nobody listens.
async fn read_on(core: Core, subject: Subject, marks: Arc<watch::Sender<Mark>>) {
    let mut committed = core.changes.committed.subscribe();
    loop {
        let _ = tokio::time::timeout(EVERY, committed.changed()).await;
        {
            let mut readers = core.changes.readers();
            // Under the lock, so that nobody joins a reader that ends.
            if marks.receiver_count() == 0 {
                readers.remove(&subject);
                return;
            }
        }
        match mark::read(&core, subject).await {
            Ok(mark) => {
                marks.send_if_modified(|before| {
                    let differs = *before != mark;
                    *before = mark;
                    differs
                });
            }
            Err(error) => tracing::debug!(%error, "live pages wait for the database"),
        }
        tokio::time::sleep(APART).await;
    }
}

#[cfg(test)]
mod tests;
