//! Rows of the last reports of DNS health, by the domain or egress address they are about.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "report")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) owner_id: Uuid,
    /// JSON of `Report`, deflated; null until the next check makes one anew.
    pub(crate) packed: Option<Vec<u8>>,
    /// JSON: what the contacts were told of each check.
    #[sea_orm(column_type = "Text")]
    pub(crate) told: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
