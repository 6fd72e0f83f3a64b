//! Trusted networks: a connection from one of a project's blocks is that project (longest match).
//!
//! Owns the table `network`. Blocks of one project may lie within each other; blocks of two projects never share an
//! address.

use crate::{
    Access, Actor, Core, Error, Result, audit,
    label::label,
    projects,
    rules::Remembered,
    tables::{
        network::{ActiveModel, Column, Entity, Model},
        project,
    },
};
use relay_types::{
    Cidr, Timestamp,
    cidr::sort_key,
    network::{Network, NetworkId},
    project::{ProjectId, Slug},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, IntoActiveModel, JoinType, ModelTrait,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Set,
};
use std::net::IpAddr;

/// All of the project's, by address. Any member.
pub async fn list(core: &Core, actor: &Actor, project: &Slug) -> Result<Vec<Network>> {
    let project = projects::authorize(core, actor, project, Access::View).await?;
    let rows = Entity::find()
        .filter(Column::ProjectId.eq(project.uuid()))
        .order_by_asc(Column::First)
        .order_by_asc(Column::PrefixLen)
        .all(core.db.read())
        .await?;
    rows.into_iter().map(view).collect()
}

/// Adds a block. Member. Fields: `cidr`, `label`. `Conflict` when it overlaps with another project's (which is not named).
pub async fn add(core: &Core, actor: &Actor, project: &Slug, cidr: Cidr, label: &str) -> Result<NetworkId> {
    let project = projects::authorize(core, actor, project, Access::Manage).await?;
    judge_size(actor, cidr)?;
    let label = self::label("label", label)?;
    let transaction = core.db.begin().await?;
    keep_others_from_adding(&transaction).await?;
    let (first, last) = cidr.bounds();
    let overlapping = overlapping(&transaction, cidr).await?;
    if overlapping.iter().any(|row| row.project_id != project.uuid()) {
        return Err(shared(cidr));
    }
    if overlapping.iter().any(|row| row.cidr == cidr.to_string()) {
        return Err(Error::conflict(format!("{cidr} is listed already")));
    }
    let id = core.new_id();
    let row = Model {
        id: NetworkId::uuid(id),
        project_id: project.uuid(),
        cidr: cidr.to_string(),
        first: first.to_vec(),
        last: last.to_vec(),
        prefix_len: cidr.prefix_len().into(),
        label: label.clone(),
        created_at: core.now().0,
        last_used_at: None,
    };
    Entity::insert(row.into_active_model()).exec_without_returning(&transaction).await?;
    let changes = vec![audit::field("label", None::<&str>, Some(label))];
    audit::record(core, &transaction, actor, Some(project), "network.add", &cidr.to_string(), changes).await?;
    transaction.commit().await?;
    Ok(id)
}

/// Refuses what [`add`] would refuse of a block that a project, which need not be there yet, does not have, and changes
/// nothing. Operator only. Fields: `cidr`, `label`.
pub async fn judge(core: &Core, actor: &Actor, project: &Slug, cidr: Cidr, label: &str) -> Result<()> {
    projects::authorize_operator(actor)?;
    self::label("label", label)?;
    let overlapping = overlapping(core.db.read(), cidr).await?;
    let slugs = projects::slugs(core, overlapping.iter().map(|row| row.project_id)).await?;
    let own = |row: &Model| slugs.get(&row.project_id).is_some_and(|slug| slug == project.as_str());
    if overlapping.iter().all(own) { Ok(()) } else { Err(shared(cidr)) }
}

/// Changes the label. Member.
pub async fn rename(core: &Core, actor: &Actor, project: &Slug, id: NetworkId, label: &str) -> Result<()> {
    let project = projects::authorize(core, actor, project, Access::Manage).await?;
    let label = self::label("label", label)?;
    let transaction = core.db.begin().await?;
    let row = row(&transaction, project, id).await?;
    let changes = vec![audit::field("label", Some(&row.label), Some(&label))];
    audit::record(core, &transaction, actor, Some(project), "network.rename", &row.cidr, changes).await?;
    let change = ActiveModel { id: Set(row.id), label: Set(label), ..Default::default() };
    Entity::update(change).exec(&transaction).await?;
    Ok(transaction.commit().await?)
}

/// Removes a block; open sessions fail at their next MAIL. Member.
pub async fn remove(core: &Core, actor: &Actor, project: &Slug, id: NetworkId) -> Result<()> {
    let project = projects::authorize(core, actor, project, Access::Manage).await?;
    let transaction = core.db.begin().await?;
    let row = row(&transaction, project, id).await?;
    let changes = vec![audit::field("label", Some(&row.label), None::<&str>)];
    audit::record(core, &transaction, actor, Some(project), "network.remove", &row.cidr, changes).await?;
    row.delete(&transaction).await?;
    Ok(transaction.commit().await?)
}

/// Addresses and whose they are, as read a short time ago.
pub(crate) type Identified = Remembered<IpAddr, Option<Actor>>;

/// The project a client's address belongs to.
pub async fn identify(core: &Core, client: IpAddr) -> Result<Option<Actor>> {
    core.identified.get_or(core, client, Option::is_some, find(core, client)).await
}

async fn find(core: &Core, client: IpAddr) -> Result<Option<Actor>> {
    let key = sort_key(client).to_vec();
    let row = Entity::find()
        .filter(Column::First.lte(key.clone()))
        .filter(Column::Last.gte(key))
        .order_by_desc(Column::PrefixLen)
        .limit(1)
        .one(core.db.read())
        .await?;
    Ok(row.map(|row| Actor::TrustedNetwork {
        id: NetworkId::from_uuid(row.id),
        project_id: ProjectId::from_uuid(row.project_id),
        label: row.label,
    }))
}

/// How the project of a block stands now, in one read: this is asked at every MAIL. `None` when the block is not one of
/// the project's any more.
pub(crate) async fn standing(core: &Core, project: ProjectId, id: NetworkId) -> Result<Option<projects::Standing>> {
    let with_project = Entity::belongs_to(project::Entity).from(Column::ProjectId).to(project::Column::Id);
    let found = Entity::find_by_id(id.uuid())
        .filter(Column::ProjectId.eq(project.uuid()))
        .join(JoinType::InnerJoin, with_project.into())
        .select_also(project::Entity)
        .one(core.db.read())
        .await?;
    Ok(found.and_then(|(_, row)| row).map(|row| projects::standing_of(core, &row)))
}

/// Number of the project's networks.
pub(crate) async fn count(core: &Core, project: ProjectId) -> Result<u64> {
    Ok(Entity::find().filter(Column::ProjectId.eq(project.uuid())).count(core.db.read()).await?)
}

/// Whoever runs a relay for others may list a block as large as IPv4's /8; only operators list larger ones.
fn judge_size(actor: &Actor, cidr: Cidr) -> Result<()> {
    let ipv4 = cidr.bounds().0[0] == 4;
    let shortest = if ipv4 { 8 } else { 16 };
    if cidr.prefix_len() >= shortest || projects::authorize_operator(actor).is_ok() {
        return Ok(());
    }
    let words = format!("A network is a block of /{shortest} or smaller; ask the operator for a larger one");
    Err(Error::invalid("cidr", words))
}

/// Blocks that share an address with this one, whosever they are.
async fn overlapping(connection: &impl ConnectionTrait, cidr: Cidr) -> Result<Vec<Model>> {
    let (first, last) = cidr.bounds();
    let sharing = Entity::find().filter(Column::First.lte(last.to_vec())).filter(Column::Last.gte(first.to_vec()));
    Ok(sharing.all(connection).await?)
}

fn shared(cidr: Cidr) -> Error {
    Error::conflict(format!("{cidr} shares addresses with a network of another project. Ask the operator"))
}

/// SQLite has one writer at a time; PostgreSQL would let two transactions miss each other's block.
async fn keep_others_from_adding(transaction: &DatabaseTransaction) -> Result<()> {
    if transaction.get_database_backend() == DbBackend::Postgres {
        transaction.execute_unprepared("LOCK TABLE network IN SHARE ROW EXCLUSIVE MODE").await?;
    }
    Ok(())
}

async fn row(transaction: &DatabaseTransaction, project: ProjectId, id: NetworkId) -> Result<Model> {
    let found = Entity::find_by_id(id.uuid()).filter(Column::ProjectId.eq(project.uuid())).one(transaction).await?;
    found.ok_or(Error::NotFound)
}

fn view(row: Model) -> Result<Network> {
    Ok(Network {
        id: NetworkId::from_uuid(row.id),
        cidr: Cidr::parse(&row.cidr).map_err(Error::internal)?,
        label: row.label,
        created_at: Timestamp(row.created_at),
        last_used_at: row.last_used_at.map(Timestamp),
    })
}

#[cfg(test)]
mod tests;
