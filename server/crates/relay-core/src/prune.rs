//! Removes old rows some at a time: one writer at a time is all that SQLite has, and nobody waits long for it.

use crate::{Core, Result};
use relay_types::Timestamp;
use sea_orm::{ConnectionTrait, Statement};

/// Rows of one transaction.
const TOGETHER: u64 = 2_000;

/// Removes the rows of `table` that meet `condition` (`$1` is `before`), found again by their `key`. Returns how many.
pub(crate) async fn rows(core: &Core, table: &str, key: &str, condition: &str, before: Timestamp) -> Result<u64> {
    let sql =
        format!("DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} WHERE {condition} LIMIT {TOGETHER})");
    let mut gone = 0;
    loop {
        let transaction = core.db.begin_aside().await?;
        let statement = Statement::from_sql_and_values(core.db.backend(), &sql, [before.0.into()]);
        let some = transaction.execute_raw(statement).await?.rows_affected();
        transaction.commit().await?;
        gone += some;
        if some < TOGETHER {
            return Ok(gone);
        }
        // Who waits to write comes first.
        tokio::task::yield_now().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Actor, limits, test_support::Test};
    use relay_types::overview::Counts;
    use std::time::Duration;
    use uuid::Uuid;

    #[tokio::test]
    async fn more_rows_than_go_at_once_are_all_removed_and_newer_ones_stay() {
        let test = Test::new().await;
        let many = usize::try_from(TOGETHER).expect("a number") + 7;
        let transaction = test.core.db.begin().await.expect("a transaction");
        for place in 0..many {
            let counts = Counts { delivered: 1, ..Counts::default() };
            let subject = Uuid::from_u128(place as u128);
            limits::count(&transaction, subject, test.core.now(), counts).await.expect("counted");
        }
        transaction.commit().await.expect("committed");
        assert_eq!(limits::prune(&test.core, &Actor::System).await.expect("pruned"), 0);
        test.clock.advance(Duration::from_secs(40 * 86_400));
        let transaction = test.core.db.begin().await.expect("a transaction");
        let counts = Counts { delivered: 1, ..Counts::default() };
        limits::count(&transaction, Uuid::nil(), test.core.now(), counts).await.expect("counted");
        transaction.commit().await.expect("committed");
        assert_eq!(limits::prune(&test.core, &Actor::System).await.expect("pruned"), many as u64);
        assert_eq!(limits::hours(&test.core, Uuid::nil(), test.core.now()).await.expect("counts").len(), 1);
    }
}
