//! Last uses of secrets, networks and API tokens: gathered in memory, written behind the session, so that a program that
//! signs in a hundred times a second costs one write a minute.

use crate::{
    Core, Result,
    tables::{api_token, network, service_account, service_account_secret, service_account_source},
};
use relay_types::Timestamp;
use sea_orm::{EntityTrait, Set, sea_query::OnConflict};
use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Uses are gathered this long before they are written.
const GATHER: Duration = Duration::from_millis(500);
/// A use of the same thing is written once in this time.
const SPAN: Duration = Duration::from_secs(60);
/// More are not remembered until some are written.
const MOST: usize = 20_000;

/// What was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Used {
    /// A secret of an account, from an address.
    Secret { account: Uuid, secret: Uuid, address: IpAddr },
    /// A trusted network.
    Network(Uuid),
    /// A token of the HTTP API.
    ApiToken(Uuid),
}

#[derive(Clone, Copy)]
struct Noted {
    /// Of those that are not written.
    first: Timestamp,
    last: Timestamp,
    /// Since the last write.
    unwritten: bool,
    written_at: Option<Timestamp>,
}

/// The uses of this node that were noted and not forgotten yet.
#[derive(Default)]
pub(crate) struct Uses {
    noted: Mutex<HashMap<Used, Noted>>,
    wake: Notify,
}

impl Uses {
    /// Notes a use; returns at once.
    pub(crate) fn note(&self, used: Used, now: Timestamp) {
        let mut all = self.lock();
        if all.len() >= MOST && !all.contains_key(&used) {
            return;
        }
        let noted = all.entry(used).or_insert(Noted { first: now, last: now, unwritten: false, written_at: None });
        if !noted.unwritten {
            noted.first = now;
        }
        noted.last = now;
        noted.unwritten = true;
        if noted.written_at.is_none() {
            self.wake.notify_one();
        }
    }

    /// What is to be written now (when `rest`, all of it); forgets what was written long ago.
    fn take(&self, now: Timestamp, rest: bool) -> Vec<(Used, Noted)> {
        let mut all = self.lock();
        all.retain(|_, noted| noted.unwritten || noted.written_at.is_some_and(|at| now.since(at) < SPAN));
        let due = |noted: &Noted| rest || noted.written_at.is_none_or(|at| now.since(at) >= SPAN);
        let mut taken = Vec::new();
        for (used, noted) in all.iter_mut().filter(|(_, noted)| noted.unwritten && due(noted)) {
            taken.push((*used, *noted));
            noted.unwritten = false;
            noted.written_at = Some(now);
        }
        taken
    }

    fn put_back(&self, taken: Vec<(Used, Noted)>) {
        let mut all = self.lock();
        for (used, before) in taken {
            let noted = all.entry(used).or_insert(before);
            noted.first = before.first;
            noted.unwritten = true;
            noted.written_at = None;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Used, Noted>> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes the last uses of secrets, networks and tokens until `stop` is cancelled, then the rest.
pub async fn run_writer(core: Core, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            () = core.uses.wake.notified() => {}
            () = tokio::time::sleep(SPAN / 2) => {}
        }
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(GATHER) => {}
        }
        flush(&core, false).await;
    }
    flush(&core, true).await;
}

/// Writes what is due (when `rest`, all of it); keeps it when the database cannot be reached.
pub(crate) async fn flush(core: &Core, rest: bool) {
    let taken = core.uses.take(core.now(), rest);
    if taken.is_empty() {
        return;
    }
    if let Err(error) = write(core, &taken).await {
        tracing::warn!(%error, uses = taken.len(), "last uses are not written yet");
        core.uses.put_back(taken);
    }
}

async fn write(core: &Core, taken: &[(Used, Noted)]) -> Result<()> {
    let mut sources = Vec::new();
    // Sorted, so that two nodes lock rows in the same order.
    let mut accounts = BTreeMap::new();
    let mut secrets = BTreeMap::new();
    let mut networks = BTreeMap::new();
    let mut tokens = BTreeMap::new();
    let keep_latest = |of: &mut BTreeMap<Uuid, i64>, id: Uuid, at: Timestamp| {
        of.entry(id).and_modify(|last| *last = at.0.max(*last)).or_insert(at.0);
    };
    for &(used, noted) in taken {
        match used {
            Used::Secret { account, secret, address } => {
                keep_latest(&mut accounts, account, noted.last);
                keep_latest(&mut secrets, secret, noted.last);
                sources.push(service_account_source::ActiveModel {
                    service_account_id: Set(account),
                    secret_id: Set(secret),
                    address: Set(address.to_canonical().to_string()),
                    first_used_at: Set(noted.first.0),
                    last_used_at: Set(noted.last.0),
                });
            }
            Used::Network(id) => keep_latest(&mut networks, id, noted.last),
            Used::ApiToken(id) => keep_latest(&mut tokens, id, noted.last),
        }
    }
    let transaction = core.db.begin_aside().await?;
    for sources in sources.chunks(500) {
        use service_account_source::Column;
        let again = OnConflict::columns([Column::ServiceAccountId, Column::SecretId, Column::Address])
            .update_column(Column::LastUsedAt)
            .to_owned();
        service_account_source::Entity::insert_many(sources.iter().cloned())
            .on_conflict(again)
            .exec_without_returning(&transaction)
            .await?;
    }
    for (id, at) in accounts {
        let row = service_account::ActiveModel { last_used_at: Set(Some(at)), ..Default::default() };
        update::<service_account::Entity>(row, service_account::Column::Id, id).exec(&transaction).await?;
    }
    for (id, at) in secrets {
        let row = service_account_secret::ActiveModel { last_used_at: Set(Some(at)), ..Default::default() };
        update::<service_account_secret::Entity>(row, service_account_secret::Column::Id, id)
            .exec(&transaction)
            .await?;
    }
    for (id, at) in networks {
        let row = network::ActiveModel { last_used_at: Set(Some(at)), ..Default::default() };
        update::<network::Entity>(row, network::Column::Id, id).exec(&transaction).await?;
    }
    for (id, at) in tokens {
        let row = api_token::ActiveModel { last_used_at: Set(Some(at)), ..Default::default() };
        update::<api_token::Entity>(row, api_token::Column::Id, id).exec(&transaction).await?;
    }
    Ok(transaction.commit().await?)
}

/// An update of one row that may be gone.
fn update<E: EntityTrait>(row: E::ActiveModel, column: E::Column, id: Uuid) -> sea_orm::UpdateMany<E> {
    use sea_orm::{ColumnTrait, QueryFilter};
    E::update_many().set(row).filter(column.eq(id))
}
