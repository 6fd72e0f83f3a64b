//! Taking addresses and prefixes from their projects.

use super::{
    assign::inside,
    ip,
    placing::{Held, Known},
    prefix_of, row,
};
use crate::{
    Actor, Core, Error, Result,
    audit::{self, field},
    projects, ranges,
    tables::{
        address::{ActiveModel, Column, Entity, Model},
        name_change, ticket,
    },
    tickets,
};
use relay_types::{address::AddressId, project::ProjectId};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect, QueryTrait,
};

/// Takes an address or a prefix from its project; gives whether it stays in the inventory: a prefix, and an address of
/// which there is no history, leave it. Operator only. `Conflict` while it has a name of its own or an open ticket, or
/// its name is being changed.
pub async fn release(core: &Core, actor: &Actor, id: AddressId) -> Result<bool> {
    projects::authorize_operator(actor)?;
    let transaction = core.db.begin().await?;
    ranges::lock(&transaction).await?;
    tickets::lock(&transaction).await?;
    let own = row(&transaction, id.uuid()).await?;
    if !own.prefix
        && own.project_id.is_some()
        && let Some(prefix) = prefix_of(&transaction, ip(&own)?).await?
        && prefix.project_id == own.project_id
    {
        return Err(Error::conflict(format!("It lies in {}; release that", prefix.text)));
    }
    let those = those_of(&own);
    let rows = Entity::find().filter(those.clone()).lock_exclusive().all(&transaction).await?;
    let projects = projects::named(&transaction, None).await?;
    let held = Held::of(&transaction, rows.iter()).await?;
    let known = Known { projects: &projects, held: &held, now: core.now() };
    names_of_released(&rows)?;
    for row in &rows {
        known.may_move(row).map_err(Error::conflict)?;
    }
    take(&transaction, &those).await?;
    let project = own.project_id.map(ProjectId::from_uuid);
    let action = if project.is_some() { "address.release" } else { "address.remove" };
    let changes = match project {
        Some(_) => vec![field("project", Some(known.whose(own.project_id)), None::<&str>)],
        None => Vec::new(),
    };
    audit::record(core, &transaction, actor, project, action, &own.text, changes).await?;
    let stays = Entity::find_by_id(own.id).one(&transaction).await?.is_some();
    transaction.commit().await?;
    Ok(stays)
}

/// The row, and of a prefix those of its project that lie in it.
fn those_of(own: &Model) -> Condition {
    let itself = Condition::any().add(Column::Id.eq(own.id));
    match own.project_id {
        Some(project) if own.prefix => {
            itself.add(Condition::all().add(inside(&own.first, &own.last)).add(Column::ProjectId.eq(project)))
        }
        _ => itself,
    }
}

/// What becomes of the names of addresses that leave their project: they must have been removed before.
fn names_of_released(rows: &[Model]) -> Result<()> {
    match rows.iter().find_map(|row| Some((row, row.wanted.as_ref()?))) {
        Some((row, name)) => Err(Error::conflict(format!("{} has the name {name}; remove its name first", row.text))),
        None => Ok(()),
    }
}

/// Takes the rows out of the inventory, or, when tickets or changes of names tell of them, from their project.
async fn take(transaction: &DatabaseTransaction, those: &Condition) -> Result<()> {
    let changed = name_change::Entity::find().select_only().column(name_change::Column::AddressId);
    let asked = ticket::Entity::find().select_only().column(ticket::Column::AddressId);
    let asked = asked.filter(ticket::Column::AddressId.is_not_null());
    Entity::delete_many()
        .filter(those.clone())
        .filter(Column::Id.not_in_subquery(changed.into_query()))
        .filter(Column::Id.not_in_subquery(asked.into_query()))
        .exec(transaction)
        .await?;
    let change = ActiveModel {
        project_id: Set(None),
        note: Set(String::new()),
        missing_since: Set(None),
        warned_at: Set(None),
        kept: Set(false),
        ..Default::default()
    };
    Entity::update_many().set(change).filter(those.clone()).exec(transaction).await?;
    Ok(())
}
