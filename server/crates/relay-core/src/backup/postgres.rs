//! Tables of PostgreSQL, read in one snapshot by COPY, and written in one transaction by it.

use super::{
    END_OF_ROWS, HOLD, Header, Input, LEFT_OUT, Next, Output, Progress, Table, begin, columns, judge_rows, line, next,
    order, read_line,
};
use crate::{Error, Result};
use futures_util::TryStreamExt;
use sqlx::{Connection, Executor, PgConnection, Row, postgres::PgConnectOptions};
use std::{io::Write, str::FromStr};

/// Octets of rows that go to the server at once, and between two words about progress.
const TOGETHER: usize = 1 << 20;

async fn connect(url: &str) -> Result<PgConnection> {
    let options = PgConnectOptions::from_str(url).map_err(Error::internal)?;
    let options =
        options.application_name("relaykeep backup").options([("lock_timeout", "5s"), ("synchronous_commit", "on")]);
    PgConnection::connect_with(&options).await.map_err(away)
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
    connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await.map_err(away)?;
    let schema = connection.fetch_all("SELECT version FROM seaql_migrations ORDER BY version").await.map_err(away)?;
    let schema = schema.iter().map(|row| row.try_get(0).map_err(away)).collect::<Result<_>>()?;
    begin(output, &head(schema))?;
    let mut rows = 0;
    for table in tables(&mut connection).await? {
        let query = sqlx::query(
            "SELECT column_name::text FROM information_schema.columns \
             WHERE table_schema = current_schema() AND table_name = $1 ORDER BY ordinal_position",
        );
        let found = query.bind(&table).fetch_all(&mut connection).await.map_err(away)?;
        let names = found.iter().map(|row| row.try_get(0).map_err(away)).collect::<Result<_>>()?;
        let table = Table { table, columns: names };
        line(output, &table)?;
        let copy = format!("COPY \"{}\" ({}) TO STDOUT", table.table, columns(&table));
        let mut some = 0;
        {
            let mut pieces = connection.copy_out_raw(&copy).await.map_err(away)?;
            let mut since = 0;
            while let Some(piece) = pieces.try_next().await.map_err(away)? {
                // A line feed within a value is written as `\n`: each one ends a row.
                some += piece.iter().filter(|&&octet| octet == b'\n').count() as u64;
                output.write_all(&piece).map_err(Error::internal)?;
                since += piece.len();
                if since >= 64 * TOGETHER {
                    progress(&table.table, some);
                    since = 0;
                }
            }
        }
        output.write_all(END_OF_ROWS).and_then(|()| output.write_all(b"\n")).map_err(Error::internal)?;
        progress(&table.table, some);
        rows += some;
    }
    connection.execute("ROLLBACK").await.map_err(away)?;
    Ok(rows)
}

/// Writes all rows of the backup, or none.
pub(super) async fn restore(url: &str, input: &mut Input, hold: bool, progress: Progress<'_>) -> Result<u64> {
    let mut connection = connect(url).await?;
    // What is not committed is gone with the connection.
    connection.execute("BEGIN").await.map_err(away)?;
    let mut rows = 0;
    let said = loop {
        let table = match next(input)? {
            Next::Table(table) => table,
            Next::End(said) => break said,
        };
        let some = copy_in(&mut connection, &table, input, progress).await?;
        progress(&table.table, some);
        rows += some;
    };
    let rows = judge_rows(said, rows)?;
    for change in HOLD.into_iter().filter(|_| hold) {
        connection.execute(change).await.map_err(away)?;
    }
    connection.execute("COMMIT").await.map_err(away)?;
    Ok(rows)
}

async fn copy_in(
    connection: &mut PgConnection,
    table: &Table,
    input: &mut Input,
    progress: Progress<'_>,
) -> Result<u64> {
    let copy = format!("COPY \"{}\" ({}) FROM STDIN", table.table, columns(table));
    let mut sink = connection.copy_in_raw(&copy).await.map_err(away)?;
    let (mut some, mut waiting, mut sent) = (0, Vec::new(), 0);
    loop {
        let row = match read_line(input) {
            Ok(row) => row,
            Err(error) => {
                sink.abort("the backup is cut").await.map_err(away)?;
                return Err(error);
            }
        };
        let ended = row == END_OF_ROWS;
        if !ended {
            waiting.extend(row);
            waiting.push(b'\n');
            some += 1;
        }
        if waiting.len() >= TOGETHER || (ended && !waiting.is_empty()) {
            sent += waiting.len();
            sink.send(std::mem::take(&mut waiting)).await.map_err(away)?;
            if sent >= 64 * TOGETHER {
                progress(&table.table, some);
                sent = 0;
            }
        }
        if ended {
            sink.finish().await.map_err(away)?;
            return Ok(some);
        }
    }
}

/// The tables, parents first.
async fn tables(connection: &mut PgConnection) -> Result<Vec<String>> {
    let names = "SELECT table_name::text FROM information_schema.tables \
                 WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY 1";
    let names = connection.fetch_all(names).await.map_err(away)?;
    let names: Vec<String> = names.iter().map(|row| row.try_get(0).map_err(away)).collect::<Result<_>>()?;
    let pointing = "SELECT a.relname::text, b.relname::text FROM pg_constraint c JOIN pg_class a ON a.oid = c.conrelid \
                    JOIN pg_class b ON b.oid = c.confrelid WHERE c.contype = 'f'";
    let pointing = connection.fetch_all(pointing).await.map_err(away)?;
    let pointing: std::result::Result<Vec<(String, String)>, _> =
        pointing.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect();
    let names = names.into_iter().filter(|name| !LEFT_OUT.contains(&name.as_str())).collect();
    Ok(order::of(names, &pointing.map_err(away)?))
}
