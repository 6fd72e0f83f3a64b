//! Rows of changes of names: what is to be written to DNS, and the history of an address.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "name_change")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) address_id: Uuid,
    pub(crate) project_id: Option<Uuid>,
    pub(crate) ticket_id: Option<Uuid>,
    pub(crate) backend_id: Option<Uuid>,
    pub(crate) state: String,
    pub(crate) cause: String,
    pub(crate) actor: String,
    pub(crate) actor_id: Option<Uuid>,
    pub(crate) at: i64,
    /// Names as a JSON list; null until the servers were asked.
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
    pub(crate) zone: String,
    pub(crate) owner: String,
    pub(crate) ttl: i32,
    pub(crate) attempts: i32,
    /// When it is due; null when it has ended or waits for a person.
    pub(crate) next_at: Option<i64>,
    pub(crate) written_at: Option<i64>,
    pub(crate) ended_at: Option<i64>,
    /// `ServerAnswer`s as JSON.
    pub(crate) said: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) rolled_back: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
