//! How often a person, or all tokens of a project together, may have DNS asked: so many times in each minute, on each
//! node. The machine's administrator may without bound.

use crate::{Actor, Core, Error, Result, projects};
use moka::sync::Cache;
use relay_types::Timestamp;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use uuid::Uuid;

/// Questions in a minute.
const MOST: u32 = 60;
const MINUTE: Duration = Duration::from_secs(60);

/// When each one's running minute began, and how often they asked in it.
pub(crate) struct Asked(Cache<Uuid, Arc<Mutex<(Timestamp, u32)>>>);

impl Default for Asked {
    fn default() -> Self {
        Self(Cache::new(10_000))
    }
}

/// Counts a question of someone who may ask, as `projects::authorize_dns` says, or refuses as it does; `TooMany` for who
/// asked too often.
pub(crate) fn count(core: &Core, actor: &Actor) -> Result<()> {
    projects::authorize_dns(actor)?;
    let id = match actor {
        // A project may have many tokens, and new ones at any time.
        Actor::ApiToken { project_id, .. } => Some(project_id.uuid()),
        other => other.id(),
    };
    // The machine's administrator has none.
    let Some(id) = id else { return Ok(()) };
    let now = core.now();
    let asked = core.asked.0.get_with(id, || Arc::new(Mutex::new((now, 0))));
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
