//! Rows of long work.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "job")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) kind: String,
    pub(crate) state: String,
    pub(crate) subject: String,
    pub(crate) range_id: Option<Uuid>,
    /// Whose it is; none of the platform.
    pub(crate) project_id: Option<Uuid>,
    pub(crate) started_by: String,
    pub(crate) started_at: i64,
    pub(crate) ended_at: Option<i64>,
    pub(crate) total: i64,
    pub(crate) done: i64,
    pub(crate) changed: i64,
    /// `RefusedLine`s as JSON, and how many there were.
    pub(crate) refused: String,
    pub(crate) refused_count: i64,
    /// What is left to do of an import; emptied at its end.
    pub(crate) payload: Option<String>,
    /// Where a sweep goes on.
    pub(crate) place: Option<Vec<u8>>,
    pub(crate) error: Option<String>,
    /// A node that works on it renews this; another may go on after it.
    pub(crate) leased_until: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
