//! Rows of who used which secret from which address.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "service_account_source")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) service_account_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) secret_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) address: String,
    pub(crate) first_used_at: i64,
    pub(crate) last_used_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
