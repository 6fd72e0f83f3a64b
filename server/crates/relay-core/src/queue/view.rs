//! The queue as operators and metrics see it.

use crate::{Actor, Core, Result, projects, queue::claim::WAITING};
use relay_types::{
    Timestamp,
    queue::{QueueDestination, QueueTotals},
};
use sea_orm::{ConnectionTrait, FromQueryResult, Statement, Value};

/// Rows of the operator's page.
const MOST: u32 = 200;

/// The recipient that is due longest. Only what waits for an attempt has a due time; claims go by the index of these, and
/// this reads one row of it, however much waits.
const OLDEST_DUE: &str = "SELECT due_at FROM recipient WHERE due_at <= $1 ORDER BY due_at LIMIT 1";

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
    let due_since = due_since(core).await?;
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
        due_since,
    })
}

async fn due_since(core: &Core) -> Result<Option<Timestamp>> {
    let row = core.db.read().query_one_raw(statement(core, OLDEST_DUE, [core.now().0.into()])).await?;
    Ok(row.map(|row| row.try_get::<i64>("", "due_at")).transpose()?.map(Timestamp))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        queue::{
            self,
            tests::{mail, take, tell, temp},
        },
        test_support::Test,
    };
    use sea_orm::DbBackend;
    use std::time::Duration;

    #[tokio::test]
    async fn the_oldest_due_is_neither_in_flight_nor_put_off_nor_held() {
        let test = Test::new().await;
        let (project, _) = test.project("physics").await;
        let core = &test.core;
        let due_since = async || totals(core).await.expect("totals").due_since;
        assert_eq!(due_since().await, None);
        let slow = core.now();
        mail(&test, Some(project), &["a@slow.example"]).await;
        assert_eq!(due_since().await, Some(slow));
        test.clock.advance(Duration::from_secs(3_600));
        assert_eq!(due_since().await, Some(slow), "for an hour");
        let claims = take(&test).await;
        assert_eq!(due_since().await, None, "it is tried now");
        tell(&test, claims, |_| temp()).await;
        assert_eq!(due_since().await, None, "it is tried later, by the schedule");
        let new = core.now();
        mail(&test, Some(project), &["b@quick.example"]).await;
        test.clock.advance(Duration::from_secs(30));
        let now = totals(core).await.expect("totals");
        assert_eq!((now.due_since, now.oldest_at), (Some(new), Some(slow)), "what is put off is not due");
        test.clock.advance(Duration::from_secs(300));
        assert_eq!(due_since().await, Some(new));
        queue::hold_destination(core, &Actor::System, "quick.example").await.expect("held");
        let again = due_since().await.expect("the first is due again");
        assert!(new < again && again < core.now(), "{again:?}");
    }

    #[tokio::test]
    async fn the_oldest_due_is_read_from_the_index_of_claims() {
        let test = Test::new().await;
        // PostgreSQL chooses by statistics, and reads a table of nothing as it is.
        if test.core.db.backend() != DbBackend::Sqlite {
            return;
        }
        let plan = format!("EXPLAIN QUERY PLAN {OLDEST_DUE}");
        let plan = test.core.db.read().query_one_raw(statement(&test.core, &plan, [0_i64.into()])).await;
        let plan: String = plan.expect("a plan").expect("a step").try_get("", "detail").expect("words");
        assert!(plan.contains("COVERING INDEX recipient_due (due_at<?)"), "{plan}");
    }
}
