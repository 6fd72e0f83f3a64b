//! Words of subject and From: no index helps to find a part of a text, so only the newest messages are looked through.

use super::{MESSAGES, Row, holds, rows};
use crate::{Core, Result, tables::message};
use relay_types::project::Slug;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use std::collections::HashMap;
use uuid::Uuid;

/// Messages that are looked through, all projects together.
const SEARCHED: u64 = 10_000;
/// Projects that are looked through one by one; who sees more is shown less of each.
const PROJECTS: usize = 50;

/// The newest messages that hold every word.
pub(super) async fn holding(
    core: &Core,
    projects: &HashMap<Uuid, Slug>,
    operator: bool,
    typed: &str,
) -> Result<Vec<Row>> {
    // An operator sees all projects, so the newest of all are those of the operator's.
    if operator {
        return among(core, Condition::all().add(message::Column::ProjectId.is_not_null()), SEARCHED, typed).await;
    }
    let each = SEARCHED / u64::try_from(projects.len().clamp(1, PROJECTS)).unwrap_or(1);
    let mut found = Vec::new();
    for project in projects.keys().take(PROJECTS) {
        let own = Condition::all().add(message::Column::ProjectId.eq(*project));
        found.extend(among(core, own, each, typed).await?);
    }
    Ok(found)
}

async fn among(core: &Core, belongs: Condition, searched: u64, typed: &str) -> Result<Vec<Row>> {
    let oldest = message::Entity::find()
        .select_only()
        .column(message::Column::Id)
        .filter(belongs.clone())
        .order_by_desc(message::Column::Id)
        .offset(searched)
        .limit(1)
        .into_tuple::<Uuid>()
        .one(core.db.read())
        .await?;
    let mut select = message::Entity::find().filter(belongs).filter(message::Column::Id.gt(oldest.unwrap_or_default()));
    for word in typed.split_whitespace() {
        let column = |column| holds((message::Entity, column), word);
        let either = Condition::any().add(column(message::Column::Subject)).add(column(message::Column::HeaderFrom));
        select = select.filter(either);
    }
    let limit = u64::try_from(MESSAGES).unwrap_or(u64::MAX);
    rows(select.order_by_desc(message::Column::Id).limit(limit), core).await
}
