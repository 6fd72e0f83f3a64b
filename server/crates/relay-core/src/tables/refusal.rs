//! Rows of refusals, each a group of equal refusals within a minute.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "refusal")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) project_id: Option<Uuid>,
    pub(crate) code: String,
    pub(crate) at: i64,
    pub(crate) count: i32,
    pub(crate) rule: String,
    pub(crate) client: String,
    pub(crate) helo: Option<String>,
    pub(crate) listener: String,
    pub(crate) who: Option<String>,
    pub(crate) source_id: Option<Uuid>,
    pub(crate) address: Option<String>,
    pub(crate) reply: String,
    pub(crate) cause: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
