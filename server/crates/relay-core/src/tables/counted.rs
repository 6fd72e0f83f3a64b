//! Counts of a project or account (the subject) in a minute or an hour.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "counted")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) subject_id: Uuid,
    /// `minute` or `hour`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) per: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) from_at: i64,
    pub(crate) accepted: i64,
    pub(crate) delivered: i64,
    pub(crate) deferred: i64,
    pub(crate) bounced: i64,
    pub(crate) refused: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
