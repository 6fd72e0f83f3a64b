//! What is known of projects: views for pages, facts for other contexts.

use super::{access, authorize_operator, route::Stored};
use crate::{
    Access, Actor, Core, Error, Result, addresses, config::PlatformRoute, limits, members, networks, refusals, senders,
    service_accounts, tables::project, tickets,
};
use relay_types::{
    EmailAddress, Timestamp,
    limit::{LimitUse, Limits},
    project::{Project, ProjectFrame, ProjectId, ProjectRow, Slug, Suspension},
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    sea_query::SelectStatement,
};
use std::collections::HashMap;
use uuid::Uuid;

/// What policy needs to know of a project before anything is accepted for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Why it may not send, when it may not.
    pub(crate) suspended: Option<Suspension>,
    /// Only verified recipients are allowed.
    pub(crate) sandbox: bool,
    /// The limits in force (in the sandbox never more than the platform's sandbox limit).
    pub(crate) limits: Limits,
}

/// How a project stands now. `NotFound` when there is no such project.
pub(crate) async fn standing(core: &Core, id: ProjectId) -> Result<Standing> {
    Ok(standing_of(core, &row(core, id).await?))
}

/// As [`standing`], of a row that was read with another.
pub(crate) fn standing_of(core: &Core, row: &project::Model) -> Standing {
    Standing { suspended: suspension(row), sandbox: row.sandbox, limits: in_force(core, row) }
}

/// Who hears of bounces and warnings: the contact that was set, else the owners who can sign in.
pub(crate) async fn contacts(core: &Core, id: ProjectId) -> Result<Vec<EmailAddress>> {
    match contact(&row(core, id).await?)? {
        Some(contact) => Ok(vec![contact]),
        None => members::owners(core, id).await,
    }
}

/// The identifiers of those that are closed, for a query of others.
pub(crate) fn closed() -> SelectStatement {
    let closed = project::Entity::find().select_only().column(project::Column::Id);
    closed.filter(project::Column::ClosedAt.is_not_null()).into_query()
}

/// The project's own route with its password opened; `None` when it follows the platform.
pub(crate) async fn route(core: &Core, id: ProjectId) -> Result<Option<PlatformRoute>> {
    super::route::opened(core, &row(core, id).await?)
}

/// The limits an operator set for a project.
pub(crate) async fn stored_limits_of(core: &Core, id: ProjectId) -> Result<Limits> {
    Ok(stored_limits(&row(core, id).await?))
}

/// The project's name.
pub(crate) async fn name(core: &Core, id: ProjectId) -> Result<String> {
    Ok(row(core, id).await?.name)
}

/// The project's place in URLs.
pub(crate) async fn slug(core: &Core, id: ProjectId) -> Result<Slug> {
    slug_of(&row(core, id).await?)
}

/// The places in URLs of several projects.
pub(crate) async fn slugs(core: &Core, ids: impl IntoIterator<Item = Uuid>) -> Result<HashMap<Uuid, String>> {
    let found: Vec<(Uuid, String)> = project::Entity::find()
        .select_only()
        .columns([project::Column::Id, project::Column::Slug])
        .filter(project::Column::Id.is_in(ids))
        .into_tuple()
        .all(core.db.read())
        .await?;
    Ok(found.into_iter().collect())
}

/// A project as others name it.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    pub(crate) id: Uuid,
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) closed_at: Option<i64>,
}

/// How several projects are named; all of them when none are given.
pub(crate) async fn named(connection: &impl ConnectionTrait, ids: Option<Vec<Uuid>>) -> Result<HashMap<Uuid, Named>> {
    use project::Column::{ClosedAt, Id, Name, Slug};
    let mut found = project::Entity::find().select_only().columns([Id, Slug, Name, ClosedAt]);
    if let Some(ids) = ids {
        found = found.filter(Id.is_in(ids));
    }
    let found: Vec<(Uuid, String, String, Option<i64>)> = found.into_tuple().all(connection).await?;
    Ok(found.into_iter().map(|(id, slug, name, closed_at)| (id, Named { id, slug, name, closed_at })).collect())
}

/// What a project's pages show around their content.
pub async fn frame(core: &Core, actor: &Actor, slug: &Slug) -> Result<ProjectFrame> {
    let (row, held) = access::open(core, actor, slug, Access::View).await?;
    let id = ProjectId::from_uuid(row.id);
    Ok(ProjectFrame {
        project: shown(core, row)?,
        abilities: access::abilities(held),
        service_accounts: service_accounts::count(core, id).await?,
        senders: senders::count(core, id).await?,
        networks: networks::count(core, id).await?,
        members: members::count(core, id).await?,
        refusals_day: refusals::count_day(core, id).await?,
        addresses: addresses::count(core, id).await?,
        tickets: tickets::count_open(core, id).await?,
    })
}

/// All projects with numbers, by name. Operator only.
pub async fn list(core: &Core, actor: &Actor) -> Result<Vec<ProjectRow>> {
    authorize_operator(actor)?;
    let found = project::Entity::find().order_by_asc(project::Column::Name).all(core.db.read()).await?;
    let mut members = members::counts(core).await?;
    let mut rows = Vec::with_capacity(found.len());
    for row in found {
        let id = ProjectId::from_uuid(row.id);
        rows.push(ProjectRow {
            members: members.remove(&row.id).unwrap_or_default(),
            accepted_day: limits::used(core, row.id).await?.1,
            refused_day: refusals::count_day(core, id).await?,
            project: shown(core, row)?,
        });
    }
    Ok(rows)
}

/// The project's limits and how much is used. Any member.
pub async fn limit_use(core: &Core, actor: &Actor, slug: &Slug) -> Result<LimitUse> {
    let (row, _) = access::open(core, actor, slug, Access::View).await?;
    let in_force = with_default(core, in_force(core, &row)).await?;
    let (last_hour, last_day) = limits::used(core, row.id).await?;
    Ok(LimitUse { last_hour, last_day, ..limits::usage(core, row.id, in_force).await? })
}

async fn row(core: &Core, id: ProjectId) -> Result<project::Model> {
    project::Entity::find_by_id(id.uuid()).one(core.db.read()).await?.ok_or(Error::NotFound)
}

fn shown(core: &Core, row: project::Model) -> Result<Project> {
    Ok(Project {
        id: ProjectId::from_uuid(row.id),
        slug: slug_of(&row)?,
        suspended: suspension(&row),
        closed_at: row.closed_at.map(Timestamp),
        sandbox: row.sandbox,
        bounce_contact: contact(&row)?,
        limits: stored_limits(&row),
        route: Stored::read(&row)?.shown(core.config.route.kind()),
        created_at: Timestamp(row.created_at),
        name: row.name,
    })
}

fn slug_of(row: &project::Model) -> Result<Slug> {
    Slug::parse(&row.slug).map_err(Error::internal)
}

fn suspension(row: &project::Model) -> Option<Suspension> {
    let reason = row.suspended_reason.clone()?;
    Some(Suspension { reason, since: Timestamp(row.suspended_at.unwrap_or_default()) })
}

fn contact(row: &project::Model) -> Result<Option<EmailAddress>> {
    row.bounce_contact.as_deref().map(EmailAddress::parse).transpose().map_err(Error::internal)
}

/// The limits an operator set.
pub(super) fn stored_limits(row: &project::Model) -> Limits {
    let read = |stored: Option<i32>| stored.and_then(|limit| u32::try_from(limit).ok());
    Limits {
        per_hour: read(row.limit_per_hour),
        per_day: read(row.limit_per_day),
        new_per_day: read(row.limit_new_per_day),
    }
}

/// A project that has limits.
pub(crate) struct Limited {
    pub(crate) id: ProjectId,
}

/// Projects that take mail and may have limits: their own, or by the sandbox, or those of a service account; all of
/// them when the platform has a default.
pub(crate) async fn limited(core: &Core) -> Result<Vec<Limited>> {
    use project::Column::{ClosedAt, Id, LimitNewPerDay, LimitPerDay, LimitPerHour, Sandbox};
    let mut open = project::Entity::find().select_only().column(Id).filter(ClosedAt.is_null());
    if limits::platform::platform_limits(core).await?.new_per_day.is_none() {
        let own = Condition::any()
            .add(LimitPerHour.is_not_null())
            .add(LimitPerDay.is_not_null())
            .add(LimitNewPerDay.is_not_null())
            .add(Sandbox.eq(true))
            .add(Id.in_subquery(service_accounts::projects_of_limited()));
        open = open.filter(own);
    }
    let ids: Vec<Uuid> = open.into_tuple().all(core.db.read()).await?;
    Ok(ids.into_iter().map(|id| Limited { id: ProjectId::from_uuid(id) }).collect())
}

/// The limits that hold for a project, the platform's default among them.
pub(crate) async fn limits_in_force(core: &Core, id: ProjectId) -> Result<Limits> {
    with_default(core, in_force(core, &row(core, id).await?)).await
}

async fn with_default(core: &Core, own: Limits) -> Result<Limits> {
    let new_per_day = own.new_per_day.or(limits::platform::platform_limits(core).await?.new_per_day);
    Ok(Limits { new_per_day, ..own })
}

fn in_force(core: &Core, row: &project::Model) -> Limits {
    let mut limits = stored_limits(row);
    if row.sandbox {
        let most = core.config.sandbox_per_hour;
        limits.per_hour = Some(limits.per_hour.map_or(most, |own| own.min(most)));
    }
    limits
}
