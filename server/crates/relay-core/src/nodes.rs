//! Nodes: the processes that serve one database. Who they are, which of them live, which one leads, and how they wake
//! each other.
//!
//! A node gives a sign of life every few seconds ([`run`]). One that was not seen for 30 seconds is missing: the leader
//! makes due again what it had (`gone`). A node that could not give a sign for half of that begins nothing more and
//! forgets what it had claimed (`life`), so that what it does not do is done by others, once. See
//! `docs/adr/0009-nodes-and-their-leader.md`.

pub(crate) mod bells;
mod clock;
mod figures;
mod gone;
mod life;
mod link;
mod register;
mod warnings;

pub(crate) use figures::Figures;

use crate::{
    Actor, Core, Error, Result, projects,
    tables::node::{Entity, Model},
};
use clock::DatabaseClock;
use life::Life;
use relay_types::{
    Timestamp,
    node::{MISSING_AFTER, NodeState, NodeStatus, Nodes, Role},
};
use sea_orm::{DbBackend, EntityTrait};
use std::{
    cmp::Reverse,
    path::Path,
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How often a node gives a sign of life. SQLite has one node: this is for the page alone.
const BEAT: Duration = Duration::from_secs(5);
const BEAT_ALONE: Duration = Duration::from_secs(15);

/// Who a node is.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Kept in the data folder.
    pub id: Uuid,
    /// The machine's name.
    pub host: String,
    /// Version of the program.
    pub version: String,
    /// What it does.
    pub roles: Vec<Role>,
}

impl Identity {
    /// The identifier in the data folder, made at the first start.
    pub fn id_in(data_dir: &Path) -> Result<Uuid> {
        let file = data_dir.join("node");
        let unusable = |cause: &dyn std::fmt::Display| Error::internal(format!("{}: {cause}", file.display()));
        match std::fs::read_to_string(&file) {
            // Empty: the power failed when it was made.
            Ok(text) if text.is_empty() => Self::new_id_in(&file).map_err(|error| unusable(&error)),
            Ok(text) => text.trim().parse().map_err(|error| unusable(&error)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Self::new_id_in(&file).map_err(|error| unusable(&error))
            }
            Err(error) => Err(unusable(&error)),
        }
    }

    fn new_id_in(file: &Path) -> std::io::Result<Uuid> {
        let id = Uuid::now_v7();
        std::fs::write(file, format!("{id}\n"))?;
        Ok(id)
    }
}

/// This process among the nodes. A process that never joined (a command, a test) is bound by nothing.
pub(crate) struct Node {
    /// This process, from start to end: what its leases carry.
    pub(crate) run: Uuid,
    identity: OnceLock<Identity>,
    started_at: OnceLock<Timestamp>,
    life: Life,
    clock: DatabaseClock,
    leads: AtomicBool,
    pub(crate) figures: Figures,
}

impl Default for Node {
    fn default() -> Self {
        Self {
            run: Uuid::now_v7(),
            identity: OnceLock::new(),
            started_at: OnceLock::new(),
            life: Life::default(),
            clock: DatabaseClock::default(),
            leads: AtomicBool::new(false),
            figures: Figures::default(),
        }
    }
}

/// Makes this process a node: it is registered, and what an earlier process of this node had is due again. System only.
/// Returns how many recipients that were.
pub async fn join(core: &Core, actor: &Actor, identity: Identity) -> Result<u64> {
    projects::authorize_system(actor)?;
    core.node.started_at.get_or_init(|| core.now());
    let identity = core.node.identity.get_or_init(|| identity);
    let sent_at = Instant::now();
    register::join(core, identity).await?;
    if core.db.backend() == DbBackend::Sqlite {
        core.node.leads.store(true, Ordering::Relaxed);
        return crate::queue::recover(core, actor).await;
    }
    core.node.life.watch(sent_at);
    core.node.clock.compare(register::now(core).await?, core.now());
    gone::free(core).await
}

/// Since when this process is the only one that writes to its database: on SQLite, since it joined. Before that moment,
/// whatever was begun was another process's, which is gone.
pub(crate) fn alone_since(core: &Core) -> Option<Timestamp> {
    core.node.started_at.get().copied().filter(|_| core.db.backend() == DbBackend::Sqlite)
}

/// Gives signs of life, leads when it is this node's turn, hears the others, until `stop`; then says that the node was
/// stopped. `Conflict` when another process has taken this node's identity, or a newer version has changed the schema
/// while this one was cut off: it must end.
pub async fn run(core: &Core, stop: CancellationToken) -> Result<()> {
    match core.db.backend() {
        DbBackend::Sqlite => alone(core, &stop).await,
        _ => link::run(core, &stop).await,
    }
}

/// The one process that an SQLite database has.
async fn alone(core: &Core, stop: &CancellationToken) -> Result<()> {
    let mut ticks = tokio::time::interval(BEAT_ALONE);
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        if let Err(error) = register::beat(core).await {
            tracing::warn!(%error, "no sign of life could be written");
        }
    }
    register::stopped(core).await
}

/// Whether this node carries out what one node does for all.
pub fn leads(core: &Core) -> bool {
    core.node.leads.load(Ordering::Relaxed) && core.node.life.may_begin()
}

/// Whether this node may claim and begin work: others know that it lives.
pub fn may_begin(core: &Core) -> bool {
    core.node.life.may_begin()
}

/// The moment now by the clock that all nodes have in common, the database's: what a lease ends by. A node whose clock is
/// wrong neither takes what others have nor lets its own run out.
pub(crate) fn common_now(core: &Core) -> Timestamp {
    core.node.clock.of(core.now())
}

/// Whether a claim of that moment is still this node's: it has given signs of life ever since.
pub fn holds(core: &Core, claimed_at: Instant) -> bool {
    core.node.life.holds(claimed_at)
}

/// Whether other nodes may have taken over what was claimed at that moment: asked before what cannot be taken back.
pub fn others_may_have(core: &Core, claimed_at: Instant) -> bool {
    core.node.life.others_may_have(claimed_at)
}

/// Notes how many deliveries run, for the page of nodes.
pub fn delivering(core: &Core, deliveries: usize) {
    core.node.figures.delivering(deliveries);
}

/// Tells operators by mail which nodes have been missing for five minutes, and which are back; returns how many that
/// were. System only.
pub async fn warn(core: &Core, actor: &Actor) -> Result<u64> {
    warnings::warn(core, actor).await
}

/// Hosts of other nodes that run now: before the schema is changed under them. The database may have no schema yet.
pub async fn running(url: &str) -> Result<Vec<String>> {
    register::running(url).await
}

/// All nodes. Operator only.
pub async fn list(core: &Core, actor: &Actor) -> Result<Nodes> {
    projects::authorize_operator(actor)?;
    let now = register::now(core).await?;
    let mut nodes = Vec::new();
    for row in Entity::find().all(core.db.read()).await? {
        nodes.push(status(core, row, now)?);
    }
    let order = |state| match state {
        NodeState::Running => 0,
        NodeState::Missing => 1,
        NodeState::Stopped => 2,
    };
    nodes.sort_by_cached_key(|node: &NodeStatus| (order(node.state), node.host.clone(), Reverse(node.started_at)));
    Ok(Nodes { nodes })
}

/// Takes a node that does not run from the list. Operator only. `Conflict` when it runs.
pub async fn forget(core: &Core, actor: &Actor, id: &str) -> Result<()> {
    projects::authorize_operator(actor)?;
    register::forget(core, actor, id.parse().map_err(|_| Error::NotFound)?).await
}

fn status(core: &Core, row: Model, now: Timestamp) -> Result<NodeStatus> {
    // By one clock, the database's; shown by this node's.
    let ago = now.since(Timestamp(row.seen_at));
    let state = match row.stopped_at {
        Some(_) => NodeState::Stopped,
        None if ago > MISSING_AFTER => NodeState::Missing,
        None => NodeState::Running,
    };
    Ok(NodeStatus {
        here: row.run == core.node.run,
        id: row.id.to_string(),
        host: row.host,
        version: row.version,
        roles: row.roles.split(' ').filter_map(|role| role.parse().ok()).collect(),
        started_at: Timestamp(row.started_at),
        seen_at: core.now().minus(ago),
        leader: row.leader && state == NodeState::Running,
        load: serde_json::from_str(&row.load).map_err(Error::internal)?,
        state,
    })
}

/// Differs when the page of nodes would.
pub(crate) async fn digest(core: &Core) -> Result<u64> {
    let now = register::now(core).await?;
    let rows = Entity::find().all(core.db.read()).await?;
    let facts = rows.into_iter().map(|row| {
        let missing = now.since(Timestamp(row.seen_at)) > MISSING_AFTER;
        (row.run, row.stopped_at, row.leader, missing, row.seen_at)
    });
    Ok(crate::changes::digest(facts.collect::<Vec<_>>()))
}

#[cfg(test)]
mod tests;
