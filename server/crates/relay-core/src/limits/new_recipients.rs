//! Recipients that a project has not written to before.
//!
//! Owns the table `known_recipient`: eight octets of a digest for each address a project has written to, kept only while
//! the project has a limit on new ones. So mail of other projects costs nothing more. What was written before the limit
//! was set is found in the project's messages of 30 days.

use super::DAY;
use crate::{
    Core, Result, db,
    tables::known_recipient::{ActiveModel, Column, Entity},
    written_to,
};
use aws_lc_rs::digest;
use relay_types::{EmailAddress, Timestamp};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, Statement, sea_query::OnConflict,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use uuid::Uuid;

/// How far back it is looked for what was written before there was a limit: some 150 periods (`written_to`), each a step
/// in an index, for each address that is not known.
const LOOKED_BACK: Duration = Duration::from_secs(30 * 86_400);
/// Messages to an address that are looked through for one of the project: many projects may write to the same.
const LOOKED_THROUGH: u64 = 200;

/// The new recipients that a transaction has so far. No count has them before its message is kept.
#[derive(Debug, Default)]
pub struct NewSoFar(BTreeSet<i64>);

impl NewSoFar {
    /// One more was taken.
    pub(crate) fn add(&mut self, New(hash): New) {
        self.0.insert(hash);
    }
}

/// A new recipient for which there is room.
pub(crate) struct New(i64);

/// Whether there is room for a recipient at RCPT.
pub(crate) enum Room {
    /// It is not new, or has been counted, or there is no limit.
    NotNeeded,
    /// There is.
    For(New),
    /// After so many seconds.
    After(u64),
}

/// What is known of addresses, by the digest of each.
pub(super) struct Standings(BTreeMap<i64, Standing>);

/// What is known of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// It is in the table.
    Known,
    /// The project wrote to it before it had a limit.
    Before,
    /// It is new.
    New,
}

impl Standings {
    /// How many are new to the project.
    pub(super) fn new_ones(&self) -> u64 {
        self.0.values().filter(|standing| **standing == Standing::New).count() as u64
    }
}

/// How many were new within a day, counted to `most` and one more.
pub(crate) async fn used(connection: &impl ConnectionTrait, project: Uuid, now: Timestamp, most: u64) -> Result<u64> {
    let sql = "SELECT COUNT(*) AS number FROM (SELECT first_at FROM known_recipient \
               WHERE project_id = $1 AND first_at > $2 LIMIT $3) AS newest";
    let most = i64::try_from(most).unwrap_or(i64::MAX).saturating_add(1);
    let values = [project.into(), now.minus(DAY).0.into(), most.into()];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let row = connection.query_one_raw(statement).await?;
    let counted: i64 = row.map(|row| row.try_get("", "number")).transpose()?.unwrap_or(0);
    Ok(u64::try_from(counted).unwrap_or(0))
}

/// Seconds until so many more may be new; none when they may now.
pub(super) async fn wait(
    connection: &impl ConnectionTrait,
    project: Uuid,
    now: Timestamp,
    limit: u32,
    more: u64,
) -> Result<Option<u64>> {
    // A limit may have been made smaller: the oldest that leave the day make room.
    let used = used(connection, project, now, u64::from(limit) + more).await?;
    let excess = (used + more).saturating_sub(limit.into());
    if more == 0 || excess == 0 {
        return Ok(None);
    }
    let leaves = Entity::find()
        .select_only()
        .column(Column::FirstAt)
        .filter(Column::ProjectId.eq(project))
        .filter(Column::FirstAt.gt(now.minus(DAY).0))
        .order_by_asc(Column::FirstAt)
        .offset(excess - 1)
        .limit(1);
    let leaves = leaves.into_tuple::<i64>().one(connection).await?.map_or(now, Timestamp);
    Ok(Some((leaves.plus(DAY).since(now).as_millis().div_ceil(1_000) as u64).clamp(1, 86_400)))
}

/// Remembers these; inside the transaction that keeps the message to them, in which they were asked for.
pub(super) async fn remember(
    transaction: &DatabaseTransaction,
    project: Uuid,
    found: Standings,
    now: Timestamp,
) -> Result<()> {
    let rows = found.0.into_iter().filter_map(|(hash, standing)| {
        let first = match standing {
            Standing::Known => return None,
            Standing::Before => 0,
            Standing::New => now.0,
        };
        Some(ActiveModel { project_id: Set(project), address_hash: Set(hash), first_at: Set(first) })
    });
    for rows in db::pieces(rows.collect()) {
        let known = OnConflict::columns([Column::ProjectId, Column::AddressHash]).do_nothing().to_owned();
        Entity::insert_many(rows).on_conflict(known).exec_without_returning(transaction).await?;
    }
    Ok(())
}

/// What is known of these.
pub(super) async fn standings(
    connection: &impl ConnectionTrait,
    project: Uuid,
    addresses: &[&EmailAddress],
    now: Timestamp,
) -> Result<Standings> {
    let keys: BTreeMap<i64, String> =
        addresses.iter().map(|address| address.key()).map(|key| (hash(project, &key), key)).collect();
    let mut known = BTreeSet::new();
    for hashes in db::pieces(keys.keys().copied().collect()) {
        let found = Entity::find()
            .select_only()
            .column(Column::AddressHash)
            .filter(Column::ProjectId.eq(project))
            .filter(Column::AddressHash.is_in(hashes));
        known.extend(found.into_tuple::<i64>().all(connection).await?);
    }
    let mut standings = BTreeMap::new();
    for (hash, key) in keys {
        let standing = match known.contains(&hash) {
            true => Standing::Known,
            false if wrote_before(connection, project, &key, now).await? => Standing::Before,
            false => Standing::New,
        };
        standings.insert(hash, standing);
    }
    Ok(Standings(standings))
}

/// Whether one of the newest messages to the address is the project's.
async fn wrote_before(connection: &impl ConnectionTrait, project: Uuid, key: &str, now: Timestamp) -> Result<bool> {
    let backend = connection.get_database_backend();
    let in_a_period = written_to::in_a_period(backend, Some(now.minus(LOOKED_BACK)));
    let sql = format!(
        "SELECT 1 AS found FROM (SELECT project_id FROM recipient WHERE {in_a_period} AND address_key = $1 \
         ORDER BY message_id DESC LIMIT {LOOKED_THROUGH}) AS newest WHERE project_id = $2 LIMIT 1"
    );
    let statement = Statement::from_sql_and_values(backend, sql, [key.into(), project.into()]);
    Ok(connection.query_one_raw(statement).await?.is_some())
}

/// Of the project too, so that nobody sees that two projects write to the same.
fn hash(project: Uuid, key: &str) -> i64 {
    let digest = digest::digest(&digest::SHA256, &[project.as_bytes(), key.as_bytes()].concat());
    let mut octets = [0; 8];
    octets.copy_from_slice(&digest.as_ref()[..8]);
    i64::from_be_bytes(octets)
}

/// Whether an address is new to a project, and whether there is room for it beside what its transaction has `so_far`; the
/// commit judges all of them again.
pub(crate) async fn room(
    core: &Core,
    project: Uuid,
    limit: Option<u32>,
    address: &EmailAddress,
    so_far: &NewSoFar,
) -> Result<Room> {
    let Some(limit) = limit else { return Ok(Room::NotNeeded) };
    let found = standings(core.db.read(), project, &[address], core.now()).await?;
    let new = found.0.into_iter().find(|(hash, standing)| *standing == Standing::New && !so_far.0.contains(hash));
    let Some((hash, _)) = new else { return Ok(Room::NotNeeded) };
    let more = so_far.0.len() as u64 + 1;
    let wait = wait(core.db.read(), project, core.now(), limit, more).await?;
    Ok(wait.map_or(Room::For(New(hash)), Room::After))
}
