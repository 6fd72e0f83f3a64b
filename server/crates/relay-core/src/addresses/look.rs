//! What DNS says of an address now: its PTR names, and what those point to. No transaction is open while DNS is asked.

use super::{ip, row, view};
use crate::{
    Access, Actor, Core, Error, Result, projects,
    tables::address::{ActiveModel, Column, Entity, Model},
};
use futures_util::{StreamExt, TryStreamExt, stream};
use relay_types::{
    DomainName, Timestamp,
    address::{AddressDetail, AddressId},
    project::Slug,
    reverse::{Fcrdns, ForwardFound, ForwardState, PtrFound, ServerAnswer},
};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use std::time::Duration;

/// A person may ask again after this.
const APART: Duration = Duration::from_secs(5);
/// New addresses that are looked at in one round, and at the same time.
const MOST: u64 = 100;
const TOGETHER: usize = 16;
/// Names of one address that are followed, and at the same time.
const NAMES: usize = 8;

/// What the servers said.
struct Look {
    /// The address's names.
    ptr: PtrFound,
    /// What the wanted name points to, when there is one.
    wanted: Option<ForwardFound>,
    /// What each of the names points to: the wanted one first, then those that point back.
    forward: Vec<ForwardFound>,
}

/// Asks DNS about an address now and gives what is known then. A member with the project's slug; without, the service
/// desk and operators. `TooMany` when it was asked a few seconds ago, `Conflict` for a prefix.
pub async fn check(core: &Core, actor: &Actor, project: Option<&Slug>, id: AddressId) -> Result<AddressDetail> {
    let of = match project {
        Some(slug) => Some(projects::authorize(core, actor, slug, Access::Manage).await?),
        None => {
            projects::authorize_desk(actor)?;
            None
        }
    };
    let found = row(core.db.read(), id.uuid()).await?;
    if of.is_some_and(|project| found.project_id != Some(project.uuid())) {
        return Err(Error::NotFound);
    }
    single(&found)?;
    claim(core, &found).await?;
    let seen = look(core, &found).await?;
    let transaction = core.db.begin().await?;
    store(&transaction, &found, &seen).await?;
    transaction.commit().await?;
    view::detail(core, row(core.db.read(), id.uuid()).await?, of).await
}

/// Looks at addresses at which nobody looked since they came or got another name, a bounded number at a time; gives how
/// many. System only.
pub async fn look_at_new(core: &Core, actor: &Actor) -> Result<u64> {
    projects::authorize_system(actor)?;
    let new = Entity::find().filter(Column::CheckedAt.is_null()).filter(Column::Prefix.eq(false)).limit(MOST);
    let looked = stream::iter(new.all(core.db.read()).await?.into_iter().map(|found| async move {
        // Another node may have been quicker.
        let seen = async {
            claim(core, &found).await?;
            look(core, &found).await
        };
        let Ok(seen) = seen.await else { return Ok(0) };
        let transaction = core.db.begin().await?;
        store(&transaction, &found, &seen).await?;
        transaction.commit().await?;
        Ok::<u64, Error>(1)
    }));
    looked.buffer_unordered(TOGETHER).try_fold(0, |sum, one| async move { Ok(sum + one) }).await
}

/// Notes that it is asked now, unless it just was; of two who ask together one goes on.
async fn claim(core: &Core, found: &Model) -> Result<()> {
    let now = core.now();
    let before = now.0 - APART.as_millis() as i64;
    let free = Condition::any().add(Column::CheckedAt.is_null()).add(Column::CheckedAt.lte(before));
    let change = ActiveModel { checked_at: Set(Some(now.0)), ..Default::default() };
    let transaction = core.db.begin().await?;
    let claimed = Entity::update_many().set(change).filter(Column::Id.eq(found.id)).filter(free);
    let claimed = claimed.exec(&transaction).await?;
    transaction.commit().await?;
    if claimed.rows_affected == 0 { Err(Error::TooMany { seconds: APART.as_secs() }) } else { Ok(()) }
}

/// Names are those of single addresses.
fn single(row: &Model) -> Result<()> {
    if row.prefix {
        return Err(Error::conflict("Names belong to single addresses; choose one of the prefix"));
    }
    Ok(())
}

/// Asks DNS: the authoritative servers of the reverse zone, then those of each name and of the wanted one.
async fn look(core: &Core, row: &Model) -> Result<Look> {
    single(row)?;
    let ptr = core.resolver().ptr(ip(row)?, core.now()).await;
    let mut names: Vec<String> = row.wanted.iter().cloned().collect();
    for name in ptr.names.iter().take(NAMES) {
        if !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            names.push(name.clone());
        }
    }
    let mut forward: Vec<ForwardFound> = stream::iter(names)
        .map(|name| async move {
            match DomainName::parse(&name) {
                Ok(host) => core.resolver().forward(&host, core.now()).await,
                Err(_) => nowhere(name, core.now()),
            }
        })
        .buffered(NAMES)
        .collect()
        .await;
    let of = |name: &String| forward.iter().find(|found| found.name.eq_ignore_ascii_case(name)).cloned();
    let wanted = row.wanted.as_ref().and_then(of);
    let first = |found: &ForwardFound| wanted.as_ref().is_some_and(|wanted| wanted.name == found.name);
    forward.sort_by_key(|found| (!first(found), found.points_to(ptr.address) != ForwardState::Matches));
    Ok(Look { ptr, wanted, forward })
}

/// What a PTR record points to that holds no host name.
fn nowhere(name: String, now: Timestamp) -> ForwardFound {
    let said = "not the name of a host".to_owned();
    let answer = ServerAnswer { server: "relaykeep".to_owned(), said, records: Vec::new(), temporary: false };
    let (addresses, zone, servers) = (Vec::new(), String::new(), vec![answer]);
    ForwardFound { name, addresses, zone, ttl: None, servers, certain: true, asked_at: now }
}

/// Stores what was seen. A name whose forward record is there again is in question no longer; that one is missing is
/// for the sweep to say.
async fn store(connection: &impl ConnectionTrait, row: &Model, look: &Look) -> Result<()> {
    let mut change = ActiveModel::default();
    found(&mut change, &look.ptr, &look.forward)?;
    let address = ip(row)?;
    if look.wanted.as_ref().is_some_and(|found| found.points_to(address) == ForwardState::Matches) {
        change.missing_since = Set(None);
        change.warned_at = Set(None);
    }
    Entity::update_many().set(change).filter(Column::Id.eq(row.id)).exec(connection).await?;
    Ok(())
}

/// What a look at DNS found, for the row: the PTR answer, the first of the answers for its names, and whether both
/// agree. What the servers did not say is not gone: names that were there before stay.
pub(crate) fn found(row: &mut ActiveModel, ptr: &PtrFound, forward: &[ForwardFound]) -> Result<()> {
    let json = |error: serde_json::Error| Error::internal(error);
    row.ptr = Set(Some(serde_json::to_string(ptr).map_err(json)?));
    if ptr.certain {
        row.names = Set(Some(ptr.names.join(" ")));
    }
    row.forward = Set(forward.first().map(serde_json::to_string).transpose().map_err(json)?);
    row.fcrdns = Set(Some(Fcrdns::judge(ptr, forward).as_str().to_owned()));
    row.checked_at = Set(Some(ptr.asked_at.0));
    Ok(())
}

#[cfg(test)]
mod tests;
