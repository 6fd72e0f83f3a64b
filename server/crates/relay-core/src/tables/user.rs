//! `user`: people.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "user")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// As written.
    pub email: String,
    /// `EmailAddress::key`, unique.
    pub email_key: String,
    pub name: String,
    /// PHC string; none when the person never set a password.
    pub password_hash: Option<String>,
    pub operator: bool,
    pub desk: bool,
    pub disabled_at: Option<i64>,
    pub created_at: i64,
    pub last_sign_in_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
