//! Rows of recipients: the queue.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "recipient")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) message_id: Uuid,
    pub(crate) project_id: Option<Uuid>,
    pub(crate) address: String,
    pub(crate) address_key: String,
    pub(crate) destination: String,
    pub(crate) state: String,
    /// Set in the state `due` alone.
    pub(crate) due_at: Option<i64>,
    pub(crate) attempts: i32,
    /// Both set in the state `in_flight` alone.
    pub(crate) lease: Option<Uuid>,
    pub(crate) lease_until: Option<i64>,
    /// The run of the node that has the lease; stays when it has ended.
    pub(crate) leased_by: Option<Uuid>,
    pub(crate) accepted_at: i64,
    pub(crate) expires_at: i64,
    pub(crate) delay_notified: bool,
    pub(crate) last_reply: Option<String>,
    /// `RecipientTerms` as JSON; null when nothing was asked.
    pub(crate) terms: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
