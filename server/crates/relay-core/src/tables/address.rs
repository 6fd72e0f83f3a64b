//! Rows of addresses and prefixes of the inventory.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "address")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) range_id: Uuid,
    pub(crate) project_id: Option<Uuid>,
    /// The address, or the block of a prefix.
    pub(crate) text: String,
    pub(crate) prefix: bool,
    pub(crate) first: Vec<u8>,
    pub(crate) last: Vec<u8>,
    pub(crate) note: String,
    /// The name a ticket gave it; null for the default of the range.
    pub(crate) wanted: Option<String>,
    /// `PtrFound`, `ForwardFound` as JSON, and the names of the first for searches, apart by spaces.
    pub(crate) ptr: Option<String>,
    pub(crate) names: Option<String>,
    pub(crate) forward: Option<String>,
    pub(crate) fcrdns: Option<String>,
    pub(crate) checked_at: Option<i64>,
    /// Since when the forward record is certainly missing, and when the owner was told.
    pub(crate) missing_since: Option<i64>,
    pub(crate) warned_at: Option<i64>,
    /// An operator keeps the name whatever its forward record says.
    pub(crate) kept: bool,
    pub(crate) created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
