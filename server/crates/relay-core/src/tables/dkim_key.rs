//! Rows of DKIM keys; the private part is sealed.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "dkim_key")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) domain_id: Uuid,
    pub(crate) selector: String,
    pub(crate) algorithm: String,
    pub(crate) private_sealed: Vec<u8>,
    #[sea_orm(column_type = "Text")]
    pub(crate) record_value: String,
    pub(crate) state: String,
    pub(crate) seen_at: Option<i64>,
    /// JSON of `Found`: what was at the key's name.
    #[sea_orm(column_type = "Text", nullable)]
    pub(crate) found: Option<String>,
    pub(crate) created_at: i64,
    /// From when on the record of a retiring key is not needed.
    pub(crate) retires_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {
    #[sea_orm(belongs_to = "super::domain::Entity", from = "Column::DomainId", to = "super::domain::Column::Id")]
    Domain,
}

impl Related<super::domain::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Domain.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
