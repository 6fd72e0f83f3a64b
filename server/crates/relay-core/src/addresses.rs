//! The address inventory: which address or prefix is whose, which name it has, and what DNS says of it.
//!
//! Owns the table `address`. A row is a single address, or a prefix of a project; an address in a prefix gets a row of
//! its own when somebody asks a name for it. Rows do not overlap but for that. Names change by `name_changes` alone.

pub(crate) mod import;

use crate::{
    Core, Error, Result, ranges,
    tables::address::{ActiveModel, Column, Entity, Model},
};
use relay_types::{
    cidr::sort_key,
    project::ProjectId,
    reverse::{Fcrdns, ForwardFound, PtrFound},
};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};
use std::net::IpAddr;
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
    // Prefixes do not overlap, so only the last one that begins before it can hold it.
    let before = Entity::find().filter(Column::Prefix.eq(true)).filter(Column::First.lte(key.clone()));
    let before = before.order_by_desc(Column::First).one(connection).await?;
    Ok(before.filter(|row| row.last >= key))
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
        egress: false,
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
    use sea_orm::IntoActiveModel;
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

/// What a look at DNS found, for the row: the PTR answer, the answers for its names, and whether both agree.
pub(crate) fn found(row: &mut ActiveModel, ptr: &PtrFound, forward: &[ForwardFound]) -> Result<()> {
    let json = |error: serde_json::Error| Error::internal(error);
    row.ptr = Set(Some(serde_json::to_string(ptr).map_err(json)?));
    row.names = Set(Some(ptr.names.join(" ")));
    row.forward = Set(forward.first().map(serde_json::to_string).transpose().map_err(json)?);
    row.fcrdns = Set(Some(Fcrdns::judge(ptr, forward).as_str().to_owned()));
    row.checked_at = Set(Some(ptr.asked_at.0));
    Ok(())
}
