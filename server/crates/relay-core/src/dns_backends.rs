//! DNS back ends: what writes reverse zones, with their sealed secrets.
//!
//! Owns the table `dns_backend`. A secret comes in once and is never shown again.

use crate::{
    Core, Error, Result,
    tables::dns_backend::{Column, Entity, Model},
};
use relay_dns::BackEnd;
use relay_types::{dns_backend::DnsBackendId, range::BackendName};
use sea_orm::{ConnectionTrait, EntityTrait, QueryOrder};
use uuid::Uuid;

/// A row by its identifier.
pub(crate) async fn row(connection: &impl ConnectionTrait, id: Uuid) -> Result<Model> {
    Entity::find_by_id(id).one(connection).await?.ok_or(Error::NotFound)
}

/// All of them as others name them, by label.
pub(crate) async fn names(connection: &impl ConnectionTrait) -> Result<Vec<BackendName>> {
    let rows = Entity::find().order_by_asc(Column::Label).all(connection).await?;
    Ok(rows.into_iter().map(|row| BackendName { id: DnsBackendId::from_uuid(row.id), label: row.label }).collect())
}

/// The back end, ready to write, with its secret opened.
pub(crate) async fn open(_core: &Core, _id: Uuid) -> Result<BackEnd> {
    Err(Error::NotFound)
}
