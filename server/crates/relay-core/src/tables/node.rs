//! Rows of nodes: processes that serve this database.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "node")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) run: Uuid,
    pub(crate) host: String,
    pub(crate) version: String,
    pub(crate) roles: String,
    pub(crate) started_at: i64,
    pub(crate) seen_at: i64,
    pub(crate) stopped_at: Option<i64>,
    pub(crate) leader: bool,
    pub(crate) load: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
