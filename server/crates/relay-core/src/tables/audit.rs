//! `audit`: who changed what; rows are only added.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub at: i64,
    pub project_id: Option<Uuid>,
    pub actor: String,
    pub actor_id: Option<Uuid>,
    pub client: Option<String>,
    pub action: String,
    pub subject: String,
    /// JSON list of `FieldChange`.
    pub changes: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
