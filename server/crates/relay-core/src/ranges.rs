//! Ranges of the inventory: blocks of addresses, the default names in them, and what writes their reverse zone.
//!
//! Owns the table `address_range`. Ranges do not overlap.

use crate::{
    Error, Result,
    tables::address_range::{Column, Entity, Model},
};
use relay_types::{
    cidr::sort_key,
    range::PtrTemplate,
    reverse_name::{ZoneName, owner_in},
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use std::net::IpAddr;
use uuid::Uuid;

/// A row by its identifier.
pub(crate) async fn row(connection: &impl ConnectionTrait, id: Uuid) -> Result<Model> {
    Entity::find_by_id(id).one(connection).await?.ok_or(Error::NotFound)
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
