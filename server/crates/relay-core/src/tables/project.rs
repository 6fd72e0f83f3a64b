//! `project`: the tenants.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "project")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub slug: String,
    pub name: String,
    pub suspended_reason: Option<String>,
    pub suspended_at: Option<i64>,
    pub closed_at: Option<i64>,
    pub sandbox: bool,
    pub bounce_contact: Option<String>,
    pub limit_per_hour: Option<i32>,
    pub limit_per_day: Option<i32>,
    pub limit_new_per_day: Option<i32>,
    /// JSON of the route.
    pub route: String,
    /// The smarthost's password, sealed for the purpose `smarthost`.
    pub route_password_sealed: Option<Vec<u8>>,
    pub created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
