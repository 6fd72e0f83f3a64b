//! Backups: a whole installation in one file, as of one moment, while the relay runs; and back, onto either kind of
//! database.
//!
//! The file is deflated text: a line that says what it is (`Header`), for each table a line with its columns and its
//! rows in the text form of PostgreSQL's COPY, and a last line with the number of rows. Both databases read and write
//! this form, so a backup of one can be restored onto the other. What is read is one snapshot (a transaction that reads:
//! WAL of SQLite, REPEATABLE READ of PostgreSQL), so nobody who writes waits for it.
//!
//! The sealing key is in it unless that is not wished: without the key nobody can open what is sealed in the database.

mod order;
mod postgres;
mod sqlite;
mod text;

use crate::{Error, Result, db::Database, sealing::SealingKey};
use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use migrations::{Migrator, MigratorTrait};
use relay_types::Timestamp;
use serde::{Deserialize, Serialize};
use std::{
    fs::File,
    io::{BufRead, BufReader, BufWriter, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};
use zeroize::Zeroizing;

/// The first line.
const FORMAT: &str = "relaykeep backup 1";
/// Tables that are of this moment alone: who runs now, and what the schema is (which the header says).
const LEFT_OUT: [&str; 2] = ["node", "seaql_migrations"];

/// What a backup says of itself.
#[derive(Clone, Serialize, Deserialize)]
pub struct Header {
    /// Version of the program that made it.
    pub version: String,
    /// When.
    pub made_at: Timestamp,
    /// Changes of the schema that were made, in order.
    pub schema: Vec<String>,
    /// The sealing key in Base64, when it is there.
    key: Option<String>,
}

impl Header {
    /// Whether the sealing key is in the file.
    pub fn has_key(&self) -> bool {
        self.key.is_some()
    }
}

/// A table's line.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Table {
    table: String,
    columns: Vec<String>,
}

/// The last line.
#[derive(Debug, Serialize, Deserialize)]
struct End {
    rows: u64,
}

/// What is backed up, or restored.
pub struct Installation<'a> {
    /// `database.url`.
    pub database: &'a str,
    /// `secret_key_file`.
    pub key_file: &'a Path,
}

type Output = GzEncoder<BufWriter<File>>;

/// Called with a table and how many of its rows are done, now and then and at its end.
pub type Progress<'a> = &'a mut (dyn FnMut(&str, u64) + Send);

/// Writes a backup to a new file, which only its owner may read; returns how many rows. The relay may run.
pub async fn write(
    from: Installation<'_>,
    to: &Path,
    with_key: bool,
    now: Timestamp,
    progress: Progress<'_>,
) -> Result<u64> {
    let key = match with_key {
        true => Some(STANDARD.encode(read_key(from.key_file)?)),
        false => None,
    };
    let file =
        File::options().write(true).create_new(true).mode(0o600).open(to).map_err(|error| unusable(to, &error))?;
    let mut output = GzEncoder::new(BufWriter::new(file), Compression::fast());
    let head = |schema| Header { version: env!("CARGO_PKG_VERSION").to_owned(), made_at: now, schema, key };
    let written = match from.database.starts_with("sqlite:") {
        true => sqlite::write(from.database, head, &mut output, progress).await,
        false => postgres::write(from.database, head, &mut output, progress).await,
    };
    let done = async {
        let rows = written?;
        line(&mut output, &End { rows })?;
        let file =
            output.finish().and_then(|buffer| buffer.into_inner().map_err(Into::into)).map_err(Error::internal)?;
        file.sync_all().map_err(Error::internal)?;
        Ok(rows)
    };
    let done = done.await;
    if done.is_err() {
        // Half a backup must not be taken for one.
        let _ = std::fs::remove_file(to);
    }
    done
}

/// Restores a backup onto a database in which nothing is; returns what it was and how many rows. With `hold` all mail
/// that waits is held: what was delivered after the backup would else be delivered again.
pub async fn restore(from: &Path, to: Installation<'_>, hold: bool, progress: Progress<'_>) -> Result<(Header, u64)> {
    let mut input = open(from)?;
    let header = head(&mut input, from)?;
    let known: Vec<String> = Migrator::migrations().iter().map(|change| change.name().to_owned()).collect();
    if !known.starts_with(&header.schema) {
        return Err(Error::conflict(format!(
            "{} was made by relaykeep {}, which has a newer schema than this version: use that one",
            from.display(),
            header.version
        )));
    }
    let key = judge_key(&header, to.key_file)?;
    Database::prepare_for_restore(to.database, &header.schema).await?;
    // Before the rows: a key that cannot be written must not be missed after them. One of a restore that failed is the
    // right one for the next.
    if let Some(key) = key {
        write_key(to.key_file, &key)?;
    }
    let rows = match to.database.starts_with("sqlite:") {
        true => sqlite::restore(to.database, &mut input, hold, progress).await?,
        false => postgres::restore(to.database, &mut input, hold, progress).await?,
    };
    Database::migrate(to.database).await?;
    Ok((header, rows))
}

/// What a backup says of itself.
pub fn look(from: &Path) -> Result<Header> {
    head(&mut open(from)?, from)
}

type Input = BufReader<GzDecoder<BufReader<File>>>;

fn open(from: &Path) -> Result<Input> {
    let file = File::open(from).map_err(|error| unusable(from, &error))?;
    Ok(BufReader::with_capacity(1 << 20, GzDecoder::new(BufReader::new(file))))
}

fn head(input: &mut Input, from: &Path) -> Result<Header> {
    let no_backup = || Error::conflict(format!("{} is no backup that this version can read", from.display()));
    let first = read_line(input).map_err(|_| no_backup())?;
    if first != FORMAT.as_bytes() {
        return Err(no_backup());
    }
    serde_json::from_slice(&read_line(input)?).map_err(|_| no_backup())
}

/// The key that is to be written, when it is not there yet.
fn judge_key(header: &Header, file: &Path) -> Result<Option<Zeroizing<Vec<u8>>>> {
    let there = file.exists().then(|| read_key(file)).transpose()?;
    let ours = header.key.as_ref().map(|key| STANDARD.decode(key.as_bytes()).map(Zeroizing::new)).transpose();
    match (ours.map_err(Error::internal)?, there) {
        (Some(key), None) => Ok(Some(key)),
        (Some(key), Some(there)) if key == there => Ok(None),
        (Some(_), Some(_)) => {
            Err(Error::conflict(format!("{} is another key than the backup's: move it away first", file.display())))
        }
        // Whether it is the right one is seen at the start.
        (None, Some(_)) => Ok(None),
        (None, None) => Err(Error::conflict(format!(
            "the backup has no key: put the key file of that installation at {} first",
            file.display()
        ))),
    }
}

fn read_key(file: &Path) -> Result<Zeroizing<Vec<u8>>> {
    SealingKey::read(file)?;
    std::fs::read(file).map(Zeroizing::new).map_err(|error| unusable(file, &error))
}

fn write_key(file: &Path, key: &[u8]) -> Result<()> {
    let opened = File::options().write(true).create_new(true).mode(0o600).open(file);
    let written = opened.and_then(|mut opened| opened.write_all(key).and_then(|()| opened.sync_all()));
    written.map_err(|error| unusable(file, &error))
}

fn begin(output: &mut Output, header: &Header) -> Result<()> {
    output.write_all(format!("{FORMAT}\n").as_bytes()).map_err(Error::internal)?;
    line(output, header)
}

fn line(output: &mut Output, what: &impl Serialize) -> Result<()> {
    let mut text = serde_json::to_vec(what).map_err(Error::internal)?;
    text.push(b'\n');
    output.write_all(&text).map_err(Error::internal)
}

/// A line without its end; an error at the end of the file, which is then cut.
fn read_line(input: &mut Input) -> Result<Vec<u8>> {
    let mut line = Vec::new();
    input.read_until(b'\n', &mut line).map_err(Error::internal)?;
    match line.pop() {
        Some(b'\n') => Ok(line),
        _ => Err(Error::conflict("the backup is cut: its end is missing")),
    }
}

/// The next table, or the end with its number of rows.
enum Next {
    Table(Table),
    End(u64),
}

fn next(input: &mut Input) -> Result<Next> {
    let line = read_line(input)?;
    if let Ok(end) = serde_json::from_slice::<End>(&line) {
        return Ok(Next::End(end.rows));
    }
    let table: Table = serde_json::from_slice(&line).map_err(Error::internal)?;
    // They become part of statements.
    let is_name = |name: &String| {
        !name.is_empty()
            && name.bytes().all(|octet| octet.is_ascii_lowercase() || octet.is_ascii_digit() || octet == b'_')
    };
    match is_name(&table.table) && table.columns.iter().all(is_name) {
        true => Ok(Next::Table(table)),
        false => Err(Error::conflict("the backup names a table that is none")),
    }
}

/// The end of a table's rows.
const END_OF_ROWS: &[u8] = b"\\.";

fn judge_rows(said: u64, rows: u64) -> Result<u64> {
    match said == rows {
        true => Ok(rows),
        false => Err(Error::conflict(format!("the backup says {said} rows and has {rows}"))),
    }
}

fn columns(table: &Table) -> String {
    table.columns.iter().map(|column| format!("\"{column}\"")).collect::<Vec<_>>().join(", ")
}

/// Holds what waits; the state of a message with a held recipient is that.
const HOLD: [&str; 2] = [
    "UPDATE recipient SET state = 'held', due_at = NULL, lease = NULL, lease_until = NULL \
     WHERE state IN ('due', 'in_flight')",
    "UPDATE message SET state = 'held' WHERE id IN (SELECT message_id FROM recipient WHERE state = 'held')",
];

fn unusable(file: &Path, error: &std::io::Error) -> Error {
    Error::internal(format!("{}: {error}", file.display()))
}

#[cfg(test)]
mod tests;
