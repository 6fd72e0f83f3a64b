//! Accounts that have limits of their own, for who warns of them.

use super::{live, view};
use crate::{
    Core, Result,
    tables::service_account::{Column, Entity},
};
use relay_types::{limit::Limits, project::ProjectId};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, QueryTrait, sea_query::SelectStatement};
use uuid::Uuid;

/// The project's accounts that have limits: id, label, limits.
pub(crate) async fn limited(core: &Core, project: ProjectId) -> Result<Vec<(Uuid, String, Limits)>> {
    let rows = live(project).filter(has_limits()).all(core.db.read()).await?;
    Ok(rows.into_iter().map(|row| (row.id, row.label.clone(), view::limits(&row))).collect())
}

/// The projects of accounts that have limits, for a query of others.
pub(crate) fn projects_of_limited() -> SelectStatement {
    Entity::find()
        .select_only()
        .column(Column::ProjectId)
        .filter(Column::RemovedAt.is_null())
        .filter(has_limits())
        .into_query()
}

fn has_limits() -> Condition {
    Condition::any().add(Column::LimitPerHour.is_not_null()).add(Column::LimitPerDay.is_not_null())
}
