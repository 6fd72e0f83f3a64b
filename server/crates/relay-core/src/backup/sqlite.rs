//! Tables of SQLite, read in one transaction, and written in one.

use super::{
    END_OF_ROWS, HOLD, Header, Input, LEFT_OUT, Next, Output, Progress, Table, begin, columns, judge_rows, line, next,
    order, read_line, text,
};
use crate::{Error, Result};
use futures_util::TryStreamExt;
use sqlx::{
    AssertSqlSafe, Connection, Executor, Row, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use std::{io::Write, str::FromStr, time::Duration};

/// Rows between two words about progress.
const NOW_AND_THEN: u64 = 50_000;

/// How a column's values are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Uuid,
    Octets,
    Truth,
    Number,
    Text,
}

impl Kind {
    /// By the type the schema declares.
    fn of(declared: &str) -> Self {
        let declared = declared.to_ascii_lowercase();
        let is = |word| declared.contains(word);
        match () {
            () if is("uuid") => Self::Uuid,
            () if is("blob") || is("binary") => Self::Octets,
            () if is("bool") => Self::Truth,
            () if is("int") => Self::Number,
            () => Self::Text,
        }
    }

    /// As PostgreSQL writes it.
    fn written(self, column: &str) -> String {
        match self {
            Self::Uuid => {
                let part = |from, octets| format!("substr(lower(hex(\"{column}\")), {from}, {octets})");
                [part(1, 8), part(9, 4), part(13, 4), part(17, 4), part(21, 12)].join(" || '-' || ")
            }
            Self::Octets => format!("'\\x' || lower(hex(\"{column}\"))"),
            Self::Truth => format!("CASE WHEN \"{column}\" THEN 't' ELSE 'f' END"),
            Self::Number | Self::Text => format!("CAST(\"{column}\" AS TEXT)"),
        }
    }
}

async fn connect(url: &str) -> Result<SqliteConnection> {
    let options = SqliteConnectOptions::from_str(url).map_err(Error::internal)?;
    let options = options
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(5))
        // Rows are judged all together at the end.
        .foreign_keys(false);
    SqliteConnection::connect_with(&options).await.map_err(away)
}

fn away(error: sqlx::Error) -> Error {
    sea_orm::DbErr::Query(sea_orm::RuntimeErr::SqlxError(error.into())).into()
}

/// Writes all tables as they are at one moment.
pub(super) async fn write(
    url: &str,
    head: impl FnOnce(Vec<String>) -> Header,
    output: &mut Output,
    progress: Progress<'_>,
) -> Result<u64> {
    let mut connection = connect(url).await?;
    let mut snapshot = connection.begin().await.map_err(away)?;
    let schema = words(&mut snapshot, "SELECT version FROM seaql_migrations ORDER BY version").await?;
    begin(output, &head(schema))?;
    let mut rows = 0;
    for table in tables(&mut snapshot).await? {
        let kinds = kinds(&mut snapshot, &table).await?;
        let columns: Vec<String> = kinds.iter().map(|(column, _)| column.clone()).collect();
        // Without a value, an expression may still have one.
        let select = kinds.iter().map(|(column, kind)| {
            format!("CASE WHEN \"{column}\" IS NULL THEN NULL ELSE {} END", kind.written(column))
        });
        let sql = format!("SELECT {} FROM \"{table}\"", select.collect::<Vec<_>>().join(", "));
        line(output, &Table { table: table.clone(), columns: columns.clone() })?;
        let mut some = 0;
        {
            let mut found = sqlx::query(AssertSqlSafe(sql)).fetch(&mut *snapshot);
            while let Some(row) = found.try_next().await.map_err(away)? {
                let mut written = Vec::new();
                for place in 0..columns.len() {
                    if place > 0 {
                        written.push(b'\t');
                    }
                    text::write(&mut written, row.try_get::<Option<&str>, _>(place).map_err(away)?);
                }
                written.push(b'\n');
                output.write_all(&written).map_err(Error::internal)?;
                some += 1;
                if some % NOW_AND_THEN == 0 {
                    progress(&table, some);
                }
            }
        }
        output.write_all(END_OF_ROWS).and_then(|()| output.write_all(b"\n")).map_err(Error::internal)?;
        progress(&table, some);
        rows += some;
    }
    snapshot.rollback().await.map_err(away)?;
    Ok(rows)
}

/// Writes all rows of the backup, or none.
pub(super) async fn restore(url: &str, input: &mut Input, hold: bool, progress: Progress<'_>) -> Result<u64> {
    let mut connection = connect(url).await?;
    let mut change = connection.begin().await.map_err(away)?;
    let mut rows = 0;
    let said = loop {
        let table = match next(input)? {
            Next::Table(table) => table,
            Next::End(said) => break said,
        };
        let kinds = kinds(&mut change, &table.table).await?;
        let kinds: Option<Vec<Kind>> = table
            .columns
            .iter()
            .map(|column| kinds.iter().find(|(known, _)| known == column).map(|&(_, kind)| kind))
            .collect();
        let kinds = kinds.ok_or_else(|| Error::conflict(format!("{} has other columns here", table.table)))?;
        let places = vec!["?"; kinds.len()].join(", ");
        let sql = format!("INSERT INTO \"{}\" ({}) VALUES ({places})", table.table, columns(&table));
        let mut some = 0;
        loop {
            let row = read_line(input)?;
            if row == END_OF_ROWS {
                break;
            }
            insert(&mut change, &sql, &kinds, &row).await?;
            some += 1;
            if some % NOW_AND_THEN == 0 {
                progress(&table.table, some);
            }
        }
        progress(&table.table, some);
        rows += some;
    };
    let rows = judge_rows(said, rows)?;
    for sql in HOLD.into_iter().filter(|_| hold) {
        change.execute(sql).await.map_err(away)?;
    }
    if let Some(row) = change.fetch_optional("PRAGMA foreign_key_check").await.map_err(away)? {
        let table: String = row.try_get(0).map_err(away)?;
        return Err(Error::conflict(format!("the backup has a row of {table} whose parent is missing")));
    }
    change.commit().await.map_err(away)?;
    Ok(rows)
}

async fn insert(change: &mut SqliteConnection, sql: &str, kinds: &[Kind], row: &[u8]) -> Result<()> {
    let broken = || Error::conflict("the backup has a row that cannot be read");
    let values = text::read(row).filter(|values| values.len() == kinds.len()).ok_or_else(broken)?;
    let mut query = sqlx::query(AssertSqlSafe(sql.to_owned()));
    for (kind, value) in kinds.iter().zip(values) {
        query = match (kind, value) {
            (Kind::Text, value) => query.bind(value),
            (_, None) => query.bind(None::<i64>),
            (Kind::Uuid, Some(value)) => query.bind(text::octets(&value).ok_or_else(broken)?),
            (Kind::Octets, Some(value)) => {
                query.bind(value.strip_prefix("\\x").and_then(text::octets).ok_or_else(broken)?)
            }
            (Kind::Truth, Some(value)) => query.bind(value == "t"),
            (Kind::Number, Some(value)) => query.bind(value.parse::<i64>().map_err(|_| broken())?),
        };
    }
    query.execute(change).await.map_err(away)?;
    Ok(())
}

/// The tables, parents first.
async fn tables(connection: &mut SqliteConnection) -> Result<Vec<String>> {
    let names = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
    let names = words(connection, names).await?;
    let pointing =
        "SELECT m.name, f.\"table\" FROM sqlite_schema m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'";
    let pointing = connection.fetch_all(pointing).await.map_err(away)?;
    let pointing: std::result::Result<Vec<(String, String)>, _> =
        pointing.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect();
    let names = names.into_iter().filter(|name| !LEFT_OUT.contains(&name.as_str())).collect();
    Ok(order::of(names, &pointing.map_err(away)?))
}

async fn kinds(connection: &mut SqliteConnection, table: &str) -> Result<Vec<(String, Kind)>> {
    let query = sqlx::query("SELECT name, type FROM pragma_table_info(?)").bind(table.to_owned());
    let rows = query.fetch_all(connection).await.map_err(away)?;
    let kinds = rows.iter().map(|row| Ok((row.try_get(0)?, Kind::of(row.try_get(1)?))));
    kinds.collect::<std::result::Result<_, sqlx::Error>>().map_err(away)
}

async fn words(connection: &mut SqliteConnection, sql: &'static str) -> Result<Vec<String>> {
    let rows = connection.fetch_all(sql).await.map_err(away)?;
    rows.iter().map(|row| row.try_get(0).map_err(away)).collect()
}
