//! Counting recipients and judging limits: per minute for limits, per hour for charts, so that neither reads messages.
//!
//! A limit is judged at RCPT, so that a program hears of it early, and again in the commit that keeps the message
//! ([`kept`]), so that it is never exceeded, however many transactions run side by side on however many nodes. Only the
//! platform's is judged by counts that may be a second old ([`platform`]). A limit is never a permanent refusal.

pub(crate) mod kept;
pub(crate) mod new_recipients;
pub(crate) mod platform;
mod warnings;

pub(crate) use self::warnings::{near, usage};
pub use self::{
    platform::{of_platform, set_of_platform},
    warnings::warn,
};

use crate::{Actor, Core, Result, projects, prune, tables::counted};
use relay_types::{Timestamp, limit::Limits, overview::Counts};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, ExprTrait, QueryFilter, QueryOrder, Set,
    Statement,
    sea_query::{Expr, OnConflict},
};
use std::time::Duration;
use uuid::Uuid;

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);
/// Charts go back 30 days; a day more lets the last bar be whole.
const KEPT: Duration = Duration::from_secs(31 * 86_400);
const PER_MINUTE: &str = "minute";
const PER_HOUR: &str = "hour";
const KEY: &str = "subject_id, per, from_at";
/// What is said of a project's limit on new recipients.
pub(crate) const OVER_NEW: &str = "Over the limit on new recipients of the project";

/// Adds to the counts of `subject` (a project or a service account) at `at`, inside the caller's transaction.
///
/// Who adds to several subjects in one transaction goes by ascending id, so that two of them never wait for each other.
pub(crate) async fn count(
    transaction: &DatabaseTransaction,
    subject: Uuid,
    at: Timestamp,
    counts: Counts,
) -> Result<()> {
    let mut rows = vec![row(subject, PER_HOUR, at.hour(), counts)];
    if counts.accepted > 0 {
        let accepted = Counts { accepted: counts.accepted, ..Counts::default() };
        rows.push(row(subject, PER_MINUTE, minute(at), accepted));
    }
    let mut add = OnConflict::columns([counted::Column::SubjectId, counted::Column::Per, counted::Column::FromAt]);
    for (column, name) in [
        (counted::Column::Accepted, "accepted"),
        (counted::Column::Delivered, "delivered"),
        (counted::Column::Deferred, "deferred"),
        (counted::Column::Bounced, "bounced"),
        (counted::Column::Refused, "refused"),
    ] {
        add.value(column, Expr::col((counted::Entity, column)).add(Expr::col(("excluded", name))));
    }
    counted::Entity::insert_many(rows).on_conflict(add).exec_without_returning(transaction).await?;
    Ok(())
}

fn row(subject: Uuid, per: &str, from: Timestamp, counts: Counts) -> counted::ActiveModel {
    let stored = |count: u64| Set(i64::try_from(count).unwrap_or(i64::MAX));
    counted::ActiveModel {
        subject_id: Set(subject),
        per: Set(per.to_owned()),
        from_at: Set(from.0),
        accepted: stored(counts.accepted),
        delivered: stored(counts.delivered),
        deferred: stored(counts.deferred),
        bounced: stored(counts.bounced),
        refused: stored(counts.refused),
    }
}

/// Recipients of `subject` accepted in the last 60 minutes (whole clock minutes) and 24 hours (whole clock hours).
pub(crate) async fn used(core: &Core, subject: Uuid) -> Result<(u64, u64)> {
    let window = Window::read(core, core.db.read(), subject).await?;
    Ok((sum(&window.minutes), sum(&window.hours)))
}

/// Counts per hour of `subject` from the hour of `from` on, oldest first; hours without any are left out.
pub(crate) async fn hours(core: &Core, subject: Uuid, from: Timestamp) -> Result<Vec<(Timestamp, Counts)>> {
    let rows = counted::Entity::find()
        .filter(counted::Column::SubjectId.eq(subject))
        .filter(counted::Column::Per.eq(PER_HOUR))
        .filter(counted::Column::FromAt.gte(from.hour().0))
        .order_by_asc(counted::Column::FromAt)
        .all(core.db.read())
        .await?;
    let number = |count: i64| u64::try_from(count).unwrap_or(0);
    let counts = |row: &counted::Model| Counts {
        accepted: number(row.accepted),
        delivered: number(row.delivered),
        deferred: number(row.deferred),
        bounced: number(row.bounced),
        refused: number(row.refused),
    };
    Ok(rows.iter().map(|row| (Timestamp(row.from_at), counts(row))).collect())
}

/// What all subjects together counted from the hour of `from` on; grows with every recipient's fate.
pub(crate) async fn sum_since(core: &Core, from: Timestamp) -> Result<i64> {
    let sql = "SELECT CAST(COALESCE(SUM(accepted + delivered + deferred + bounced), 0) AS BIGINT) AS number \
               FROM counted WHERE per = $1 AND from_at >= $2";
    let values = [PER_HOUR.into(), from.hour().0.into()];
    let statement = Statement::from_sql_and_values(core.db.backend(), sql, values);
    let row = core.db.read().query_one_raw(statement).await?;
    Ok(row.map(|row| row.try_get("", "number")).transpose()?.unwrap_or(0))
}

/// Seconds until `subject` may have `more` recipients accepted under `limits`; `None` when it may now.
pub(crate) async fn wait(core: &Core, subject: Uuid, limits: Limits, more: u64) -> Result<Option<u64>> {
    if limits.per_hour.or(limits.per_day).is_none() {
        return Ok(None);
    }
    Ok(Window::read(core, core.db.read(), subject).await?.wait(core.now(), limits, more))
}

/// Removes counts nothing asks for any more: minutes after an hour, hours after 31 days. Returns how many. System only.
pub async fn prune(core: &Core, actor: &Actor) -> Result<u64> {
    projects::authorize_operator(actor)?;
    let now = core.now();
    let minutes = prune::rows(core, "counted", KEY, "per = 'minute' AND from_at < $1", minute(now).minus(HOUR)).await?;
    let hours = prune::rows(core, "counted", KEY, "per = 'hour' AND from_at < $1", now.hour().minus(KEPT)).await?;
    // Of warnings that could be repeated long ago.
    let warned = prune::rows(core, "limit_warning", "subject_id, period, level", "until < $1", now.minus(KEPT)).await?;
    Ok(minutes + hours + warned)
}

/// What counts now, oldest first.
pub(crate) struct Window {
    minutes: Vec<(Timestamp, u64)>,
    hours: Vec<(Timestamp, u64)>,
}

impl Window {
    async fn read(core: &Core, connection: &impl ConnectionTrait, subject: Uuid) -> Result<Self> {
        let now = core.now();
        let after = |per: &str, after: Timestamp| {
            Condition::all().add(counted::Column::Per.eq(per)).add(counted::Column::FromAt.gt(after.0))
        };
        let inside = Condition::any()
            .add(after(PER_MINUTE, minute(now).minus(HOUR)))
            .add(after(PER_HOUR, now.hour().minus(DAY)));
        let rows = counted::Entity::find()
            .filter(counted::Column::SubjectId.eq(subject))
            .filter(inside)
            .order_by_asc(counted::Column::FromAt)
            .all(connection)
            .await?;
        let (minutes, hours): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.per == PER_MINUTE);
        let accepted = |rows: Vec<counted::Model>| {
            rows.into_iter().map(|row| (Timestamp(row.from_at), u64::try_from(row.accepted).unwrap_or(0))).collect()
        };
        Ok(Self { minutes: accepted(minutes), hours: accepted(hours) })
    }

    fn wait(&self, now: Timestamp, limits: Limits, more: u64) -> Option<u64> {
        let hour = limits.per_hour.and_then(|limit| until_room(&self.minutes, HOUR, now, limit.into(), more));
        let day = limits.per_day.and_then(|limit| until_room(&self.hours, DAY, now, limit.into(), more));
        Ord::max(hour, day)
    }
}

/// Seconds, 1 to 86,400, until enough of `counts` has left a window of `length` for `more` to fit under `limit`.
fn until_room(counts: &[(Timestamp, u64)], length: Duration, now: Timestamp, limit: u64, more: u64) -> Option<u64> {
    let excess = (sum(counts) + more).saturating_sub(limit);
    if excess == 0 {
        return None;
    }
    let mut leaving = 0;
    let moment = counts.iter().find_map(|&(from, count)| {
        leaving += count;
        (leaving >= excess).then(|| from.plus(length))
    });
    let wait = moment.unwrap_or(now.plus(length)).since(now);
    Some(wait.as_millis().div_ceil(1_000).clamp(1, 86_400) as u64)
}

fn sum(counts: &[(Timestamp, u64)]) -> u64 {
    counts.iter().map(|(_, count)| count).sum()
}

fn minute(at: Timestamp) -> Timestamp {
    Timestamp(at.0 - at.0.rem_euclid(60_000))
}

#[cfg(test)]
mod tests;
