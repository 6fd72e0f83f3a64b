//! Rows of how checks came out from when on.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "finding_change")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    /// `domain` or `egress`.
    pub(crate) owner_kind: String,
    pub(crate) owner_id: Uuid,
    pub(crate) check_name: String,
    pub(crate) at: i64,
    pub(crate) severity: String,
    #[sea_orm(column_type = "Text")]
    pub(crate) title: String,
    /// When the next change of the check took its place; none for what holds now.
    pub(crate) until: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
