//! Connections to the database: SQLite (one writer, many readers) or PostgreSQL (one pool for both).

mod change;
mod durable;

pub(crate) use change::{Change, Generation};

use crate::{Error, Result, tables::setting};
use migrations::{DbErr, Migrator, MigratorTrait};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, EntityTrait, QueryResult,
    SqliteTransactionMode, SqlxPostgresConnector, SqlxSqliteConnector, Statement, TransactionOptions, TransactionTrait,
    Value,
};
use sqlx::{
    ConnectOptions, Connection,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{fs::File, os::unix::fs::OpenOptionsExt, path::Path, str::FromStr, time::Duration};

/// How long a statement waits for a free connection or a lock before it is `Unavailable`.
const WAIT: Duration = Duration::from_secs(5);
/// PostgreSQL: how long waits of other kinds may be. The server ends a statement that takes too long and a transaction
/// whose client fell silent, and notices a client that is gone.
const BOUNDS: [(&str, &str); 6] = [
    ("lock_timeout", "5s"),
    ("statement_timeout", "30s"),
    ("idle_in_transaction_session_timeout", "60s"),
    ("tcp_keepalives_idle", "30"),
    ("tcp_keepalives_interval", "10"),
    ("tcp_keepalives_count", "3"),
];

/// Of who changes the schema, in the space of advisory locks of this database: "relaymig" as a number.
const MIGRATING: i64 = 0x7265_6c61_796d_6967;

/// How a database's schema stands to the one this program works with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// There is no database, or nothing in it.
    Missing,
    /// It must be migrated first.
    Older,
    /// They are the same.
    Newest,
    /// A newer program has migrated it.
    Newer,
}

/// The two pools. Every change goes through [`Database::begin`] or [`Database::begin_aside`].
pub(crate) struct Database {
    read: DatabaseConnection,
    write: DatabaseConnection,
    generation: Generation,
}

impl Database {
    /// Opens the pools; the schema must be there.
    pub(crate) async fn open(url: &str) -> Result<Self> {
        Self::open_with(url, Generation::default()).await
    }

    /// As [`Self::open`]; changes are counted there.
    pub(crate) async fn open_with(url: &str, generation: Generation) -> Result<Self> {
        if url.starts_with("sqlite:") {
            let write = sqlite_pool(url, 1, false).await?;
            let read = sqlite_pool(url, 8, false).await?;
            Ok(Self { read, write, generation })
        } else {
            let pool = postgres_pool(url, &BOUNDS).await?;
            Ok(Self { read: pool.clone(), write: pool, generation })
        }
    }

    /// See [`crate::Core::migrate`].
    pub(crate) async fn migrate(url: &str) -> Result<()> {
        let pool =
            if url.starts_with("sqlite:") { sqlite_pool(url, 1, true).await? } else { postgres_pool(url, &[]).await? };
        // Nodes that start at the same time do it one after the other: the second finds nothing left to do.
        let turn = match pool.get_database_backend() {
            DbBackend::Sqlite => None,
            backend => {
                let turn = pool.begin().await?;
                let lock = format!("SELECT pg_advisory_xact_lock({MIGRATING})");
                turn.execute_raw(Statement::from_string(backend, lock)).await?;
                Some(turn)
            }
        };
        Migrator::up(&pool, None).await?;
        drop(turn);
        pool.close().await?;
        Ok(())
    }

    /// The database is to have this schema, and nothing in it: one that has anything is refused.
    pub(crate) async fn prepare_for_restore(url: &str, schema: &[String]) -> Result<()> {
        let pool =
            if url.starts_with("sqlite:") { sqlite_pool(url, 1, true).await? } else { postgres_pool(url, &[]).await? };
        let backend = pool.get_database_backend();
        let there = match backend {
            DbBackend::Sqlite => "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
            _ => "SELECT table_name::text AS name FROM information_schema.tables WHERE table_schema = current_schema()",
        };
        for row in pool.query_all_raw(Statement::from_string(backend, there)).await? {
            let table: String = row.try_get("", "name")?;
            let sql = match table.as_str() {
                "seaql_migrations" => "SELECT version FROM seaql_migrations ORDER BY version".to_owned(),
                table => format!("SELECT 1 FROM \"{table}\" LIMIT 1"),
            };
            let rows = pool.query_all_raw(Statement::from_string(backend, sql)).await?;
            if table == "seaql_migrations" {
                let versions: Vec<String> =
                    rows.iter().map(|row| row.try_get("", "version")).collect::<std::result::Result<_, _>>()?;
                if !versions.is_empty() && versions != schema {
                    return Err(Error::conflict("the database has another schema than the backup: give a new one"));
                }
            } else if !rows.is_empty() {
                return Err(Error::conflict("the database is not empty: a backup is restored onto a new one alone"));
            }
        }
        let steps = u32::try_from(schema.len()).map_err(Error::internal)?;
        let made = Migrator::get_applied_migrations(&pool).await?.len();
        if made < schema.len() {
            Migrator::up(&pool, Some(steps)).await?;
        }
        Ok(pool.close().await?)
    }

    /// See [`crate::Core::schema`].
    pub(crate) async fn schema(url: &str) -> Result<Schema> {
        let pool = if url.starts_with("sqlite:") {
            let file = SqliteConnectOptions::from_str(url).map_err(Error::internal)?;
            if !file.get_filename().exists() {
                return Ok(Schema::Missing);
            }
            sqlite_pool(url, 1, false).await?
        } else {
            postgres_pool(url, &BOUNDS).await?
        };
        let all = Migrator::migrations().len();
        let schema = match Migrator::get_pending_migrations_read_only(&pool).await {
            Ok(pending) if pending.is_empty() => Schema::Newest,
            Ok(pending) if pending.len() == all => Schema::Missing,
            Ok(_) => Schema::Older,
            // A change was applied that this program does not know.
            Err(DbErr::Custom(_)) => Schema::Newer,
            Err(error) => return Err(error.into()),
        };
        pool.close().await?;
        Ok(schema)
    }

    /// For look-ups outside a transaction.
    pub(crate) fn read(&self) -> &DatabaseConnection {
        &self.read
    }

    /// Begins a transaction that may change what a rule depends on. On SQLite it takes the write lock at once (`BEGIN
    /// IMMEDIATE`).
    pub(crate) async fn begin(&self) -> Result<Change> {
        Ok(Change::new(self.begin_aside().await?, self.generation.clone()))
    }

    /// As [`Self::begin`], for what no rule depends on: the mail itself, counts, logs. What was read of the rules stays
    /// remembered.
    pub(crate) async fn begin_aside(&self) -> Result<DatabaseTransaction> {
        let mode = match self.backend() {
            DbBackend::Sqlite => Some(SqliteTransactionMode::Immediate),
            _ => None,
        };
        let options = TransactionOptions { sqlite_transaction_mode: mode, ..Default::default() };
        Ok(self.write.begin_with_options(options).await?)
    }

    /// How many changes of rules this node has committed.
    pub(crate) fn generation(&self) -> &Generation {
        &self.generation
    }

    /// Which of the two it is.
    pub(crate) fn backend(&self) -> DbBackend {
        self.write.get_database_backend()
    }

    /// Closes all connections of a database that is not needed any more.
    pub(crate) async fn end(self) -> Result<()> {
        self.read.close().await?;
        Ok(self.write.close().await?)
    }

    /// As when the database is gone.
    #[cfg(test)]
    pub(crate) async fn close(&self) {
        self.write.clone().close().await.expect("closed");
    }

    /// Whether it answers in time and takes a change. The change is one of nothing, and taken back: who asks must not
    /// be able to make the disk busy.
    pub(crate) async fn takes_changes(&self) -> Result<()> {
        let late = |_| Error::Unavailable { cause: format!("no answer in {} seconds", WAIT.as_secs()) };
        let change = async {
            let transaction = self.begin_aside().await?;
            setting::Entity::delete_by_id("").exec(&transaction).await?;
            Ok(transaction.rollback().await?)
        };
        tokio::time::timeout(WAIT, change).await.map_err(late)?
    }
}

async fn sqlite_pool(url: &str, connections: u32, create: bool) -> Result<DatabaseConnection> {
    let options = SqliteConnectOptions::from_str(url)
        .map_err(Error::internal)?
        .create_if_missing(create)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(WAIT)
        .statement_cache_capacity(STATEMENTS)
        .pragma("cache_size", if connections > 1 { READER_CACHE } else { WRITER_CACHE })
        // A page that many messages change is written back once for all of them.
        .pragma("wal_autocheckpoint", "4000");
    // What the writer needs to take one statement back would be a file made and removed in each commit. Readers sort
    // much, and need not do it in memory.
    let options = if connections > 1 { options } else { options.pragma("temp_store", "MEMORY") };
    let pool = SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(WAIT)
        // A file does not go away as a server does; a ping would double the cost of a short look-up.
        .test_before_acquire(false)
        .after_connect(|connection, _| Box::pin(durable::sqlite(connection)));
    // SQLite ends a transaction by itself when a disk is full. The driver does not notice: what it takes for the next
    // commits are then savepoints in a transaction that never ends, and what was acknowledged is lost. A connection for
    // writing that comes back inside a transaction is closed.
    let pool = if connections > 1 {
        pool
    } else {
        pool.after_release(|connection, _| {
            Box::pin(async move {
                // The rollback of a dropped transaction is carried out before this is answered.
                connection.ping().await?;
                Ok(!connection.is_in_transaction())
            })
        })
    };
    let unavailable = |error: sqlx::Error| Error::Unavailable { cause: error.to_string() };
    if create {
        make_private(options.get_filename()).map_err(|error| unavailable(error.into()))?;
    }
    // The pool would only say that no connection was to be had.
    let mut one = options.connect().await.map_err(unavailable)?;
    durable::sqlite(&mut one).await.map_err(unavailable)?;
    one.close().await.map_err(unavailable)?;
    let pool = pool.connect_with(options).await.map_err(unavailable)?;
    Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool))
}

/// Makes the file of a database, with all mail and every hash in it, for its owner alone; one that is there stays as it
/// is. SQLite gives what it writes beside it the same permissions.
fn make_private(file: &Path) -> std::io::Result<()> {
    match File::options().write(true).create_new(true).mode(0o600).open(file) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

async fn postgres_pool(url: &str, bounds: &[(&str, &str)]) -> Result<DatabaseConnection> {
    let options = PgConnectOptions::from_str(url)
        .map_err(Error::internal)?
        .statement_cache_capacity(STATEMENTS)
        .options([("synchronous_commit", "on")])
        .options(bounds.iter().copied());
    let unavailable = |error: sqlx::Error| Error::Unavailable { cause: error.to_string() };
    // The pool would only say that no connection was to be had.
    let first = async {
        let mut one = options.connect().await?;
        durable::postgres(&mut one).await?;
        one.close().await
    };
    let late = |_| Error::Unavailable { cause: format!("no answer in {} seconds", WAIT.as_secs()) };
    tokio::time::timeout(WAIT, first).await.map_err(late)?.map_err(unavailable)?;
    let pool = PgPoolOptions::new()
        .max_connections(16)
        .acquire_timeout(WAIT)
        .after_connect(|connection, _| Box::pin(durable::postgres(connection)))
        .connect_with(options)
        .await
        .map_err(unavailable)?;
    Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
}

/// Memory for the pages of one connection to SQLite (negative: KiB). A reader forgets its pages after each commit, and
/// what is not here is in the system's cache of files; more would be filled by a single large message.
const READER_CACHE: &str = "-1024";
const WRITER_CACHE: &str = "-4096";
/// Rows of one statement. Few, so that statements for every number of rows stay prepared ([`STATEMENTS`]).
const ROWS: usize = 32;
/// Statements that a connection keeps prepared: the hot ones, for each number of rows, and others.
const STATEMENTS: usize = 400;

/// Cuts rows into pieces of one statement each.
pub(crate) fn pieces<T>(rows: Vec<T>) -> impl Iterator<Item = Vec<T>> {
    let mut rows = rows.into_iter();
    std::iter::from_fn(move || (rows.len() > 0).then(|| rows.by_ref().take(ROWS).collect()))
}

/// Runs a statement over rows that come with it as a table: `columns` with their types, and the statement around
/// `(column, …) AS (VALUES …)`. Gives what it returns.
pub(crate) async fn with_rows<const N: usize>(
    transaction: &DatabaseTransaction,
    columns: [(&str, &str); N],
    rows: Vec<[Value; N]>,
    statement: impl Fn(&str) -> String,
) -> Result<Vec<QueryResult>> {
    let backend = transaction.get_database_backend();
    let mut returned = Vec::new();
    for rows in pieces(rows) {
        let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
        let mut table = format!("({}) AS (VALUES ", names.join(", "));
        for row in 0..rows.len() {
            table += if row == 0 { "(" } else { ", (" };
            for (column, (_, kind)) in columns.iter().enumerate() {
                let comma = if column == 0 { "" } else { ", " };
                let place = row * N + column + 1;
                // PostgreSQL takes what it is not told for text; SQLite would turn an identifier into a number.
                table += &match backend {
                    DbBackend::Postgres => format!("{comma}CAST(${place} AS {kind})"),
                    _ => format!("{comma}${place}"),
                };
            }
            table += ")";
        }
        let sql = statement(&(table + ")"));
        let values = rows.into_iter().flatten();
        returned.extend(transaction.query_all_raw(Statement::from_sql_and_values(backend, sql, values)).await?);
    }
    Ok(returned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::{Test, word};
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn rows_go_in_pieces_in_their_order() {
        for (rows, sizes) in [(0, vec![]), (1, vec![1]), (32, vec![32]), (70, vec![32, 32, 6])] {
            let cut: Vec<Vec<usize>> = pieces((0..rows).collect()).collect();
            assert_eq!(cut.iter().map(Vec::len).collect::<Vec<_>>(), sizes);
            assert!(cut.into_iter().flatten().eq(0..rows));
        }
    }

    #[tokio::test]
    async fn only_its_owner_reads_a_database_that_is_made_here() {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}", folder.path().join("new.sqlite").display());
        Database::migrate(&url).await.expect("migrated");
        let db = Database::open(&url).await.expect("a database");
        let transaction = db.begin_aside().await.expect("a transaction");
        setting::Entity::delete_by_id("").exec(&transaction).await.expect("changed");
        transaction.commit().await.expect("committed");
        for name in ["new.sqlite", "new.sqlite-wal", "new.sqlite-shm"] {
            let mode = std::fs::metadata(folder.path().join(name)).expect(name).permissions().mode();
            assert_eq!(mode & 0o077, 0, "{name}");
        }
    }

    #[tokio::test]
    async fn nobody_waits_for_a_lock_for_ever() {
        let test = Test::new().await;
        if test.core.db.backend() == DbBackend::Sqlite {
            // There the pool of the one writer is what is waited for, and the wait is the pool's own.
            return;
        }
        let holder = test.core.db.begin_aside().await.expect("a transaction");
        holder.execute_unprepared("LOCK TABLE message IN ACCESS EXCLUSIVE MODE").await.expect("locked");
        let began = std::time::Instant::now();
        let read = test.core.db.read().execute_unprepared("SELECT id FROM message").await;
        assert_eq!(word(&read.map_err(Error::from)), "Unavailable");
        assert!(began.elapsed() < 4 * WAIT, "{:?}", began.elapsed());
        holder.rollback().await.expect("rolled back");
        let slow = test.core.db.read().execute_unprepared("SET statement_timeout = '50ms'; SELECT pg_sleep(30)").await;
        assert_eq!(word(&slow.map_err(Error::from)), "Unavailable");
    }
}
