//! The rows of nodes: registered, seen, stopped, forgotten. Moments are of the database's clock, so that nodes whose
//! clocks differ judge each other alike.

use super::Identity;
use crate::{
    Actor, Core, Error, Result, audit,
    db::Database,
    tables::node::{Column, Entity},
};
use relay_types::{Timestamp, node::MISSING_AFTER};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, ModelTrait, QueryFilter, QuerySelect, Statement, Value,
};
use std::time::Duration;
use uuid::Uuid;

/// The moment now, on PostgreSQL.
pub(super) const NOW: &str = "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)";
/// A node that lives, on PostgreSQL.
pub(super) const LIVE: &str =
    "stopped_at IS NULL AND seen_at > CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) - 30000";
const _: () = assert!(MISSING_AFTER.as_secs() == 30, "as LIVE has it");

/// Rows of nodes that were stopped, or are missing, go after this.
const KEPT_STOPPED: Duration = Duration::from_secs(3_600);
const KEPT_MISSING: Duration = Duration::from_secs(7 * 86_400);

/// This process is the node from now on.
pub(super) async fn join(core: &Core, identity: &Identity) -> Result<()> {
    let now = now_in_sql(core);
    let sql = format!(
        "INSERT INTO node (id, run, host, version, roles, started_at, seen_at, leader, load) \
         VALUES ($1, $2, $3, $4, $5, {now}, {now}, false, '{{}}') \
         ON CONFLICT (id) DO UPDATE SET run = excluded.run, host = excluded.host, version = excluded.version, \
         roles = excluded.roles, started_at = excluded.started_at, seen_at = excluded.seen_at, stopped_at = NULL, \
         leader = false, load = excluded.load"
    );
    let roles: Vec<_> = identity.roles.iter().map(|role| role.as_str()).collect();
    let values = [
        identity.id.into(),
        core.node.run.into(),
        identity.host.clone().into(),
        identity.version.clone().into(),
        roles.join(" ").into(),
    ];
    write(core, &sql, values).await?;
    Ok(())
}

/// A sign of life, where the node has no link.
pub(super) async fn beat(core: &Core) -> Result<()> {
    let load = serde_json::to_string(&core.node.figures.load(core)).map_err(Error::internal)?;
    let sql = format!("UPDATE node SET seen_at = {}, leader = true, load = $2 WHERE run = $1", now_in_sql(core));
    write(core, &sql, [core.node.run.into(), load.into()]).await?;
    sweep(core).await
}

/// The process ends in order.
pub(super) async fn stopped(core: &Core) -> Result<()> {
    let now = now_in_sql(core);
    let sql = format!("UPDATE node SET seen_at = {now}, stopped_at = {now}, leader = false WHERE run = $1");
    write(core, &sql, [core.node.run.into()]).await?;
    Ok(())
}

/// Removes rows of nodes that ended long ago. The leader's.
pub(super) async fn sweep(core: &Core) -> Result<()> {
    let now = now(core).await?;
    let (stopped, missing) = (now.minus(KEPT_STOPPED).0, now.minus(KEPT_MISSING).0);
    let sql = "DELETE FROM node WHERE run <> $1 AND (stopped_at < $2 OR seen_at < $3)";
    write(core, sql, [core.node.run.into(), stopped.into(), missing.into()]).await?;
    Ok(())
}

/// See [`super::forget`].
pub(super) async fn forget(core: &Core, actor: &Actor, id: Uuid) -> Result<()> {
    let now = now(core).await?;
    let transaction = core.db.begin_aside().await?;
    let row = Entity::find_by_id(id).lock_exclusive().one(&transaction).await?.ok_or(Error::NotFound)?;
    if row.stopped_at.is_none() && now.since(Timestamp(row.seen_at)) <= MISSING_AFTER {
        return Err(Error::conflict("This node runs"));
    }
    audit::record(core, &transaction, actor, None, "node.forget", &row.host, Vec::new()).await?;
    row.delete(&transaction).await?;
    Ok(transaction.commit().await?)
}

/// The moment now by the clock that `seen_at` is of.
pub(super) async fn now(core: &Core) -> Result<Timestamp> {
    if core.db.backend() == DbBackend::Sqlite {
        return Ok(core.now());
    }
    let statement = Statement::from_string(core.db.backend(), format!("SELECT {NOW} AS now"));
    let row = core.db.read().query_one_raw(statement).await?.ok_or_else(|| Error::internal("no time"))?;
    Ok(Timestamp(row.try_get("", "now")?))
}

/// See [`super::running`].
pub(super) async fn running(url: &str) -> Result<Vec<String>> {
    if url.starts_with("sqlite:") {
        return Ok(Vec::new());
    }
    let db = Database::open(url).await?;
    let there = Statement::from_string(db.backend(), "SELECT to_regclass('node') IS NOT NULL AS there");
    let there = db.read().query_one_raw(there).await?;
    let hosts = match there.map(|row| row.try_get::<bool>("", "there")).transpose()? {
        Some(true) => {
            let live = sea_orm::sea_query::Expr::cust(LIVE);
            Entity::find().select_only().column(Column::Host).filter(live).into_tuple().all(db.read()).await?
        }
        _ => Vec::new(),
    };
    db.end().await?;
    Ok(hosts)
}

/// Whether another process has taken this node's identity; when nobody has it any more, it is registered again.
pub(super) async fn taken(core: &Core) -> Result<bool> {
    let Some(identity) = core.node.identity.get() else { return Ok(false) };
    let row = Entity::find().filter(Column::Id.eq(identity.id)).one(core.db.read()).await?;
    match row {
        Some(row) => Ok(row.run != core.node.run),
        None => join(core, identity).await.map(|()| false),
    }
}

fn now_in_sql(core: &Core) -> String {
    if core.db.backend() == DbBackend::Sqlite { core.now().0.to_string() } else { NOW.to_owned() }
}

async fn write(core: &Core, sql: &str, values: impl IntoIterator<Item = Value>) -> Result<u64> {
    let transaction = core.db.begin_aside().await?;
    let statement = Statement::from_sql_and_values(core.db.backend(), sql, values);
    let rows = transaction.execute_raw(statement).await?.rows_affected();
    transaction.commit().await?;
    Ok(rows)
}
