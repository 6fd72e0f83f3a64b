//! The queue as operators and metrics see it.

use crate::{Actor, Core, Result, projects, queue::claim::WAITING};
use relay_types::{
    Timestamp,
    queue::{QueueDestination, QueueTotals},
};
use sea_orm::{ConnectionTrait, FromQueryResult, Statement, Value};

/// Rows of the operator's page.
const MOST: u32 = 200;

#[derive(FromQueryResult)]
struct Row {
    destination: String,
    due: i64,
    in_flight: i64,
    held: i64,
    oldest_at: i64,
    next_due_at: Option<i64>,
}

/// See [`super::destinations`].
pub(crate) async fn destinations(core: &Core, actor: &Actor) -> Result<(QueueTotals, Vec<QueueDestination>)> {
    projects::authorize_operator(actor)?;
    let sql = format!(
        "SELECT destination, {}, MIN(accepted_at) AS oldest_at, MIN(due_at) AS next_due_at FROM recipient \
         WHERE {WAITING} GROUP BY destination ORDER BY COUNT(*) DESC, destination LIMIT {MOST}",
        sums()
    );
    let rows = Row::find_by_statement(statement(core, &sql, [])).all(core.db.read()).await?;
    let mut destinations = Vec::with_capacity(rows.len());
    for row in rows {
        destinations.push(QueueDestination {
            last_reply: last_reply(core, &row.destination).await?,
            destination: row.destination,
            due: number(row.due),
            in_flight: number(row.in_flight),
            held: number(row.held),
            oldest_at: Timestamp(row.oldest_at),
            next_due_at: row.next_due_at.map(Timestamp),
        });
    }
    Ok((totals(core).await?, destinations))
}

/// See [`super::totals`].
pub(crate) async fn totals(core: &Core) -> Result<QueueTotals> {
    let sql = format!(
        "SELECT {}, MIN(CASE WHEN state <> 'held' THEN accepted_at END) AS oldest_at FROM recipient WHERE {WAITING}",
        sums()
    );
    let Some(row) = core.db.read().query_one_raw(statement(core, &sql, [])).await? else {
        return Ok(QueueTotals::default());
    };
    Ok(QueueTotals {
        due: number(row.try_get::<i64>("", "due")?),
        in_flight: number(row.try_get::<i64>("", "in_flight")?),
        held: number(row.try_get::<i64>("", "held")?),
        oldest_at: row.try_get::<Option<i64>>("", "oldest_at")?.map(Timestamp),
    })
}

/// The last failure on the way to a destination: of the recipient that is tried next, which was tried last of all.
async fn last_reply(core: &Core, destination: &str) -> Result<Option<String>> {
    let sql = format!(
        "SELECT last_reply FROM recipient WHERE {WAITING} AND destination = $1 AND last_reply IS NOT NULL \
         ORDER BY due_at DESC LIMIT 1"
    );
    let row = core.db.read().query_one_raw(statement(core, &sql, [destination.into()])).await?;
    Ok(match row {
        Some(row) => row.try_get::<Option<String>>("", "last_reply")?,
        None => None,
    })
}

fn sums() -> String {
    ["due", "in_flight", "held"]
        .map(|state| {
            format!("CAST(COALESCE(SUM(CASE WHEN state = '{state}' THEN 1 ELSE 0 END), 0) AS BIGINT) AS {state}")
        })
        .join(", ")
}

fn statement(core: &Core, sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(core.db.backend(), sql, values)
}

fn number(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}
