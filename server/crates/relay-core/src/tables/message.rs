//! Rows of messages: envelope, our prefix, and what lists show. The content is in `message_content`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "message")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    /// Null for portal mail.
    pub(crate) project_id: Option<Uuid>,
    pub(crate) accepted_at: i64,
    /// `service_account`, `network`, `portal`, `system`.
    pub(crate) source: String,
    pub(crate) source_id: Option<Uuid>,
    pub(crate) source_label: String,
    pub(crate) reverse_path: String,
    pub(crate) header_from: String,
    pub(crate) subject: String,
    pub(crate) message_id: String,
    pub(crate) first_recipient: String,
    pub(crate) recipients: i32,
    pub(crate) size: i64,
    pub(crate) eight_bit: bool,
    pub(crate) smtputf8: bool,
    pub(crate) prefix: Vec<u8>,
    pub(crate) state: String,
    pub(crate) last_reply: Option<String>,
    pub(crate) about: Option<Uuid>,
    pub(crate) captured: bool,
    /// `MessageTerms` as JSON; null when nothing was asked.
    pub(crate) terms: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
