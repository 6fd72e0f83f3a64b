//! Rows of suppressed addresses.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "suppression")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) project_id: Uuid,
    /// `EmailAddress::key`.
    pub(crate) address: String,
    /// Its domain.
    pub(crate) domain: String,
    /// The word of a `SuppressionKind`.
    pub(crate) kind: String,
    pub(crate) since: i64,
    /// From then on it counts no more.
    pub(crate) expires_at: Option<i64>,
    pub(crate) reason: String,
    pub(crate) message_id: Option<Uuid>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
