//! Giving addresses and prefixes to projects, one at a time.

use super::{
    ip,
    placing::{Around, Held, Known, Placed, Wanted, place},
    row,
};
use crate::{
    Actor, Core, Error, Result,
    audit::{self, field, yes_no},
    egress,
    projects::{self, Named},
    ranges,
    tables::{
        address::{ActiveModel, Column, Entity, Model},
        address_range,
    },
    tickets,
};
use relay_types::{
    Cidr,
    address::{AddressId, AssignInput},
    project::ProjectId,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder,
};
use std::collections::HashMap;
use uuid::Uuid;

/// Gives an address or a prefix to a project, or notes one of no project; what is there already is changed. Operator
/// only. Fields: `project`, `block`, `note`. `Conflict` when it would have to leave another project with a name or an
/// open ticket.
pub async fn assign(core: &Core, actor: &Actor, input: &AssignInput) -> Result<AddressId> {
    projects::authorize_operator(actor)?;
    let block = Cidr::parse(input.block.trim()).map_err(|error| Error::invalid("block", error.to_string()))?;
    let note = note_of(&input.note)?;
    let transaction = core.db.begin().await?;
    ranges::lock(&transaction).await?;
    tickets::lock(&transaction).await?;
    let projects = projects::named(&transaction, None).await?;
    let project = project_of(&projects, &input.project).map_err(|reason| Error::invalid("project", reason))?;
    let range = range_of(&ranges::rows(&transaction).await?, &block).map_err(|why| Error::invalid("block", why))?;
    let around = around(&transaction, &block, project).await?;
    let held = Held::of(&transaction, around.own.iter().chain(&around.inside)).await?;
    let known = Known { projects: &projects, held: &held, now: core.now() };
    let wanted = Wanted { block, project, note: Some(note), egress: Some(input.egress) };
    let placed = place(wanted, &range, around, &known, core.new_id::<()>().uuid()).map_err(Error::conflict)?;
    let id = placed.id;
    store(core, &transaction, actor, &block, placed).await?;
    transaction.commit().await?;
    Ok(AddressId::from_uuid(id))
}

/// Says that the relay sends from an address, or that it does not. Operator only.
pub async fn set_egress(core: &Core, actor: &Actor, id: AddressId, sends: bool) -> Result<()> {
    projects::authorize_operator(actor)?;
    let transaction = core.db.begin().await?;
    let row = row(&transaction, id.uuid()).await?;
    let before = egress::sends_from(&transaction, &row).await?;
    if before == sends {
        return Ok(());
    }
    egress::put(core, &transaction, ip(&row)?, sends).await?;
    let changes = vec![field("egress", Some(yes_no(before)), Some(yes_no(sends)))];
    let project = row.project_id.map(ProjectId::from_uuid);
    audit::record(core, &transaction, actor, project, "address.edit", &row.text, changes).await?;
    Ok(transaction.commit().await?)
}

/// Says what an address is for; the project reads it, too. Operator only. Field: `note`.
pub async fn set_note(core: &Core, actor: &Actor, id: AddressId, note: &str) -> Result<()> {
    projects::authorize_operator(actor)?;
    let note = note_of(note)?;
    change(core, actor, id, |row| {
        let filled = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let field = field("note", filled(&row.note), filled(&note));
        (ActiveModel { note: Set(note), ..Default::default() }, field)
    })
    .await
}

async fn change(
    core: &Core,
    actor: &Actor,
    id: AddressId,
    set: impl FnOnce(&Model) -> (ActiveModel, relay_types::audit::FieldChange),
) -> Result<()> {
    projects::authorize_operator(actor)?;
    let transaction = core.db.begin().await?;
    let row = row(&transaction, id.uuid()).await?;
    let (change, field) = set(&row);
    if field.before == field.after {
        return Ok(());
    }
    Entity::update_many().set(change).filter(Column::Id.eq(row.id)).exec(&transaction).await?;
    let project = row.project_id.map(ProjectId::from_uuid);
    audit::record(core, &transaction, actor, project, "address.edit", &row.text, vec![field]).await?;
    Ok(transaction.commit().await?)
}

/// Writes what was judged down.
async fn store(
    core: &Core,
    transaction: &DatabaseTransaction,
    actor: &Actor,
    block: &Cidr,
    placed: Placed,
) -> Result<()> {
    if let (Some(sends), Some(address)) = (placed.egress, block.single()) {
        egress::put(core, transaction, address, sends).await?;
    }
    if let Some(row) = placed.insert {
        Entity::insert(row.into_active_model()).exec_without_returning(transaction).await?;
    }
    for row in placed.update {
        update(transaction, row).await?;
    }
    for entry in placed.entries {
        let project = entry.project.map(ProjectId::from_uuid);
        audit::record(core, transaction, actor, project, entry.action, &entry.subject, entry.changes).await?;
    }
    Ok(())
}

/// Writes what [`place`] may change of a row; what DNS says of it may be written by others meanwhile.
pub(super) async fn update(transaction: &DatabaseTransaction, row: Model) -> Result<()> {
    let change = ActiveModel {
        project_id: Set(row.project_id),
        note: Set(row.note),
        missing_since: Set(row.missing_since),
        warned_at: Set(row.warned_at),
        kept: Set(row.kept),
        ..Default::default()
    };
    Entity::update_many().set(change).filter(Column::Id.eq(row.id)).exec(transaction).await?;
    Ok(())
}

/// What the inventory has where a block shall be.
pub(super) async fn around(connection: &impl ConnectionTrait, block: &Cidr, project: Option<Uuid>) -> Result<Around> {
    let (first, last) = block.bounds();
    let this = Entity::find().filter(Column::First.eq(first.to_vec())).filter(Column::Last.eq(last.to_vec()));
    let own = this.one(connection).await?;
    // Prefixes do not overlap, so only the last one that begins before it can hold it.
    let before = Entity::find().filter(Column::Prefix.eq(true)).filter(Column::First.lte(first.to_vec()));
    let before = before.order_by_desc(Column::First).one(connection).await?;
    let prefix = before.filter(|row| row.last[..] >= first[..] && own.as_ref().is_none_or(|own| own.id != row.id));
    let mut inside = Vec::new();
    if block.single().is_none() {
        let mut rows = Entity::find().filter(self::inside(&first, &last)).order_by_asc(Column::First);
        if let Some(own) = &own {
            rows = rows.filter(Column::Id.ne(own.id));
        }
        let mut others = Condition::any().add(Column::Prefix.eq(true)).add(Column::ProjectId.is_null());
        if let Some(project) = project {
            others = others.add(Column::ProjectId.ne(project));
        }
        rows = if project.is_some() { rows.filter(others) } else { rows };
        inside = rows.all(connection).await?;
    }
    Ok(Around { own, prefix, inside })
}

/// Rows that begin in a block; prefixes being what they are, those that lie in it.
pub(super) fn inside(first: &[u8], last: &[u8]) -> Condition {
    Condition::all().add(Column::First.gte(first.to_vec())).add(Column::First.lte(last.to_vec()))
}

/// What was found, or why it cannot be, in words.
type Judged<T> = std::result::Result<T, String>;

/// The range a block lies in.
pub(super) fn range_of(ranges: &[address_range::Model], block: &Cidr) -> Judged<address_range::Model> {
    let (first, last) = block.bounds();
    let at = ranges.partition_point(|range| range.first[..] <= first[..]);
    let range = at.checked_sub(1).map(|at| &ranges[at]).filter(|range| range.last[..] >= first[..]);
    match range {
        Some(range) if range.last[..] >= last[..] => Ok(range.clone()),
        Some(range) => Err(format!("It is larger than {} ({})", range.label, range.block)),
        None => Err("It lies in no range; add the range first".to_owned()),
    }
}

/// The project of a place in URLs; none for an empty one.
pub(super) fn project_of(projects: &HashMap<Uuid, Named>, typed: &str) -> Judged<Option<Uuid>> {
    match typed.trim() {
        "" => Ok(None),
        slug => match projects.values().find(|project| project.slug == slug) {
            Some(project) => Ok(Some(project.id)),
            None => Err(format!("There is no project {slug}")),
        },
    }
}

/// A note as stored: at most 200 characters on one line, may be empty.
pub(super) fn note_of(typed: &str) -> Result<String> {
    let note = typed.trim();
    if note.chars().count() > 200 || note.chars().any(char::is_control) {
        return Err(Error::invalid("note", "Use one line of at most 200 characters"));
    }
    Ok(note.to_owned())
}
