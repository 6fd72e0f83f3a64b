//! Suppressed addresses from CSV: a job that takes a thousand lines a transaction and writes down in it how far it came.
//! A node that dies leaves the rest to another; no line is taken twice and none is left out.

use super::{TYPED, by_hand, insert};
use crate::{
    Access, Actor, Core, Error, Result, audit,
    csv::{Place, Reader, Record, plain},
    jobs::{self, NewJob},
    projects,
    tables::{job, suppression::Model},
};
use relay_types::{
    Timestamp,
    job::{Job, JobId, JobKind},
    project::{ProjectId, Slug},
};
use std::{borrow::Cow, collections::BTreeMap, time::Duration};

/// Lines a transaction.
const STEP: usize = 1_000;
/// Octets of a file.
const LARGEST: usize = 16 * 1024 * 1024;
/// The columns, in the order they have when no header names them.
const COLUMNS: [&str; 3] = ["address", "reason", "until"];
/// What stands for a reason where none is given.
const NO_REASON: &str = "From a list";

/// Begins to take addresses in from CSV: `address`, `reason`, `until` (the last day, such as 2026-12-31, or empty for
/// ever), in any order after a header that names them; other columns are read past. Addresses that are on the list stay as
/// they are. Lines that cannot be taken are refused one by one. Member. Field: `csv`. `Conflict` while an import of the
/// project runs.
pub async fn begin(core: &Core, actor: &Actor, project: &Slug, csv: String) -> Result<JobId> {
    let project = projects::authorize(core, actor, project, Access::Manage).await?;
    if csv.len() > LARGEST {
        return Err(Error::invalid("csv", "The file is larger than 16 MB; take it in pieces"));
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
    let changes = vec![audit::field("lines", None::<&str>, Some(total))];
    audit::record(core, &transaction, actor, Some(project), "suppression.import", "", changes).await?;
    let new = NewJob {
        kind: JobKind::Suppressions,
        subject: String::new(),
        range_id: None,
        project_id: Some(project.uuid()),
        total,
        payload: Some(csv),
    };
    let id = jobs::start(core, &transaction, actor, new).await?;
    transaction.commit().await?;
    Ok(id)
}

/// An import of the project: this one, else the one that goes on. Any member.
pub async fn job(core: &Core, actor: &Actor, project: &Slug, id: Option<JobId>) -> Result<Option<Job>> {
    let project = projects::authorize(core, actor, project, Access::View).await?;
    jobs::of_project(core, project, JobKind::Suppressions, id).await
}

/// Goes on with an import to its end.
pub(crate) async fn run(core: &Core, mut job: job::Model) -> Result<()> {
    let csv = job.payload.take().unwrap_or_default();
    while step(core, &mut job, &csv).await? {}
    Ok(())
}

/// Takes the next lines; gives whether there are more.
pub(super) async fn step(core: &Core, job: &mut job::Model, csv: &str) -> Result<bool> {
    let project = job.project_id.ok_or_else(|| Error::internal("an import of suppressions without a project"))?;
    let (columns, begin) = header(csv);
    let mut reader = match job.place.as_deref() {
        Some(place) => Reader::from(csv, Place::read(place)?),
        None => begin,
    };
    let records: Vec<Record<'_>> = std::iter::from_fn(|| reader.next()).take(STEP).collect();
    // By address, as everyone locks them; of an address that comes twice the first line counts.
    let mut rows: BTreeMap<String, Model> = BTreeMap::new();
    for record in &records {
        match read(core, ProjectId::from_uuid(project), columns, record) {
            Ok(row) => {
                rows.entry(row.address.clone()).or_insert(row);
            }
            Err(Error::Invalid { reason, .. }) => jobs::refuse(job, record.line, record.text, reason)?,
            Err(error) => return Err(error),
        }
        job.done += 1;
    }
    let transaction = core.db.begin().await?;
    let inserted = insert(&transaction, core.now(), rows.into_values().collect()).await?;
    job.changed += i64::try_from(inserted).unwrap_or_default();
    job.place = Some(reader.place().stored());
    let more = records.len() == STEP;
    match more {
        true => jobs::advance(core, &transaction, job).await?,
        false => jobs::end(core, &transaction, job, None).await?,
    }
    transaction.commit().await?;
    core.changes.committed();
    Ok(more)
}

/// The place of each of [`COLUMNS`] in a record.
type Columns = [Option<usize>; 3];

/// Where each column is, and the reader behind the header. A first record with the cell `address` is one.
fn header(csv: &str) -> (Columns, Reader<'_>) {
    let (begin, mut behind) = (Reader::new(csv), Reader::new(csv));
    let first = behind.next().and_then(|record| record.fields.ok()).unwrap_or_default();
    let columns = COLUMNS.map(|name| first.iter().position(|cell| cell.eq_ignore_ascii_case(name)));
    if columns[0].is_some() { (columns, behind) } else { ([Some(0), Some(1), Some(2)], begin) }
}

fn read(core: &Core, project: ProjectId, columns: Columns, record: &Record<'_>) -> Result<Model> {
    let fields = record.fields.as_ref().map_err(|&reason| Error::invalid("csv", reason))?;
    let cell = |at: Option<usize>| at.and_then(|at| fields.get(at)).map_or("", Cow::as_ref);
    let [address, reason, until] = columns.map(cell);
    // A reply in a list that was downloaded here may be longer than what a person may type.
    let reason: String = plain(reason).chars().take(TYPED).collect();
    let reason = if reason.is_empty() { NO_REASON } else { &reason };
    by_hand(core, project, plain(address), reason, day(until)?)
}

/// The end of a day in UTC; none for an empty cell.
fn day(text: &str) -> Result<Option<Timestamp>> {
    if text.is_empty() {
        return Ok(None);
    }
    let read = || {
        let mut parts = text.splitn(3, '-');
        let mut next = || parts.next();
        let (year, month, day) = (next()?.parse().ok()?, next()?.parse::<u8>().ok()?, next()?.parse().ok()?);
        time::Date::from_calendar_date(year, time::Month::try_from(month).ok()?, day).ok()
    };
    let day = read().ok_or_else(|| Error::invalid("expires_at", "Until is a day such as 2026-12-31, or empty"))?;
    let begins = day.midnight().assume_utc().unix_timestamp().saturating_mul(1_000);
    Ok(Some(Timestamp(begins).plus(Duration::from_secs(86_400))))
}
