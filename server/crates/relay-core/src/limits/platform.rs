//! Limits of the whole platform, set by operators, and the default of projects for new recipients.
//!
//! The platform has no count of its own, which every commit of every node would wait for: it is the sum of its projects'
//! counts, read by each node once a second while there is such a limit. So the nodes together may go over it by what they
//! accept within a second and what is in flight.

use super::{DAY, HOUR, PER_HOUR, PER_MINUTE, Window, minute, sum};
use crate::{
    Actor, Core, Error, Result, audit, projects,
    rules::Remembered,
    tables::setting::{ActiveModel, Column, Entity},
};
use relay_types::{
    Timestamp,
    limit::{LimitUse, Limits},
};
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, Statement, sea_query::OnConflict};
use std::sync::Arc;

/// The name of the setting.
const LIMITS: &str = "limits";

/// The platform's limits, as read last.
pub(crate) type PlatformLimits = Remembered<(), Limits>;
/// What counts for them, as read last.
pub(crate) type PlatformWindow = Remembered<(), Arc<Window>>;

/// The platform's limits and how much of them is used. Operator only.
pub async fn of_platform(core: &Core, actor: &Actor) -> Result<LimitUse> {
    projects::authorize_operator(actor)?;
    usage(core).await
}

/// Sets the platform's limits. Operator only. Fields: `per_hour`, `per_day`, `new_per_day`.
pub async fn set_of_platform(core: &Core, actor: &Actor, limits: Limits) -> Result<bool> {
    projects::authorize_operator(actor)?;
    let named = [("per_hour", limits.per_hour), ("per_day", limits.per_day), ("new_per_day", limits.new_per_day)];
    for (field, limit) in named {
        if limit.is_some_and(|limit| i32::try_from(limit).is_err()) {
            return Err(Error::invalid(field, "Enter a smaller number"));
        }
    }
    let transaction = core.db.begin().await?;
    let before = parsed(Entity::find_by_id(LIMITS).one(&transaction).await?.map(|row| row.value))?;
    if before == limits {
        return Ok(false);
    }
    let value = serde_json::to_string(&limits).map_err(Error::internal)?;
    let row = ActiveModel { name: Set(LIMITS.to_owned()), value: Set(value), updated_at: Set(core.now().0) };
    let mut again = OnConflict::column(Column::Name);
    again.update_columns([Column::Value, Column::UpdatedAt]);
    Entity::insert(row).on_conflict(again).exec_without_returning(&transaction).await?;
    let was = [before.per_hour, before.per_day, before.new_per_day];
    let changes = named.into_iter().zip(was).filter(|((_, now), was)| now != was);
    let changes = changes.map(|((field, now), was)| audit::field(field, was, now)).collect();
    audit::record(core, &transaction, actor, None, "platform.set_limits", "platform", changes).await?;
    transaction.commit().await?;
    Ok(true)
}

/// The platform's limits as they stood at most a second ago.
pub(crate) async fn platform_limits(core: &Core) -> Result<Limits> {
    let read = async { parsed(Entity::find_by_id(LIMITS).one(core.db.read()).await?.map(|row| row.value)) };
    core.platform_limits.get_or(core, (), |_| true, read).await
}

/// Seconds until the platform may have `more` recipients accepted; none when it may now.
pub(crate) async fn platform_wait(core: &Core, limits: Limits, more: u64) -> Result<Option<u64>> {
    if limits.per_hour.or(limits.per_day).is_none() {
        return Ok(None);
    }
    let window = core.platform_window.get_or(core, (), |_| true, async { window(core).await.map(Arc::new) }).await?;
    Ok(window.wait(core.now(), limits, more))
}

/// As [`of_platform`]; who asks was judged before.
pub(super) async fn usage(core: &Core) -> Result<LimitUse> {
    let limits = platform_limits(core).await?;
    let window = window(core).await?;
    // What is set for new recipients is of each project, so nothing of it is used by all of them.
    Ok(LimitUse { limits, last_hour: sum(&window.minutes), last_day: sum(&window.hours), new_day: 0 })
}

async fn window(core: &Core) -> Result<Window> {
    let now = core.now();
    let sql = "SELECT per, from_at, CAST(SUM(accepted) AS BIGINT) AS accepted FROM counted \
               WHERE ((per = $1 AND from_at > $2) OR (per = $3 AND from_at > $4)) \
               AND subject_id IN (SELECT id FROM project) GROUP BY per, from_at ORDER BY from_at";
    let values = [PER_MINUTE.into(), minute(now).minus(HOUR).0.into(), PER_HOUR.into(), now.hour().minus(DAY).0.into()];
    let statement = Statement::from_sql_and_values(core.db.backend(), sql, values);
    let mut found = Window { minutes: Vec::new(), hours: Vec::new() };
    for row in core.db.read().query_all_raw(statement).await? {
        let (per, from, accepted): (String, i64, i64) =
            (row.try_get("", "per")?, row.try_get("", "from_at")?, row.try_get("", "accepted")?);
        let counts = if per == PER_MINUTE { &mut found.minutes } else { &mut found.hours };
        counts.push((Timestamp(from), u64::try_from(accepted).unwrap_or(0)));
    }
    Ok(found)
}

fn parsed(stored: Option<String>) -> Result<Limits> {
    stored.map_or_else(|| Ok(Limits::default()), |text| serde_json::from_str(&text).map_err(Error::internal))
}
