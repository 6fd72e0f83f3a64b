//! The address inventory: which address or prefix is whose, which name it has, and what DNS says of it.
//!
//! Owns the table `address`. A row is a single address, or a prefix of a project; an address in a prefix gets a row of
//! its own when somebody asks a name for it. Rows do not overlap but for that. Names change by `name_changes` alone.

mod assign;
pub(crate) mod import;
mod list;
mod look;
mod placing;
mod release;
mod view;

pub use self::{
    assign::{assign, set_egress, set_note},
    import::begin as import,
    list::{list, list_all, list_of_range},
    look::{check, look_at_new},
    release::release,
    view::{get, get_for_desk},
};
pub(crate) use look::found;

use crate::{
    Core, Error, Result, ranges,
    tables::address::{Column, Entity, Model},
};
use relay_types::{Cidr, cidr::sort_key, project::ProjectId};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use std::{collections::HashMap, net::IpAddr};
use uuid::Uuid;

/// How many addresses and prefixes a project has.
pub(crate) async fn count(core: &Core, project: ProjectId) -> Result<u64> {
    Ok(Entity::find().filter(Column::ProjectId.eq(project.uuid())).count(core.db.read()).await?)
}

/// A row by its identifier.
pub(crate) async fn row(connection: &impl ConnectionTrait, id: Uuid) -> Result<Model> {
    Entity::find_by_id(id).one(connection).await?.ok_or(Error::NotFound)
}

/// The row of an address: its own, or that of the prefix it lies in. Two reads by index.
pub(crate) async fn of_ip(connection: &impl ConnectionTrait, ip: IpAddr) -> Result<Option<Model>> {
    let key = sort_key(ip).to_vec();
    let own = Entity::find().filter(Column::First.eq(key.clone())).filter(Column::Last.eq(key.clone()));
    if let Some(own) = own.one(connection).await? {
        return Ok(Some(own));
    }
    prefix_of(connection, ip).await
}

/// The prefix an address lies in.
pub(crate) async fn prefix_of(connection: &impl ConnectionTrait, ip: IpAddr) -> Result<Option<Model>> {
    let key = sort_key(ip).to_vec();
    // Prefixes do not overlap, so only the last one that begins before it can hold it.
    let before = Entity::find().filter(Column::Prefix.eq(true)).filter(Column::First.lte(key.clone()));
    let before = before.order_by_desc(Column::First).one(connection).await?;
    Ok(before.filter(|row| row.last >= key))
}

/// How many addresses and prefixes each range has, and how many of them have a name of their own.
pub(crate) async fn counts(connection: &impl ConnectionTrait) -> Result<HashMap<Uuid, (u64, u64)>> {
    let counts: Vec<(Uuid, i64, i64)> = Entity::find()
        .select_only()
        .column(Column::RangeId)
        .column_as(Column::Id.count(), "all")
        .column_as(Column::Wanted.count(), "named")
        .group_by(Column::RangeId)
        .into_tuple()
        .all(connection)
        .await?;
    let count = |stored: i64| u64::try_from(stored).unwrap_or_default();
    Ok(counts.into_iter().map(|(range, all, named)| (range, (count(all), count(named)))).collect())
}

/// The text of an address or prefix of the range that does not lie in the block.
pub(crate) async fn outside(connection: &impl ConnectionTrait, range: Uuid, block: &Cidr) -> Result<Option<String>> {
    let (first, last) = block.bounds();
    let beyond = Condition::any().add(Column::First.lt(first.to_vec())).add(Column::Last.gt(last.to_vec()));
    let found = Entity::find().filter(Column::RangeId.eq(range)).filter(beyond).order_by_asc(Column::First);
    Ok(found.one(connection).await?.map(|row| row.text))
}

/// The row of a single address that belongs to `holder` (itself, or the prefix it lies in); made when it is missing.
pub(crate) async fn own_row(
    core: &Core,
    transaction: &impl ConnectionTrait,
    holder: Model,
    ip: IpAddr,
) -> Result<Model> {
    if !holder.prefix {
        return Ok(holder);
    }
    let key = sort_key(ip).to_vec();
    let row = Model {
        id: core.new_id::<()>().uuid(),
        text: ip.to_canonical().to_string(),
        prefix: false,
        first: key.clone(),
        last: key,
        note: String::new(),
        wanted: None,
        ptr: None,
        names: None,
        forward: None,
        fcrdns: None,
        checked_at: None,
        missing_since: None,
        warned_at: None,
        kept: false,
        created_at: core.now().0,
        ..holder
    };
    Entity::insert(row.clone().into_active_model()).exec_without_returning(transaction).await?;
    Ok(row)
}

/// The single address of a row.
pub(crate) fn ip(row: &Model) -> Result<IpAddr> {
    row.text.parse().map_err(|_| Error::internal(format!("{} is no single address", row.text)))
}

/// The name the address has when nobody asked for another; none when its range has no template.
pub(crate) async fn default_name(connection: &impl ConnectionTrait, row: &Model) -> Result<Option<String>> {
    let range = ranges::row(connection, row.range_id).await?;
    Ok(ranges::default_name(&range, ip(row)?))
}

#[cfg(test)]
mod tests;
