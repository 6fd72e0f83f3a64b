//! DNS back ends: what writes reverse zones, with their sealed secrets.
//!
//! Owns the table `dns_backend`. A secret comes in once and is never shown again.

use crate::{
    Core, Error, Result,
    tables::dns_backend::{Entity, Model},
};
use relay_dns::BackEnd;
use sea_orm::{ConnectionTrait, EntityTrait};
use uuid::Uuid;

/// A row by its identifier.
pub(crate) async fn row(connection: &impl ConnectionTrait, id: Uuid) -> Result<Model> {
    Entity::find_by_id(id).one(connection).await?.ok_or(Error::NotFound)
}

/// The back end, ready to write, with its secret opened.
pub(crate) async fn open(_core: &Core, _id: Uuid) -> Result<BackEnd> {
    Err(Error::NotFound)
}
