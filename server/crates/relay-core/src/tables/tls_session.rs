//! TLS sessions with a domain's mail servers on a day, by how they came out.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "tls_session")]
pub(crate) struct Model {
    /// Midnight UTC.
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) day: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) domain: String,
    /// `sts` or `no-policy-found`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) policy: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) outcome: String,
    pub(crate) sessions: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
