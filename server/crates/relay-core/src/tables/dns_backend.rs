//! Rows of DNS back ends.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "dns_backend")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) label: String,
    /// `BackendSettings` as JSON, without the secret.
    pub(crate) settings: String,
    pub(crate) secret_sealed: Option<Vec<u8>>,
    /// `BackendTest` as JSON.
    pub(crate) tested: Option<String>,
    pub(crate) created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
