//! Rows of live secrets: an Argon2id hash and the last four characters.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "service_account_secret")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) service_account_id: Uuid,
    pub(crate) hash: String,
    pub(crate) hint: String,
    pub(crate) created_at: i64,
    pub(crate) last_used_at: Option<i64>,
    /// Whether a person saw it; a report that is yet to be written has not told it.
    pub(crate) told: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
