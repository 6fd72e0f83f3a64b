//! How often a person, or all tokens of a project together, may have DNS asked: so many times in each minute, on each
//! node, and a few at the same moment, so that one whose servers are slow takes up no more of our resolvers than others.
//! The machine's administrator may without bound.

use crate::{Actor, Core, Error, Result, projects};
use moka::sync::Cache;
use relay_types::Timestamp;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

/// Questions in a minute.
const MOST: u32 = 60;
const MINUTE: Duration = Duration::from_secs(60);
/// Questions at the same moment; further ones wait.
const TOGETHER: usize = 4;
const REMEMBERED: u64 = 10_000;

/// When each one's running minute began, and how often they asked in it; and their turns.
pub(crate) struct Asked {
    minutes: Cache<Uuid, Arc<Mutex<(Timestamp, u32)>>>,
    turns: Cache<Uuid, Arc<Semaphore>>,
}

impl Default for Asked {
    fn default() -> Self {
        Self { minutes: Cache::new(REMEMBERED), turns: Cache::new(REMEMBERED) }
    }
}

/// A question that goes on; it is over when this is dropped. None for who has no bound.
#[must_use]
pub(crate) struct Turn(#[expect(dead_code, reason = "held for its drop")] Option<OwnedSemaphorePermit>);

/// Counts a question as [`count`] does, and waits until it is its turn.
pub(crate) async fn turn(core: &Core, actor: &Actor) -> Result<Turn> {
    count(core, actor)?;
    let Some(id) = who(actor) else { return Ok(Turn(None)) };
    let turns = core.asked.turns.get_with(id, || Arc::new(Semaphore::new(TOGETHER)));
    // A semaphore that is never closed always gives a permit.
    Ok(Turn(turns.acquire_owned().await.ok()))
}

/// Counts a question of someone who may ask, as `projects::authorize_dns` says, or refuses as it does; `TooMany` for who
/// asked too often.
pub(super) fn count(core: &Core, actor: &Actor) -> Result<()> {
    projects::authorize_dns(actor)?;
    let Some(id) = who(actor) else { return Ok(()) };
    let now = core.now();
    let asked = core.asked.minutes.get_with(id, || Arc::new(Mutex::new((now, 0))));
    let mut asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
    if now.since(asked.0) >= MINUTE {
        *asked = (now, 0);
    }
    if asked.1 >= MOST {
        let seconds = MINUTE.saturating_sub(now.since(asked.0)).as_secs().max(1);
        return Err(Error::TooMany { seconds });
    }
    asked.1 += 1;
    Ok(())
}

/// Who is counted; none for the machine's administrator.
fn who(actor: &Actor) -> Option<Uuid> {
    match actor {
        // A project may have many tokens, and new ones at any time.
        Actor::ApiToken { project_id, .. } => Some(project_id.uuid()),
        other => other.id(),
    }
}
