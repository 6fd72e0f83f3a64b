//! Rows of sender domains; without a project it is the operator's default domain.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "domain")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) project_id: Option<Uuid>,
    pub(crate) name: String,
    pub(crate) state: String,
    pub(crate) challenge: String,
    pub(crate) verified_at: Option<i64>,
    pub(crate) checked_at: Option<i64>,
    pub(crate) next_check_at: i64,
    /// Since when the proof is certainly absent.
    pub(crate) missing_since: Option<i64>,
    pub(crate) problem: Option<String>,
    /// JSON of `Found`: what was at the challenge's name.
    #[sea_orm(column_type = "Text", nullable)]
    pub(crate) challenge_found: Option<String>,
    pub(crate) created_at: i64,
    /// The worst severity of the last report.
    pub(crate) worst: Option<String>,
    pub(crate) to_mend: i32,
    /// Since when something is to be mended.
    pub(crate) failing_since: Option<i64>,
    /// JSON of `Reach`: whether its mail exchangers answer, and when they are greeted again.
    #[sea_orm(column_type = "Text", nullable)]
    pub(crate) reach: Option<String>,
    pub(crate) reach_next_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
