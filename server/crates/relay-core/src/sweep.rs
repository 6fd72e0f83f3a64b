//! The sweep: once a night, and on demand, every name that a ticket gave is compared with its forward record.
//!
//! [`plan`] judges; this file walks the inventory as a job, so that a node that dies leaves the rest to another. Names are
//! taken by `name_changes`, as everything that is written to DNS.

mod plan;

use crate::{
    Actor, Core, Error, Result, addresses, audit, jobs,
    jobs::NewJob,
    name_changes,
    name_changes::Order,
    portal_mail, projects, ranges,
    tables::{
        address::{self, Column, Entity, Model},
        address_range, job, project,
    },
};
use futures_util::{StreamExt, stream};
use plan::{Act, Standing};
use relay_types::{
    DomainName, Timestamp,
    address::AddressId,
    job::{JobId, JobKind, JobState},
    name_change::ChangeCause,
    overview::NameInQuestion,
    project::{ProjectId, Slug},
    reverse::{ForwardFound, PtrFound},
    sweep::{SweepItem, SweepPlan, SweepReason},
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, DatabaseTransaction, EntityTrait, IntoActiveModel,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};
use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};
use uuid::Uuid;

/// Names in one step of the job, and questions at the same time; how many go to one server is bounded by the resolver.
const STEP: u64 = 500;
const TOGETHER: usize = 128;
/// Rows of the page.
const SHOWN: u64 = 500;
const ON_OVERVIEW: u64 = 5;
const DAY: Duration = Duration::from_secs(86_400);
/// After a nightly sweep none begins by itself for this long.
const NIGHT: Duration = Duration::from_secs(20 * 3_600);

/// What the next sweep would do, and how the last one went. The service desk.
pub async fn plan(core: &Core, actor: &Actor) -> Result<SweepPlan> {
    projects::authorize_desk(actor)?;
    let closed: Vec<Uuid> = project::Entity::find()
        .select_only()
        .column(project::Column::Id)
        .filter(project::Column::ClosedAt.is_not_null())
        .into_tuple()
        .all(core.db.read())
        .await?;
    let in_question = Condition::any().add(Column::MissingSince.is_not_null()).add(Column::ProjectId.is_in(closed));
    let named = Entity::find().filter(Column::Wanted.is_not_null()).filter(in_question);
    let count = named.clone().count(core.db.read()).await?;
    let rows = named.order_by_asc(Column::MissingSince).order_by_asc(Column::First).limit(SHOWN);
    let rows = rows.all(core.db.read()).await?;
    let owners = owners(core, &rows).await?;
    let ranges: HashMap<Uuid, _> = ranges::rows(core.db.read()).await?.into_iter().map(|row| (row.id, row)).collect();
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(owner) = row.project_id.and_then(|id| owners.get(&id)) else { continue };
        let Some(range) = ranges.get(&row.range_id) else { continue };
        items.extend(item(core, row, owner, range)?);
    }
    items.sort_by_key(|item| item.until);
    let settings = &core.config.reverse_dns;
    let days = |grace: Duration| u32::try_from(grace.as_secs().div_ceil(DAY.as_secs())).unwrap_or(u32::MAX);
    Ok(SweepPlan {
        items,
        count,
        last: jobs::newest(core, JobKind::Sweep, None).await?,
        next_at: next_night(core.now(), settings.sweep_hour),
        grace_days: days(settings.grace),
        closed_grace_days: days(settings.closed_grace),
    })
}

fn item(core: &Core, row: Model, owner: &project::Model, range: &address_range::Model) -> Result<Option<SweepItem>> {
    let settings = &core.config.reverse_dns;
    let (why, since, until) = match (owner.closed_at, row.missing_since) {
        (Some(at), _) => (SweepReason::Closed, Timestamp(at), Timestamp(at).plus(settings.closed_grace)),
        (None, Some(at)) => (SweepReason::Forward, Timestamp(at), Timestamp(at).plus(settings.grace)),
        (None, None) => return Ok(None),
    };
    let kept = row.kept && why == SweepReason::Forward;
    let due = !kept && core.now() >= until && (why == SweepReason::Closed || row.warned_at.is_some());
    Ok(Some(SweepItem {
        id: AddressId::from_uuid(row.id),
        project: Slug::parse(&owner.slug).map_err(Error::internal)?,
        default: ranges::default_name(range, addresses::ip(&row)?),
        name: row.wanted.clone().unwrap_or_default(),
        address: row.text,
        why,
        since,
        until,
        due,
        kept,
    }))
}

/// The names of a project that will be taken for want of their forward records, first those that go first.
pub(crate) async fn in_question(core: &Core, project: ProjectId) -> Result<Vec<NameInQuestion>> {
    let rows = named()
        .filter(Column::ProjectId.eq(project.uuid()))
        .filter(Column::MissingSince.is_not_null())
        .filter(Column::Kept.eq(false))
        .order_by_asc(Column::MissingSince)
        .limit(ON_OVERVIEW)
        .all(core.db.read())
        .await?;
    let grace = core.config.reverse_dns.grace;
    let rows = rows.into_iter().map(|row| NameInQuestion {
        id: AddressId::from_uuid(row.id),
        until: Timestamp(row.missing_since.unwrap_or_default()).plus(grace),
        name: row.wanted.unwrap_or_default(),
        address: row.text,
    });
    Ok(rows.collect())
}

/// Begins a sweep. The service desk. `Conflict` while one runs.
pub async fn start(core: &Core, actor: &Actor) -> Result<JobId> {
    projects::authorize_desk(actor)?;
    let named = named().count(core.db.read()).await?;
    let new = NewJob {
        kind: JobKind::Sweep,
        subject: String::new(),
        range_id: None,
        project_id: None,
        total: named,
        payload: None,
    };
    let transaction = core.db.begin().await?;
    let id = jobs::start(core, &transaction, actor, new).await?;
    audit::record(core, &transaction, actor, None, "sweep.start", "all names", Vec::new()).await?;
    transaction.commit().await?;
    Ok(id)
}

/// Begins the nightly sweep when it is time; whether it did. System only.
pub async fn start_nightly(core: &Core, actor: &Actor) -> Result<u64> {
    projects::authorize_system(actor)?;
    let now = core.now();
    if now.utc().hour() != core.config.reverse_dns.sweep_hour {
        return Ok(0);
    }
    let last = jobs::newest(core, JobKind::Sweep, None).await?;
    if last.is_some_and(|last| last.state == JobState::Running || now.since(last.started_at) < NIGHT) {
        return Ok(0);
    }
    start(core, actor).await.map(|_| 1)
}

/// Keeps a name although its forward record is missing, or no longer keeps it. The service desk.
pub async fn keep(core: &Core, actor: &Actor, id: AddressId, kept: bool) -> Result<()> {
    projects::authorize_desk(actor)?;
    let transaction = core.db.begin().await?;
    let row = Entity::find_by_id(id.uuid()).lock_exclusive().one(&transaction).await?.ok_or(Error::NotFound)?;
    if row.kept == kept {
        return Ok(());
    }
    let changes = vec![audit::field("kept", Some(audit::yes_no(row.kept)), Some(audit::yes_no(kept)))];
    let project = row.project_id.map(ProjectId::from_uuid);
    audit::record(core, &transaction, actor, project, "address.keep_name", &row.text, changes).await?;
    let mut row = row.into_active_model();
    row.kept = Set(kept);
    row.update(&transaction).await?;
    Ok(transaction.commit().await?)
}

fn named() -> sea_orm::Select<Entity> {
    Entity::find().filter(Column::Wanted.is_not_null()).filter(Column::Prefix.eq(false))
}

/// Walks all names to the end, a step at a time. Identifiers are the order, so that neighbours in a zone are not asked
/// for one after the other.
pub(crate) async fn run(core: &Core, mut job: job::Model) -> Result<()> {
    loop {
        let mut rows = named().order_by_asc(Column::Id).limit(STEP);
        if let Some(place) = &job.place {
            rows = rows.filter(Column::Id.gt(Uuid::from_slice(place).map_err(Error::internal)?));
        }
        let rows = rows.all(core.db.read()).await?;
        let Some(last) = rows.last().map(|row| row.id) else {
            let transaction = core.db.begin().await?;
            jobs::end(core, &transaction, &mut job, None).await?;
            return Ok(transaction.commit().await?);
        };
        let owners = owners(core, &rows).await?;
        job.done += i64::try_from(rows.len()).unwrap_or_default();
        job.place = Some(last.as_bytes().to_vec());
        let looked: Vec<Result<Looked>> =
            stream::iter(rows.into_iter().map(|row| look(core, row))).buffer_unordered(TOGETHER).collect().await;
        step(core, &mut job, looked, &owners).await?;
    }
}

/// What DNS says of an address with a name.
struct Looked {
    row: Model,
    ptr: PtrFound,
    forward: ForwardFound,
}

async fn look(core: &Core, row: Model) -> Result<Looked> {
    let ip = addresses::ip(&row)?;
    let name = DomainName::parse(row.wanted.as_deref().unwrap_or_default()).map_err(Error::internal)?;
    let now = core.now();
    let (ptr, forward) = tokio::join!(core.resolver().ptr(ip, now), core.resolver().forward(&name, now));
    Ok(Looked { row, ptr, forward })
}

/// Writes a step down: what was found, what follows, how far the job is. Then those are told who have to be.
async fn step(
    core: &Core,
    job: &mut job::Model,
    looked: Vec<Result<Looked>>,
    owners: &HashMap<Uuid, project::Model>,
) -> Result<()> {
    let looked: Vec<Looked> = looked
        .into_iter()
        .filter_map(|looked| looked.inspect_err(|error| tracing::warn!(%error, "a name is not looked at")).ok())
        .collect();
    let mut warn: BTreeMap<Uuid, Vec<(String, String)>> = BTreeMap::new();
    for looked in &looked {
        if judged(core, &looked.row, &looked.forward, owners)? == Act::Warn
            && let (Some(project), Some(name)) = (looked.row.project_id, &looked.row.wanted)
        {
            warn.entry(project).or_default().push((looked.row.text.clone(), name.clone()));
        }
    }
    let until = core.now().plus(core.config.reverse_dns.grace);
    let mut mails = BTreeMap::new();
    for (&project, names) in &warn {
        let prepared = portal_mail::names::prepare(core, ProjectId::from_uuid(project), names, until).await?;
        mails.insert(project, prepared);
    }
    let transaction = core.db.begin().await?;
    let judged = judged_again(core, &transaction, looked, owners).await?;
    for (project, names) in &warn {
        let warned = |judged: &&Judged| judged.act == Act::Warn && judged.row.project_id == Some(*project);
        // A mail tells of all it was prepared for, or waits for the next sweep with all of them.
        if judged.iter().filter(warned).count() != names.len() {
            mails.remove(project);
        }
    }
    for judged in judged {
        let told = judged.row.project_id.is_none_or(|project| mails.contains_key(&project));
        if judged.act == Act::Warn && !told {
            continue;
        }
        let text = judged.row.text.clone();
        match carry_out(core, &transaction, judged).await {
            Ok(changed) => job.changed += i64::from(changed),
            // Another change of it is on its way, or its range has nothing to write with.
            Err(Error::Conflict { reason }) => {
                let line = u64::try_from(job.done).unwrap_or_default();
                jobs::refuse(job, line, &text, reason)?;
            }
            Err(error) => return Err(error),
        }
    }
    for mail in mails.into_values() {
        mail.keep(core, &transaction).await?;
    }
    jobs::advance(core, &transaction, job).await?;
    transaction.commit().await?;
    core.queue_wake.notify_one();
    Ok(())
}

/// What is done about a name, judged from its row as it is under the lock.
struct Judged {
    row: Model,
    act: Act,
    ptr: PtrFound,
    forward: ForwardFound,
}

/// Judges again what was looked at. Somebody may have changed a name while DNS was asked; the next sweep sees that.
async fn judged_again(
    core: &Core,
    transaction: &DatabaseTransaction,
    looked: Vec<Looked>,
    owners: &HashMap<Uuid, project::Model>,
) -> Result<Vec<Judged>> {
    let ids = looked.iter().map(|looked| looked.row.id);
    let rows = Entity::find().filter(Column::Id.is_in(ids)).order_by_asc(Column::Id).lock_exclusive();
    let mut rows: HashMap<Uuid, Model> = rows.all(transaction).await?.into_iter().map(|row| (row.id, row)).collect();
    let mut all = Vec::with_capacity(looked.len());
    for Looked { row: before, ptr, forward } in looked {
        let same = |row: &Model| row.wanted == before.wanted && row.project_id == before.project_id;
        let Some(row) = rows.remove(&before.id).filter(same) else { continue };
        let act = judged(core, &row, &forward, owners)?;
        all.push(Judged { row, act, ptr, forward });
    }
    Ok(all)
}

fn judged(core: &Core, row: &Model, forward: &ForwardFound, owners: &HashMap<Uuid, project::Model>) -> Result<Act> {
    let closed_at = row.project_id.and_then(|id| owners.get(&id)).and_then(|owner| owner.closed_at);
    let before = Standing {
        missing_since: row.missing_since.map(Timestamp),
        warned_at: row.warned_at.map(Timestamp),
        kept: row.kept,
        closed_at: closed_at.map(Timestamp),
    };
    let settings = &core.config.reverse_dns;
    let forward = forward.points_to(addresses::ip(row)?);
    Ok(plan::judge(before, forward, core.now(), settings.grace, settings.closed_grace))
}

/// Whether it warned of or took a name.
async fn carry_out(core: &Core, transaction: &DatabaseTransaction, judged: Judged) -> Result<bool> {
    let now = core.now().0;
    let Judged { row, act, ptr, forward } = judged;
    if let Act::Take | Act::TakeClosed = act {
        take(core, transaction, &row, &ptr, act).await?;
    }
    let missing_since = row.missing_since.or(Some(now));
    let mut change: address::ActiveModel = row.into_active_model();
    addresses::found(&mut change, &ptr, std::slice::from_ref(&forward))?;
    match act {
        Act::Warn => {
            change.missing_since = Set(missing_since);
            change.warned_at = Set(Some(now));
        }
        Act::Clear => {
            change.missing_since = Set(None);
            change.warned_at = Set(None);
            change.kept = Set(false);
        }
        Act::Nothing | Act::Take | Act::TakeClosed => {}
    }
    change.update(transaction).await?;
    Ok(matches!(act, Act::Warn | Act::Take | Act::TakeClosed))
}

async fn take(core: &Core, transaction: &DatabaseTransaction, row: &Model, ptr: &PtrFound, act: Act) -> Result<()> {
    if !ptr.certain {
        return Err(Error::conflict("The servers of its reverse zone do not answer now"));
    }
    let range = ranges::row(transaction, row.range_id).await?;
    let order = Order {
        address: row,
        range: &range,
        after: ranges::default_name(&range, addresses::ip(row)?),
        before: ptr.names.clone(),
        cause: if act == Act::TakeClosed { ChangeCause::Closed } else { ChangeCause::Sweep },
        ticket: None,
    };
    let changes = vec![audit::field("ptr", row.wanted.clone(), order.after.clone())];
    let project = row.project_id.map(ProjectId::from_uuid);
    name_changes::order(core, transaction, &Actor::System, order).await?;
    audit::record(core, transaction, &Actor::System, project, "address.take_name", &row.text, changes).await
}

async fn owners(core: &Core, rows: &[Model]) -> Result<HashMap<Uuid, project::Model>> {
    let ids: std::collections::HashSet<Uuid> = rows.iter().filter_map(|row| row.project_id).collect();
    let found = project::Entity::find().filter(project::Column::Id.is_in(ids)).all(core.db.read()).await?;
    Ok(found.into_iter().map(|row| (row.id, row)).collect())
}

/// The next moment a sweep begins by itself.
fn next_night(now: Timestamp, hour: u8) -> Timestamp {
    let midnight = now.minus(Duration::from_millis(u64::try_from(now.0.rem_euclid(86_400_000)).unwrap_or_default()));
    let tonight = midnight.plus(Duration::from_secs(u64::from(hour) * 3_600));
    if tonight > now { tonight } else { tonight.plus(DAY) }
}

#[cfg(test)]
mod tests;
