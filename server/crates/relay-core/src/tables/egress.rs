//! Rows of egress addresses.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "egress")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    /// Its one form: as `IpAddr` is written.
    pub(crate) address: String,
    /// None for the name of the relay.
    pub(crate) ehlo: Option<String>,
    /// The worst severity of the last report.
    pub(crate) worst: Option<String>,
    pub(crate) to_mend: i32,
    #[sea_orm(column_type = "Text", nullable)]
    pub(crate) override_reason: Option<String>,
    pub(crate) checked_at: Option<i64>,
    pub(crate) next_check_at: i64,
    /// Since when somebody waits for a check.
    pub(crate) asked_at: Option<i64>,
    pub(crate) created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
