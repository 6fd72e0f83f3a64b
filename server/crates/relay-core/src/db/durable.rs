//! What `250` rests on: a connection whose commits are not on disk when they return is not used.

use sqlx::{Executor, Row, postgres::PgConnection, sqlite::SqliteConnection};

/// Asks SQLite what it does at a commit. The answer is 2 (FULL) or 3 (EXTRA) when it syncs the log each time.
pub(super) async fn sqlite(connection: &mut SqliteConnection) -> sqlx::Result<()> {
    let synchronous: i64 = connection.fetch_one("PRAGMA synchronous").await?.try_get(0)?;
    let journal: String = connection.fetch_one("PRAGMA journal_mode").await?.try_get(0)?;
    match (synchronous, journal.as_str()) {
        (2 | 3, "wal") => Ok(()),
        _ => Err(refused(&format!(
            "SQLite would lose what was acknowledged: synchronous is {synchronous} (2 is needed), journal_mode is \
             {journal} (wal is needed). Put the database on a local disk whose file system SQLite can lock"
        ))),
    }
}

/// Asks PostgreSQL, which a proxy or its configuration may have told otherwise.
pub(super) async fn postgres(connection: &mut PgConnection) -> sqlx::Result<()> {
    let sql =
        "SELECT current_setting('synchronous_commit'), current_setting('fsync'), current_setting('full_page_writes')";
    let row = connection.fetch_one(sql).await?;
    let (commit, fsync, pages): (String, String, String) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    let waits = ["on", "local", "remote_write", "remote_apply"].contains(&commit.as_str());
    if waits && fsync == "on" && pages == "on" {
        return Ok(());
    }
    Err(refused(&format!(
        "PostgreSQL would lose what was acknowledged: synchronous_commit is {commit}, fsync is {fsync}, full_page_writes \
         is {pages}. Set all three to on"
    )))
}

fn refused(why: &str) -> sqlx::Error {
    sqlx::Error::Configuration(why.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::{
        ConnectOptions, Connection,
        postgres::PgConnectOptions,
        sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
    };

    #[tokio::test]
    async fn a_sqlite_that_does_not_sync_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let with = |journal, synchronous| {
            let file = folder.path().join("x.sqlite");
            let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
            options.journal_mode(journal).synchronous(synchronous)
        };
        for (journal, synchronous, good) in [
            (SqliteJournalMode::Wal, SqliteSynchronous::Full, true),
            (SqliteJournalMode::Wal, SqliteSynchronous::Extra, true),
            (SqliteJournalMode::Wal, SqliteSynchronous::Normal, false),
            (SqliteJournalMode::Wal, SqliteSynchronous::Off, false),
            (SqliteJournalMode::Memory, SqliteSynchronous::Full, false),
        ] {
            let mut connection = with(journal, synchronous).connect().await.expect("a connection");
            let judged = sqlite(&mut connection).await;
            // The journal cannot be changed while somebody else has the file open.
            connection.close().await.expect("closed");
            assert_eq!(judged.is_ok(), good, "{journal:?} {synchronous:?}: {judged:?}");
        }
    }

    #[tokio::test]
    async fn a_postgresql_that_does_not_sync_is_refused() {
        let Ok(url) = std::env::var("RELAYKEEP_TEST_POSTGRES") else { return };
        for (setting, good) in [("on", true), ("remote_apply", true), ("local", true), ("off", false)] {
            let options: PgConnectOptions = url.parse().expect("an address");
            let options = options.options([("synchronous_commit", setting)]);
            let judged = postgres(&mut options.connect().await.expect("a connection")).await;
            assert_eq!(judged.is_ok(), good, "{setting}: {judged:?}");
            if let Err(error) = judged {
                assert!(error.to_string().contains("synchronous_commit is off"), "{error}");
            }
        }
    }
}
