//! What nodes had that are gone: due again, without waiting for the end of the lease.

use super::register::LIVE;
use crate::{Core, Error, Result};
use sea_orm::{ConnectionTrait, DbBackend, Statement};

/// Recipients of one statement.
const TOGETHER: u64 = 1_000;

/// Makes due what is leased by a run that is not among those that live. Returns how many recipients.
///
/// A node that only seems gone loses nothing: its results with an old lease are ignored, and it forgets its claims
/// (`life`). Rows that somebody is writing now are left for the next look.
pub(super) async fn free(core: &Core) -> Result<u64> {
    if core.db.backend() == DbBackend::Sqlite {
        return Ok(0);
    }
    // As if it had never been claimed: it goes before what came later. Leases are by the database's clock, due times by
    // the nodes'.
    let lease = i64::try_from(core.config.lease.as_millis()).map_err(Error::internal)?;
    let claimed = lease - core.node.clock.ahead_ms();
    let sql = format!(
        "UPDATE recipient SET state = 'due', due_at = lease_until - $1, lease = NULL, lease_until = NULL WHERE id IN ( \
         SELECT id FROM recipient WHERE lease_until IS NOT NULL AND state = 'in_flight' AND \
         (leased_by IS NULL OR leased_by NOT IN (SELECT run FROM node WHERE {LIVE})) \
         LIMIT {TOGETHER} FOR UPDATE SKIP LOCKED)"
    );
    let mut freed = 0;
    loop {
        let transaction = core.db.begin_aside().await?;
        let statement = Statement::from_sql_and_values(core.db.backend(), &sql, [claimed.into()]);
        let some = transaction.execute_raw(statement).await?.rows_affected();
        transaction.commit().await?;
        if some > 0 {
            core.node.figures.recovered(some);
            core.queue_wake.notify_one();
            tracing::warn!(recipients = some, "a node is gone that was sending these; they are due again");
        }
        freed += some;
        if some < TOGETHER {
            return Ok(freed);
        }
    }
}
