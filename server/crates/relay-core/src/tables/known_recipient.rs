//! Rows of recipients that a project with a limit on new ones has written to.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "known_recipient")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) project_id: Uuid,
    /// Eight octets of a digest of project and address.
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) address_hash: i64,
    /// When it was new; 0 when it was known before.
    pub(crate) first_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
