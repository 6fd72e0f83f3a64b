//! Slows guessing down: counts failures a key (an address, a user name) and says how long to wait.
//!
//! Owns the table `throttled`, so that all nodes of a database count together and a restart forgives nothing. Keys are
//! kept as keyed hashes: the table tells nobody who was tried. A program that signs in rightly costs no write here.

use crate::{
    Actor, Core, Result,
    tables::throttled::{ActiveModel, Column, Entity, Model},
};
use relay_types::{Timestamp, project::ProjectId};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, DatabaseTransaction, EntityTrait, ExprTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, OnConflict},
};
use std::{
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};

/// Sign-in to the portal and the setup code, by client.
pub(crate) const SIGN_IN_CLIENT: Throttle = Throttle::new("sign-in client", 20, SECOND, minutes(15), HOUR);
/// Sign-in to the portal, by user. A short longest wait: strangers must not be able to lock a person out.
pub(crate) const SIGN_IN_USER: Throttle = Throttle::new("sign-in user", 5, SECOND, minutes(1), HOUR);
/// SASL, by client.
pub(crate) const SASL_CLIENT: Throttle = Throttle::new("sasl client", 20, SECOND, minutes(15), HOUR);
/// SASL, by service account.
pub(crate) const SASL_ACCOUNT: Throttle = Throttle::new("sasl account", 10, SECOND, minutes(1), HOUR);
/// Mails that anyone can make us send, by recipient.
pub(crate) const MAIL: Throttle = Throttle::new("mail", 3, minutes(5), minutes(4 * 60), minutes(24 * 60));
/// Mails with links to strangers, by the person who causes them and by project.
const LINKS: Throttle = Throttle::new("links", 30, minutes(1), HOUR, minutes(24 * 60));

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = minutes(60);

const fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(minutes * 60)
}

/// Failures a key. Some are free, then each doubles the wait, up to a longest one; failures older than the memory are
/// forgotten.
pub(crate) struct Throttle {
    name: &'static str,
    free: u32,
    first_wait: Duration,
    longest_wait: Duration,
    memory: Duration,
}

/// What is counted by one throttle.
pub(crate) struct Key<'a> {
    throttle: &'a Throttle,
    id: [u8; 32],
}

/// How a key stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Seconds to wait before it may try, when it must.
    pub(crate) wait: Option<u64>,
    /// Whether failures are counted.
    pub(crate) failed: bool,
}

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    last: Timestamp,
}

impl Throttle {
    /// `free` failures cost nothing; waits double from `first_wait` to `longest_wait`; a key that did not fail for
    /// `memory` is clean.
    const fn new(
        name: &'static str,
        free: u32,
        first_wait: Duration,
        longest_wait: Duration,
        memory: Duration,
    ) -> Self {
        Self { name, free, first_wait, longest_wait, memory }
    }

    /// What is counted for `text`.
    pub(crate) fn key(&self, core: &Core, text: &str) -> Key<'_> {
        Key { throttle: self, id: core.sealing.sign(&format!("throttle {}", self.name), text.as_bytes()) }
    }

    /// What still counts of a row.
    fn remembered(&self, row: &Model, now: Timestamp) -> Option<Failures> {
        let failures = Failures { count: u32::try_from(row.failures).unwrap_or(0), last: Timestamp(row.last_at) };
        (failures.count > 0 && now.since(failures.last) < self.memory).then_some(failures)
    }

    fn wait(&self, failures: Failures, now: Timestamp) -> Option<u64> {
        let beyond = failures.count.checked_sub(self.free)?;
        let wait = self.first_wait.saturating_mul(2u32.saturating_pow(beyond)).min(self.longest_wait);
        let left = wait.saturating_sub(now.since(failures.last));
        if left.is_zero() { None } else { Some(left.as_millis().div_ceil(1000) as u64) }
    }
}

impl Key<'_> {
    /// Counts an attempt unless the key must wait, then says how many seconds: in one step, so that attempts at the
    /// same time are counted before any of them is judged. Who succeeds calls [`Self::succeed`] or [`Self::forgive`].
    pub(crate) async fn attempt(&self, core: &Core) -> Result<Option<u64>> {
        let now = core.now();
        let transaction = core.db.begin_aside().await?;
        let known = self.lock(&transaction, now).await?;
        let wait = known.and_then(|failures| self.throttle.wait(failures, now));
        if wait.is_none() {
            self.add(&transaction, known, now).await?;
        }
        transaction.commit().await?;
        Ok(wait)
    }

    /// Forgets all failures: the key proved who it is.
    pub(crate) async fn succeed(&self, core: &Core) -> Result<()> {
        let transaction = core.db.begin_aside().await?;
        Entity::delete_by_id(self.id.to_vec()).exec(&transaction).await?;
        Ok(transaction.commit().await?)
    }

    /// Takes one failure back: the attempt was good, but others from the same key may not be.
    pub(crate) async fn forgive(&self, core: &Core) -> Result<()> {
        let transaction = core.db.begin_aside().await?;
        Entity::update_many()
            .col_expr(Column::Failures, Expr::col(Column::Failures).sub(1))
            .filter(Column::Id.eq(self.id.to_vec()))
            .filter(Column::Failures.gt(0))
            .exec(&transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    /// The key's failures, which no other transaction changes until this one ends.
    async fn lock(&self, transaction: &DatabaseTransaction, now: Timestamp) -> Result<Option<Failures>> {
        let id = self.id.to_vec();
        let expires_at = Set(now.plus(self.throttle.memory).0);
        let empty = ActiveModel { id: Set(id.clone()), failures: Set(0), last_at: Set(now.0), expires_at };
        let known = OnConflict::column(Column::Id).do_nothing().to_owned();
        Entity::insert(empty).on_conflict(known).exec_without_returning(transaction).await?;
        let row = Entity::find_by_id(id).lock_exclusive().one(transaction).await?;
        Ok(row.and_then(|row| self.throttle.remembered(&row, now)))
    }

    async fn add(&self, transaction: &DatabaseTransaction, known: Option<Failures>, now: Timestamp) -> Result<()> {
        let count = known.map_or(0, |failures| failures.count).saturating_add(1);
        let row = ActiveModel {
            id: Set(self.id.to_vec()),
            failures: Set(i32::try_from(count).unwrap_or(i32::MAX)),
            last_at: Set(now.0),
            expires_at: Set(now.plus(self.throttle.memory).0),
        };
        Entity::update(row).exec(transaction).await?;
        Ok(())
    }
}

/// How some keys stand, in one read.
pub(crate) async fn check<const N: usize>(core: &Core, keys: [&Key<'_>; N]) -> Result<[Standing; N]> {
    let now = core.now();
    let ids = keys.iter().map(|key| key.id.to_vec());
    let rows = Entity::find().filter(Column::Id.is_in(ids)).all(core.db.read()).await?;
    Ok(keys.map(|key| {
        let row = rows.iter().find(|row| row.id == key.id);
        let failures = row.and_then(|row| key.throttle.remembered(row, now));
        let wait = failures.and_then(|failures| key.throttle.wait(failures, now));
        Standing { wait, failed: failures.is_some() }
    }))
}

/// Whether a person may have one more link mailed to `recipient`, else the seconds to wait. Counts by recipient, so that
/// nobody is mailed again and again by whichever project, and by person and project, so that nobody writes to many
/// strangers in the platform's name. What the machine's administrator does is counted by recipient alone.
pub(crate) async fn link(core: &Core, actor: &Actor, project: ProjectId, recipient: &str) -> Result<Option<u64>> {
    let recipient = MAIL.key(core, recipient);
    let Some(person) = actor.id() else { return recipient.attempt(core).await };
    let person = LINKS.key(core, &format!("person {person}"));
    let project = LINKS.key(core, &format!("project {project}"));
    let wait = check(core, [&person, &project]).await?.iter().filter_map(|standing| standing.wait).max();
    if wait.is_some() {
        return Ok(wait);
    }
    let wait = recipient.attempt(core).await?;
    if wait.is_none() {
        fail(core, [&person, &project]).await?;
    }
    Ok(wait)
}

/// Counts a failure of each of `keys`.
pub(crate) async fn fail<const N: usize>(core: &Core, mut keys: [&Key<'_>; N]) -> Result<()> {
    // In order, so that two transactions do not wait for each other.
    keys.sort_unstable_by_key(|key| key.id);
    let now = core.now();
    let transaction = core.db.begin_aside().await?;
    for key in keys {
        let known = key.lock(&transaction, now).await?;
        key.add(&transaction, known, now).await?;
    }
    Ok(transaction.commit().await?)
}

/// Removes what is forgotten; returns how many rows.
pub(crate) async fn sweep(transaction: &DatabaseTransaction, now: Timestamp) -> Result<u64> {
    Ok(Entity::delete_many().filter(Column::ExpiresAt.lte(now.0)).exec(transaction).await?.rows_affected)
}

/// The key of a client's address. One IPv6 customer has a /64 at least, so that is what counts.
pub(crate) fn key_of(client: IpAddr) -> String {
    match client.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests;
