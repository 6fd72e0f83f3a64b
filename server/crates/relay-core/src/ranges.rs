//! Ranges of the inventory: blocks of addresses, the default names in them, and what writes their reverse zone.
//!
//! Owns the table `address_range`. Ranges do not overlap.

mod judge;

use crate::{
    Actor, Core, Error, Result, addresses,
    audit::{self, field},
    dns_backends, projects,
    tables::address_range::{Column, Entity, Model},
};
use relay_types::{
    Cidr,
    audit::FieldChange,
    cidr::sort_key,
    dns_backend::DnsBackendId,
    range::{PtrTemplate, Range, RangeId, RangeInput},
    reverse_name::{ZoneName, owner_in},
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, IntoActiveModel,
    ModelTrait, QueryFilter, QueryOrder,
};
use std::net::IpAddr;
use uuid::Uuid;

/// All ranges, by address. The service desk, operators.
pub async fn list(core: &Core, actor: &Actor) -> Result<Vec<Range>> {
    projects::authorize_desk(actor)?;
    shown(core, Entity::find().order_by_asc(Column::First).all(core.db.read()).await?).await
}

/// A range. The service desk, operators.
pub async fn get(core: &Core, actor: &Actor, id: RangeId) -> Result<Range> {
    projects::authorize_desk(actor)?;
    let found = shown(core, vec![row(core.db.read(), id.uuid()).await?]).await?;
    found.into_iter().next().ok_or(Error::NotFound)
}

/// Adds a range. Operator only. Fields: those of [`RangeInput`].
pub async fn add(core: &Core, actor: &Actor, input: &RangeInput) -> Result<RangeId> {
    projects::authorize_operator(actor)?;
    let transaction = core.db.begin().await?;
    lock(&transaction).await?;
    let judged = judge::judge(&transaction, input, None).await?;
    let id: RangeId = core.new_id();
    let changes = judged.fields(None, &dns_backends::names(&transaction).await?);
    let subject = judged.label.clone();
    let new = judged.row(id.uuid(), core.now());
    Entity::insert(new.into_active_model()).exec_without_returning(&transaction).await?;
    audit::record(core, &transaction, actor, None, "range.add", &subject, changes).await?;
    transaction.commit().await?;
    Ok(id)
}

/// Changes a range; gives whether anything is different. Names that are in DNS stay as they are. Operator only. Fields:
/// those of [`RangeInput`].
pub async fn edit(core: &Core, actor: &Actor, id: RangeId, input: &RangeInput) -> Result<bool> {
    projects::authorize_operator(actor)?;
    let transaction = core.db.begin().await?;
    lock(&transaction).await?;
    let before = row(&transaction, id.uuid()).await?;
    let judged = judge::judge(&transaction, input, Some(&before)).await?;
    if let Some(outside) = addresses::outside(&transaction, before.id, &judged.block).await? {
        return Err(Error::invalid("block", format!("{outside} is in the range and would be outside of this block")));
    }
    let mut changes = judged.fields(Some(&before), &dns_backends::names(&transaction).await?);
    changes.retain(|change| change.before != change.after);
    if changes.is_empty() {
        return Ok(false);
    }
    let subject = judged.label.clone();
    let created_at = relay_types::Timestamp(before.created_at);
    judged.row(before.id, created_at).into_active_model().reset_all().update(&transaction).await?;
    audit::record(core, &transaction, actor, None, "range.edit", &subject, changes).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Removes a range. Operator only. `Conflict` while addresses or prefixes are in it.
pub async fn remove(core: &Core, actor: &Actor, id: RangeId) -> Result<()> {
    projects::authorize_operator(actor)?;
    let transaction = core.db.begin().await?;
    lock(&transaction).await?;
    let row = row(&transaction, id.uuid()).await?;
    let (all, _) = addresses::counts(&transaction).await?.remove(&row.id).unwrap_or_default();
    if all > 0 {
        let what = if all == 1 { "1 address or prefix is".to_owned() } else { format!("{all} addresses are") };
        return Err(Error::conflict(format!("{what} in {}; release them first", row.label)));
    }
    let changes: Vec<FieldChange> =
        vec![field("block", Some(&row.block), None::<&str>), field("zone", Some(&row.zone), None::<&str>)];
    audit::record(core, &transaction, actor, None, "range.remove", &row.label, changes).await?;
    row.delete(&transaction).await?;
    Ok(transaction.commit().await?)
}

/// A row by its identifier.
pub(crate) async fn row(connection: &impl ConnectionTrait, id: Uuid) -> Result<Model> {
    Entity::find_by_id(id).one(connection).await?.ok_or(Error::NotFound)
}

/// All rows, by address.
pub(crate) async fn rows(connection: &impl ConnectionTrait) -> Result<Vec<Model>> {
    Ok(Entity::find().order_by_asc(Column::First).all(connection).await?)
}

/// The range an address lies in.
pub(crate) async fn of_ip(connection: &impl ConnectionTrait, ip: IpAddr) -> Result<Option<Model>> {
    let key = sort_key(ip).to_vec();
    let before = Entity::find().filter(Column::First.lte(key.clone())).order_by_desc(Column::First);
    Ok(before.one(connection).await?.filter(|row| row.last >= key))
}

/// The default name of an address in the range.
pub(crate) fn default_name(range: &Model, ip: IpAddr) -> Option<String> {
    PtrTemplate::stored(range.template.as_ref()?).name_of(ip)
}

/// The reverse zone of the range, and the owner of an address's PTR record in it (RFC 2317 too).
pub(crate) fn owner(range: &Model, ip: IpAddr) -> Result<(ZoneName, String)> {
    let zone = ZoneName::parse(&range.zone).map_err(Error::internal)?;
    let owner = owner_in(&zone, ip).map_err(|error| Error::conflict(error.to_string()))?;
    Ok((zone, owner))
}

/// Labels and zones of the ranges that use a DNS back end, by label.
pub(crate) async fn of_backend(connection: &impl ConnectionTrait, backend: Uuid) -> Result<Vec<(String, String)>> {
    let users = Entity::find().filter(Column::BackendId.eq(backend)).order_by_asc(Column::Label);
    Ok(users.all(connection).await?.into_iter().map(|row| (row.label, row.zone)).collect())
}

/// Until the end of the transaction nobody else changes which ranges, prefixes and addresses there are. SQLite has one
/// writer at a time; PostgreSQL would let two transactions miss each other's block.
pub(crate) async fn lock(transaction: &DatabaseTransaction) -> Result<()> {
    if transaction.get_database_backend() == DbBackend::Postgres {
        transaction.execute_unprepared("LOCK TABLE address_range IN SHARE ROW EXCLUSIVE MODE").await?;
    }
    Ok(())
}

async fn shown(core: &Core, rows: Vec<Model>) -> Result<Vec<Range>> {
    let mut counts = addresses::counts(core.db.read()).await?;
    let backends = dns_backends::names(core.db.read()).await?;
    let shown = rows.into_iter().map(|row| {
        let (addresses, named) = counts.remove(&row.id).unwrap_or_default();
        let backend = row.backend_id.map(DnsBackendId::from_uuid);
        Ok(Range {
            id: RangeId::from_uuid(row.id),
            block: Cidr::parse(&row.block).map_err(Error::internal)?,
            template: row.template.as_deref().map(PtrTemplate::stored),
            zone: ZoneName::parse(&row.zone).map_err(Error::internal)?,
            ttl: u32::try_from(row.ttl).unwrap_or(Range::TTL),
            backend: backends.iter().find(|name| Some(name.id) == backend).cloned(),
            label: row.label,
            site: row.site,
            addresses,
            named,
        })
    });
    shown.collect()
}

#[cfg(test)]
mod tests;
