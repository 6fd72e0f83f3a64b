//! Limits judged again in the commit that keeps a message: transactions that run side by side have each seen room at RCPT.
//!
//! Whoever counts for a project or service account that has a limit has its lock until the commit, on whichever node: so
//! its limit is never exceeded. Mail of others takes no lock and no further statement.

use super::{Window, new_recipients};
use crate::{Core, Result, submission::kept::NewMessage};
use relay_types::{EmailAddress, limit::Limits};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Statement};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Who has limits: a project or a service account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Subject {
    pub(crate) id: Uuid,
    pub(crate) limits: Limits,
    /// What is said of its limit.
    pub(crate) over: &'static str,
}

/// A message that came to its commit when there was no room any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Over {
    /// Seconds.
    pub(crate) wait: u64,
    /// Over whose limit, in words.
    pub(crate) whose: &'static str,
}

/// One for each of the messages: none for those that may be kept. What they take is then counted by the caller, in the
/// same transaction.
pub(crate) async fn judge(
    core: &Core,
    transaction: &DatabaseTransaction,
    messages: &[&NewMessage],
) -> Result<Vec<Option<Over>>> {
    let mut over = vec![None; messages.len()];
    let limited: BTreeSet<Uuid> = messages.iter().flat_map(|message| &message.limits).map(|one| one.id).collect();
    if limited.is_empty() {
        return Ok(over);
    }
    lock(transaction, &limited).await?;
    let mut windows = BTreeMap::new();
    for &id in &limited {
        windows.insert(id, Window::read(core, transaction, id).await?);
    }
    let mut taken: BTreeMap<Uuid, u64> = BTreeMap::new();
    for (message, over) in messages.iter().zip(&mut over) {
        let more = message.recipients.len() as u64;
        let mut asked_for = Vec::new();
        for subject in &message.limits {
            let with_others = more + taken.get(&subject.id).copied().unwrap_or(0);
            let window = windows.get(&subject.id);
            let wait = window.and_then(|window| window.wait(core.now(), subject.limits, with_others));
            longest(over, wait, subject.over);
            if let Some(limit) = subject.limits.new_per_day {
                let found = new_recipients::standings(transaction, subject.id, &addresses(message), core.now()).await?;
                let new = found.new_ones();
                let wait = new_recipients::wait(transaction, subject.id, core.now(), limit, new).await?;
                longest(over, wait, super::OVER_NEW);
                asked_for.push((subject.id, found));
            }
        }
        if over.is_some() {
            continue;
        }
        for subject in &message.limits {
            *taken.entry(subject.id).or_default() += more;
        }
        for (project, found) in asked_for {
            new_recipients::remember(transaction, project, found, core.now()).await?;
        }
    }
    Ok(over)
}

fn addresses(message: &NewMessage) -> Vec<&EmailAddress> {
    message.recipients.iter().map(|(address, _)| address).collect()
}

/// The longer wait is the one that helps.
fn longest(over: &mut Option<Over>, wait: Option<u64>, whose: &'static str) {
    if let Some(wait) = wait.filter(|&wait| over.is_none_or(|before| wait > before.wait)) {
        *over = Some(Over { wait, whose });
    }
}

/// Until the end of the transaction, in one order. SQLite has one writer at a time.
async fn lock(transaction: &DatabaseTransaction, subjects: &BTreeSet<Uuid>) -> Result<()> {
    if transaction.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    let keys: BTreeSet<i64> = subjects.iter().map(|id| id.as_u128() as i64).collect();
    for key in keys {
        let sql = "SELECT pg_advisory_xact_lock($1)";
        transaction.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [key.into()])).await?;
    }
    Ok(())
}
