//! Rows of tickets.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "ticket")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) number: i64,
    pub(crate) project_id: Uuid,
    pub(crate) kind: String,
    pub(crate) state: String,
    /// What lists show and search.
    pub(crate) title: String,
    /// `TicketRequest` as JSON.
    pub(crate) request: String,
    pub(crate) address_id: Option<Uuid>,
    /// `DomainName` of the wanted PTR.
    pub(crate) name: Option<String>,
    pub(crate) asked_by_id: Option<Uuid>,
    pub(crate) asked_by: String,
    pub(crate) assignee_id: Option<Uuid>,
    pub(crate) created_at: i64,
    pub(crate) moved_at: i64,
    pub(crate) due_at: Option<i64>,
    /// Since when DNS is watched, when it is looked at again, how often it was.
    pub(crate) watched_since: Option<i64>,
    pub(crate) next_at: Option<i64>,
    pub(crate) looks: i32,
    /// `ForwardFound` as JSON.
    pub(crate) forward: Option<String>,
    pub(crate) reason: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
