//! Addresses from CSV: a job that takes some hundred lines a transaction, and writes down in it how far it came. A node
//! that dies leaves the rest to another; no line is taken twice and none is left out.

use super::{
    assign::{around, note_of, project_of, range_of, update},
    placing::{Around, Held, Known, Placed, Wanted, place},
};
use crate::{
    Actor, Core, Error, Result, audit,
    csv::{Place, Reader, Record, plain},
    egress,
    jobs::{self, NewJob},
    projects::{self, Named},
    ranges,
    tables::{
        address::{Column, Entity, Model},
        address_range, job,
    },
};
use relay_types::{
    Cidr,
    job::{JobId, JobKind},
    range::RangeId,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter, Statement, Value,
};
use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
};
use uuid::Uuid;

/// Lines a transaction.
const STEP: usize = 500;
/// Octets of a file.
const LARGEST: usize = 20 * 1024 * 1024;
/// The columns, in the order they have when no header names them.
const COLUMNS: [&str; 4] = ["address", "project", "note", "egress"];

/// Begins to take addresses in from CSV: `address`, `project`, `note`, `egress`, in any order after a header that names
/// them. An empty cell leaves what is there. Lines that cannot be taken are refused one by one. Operator only. Field:
/// `csv`. `Conflict` while an import runs.
pub async fn begin(core: &Core, actor: &Actor, range: Option<RangeId>, csv: String) -> Result<JobId> {
    projects::authorize_operator(actor)?;
    if csv.len() > LARGEST {
        return Err(Error::invalid("csv", "The file is larger than 20 MB; take it in pieces"));
    }
    if csv.contains('\0') {
        return Err(Error::invalid("csv", "This is no text; save the list as CSV"));
    }
    let (_, mut reader) = header(&csv);
    let mut total = 0;
    while reader.next().is_some() {
        total += 1;
    }
    if total == 0 {
        return Err(Error::invalid("csv", "There is no line with an address in it"));
    }
    let transaction = core.db.begin().await?;
    let subject = match range {
        Some(range) => ranges::row(&transaction, range.uuid()).await?.label,
        None => String::new(),
    };
    let changes = vec![audit::field("lines", None::<&str>, Some(total))];
    audit::record(core, &transaction, actor, None, "address.import", &subject, changes).await?;
    let range_id = range.map(RangeId::uuid);
    let new = NewJob { kind: JobKind::Import, subject, range_id, project_id: None, total, payload: Some(csv) };
    let id = jobs::start(core, &transaction, actor, new).await?;
    transaction.commit().await?;
    Ok(id)
}

/// Goes on with an import to its end.
pub(crate) async fn run(core: &Core, mut job: job::Model) -> Result<()> {
    let csv = job.payload.take().unwrap_or_default();
    while step(core, &mut job, &csv).await? {}
    Ok(())
}

/// Takes the next lines; gives whether there are more.
pub(super) async fn step(core: &Core, job: &mut job::Model, csv: &str) -> Result<bool> {
    let (columns, begin) = header(csv);
    let mut reader = match job.place.as_deref() {
        Some(place) => Reader::from(csv, Place::read(place)?),
        None => begin,
    };
    let records: Vec<Record<'_>> = std::iter::from_fn(|| reader.next()).take(STEP).collect();
    let transaction = core.db.begin().await?;
    ranges::lock(&transaction).await?;
    crate::tickets::lock(&transaction).await?;
    let started_by = job.started_by.clone();
    let mut batch = Batch {
        core,
        transaction: &transaction,
        actor: &started_by,
        only: job.range_id,
        ranges: ranges::rows(&transaction).await?,
        projects: projects::named(&transaction, None).await?,
        held: Held::default(),
        own: HashMap::new(),
        prefixes: BTreeMap::new(),
        insert: Vec::new(),
        entries: Vec::new(),
    };
    let lines: Vec<(u64, &str, std::result::Result<Line, String>)> =
        records.iter().map(|record| (record.line, record.text, batch.read(&columns, record))).collect();
    batch.fetch(lines.iter().filter_map(|(_, _, line)| line.as_ref().ok())).await?;
    for (number, text, line) in lines {
        let placed = match line {
            Ok(line) => batch.take(line).await?,
            Err(reason) => Err(reason),
        };
        match placed {
            Ok(changed) => job.changed += i64::from(changed),
            Err(reason) => jobs::refuse(job, number, text, reason)?,
        }
        job.done += 1;
    }
    batch.write().await?;
    job.place = Some(reader.place().stored());
    let more = records.len() == STEP;
    match more {
        true => jobs::advance(core, &transaction, job).await?,
        false => jobs::end(core, &transaction, job, None).await?,
    }
    transaction.commit().await?;
    Ok(more)
}

/// Where each column is, and the reader behind the header. A first record with the cell `address` is one.
fn header(csv: &str) -> (Columns, Reader<'_>) {
    let (begin, mut behind) = (Reader::new(csv), Reader::new(csv));
    let first = behind.next().and_then(|record| record.fields.ok()).unwrap_or_default();
    let columns = COLUMNS.map(|name| first.iter().position(|cell| cell.eq_ignore_ascii_case(name)));
    if columns[0].is_some() { (columns, behind) } else { ([Some(0), Some(1), Some(2), Some(3)], begin) }
}

/// The place of each of [`COLUMNS`] in a record.
type Columns = [Option<usize>; 4];

/// A line that was read.
struct Line {
    wanted: Wanted,
    range: address_range::Model,
}

/// Lines of one transaction, with what must be known of the inventory for them.
struct Batch<'a> {
    core: &'a Core,
    transaction: &'a DatabaseTransaction,
    /// Who began the import.
    actor: &'a str,
    /// The one range it is for.
    only: Option<Uuid>,
    ranges: Vec<address_range::Model>,
    projects: HashMap<Uuid, Named>,
    /// What keeps the addresses that are there.
    held: Held,
    /// Single addresses that are there, by address.
    own: HashMap<Vec<u8>, Model>,
    /// Prefixes, by their first address: for each line the last that begins at or before it.
    prefixes: BTreeMap<Vec<u8>, Model>,
    insert: Vec<Model>,
    entries: Vec<audit::Entry>,
}

impl Batch<'_> {
    /// Reads a record by itself.
    fn read(&self, columns: &Columns, record: &Record<'_>) -> std::result::Result<Line, String> {
        let fields = record.fields.as_ref().map_err(|&reason| reason.to_owned())?;
        let [address, project, note, egress] = columns.map(|at| at.and_then(|at| fields.get(at)));
        let filled = |cell: Option<&Cow<'_, str>>| cell.map(|cell| cell.to_string()).filter(|cell| !cell.is_empty());
        let block = Cidr::parse(&filled(address).unwrap_or_default()).map_err(|error| error.to_string())?;
        let range = range_of(&self.ranges, &block)?;
        if let Some(only) = self.only.filter(|&only| only != range.id) {
            let named = self.ranges.iter().find(|range| range.id == only).map_or("the range", |range| &range.label);
            return Err(format!("It lies in {}, not in {named}", range.label));
        }
        let note = match filled(note) {
            Some(note) => Some(note_of(plain(&note)).map_err(|_| "A note is one line of at most 200 characters")?),
            None => None,
        };
        let egress = match filled(egress).map(|word| word.to_ascii_lowercase()).as_deref() {
            None => None,
            Some("yes" | "true" | "1") => Some(true),
            Some("no" | "false" | "0") => Some(false),
            Some(_) => return Err("Egress is yes or no".to_owned()),
        };
        let project = project_of(&self.projects, &filled(project).unwrap_or_default())?;
        Ok(Line { wanted: Wanted { block, project, note, egress }, range })
    }

    /// Reads what is there of all lines together.
    async fn fetch(&mut self, lines: impl Iterator<Item = &Line>) -> Result<()> {
        let keys: Vec<Vec<u8>> = lines.map(|line| line.wanted.block.bounds().0.to_vec()).collect();
        if keys.is_empty() {
            return Ok(());
        }
        let own = Entity::find().filter(Column::First.is_in(keys.clone())).filter(Column::Prefix.eq(false));
        self.own = own.all(self.transaction).await?.into_iter().map(|row| (row.first.clone(), row)).collect();
        self.held = Held::of(self.transaction, self.own.values()).await?;
        // Prefixes do not overlap, so only the last one that begins before an address can hold it. Both databases call
        // the column of VALUES so.
        let values: Vec<String> = (1..=keys.len()).map(|number| format!("(${number})")).collect();
        let sql = format!(
            "SELECT DISTINCT (SELECT a.id FROM address a WHERE a.prefix = TRUE AND a.first <= v.column1 \
             ORDER BY a.first DESC LIMIT 1) AS id FROM (VALUES {}) AS v",
            values.join(", ")
        );
        let keys = keys.into_iter().map(Value::from);
        let statement = Statement::from_sql_and_values(self.transaction.get_database_backend(), sql, keys);
        let mut ids = Vec::new();
        for row in self.transaction.query_all_raw(statement).await? {
            ids.extend(row.try_get::<Option<Uuid>>("", "id")?);
        }
        let prefixes = Entity::find().filter(Column::Id.is_in(ids)).all(self.transaction).await?;
        self.prefixes = prefixes.into_iter().map(|row| (row.first.clone(), row)).collect();
        Ok(())
    }

    /// Judges a line and notes what is to be written; gives whether it changes anything, or why it is refused.
    async fn take(&mut self, line: Line) -> Result<std::result::Result<bool, String>> {
        let around = match line.wanted.block.single() {
            Some(_) => self.around(&line.wanted.block),
            None => {
                // Everything may lie in a prefix, also the lines before it.
                self.write().await?;
                let around = around(self.transaction, &line.wanted.block, line.wanted.project).await?;
                let held = Held::of(self.transaction, around.inside.iter()).await?;
                self.held.tickets.extend(held.tickets);
                self.held.changing.extend(held.changing);
                around
            }
        };
        let known = Known { projects: &self.projects, held: &self.held, now: self.core.now() };
        let id = self.core.new_id::<()>().uuid();
        let address = line.wanted.block.single();
        let placed = match place(line.wanted, &line.range, around, &known, id) {
            Ok(placed) => placed,
            Err(reason) => return Ok(Err(reason)),
        };
        if let (Some(sends), Some(address)) = (placed.egress, address) {
            egress::put(self.core, self.transaction, address, sends).await?;
        }
        self.note(placed).await.map(Ok)
    }

    /// What is around a single address.
    fn around(&self, block: &Cidr) -> Around {
        let key = block.bounds().0.to_vec();
        let prefix = self.prefixes.range(..=key.clone()).next_back().map(|(_, row)| row);
        let prefix = prefix.filter(|row| row.last >= key).cloned();
        Around { own: self.own.get(&key).cloned(), prefix, inside: Vec::new() }
    }

    async fn note(&mut self, placed: Placed) -> Result<bool> {
        let changed = placed.insert.is_some() || !placed.update.is_empty() || placed.egress.is_some();
        for row in placed.insert.iter().chain(&placed.update) {
            let known = (row.first.clone(), row.clone());
            match row.prefix {
                true => self.prefixes.insert(known.0, known.1),
                false => self.own.insert(known.0, known.1),
            };
        }
        self.insert.extend(placed.insert);
        self.entries.extend(placed.entries);
        if !placed.update.is_empty() {
            // What is changed may be one of the lines before.
            self.write_rows().await?;
        }
        for row in placed.update {
            update(self.transaction, row).await?;
        }
        Ok(changed)
    }

    async fn write_rows(&mut self) -> Result<()> {
        let rows: Vec<Model> = std::mem::take(&mut self.insert);
        for rows in rows.chunks(250) {
            let rows = rows.iter().cloned().map(IntoActiveModel::into_active_model);
            Entity::insert_many(rows).exec_without_returning(self.transaction).await?;
        }
        Ok(())
    }

    async fn write(&mut self) -> Result<()> {
        self.write_rows().await?;
        audit::record_many(self.core, self.transaction, self.actor, std::mem::take(&mut self.entries)).await
    }
}
