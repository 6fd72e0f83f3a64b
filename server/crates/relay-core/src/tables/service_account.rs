//! Rows of service accounts. Lists are JSON; a removed account keeps its row.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "service_account")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) project_id: Uuid,
    pub(crate) label: String,
    pub(crate) username: String,
    pub(crate) enabled: bool,
    pub(crate) expires_at: Option<i64>,
    #[sea_orm(column_type = "Text")]
    pub(crate) allowed_cidrs: String,
    /// JSON list of patterns; none means all of the project's senders.
    #[sea_orm(column_type = "Text", nullable)]
    pub(crate) allowed_senders: Option<String>,
    pub(crate) default_sender: Option<String>,
    pub(crate) may_notify: bool,
    pub(crate) cut_through: bool,
    pub(crate) limit_per_hour: Option<i32>,
    pub(crate) limit_per_day: Option<i32>,
    pub(crate) created_at: i64,
    pub(crate) last_used_at: Option<i64>,
    pub(crate) removed_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
