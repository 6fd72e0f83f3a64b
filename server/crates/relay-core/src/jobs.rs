//! Long work that goes on by itself: imports of addresses and of suppressions, and sweeps.
//!
//! Owns the table `job`. Everything a job needs to go on is in its row, so that a node that dies leaves its work to
//! another: who works on a job renews its lease with each step it writes down.

use crate::{
    Actor, Core, Error, Result, addresses, projects, suppressions, sweep,
    tables::job::{ActiveModel, Column, Entity, Model},
};
use relay_types::{
    Timestamp,
    job::{Job, JobId, JobKind, JobState, RefusedLine},
    project::ProjectId,
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, DbBackend,
    EntityTrait, ExprTrait, IntoActiveModel, Iterable, QueryFilter, QueryOrder, QuerySelect, Select, sea_query::Expr,
};
use std::time::Duration;
use uuid::Uuid;

/// For how long a job is nobody else's after each step.
const LEASE: Duration = Duration::from_secs(60);
/// Refused lines that are kept.
const REFUSED: i64 = 1_000;
/// What is kept of a refused line.
const TEXT: usize = 200;

/// What a job begins with.
pub(crate) struct NewJob {
    pub(crate) kind: JobKind,
    pub(crate) subject: String,
    pub(crate) range_id: Option<Uuid>,
    /// Whose it is; none of the platform.
    pub(crate) project_id: Option<Uuid>,
    pub(crate) total: u64,
    pub(crate) payload: Option<String>,
}

/// A job of the platform. The service desk, operators. `NotFound` when there is none.
pub async fn get(core: &Core, actor: &Actor, id: JobId) -> Result<Job> {
    projects::authorize_desk(actor)?;
    let found = without_payload().filter(Column::Id.eq(id.uuid())).filter(Column::ProjectId.is_null());
    view(found.one(core.db.read()).await?.ok_or(Error::NotFound)?)
}

/// The newest job of a kind; an import of that range when one is given.
pub(crate) async fn newest(core: &Core, kind: JobKind, range: Option<Uuid>) -> Result<Option<Job>> {
    let mut found = without_payload().filter(Column::Kind.eq(kind.as_str())).order_by_desc(Column::Id);
    if let Some(range) = range {
        found = found.filter(Column::RangeId.eq(range));
    }
    found.one(core.db.read()).await?.map(view).transpose()
}

/// A project's job of a kind: this one, else the newest when it goes on. Who asks was judged before.
pub(crate) async fn of_project(
    core: &Core,
    project: ProjectId,
    kind: JobKind,
    id: Option<JobId>,
) -> Result<Option<Job>> {
    let own = without_payload().filter(Column::ProjectId.eq(project.uuid())).filter(Column::Kind.eq(kind.as_str()));
    let found = match id {
        Some(id) => own.filter(Column::Id.eq(id.uuid())),
        None => own.filter(Column::State.eq(JobState::Running.as_str())).order_by_desc(Column::Id),
    };
    found.one(core.db.read()).await?.map(view).transpose()
}

/// How the newest two jobs of a project stand (of all when none is given), for who waits for a change.
pub(crate) async fn newest_marks(core: &Core, project: Option<Uuid>) -> Result<Vec<(Uuid, i64, String)>> {
    let mut found = Entity::find().select_only().columns([Column::Id, Column::Done, Column::State]);
    if let Some(project) = project {
        found = found.filter(Column::ProjectId.eq(project));
    }
    Ok(found.order_by_desc(Column::Id).limit(2).into_tuple().all(core.db.read()).await?)
}

/// Jobs without what is left to do, which may be many megabytes.
fn without_payload() -> Select<Entity> {
    let columns = Column::iter().filter(|column| !matches!(column, Column::Payload));
    Entity::find().select_only().columns(columns).column_as(Expr::val(None::<String>), "payload")
}

/// Begins a job inside the caller's transaction; `Conflict` when one of its kind (of its range) is running. A project's
/// job before it is forgotten.
pub(crate) async fn start(core: &Core, transaction: &DatabaseTransaction, actor: &Actor, new: NewJob) -> Result<JobId> {
    // Two nodes that begin the same at the same moment would miss each other. SQLite has one writer at a time.
    if transaction.get_database_backend() == DbBackend::Postgres {
        transaction.execute_unprepared("LOCK TABLE job IN SHARE ROW EXCLUSIVE MODE").await?;
    }
    let mut running = without_payload()
        .filter(Column::State.eq(JobState::Running.as_str()))
        .filter(Column::Kind.eq(new.kind.as_str()));
    if let Some(range) = new.range_id {
        running = running.filter(Column::RangeId.eq(range));
    }
    if let Some(project) = new.project_id {
        running = running.filter(Column::ProjectId.eq(project));
    }
    if running.one(transaction).await?.is_some() {
        return Err(Error::conflict("One is running already; wait until it has ended"));
    }
    // Only the last one is ever shown, and each may have many refused lines.
    if let Some(project) = new.project_id {
        let ended = Column::ProjectId.eq(project).and(Column::Kind.eq(new.kind.as_str()));
        Entity::delete_many().filter(ended).exec(transaction).await?;
    }
    let id: JobId = core.new_id();
    let row = Model {
        id: id.uuid(),
        kind: new.kind.as_str().to_owned(),
        state: JobState::Running.as_str().to_owned(),
        subject: new.subject,
        range_id: new.range_id,
        project_id: new.project_id,
        started_by: actor.name(),
        started_at: core.now().0,
        ended_at: None,
        total: stored(new.total),
        done: 0,
        changed: 0,
        refused: "[]".to_owned(),
        refused_count: 0,
        payload: new.payload,
        place: None,
        error: None,
        leased_until: None,
    };
    Entity::insert(row.into_active_model()).exec_without_returning(transaction).await?;
    Ok(id)
}

/// Goes on with every job that nobody works on, each to its end; gives how many. System only.
pub async fn run_due(core: &Core, actor: &Actor) -> Result<u64> {
    projects::authorize_system(actor)?;
    let mut ran = 0;
    while let Some(job) = claim(core).await? {
        let (id, kind) = (job.id, job.kind.clone());
        if let Err(error) = run(core, job).await {
            tracing::warn!(job.id = %id, job.kind = kind, %error, "a job does not go on now; tried again when its lease is over");
            break;
        }
        ran += 1;
    }
    Ok(ran)
}

async fn run(core: &Core, job: Model) -> Result<()> {
    match JobKind::parse(&job.kind) {
        Some(JobKind::Import) => addresses::import::run(core, job).await,
        Some(JobKind::Sweep) => sweep::run(core, job).await,
        Some(JobKind::Suppressions) => suppressions::run_import(core, job).await,
        None => Err(Error::internal(format!("unknown kind of job {:?}", job.kind))),
    }
}

/// Takes the lease of a running job that has none.
async fn claim(core: &Core) -> Result<Option<Model>> {
    let now = core.now();
    let free = || Condition::any().add(Column::LeasedUntil.is_null()).add(Column::LeasedUntil.lte(now.0));
    let running = Entity::find().filter(Column::State.eq(JobState::Running.as_str())).filter(free());
    let found: Option<Uuid> =
        running.select_only().column(Column::Id).order_by_asc(Column::Id).into_tuple().one(core.db.read()).await?;
    let Some(id) = found else { return Ok(None) };
    let transaction = core.db.begin_aside().await?;
    let until = now.plus(LEASE).0;
    let lease = ActiveModel { leased_until: Set(Some(until)), ..Default::default() };
    let taken = Entity::update_many().set(lease).filter(Column::Id.eq(id)).filter(free()).exec(&transaction).await?;
    // Read behind the lease: a step of who had it before may have been written down a moment ago.
    let job = match taken.rows_affected {
        1 => Entity::find_by_id(id).one(&transaction).await?,
        _ => None,
    };
    transaction.commit().await?;
    Ok(job)
}

/// Writes a step down with the caller's changes, in one transaction, and renews the lease. `Conflict` when the job is
/// somebody else's by now: the caller takes its changes back. What is left to do (`payload`) may be large and is not
/// written again.
pub(crate) async fn advance(core: &Core, transaction: &DatabaseTransaction, job: &mut Model) -> Result<()> {
    let held = job.leased_until;
    job.leased_until = Some(Ord::max(core.now().plus(LEASE).0, held.unwrap_or_default() + 1));
    let same = match held {
        Some(held) => Column::LeasedUntil.eq(held),
        None => Column::LeasedUntil.is_null(),
    };
    let step = ActiveModel {
        leased_until: Set(job.leased_until),
        total: Set(job.total),
        done: Set(job.done),
        changed: Set(job.changed),
        refused: Set(job.refused.clone()),
        refused_count: Set(job.refused_count),
        place: Set(job.place.clone()),
        ..Default::default()
    };
    let held = Entity::update_many().set(step).filter(Column::Id.eq(job.id)).filter(same);
    let held = held.filter(Column::State.eq(JobState::Running.as_str())).exec(transaction).await?;
    if held.rows_affected == 0 {
        return Err(Error::conflict("another node goes on with it"));
    }
    Ok(())
}

/// As [`advance`], at the end of the job; with the reason when it stops before.
pub(crate) async fn end(
    core: &Core,
    transaction: &DatabaseTransaction,
    job: &mut Model,
    error: Option<String>,
) -> Result<()> {
    advance(core, transaction, job).await?;
    let state = if error.is_some() { JobState::Stopped } else { JobState::Done };
    job.state = state.as_str().to_owned();
    job.error = error;
    job.payload = None;
    job.ended_at = Some(core.now().0);
    job.leased_until = None;
    job.clone().into_active_model().reset_all().update(transaction).await?;
    Ok(())
}

/// Notes what was refused.
pub(crate) fn refuse(job: &mut Model, line: u64, text: &str, reason: impl Into<String>) -> Result<()> {
    job.refused_count += 1;
    if job.refused_count <= REFUSED {
        let line = RefusedLine { line, text: text.chars().take(TEXT).collect(), reason: reason.into() };
        let line = serde_json::to_string(&line).map_err(Error::internal)?;
        // Put behind the last one of the JSON list: a step that refuses a thousand lines would read them a thousand times.
        if job.refused.pop() != Some(']') {
            return Err(Error::internal("the refused lines of a job are no list"));
        }
        if !job.refused.ends_with('[') {
            job.refused.push(',');
        }
        job.refused.push_str(&line);
        job.refused.push(']');
    }
    Ok(())
}

fn refused(job: &Model) -> Result<Vec<RefusedLine>> {
    serde_json::from_str(&job.refused).map_err(Error::internal)
}

fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn view(row: Model) -> Result<Job> {
    let count = |stored: i64| u64::try_from(stored).unwrap_or_default();
    Ok(Job {
        id: JobId::from_uuid(row.id),
        kind: JobKind::parse(&row.kind).ok_or_else(|| Error::internal("unknown kind of job"))?,
        state: JobState::parse(&row.state).ok_or_else(|| Error::internal("unknown state of a job"))?,
        total: count(row.total),
        done: count(row.done),
        changed: count(row.changed),
        refused: refused(&row)?,
        refused_count: count(row.refused_count),
        started_at: Timestamp(row.started_at),
        ended_at: row.ended_at.map(Timestamp),
        subject: row.subject,
        started_by: row.started_by,
        error: row.error,
    })
}
