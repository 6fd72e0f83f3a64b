//! Changes of names: each is one write of a PTR record to DNS, from its order to its last proof, and stays as history.
//!
//! Owns the table `name_change`. An order is part of the transaction that decides it (an approved ticket, a sweep), so
//! no decision is without its change; [`work`] carries it out, as often as it takes, and writes nothing twice.

mod schedule;
mod work;

pub use work::run_due;

use crate::{
    Actor, Core, Error, Result, addresses, audit, dns_backends, egress, projects, ranges, sign_in,
    tables::{
        address, address_range,
        name_change::{Column, Entity, Model},
        ticket,
    },
    tickets,
};
use relay_dns::back_end::PtrChange;
use relay_types::{
    Timestamp,
    name_change::{ChangeCause, NameChange, NameChangeId, NameChangeState},
    project::ProjectId,
    reverse_name::ZoneName,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect,
};
use uuid::Uuid;

/// Changes in the history of one address.
const HISTORY: u64 = 100;

/// A change to be made.
pub(crate) struct Order<'a> {
    pub(crate) address: &'a address::Model,
    pub(crate) range: &'a address_range::Model,
    /// The name afterwards; none to remove the record.
    pub(crate) after: Option<String>,
    /// The names that were there when it was decided: others are not overwritten.
    pub(crate) before: Vec<String>,
    pub(crate) cause: ChangeCause,
    pub(crate) ticket: Option<Uuid>,
}

/// Orders a change inside the caller's transaction. `Conflict` when another change of the address is not finished, when
/// nothing can write the range's zone, or when the address has no place in that zone.
pub(crate) async fn order(
    core: &Core,
    transaction: &DatabaseTransaction,
    actor: &Actor,
    order: Order<'_>,
) -> Result<NameChangeId> {
    let (zone, owner) = ranges::owner(order.range, addresses::ip(order.address)?)?;
    let Some(backend) = order.range.backend_id else {
        let label = &order.range.label;
        return Err(Error::conflict(format!("The range {label} has no DNS back end; choose one on its page first")));
    };
    // Two orders for one address wait for each other.
    let locked = address::Entity::find_by_id(order.address.id).lock_exclusive().one(transaction).await?;
    if locked.ok_or(Error::NotFound)?.project_id != order.address.project_id {
        return Err(Error::conflict(format!("{} went to another project a moment ago", order.address.text)));
    }
    if unfinished(transaction, order.address.id).await? {
        return Err(Error::conflict(format!("Another change of {} is not finished yet", order.address.text)));
    }
    let id: NameChangeId = core.new_id();
    let row = Model {
        id: id.uuid(),
        address_id: order.address.id,
        project_id: order.address.project_id,
        ticket_id: order.ticket,
        backend_id: Some(backend),
        state: NameChangeState::Waiting.as_str().to_owned(),
        cause: order.cause.as_str().to_owned(),
        actor: actor.name(),
        actor_id: actor.id(),
        at: core.now().0,
        before: Some(json(&order.before)?),
        after: order.after,
        zone: zone.to_string(),
        owner,
        ttl: order.range.ttl,
        attempts: 0,
        next_at: Some(core.now().0),
        written_at: None,
        ended_at: None,
        said: None,
        error: None,
        rolled_back: false,
    };
    Entity::insert(row.into_active_model()).exec_without_returning(transaction).await?;
    Ok(id)
}

/// Whether a change of the address is on its way.
pub(crate) async fn unfinished(connection: &impl ConnectionTrait, address: Uuid) -> Result<bool> {
    Ok(!unfinished_of(connection, &[address]).await?.is_empty())
}

/// Those of the addresses of which a change is on its way.
pub(crate) async fn unfinished_of(connection: &impl ConnectionTrait, addresses: &[Uuid]) -> Result<Vec<Uuid>> {
    let on_its_way = [NameChangeState::Waiting, NameChangeState::ByHand, NameChangeState::Verifying];
    let found = Entity::find()
        .select_only()
        .column(Column::AddressId)
        .filter(Column::AddressId.is_in(addresses.iter().copied()))
        .filter(Column::State.is_in(on_its_way.map(NameChangeState::as_str)));
    Ok(found.into_tuple().all(connection).await?)
}

/// Whether changes are to be written by this back end.
pub(crate) async fn wait_for(connection: &impl ConnectionTrait, backend: Uuid) -> Result<bool> {
    let to_be_written = [NameChangeState::Waiting, NameChangeState::ByHand];
    let found = Entity::find()
        .filter(Column::BackendId.eq(backend))
        .filter(Column::State.is_in(to_be_written.map(NameChangeState::as_str)));
    Ok(found.one(connection).await?.is_some())
}

/// The changes of an address, newest first; of a project only its own, for others had the address before. The caller has
/// judged who asks.
pub(crate) async fn of_address(
    core: &Core,
    address: &address::Model,
    project: Option<ProjectId>,
) -> Result<Vec<NameChange>> {
    let mut rows = Entity::find().filter(Column::AddressId.eq(address.id));
    if let Some(project) = project {
        rows = rows.filter(Column::ProjectId.eq(project.uuid()));
    }
    let rows = rows.order_by_desc(Column::Id).limit(HISTORY).all(core.db.read()).await?;
    let numbers = tickets::numbers(core, rows.iter().filter_map(|row| row.ticket_id).collect()).await?;
    let mut newest = true;
    let mut changes = Vec::with_capacity(rows.len());
    for row in rows {
        let number = row.ticket_id.and_then(|id| numbers.get(&id).copied());
        let last = newest && row.project_id == address.project_id;
        let change = view(core, row, &address.text, number, last).await?;
        newest = false;
        changes.push(change);
    }
    Ok(changes)
}

/// The last change a ticket led to.
pub(crate) async fn of_ticket(core: &Core, ticket: &ticket::Model) -> Result<Option<NameChange>> {
    let last = Entity::find().filter(Column::TicketId.eq(ticket.id)).order_by_desc(Column::Id);
    let Some(row) = last.one(core.db.read()).await? else { return Ok(None) };
    let address = addresses::row(core.db.read(), row.address_id).await?;
    let newest = Entity::find().filter(Column::AddressId.eq(address.id)).order_by_desc(Column::Id);
    let newest = newest.one(core.db.read()).await?.is_some_and(|newest| newest.id == row.id);
    let newest = newest && row.project_id == address.project_id;
    let number = u64::try_from(ticket.number).unwrap_or_default();
    view(core, row, &address.text, Some(number), newest).await.map(Some)
}

/// The project that gave the address the name it has now.
pub(crate) async fn named_by(connection: &impl ConnectionTrait, address: Uuid) -> Result<Option<Uuid>> {
    let written = Entity::find()
        .filter(Column::AddressId.eq(address))
        .filter(Column::WrittenAt.is_not_null())
        .order_by_desc(Column::Id);
    Ok(written.one(connection).await?.and_then(|row| row.project_id))
}

/// Puts the names before a change back: a change of its own. The service desk, with the password typed a moment ago; of
/// an address the relay sends from an operator. `Conflict` when it is not the last change, or there were several names.
pub async fn roll_back(core: &Core, actor: &Actor, id: NameChangeId) -> Result<NameChangeId> {
    projects::authorize_desk(actor)?;
    sign_in::recent(core, actor)?;
    let transaction = core.db.begin().await?;
    let row = Entity::find_by_id(id.uuid()).lock_exclusive().one(&transaction).await?.ok_or(Error::NotFound)?;
    let address = addresses::row(&transaction, row.address_id).await?;
    if egress::sends_from(&transaction, &address).await? {
        projects::authorize_operator(actor)?;
    }
    let newest = Entity::find().filter(Column::AddressId.eq(address.id)).order_by_desc(Column::Id);
    let newest = newest.one(&transaction).await?.is_some_and(|newest| newest.id == row.id);
    // What was before belonged to the project that had the address then.
    let newest = newest && row.project_id == address.project_id;
    if !can_roll_back(&row, newest)? {
        return Err(Error::conflict(
            "Only the last change of an address can be rolled back, once, to one name or none",
        ));
    }
    let range = ranges::row(&transaction, address.range_id).await?;
    let (before, after) = (row.after.clone().into_iter().collect(), names(&row)?.into_iter().next());
    let change = Order {
        address: &address,
        range: &range,
        after: after.clone(),
        before,
        cause: ChangeCause::RollBack,
        ticket: row.ticket_id,
    };
    let new = order(core, &transaction, actor, change).await?;
    let project = address.project_id.map(ProjectId::from_uuid);
    let changes = vec![audit::field("ptr", row.after.clone(), after)];
    audit::record(core, &transaction, actor, project, "address.roll_back", &address.text, changes).await?;
    let mut row = row.into_active_model();
    row.rolled_back = sea_orm::ActiveValue::Set(true);
    row.update(&transaction).await?;
    transaction.commit().await?;
    Ok(new)
}

/// Says that the zone snippet of a change was applied: it is read back from now on. The service desk. `Conflict` when
/// there is nothing to be applied by hand.
pub async fn confirm_applied(core: &Core, actor: &Actor, id: NameChangeId) -> Result<()> {
    projects::authorize_desk(actor)?;
    let row = Entity::find_by_id(id.uuid()).one(core.db.read()).await?.ok_or(Error::NotFound)?;
    let follower = tickets::follower(core, &row).await?;
    let transaction = core.db.begin().await?;
    let row = Entity::find_by_id(row.id).lock_exclusive().one(&transaction).await?.ok_or(Error::NotFound)?;
    if row.state != NameChangeState::ByHand.as_str() {
        return Err(Error::conflict("There is nothing to be applied by hand"));
    }
    let address = addresses::row(&transaction, row.address_id).await?;
    let project = address.project_id.map(ProjectId::from_uuid);
    let changes = vec![audit::field("ptr", None::<String>, row.after.clone())];
    audit::record(core, &transaction, actor, project, "address.confirm_applied", &address.text, changes).await?;
    work::written(core, transaction, row, follower).await
}

/// The exact change a row stands for.
fn ptr_change(row: &Model) -> Result<PtrChange> {
    Ok(PtrChange {
        zone: ZoneName::parse(&row.zone).map_err(Error::internal)?,
        owner: row.owner.clone(),
        before: names(row)?,
        after: row.after.clone(),
        ttl: u32::try_from(row.ttl).unwrap_or_default(),
    })
}

/// The names before.
fn names(row: &Model) -> Result<Vec<String>> {
    row.before.as_deref().map_or(Ok(Vec::new()), |text| serde_json::from_str(text).map_err(Error::internal))
}

fn state(row: &Model) -> Result<NameChangeState> {
    NameChangeState::parse(&row.state).ok_or_else(|| Error::internal("unknown state of a change"))
}

fn cause(row: &Model) -> Result<ChangeCause> {
    ChangeCause::parse(&row.cause).ok_or_else(|| Error::internal("unknown cause of a change"))
}

fn can_roll_back(row: &Model, newest: bool) -> Result<bool> {
    Ok(newest
        && state(row)? == NameChangeState::Done
        && !row.rolled_back
        && names(row)?.len() <= 1
        && names(row)?.first() != row.after.as_ref())
}

async fn view(core: &Core, row: Model, address: &str, ticket: Option<u64>, newest: bool) -> Result<NameChange> {
    let state = state(&row)?;
    let by_hand = match (state, row.backend_id) {
        (NameChangeState::ByHand, Some(backend)) => {
            Some(dns_backends::open(core, backend).await?.describe(&ptr_change(&row)?))
        }
        _ => None,
    };
    Ok(NameChange {
        id: NameChangeId::from_uuid(row.id),
        address: address.to_owned(),
        state,
        cause: cause(&row)?,
        before: row.before.is_some().then(|| names(&row)).transpose()?,
        can_roll_back: can_roll_back(&row, newest)?,
        after: row.after,
        actor: row.actor,
        at: Timestamp(row.at),
        written_at: row.written_at.map(Timestamp),
        ended_at: row.ended_at.map(Timestamp),
        next_at: row.next_at.map(Timestamp),
        attempts: u32::try_from(row.attempts).unwrap_or_default(),
        said: row.said.as_deref().map_or(Ok(Vec::new()), serde_json::from_str).map_err(Error::internal)?,
        error: row.error,
        by_hand,
        ticket,
    })
}

fn json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(Error::internal)
}

#[cfg(test)]
mod tests;
