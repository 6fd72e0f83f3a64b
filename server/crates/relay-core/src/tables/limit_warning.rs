//! Rows of warnings about limits that were sent.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "limit_warning")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) subject_id: Uuid,
    /// The word of a `LimitPeriod`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) period: String,
    /// Percent.
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) level: i32,
    /// Nobody is warned of the same again before.
    pub(crate) until: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
