//! Carries changes of names out: writes, reads back, waits for resolvers. No transaction is open while DNS is asked.
//!
//! What a node did not write down is done again by the next: the zone is asked first, so that nothing is written twice.

use super::{json, names, ptr_change, schedule, state};
use crate::{
    Actor, Core, Error, Result, addresses,
    db::Change,
    dns_backends, due, projects,
    tables::{
        address,
        name_change::{Column, Entity, Model},
    },
    tickets::{self, Follower, Outcome},
};
use relay_dns::{DnsError, back_end::WriteError};
use relay_types::{
    Timestamp,
    name_change::NameChangeState,
    reverse::{PtrFound, ServerAnswer},
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter,
    QuerySelect,
};
use std::time::Duration;
use uuid::Uuid;

/// Changes that are worked on in one round, and at the same time.
const MOST: u64 = 200;
const TOGETHER: usize = 16;
/// A change that another node (or this one) works on is not begun again for this long.
const CLAIM: Duration = Duration::from_secs(120);

/// Goes on with every change that is due; gives how many. System only.
pub async fn run_due(core: &Core, actor: &Actor) -> Result<u64> {
    projects::authorize_system(actor)?;
    let due = due::rows(core, Entity::find(), Column::NextAt, MOST).await?;
    let went_on = due::each(due, TOGETHER, |row| async move {
        let id = row.id;
        let went_on = claim_and_go_on(core, row).await;
        went_on
            .inspect_err(|error| tracing::warn!(name_change.id = %id, %error, "a change of a name does not go on now"))
    });
    Ok(went_on.await)
}

/// Whether it was this node's to go on with.
async fn claim_and_go_on(core: &Core, mut row: Model) -> Result<bool> {
    let this = Entity::update_many()
        .filter(Column::Id.eq(row.id))
        // Another node may have gone on with it within the same millisecond.
        .filter(Column::State.eq(row.state.as_str()));
    row.next_at = due::claim(core, this, Column::NextAt, row.next_at, CLAIM).await?;
    if row.next_at.is_none() {
        return Ok(false);
    }
    let address = addresses::row(core.db.read(), row.address_id).await?;
    let ip = addresses::ip(&address)?;
    let ptr = core.resolver().ptr(ip, core.now()).await;
    let next = match state(&row)? {
        NameChangeState::Waiting => write(core, &row, &ptr).await?,
        NameChangeState::Verifying => verify(core, &row, ip, &ptr).await?,
        NameChangeState::ByHand | NameChangeState::Done | NameChangeState::Failed => return Ok(false),
    };
    store(core, row, next, ptr.servers).await?;
    Ok(true)
}

/// What becomes of a change.
enum Next {
    /// The zone has it.
    Written,
    /// A person has to apply it.
    ByHand,
    /// Seen everywhere.
    Done,
    /// Tried again after a while.
    Again { wait: Duration, why: String, attempt: bool },
    /// Not tried again.
    Failed(String),
    /// Not tried again, although all servers that answer have it.
    Unproven(String),
}

/// Whether the servers of the zone that answer have what the change leads to.
pub(super) fn is_there(row: &Model, ptr: &PtrFound) -> bool {
    ptr.certain && ptr.agreed && same(&ptr.names, row.after.as_slice())
}

/// The servers that do not have it, or do not say so; none when every server has it.
pub(super) fn behind(row: &Model, ptr: &PtrFound) -> Option<String> {
    let silent = |server: &ServerAnswer| match server.temporary {
        true => Some(format!("{} does not answer: {}", server.server, server.said)),
        false if same(&server.records, row.after.as_slice()) => None,
        false => Some(format!("{} says {}", server.server, server.said)),
    };
    if ptr.zone.is_empty() || ptr.servers.is_empty() {
        let said = ptr.servers.first().map(|server| format!(": {}", server.said)).unwrap_or_default();
        return Some(format!("The servers of the zone cannot be found now{said}"));
    }
    let behind: Vec<String> = ptr.servers.iter().filter_map(silent).collect();
    if behind.is_empty() && is_there(row, ptr) {
        return None;
    }
    Some(format!("Not every server of the zone has it yet: {}", behind.join("; ")))
}

async fn write(core: &Core, row: &Model, ptr: &PtrFound) -> Result<Next> {
    let now = core.now();
    let again = |why: String| match now.since(Timestamp(row.at)) >= schedule::PATIENCE {
        true => Next::Failed(format!("Given up after 14 days. {why}")),
        false => Next::Again { wait: schedule::again(row.attempts + 1), why, attempt: true },
    };
    // Written before, by us when the answer got lost, or by somebody else: either way there is nothing to write.
    if is_there(row, ptr) {
        return Ok(Next::Written);
    }
    if ptr.certain && ptr.alias && ptr.owner != row.owner {
        return Ok(Next::Failed(format!(
            "The reverse name is an alias that leads to {}, but the range writes {}. Set the zone of the range to the one \
             the alias leads to.",
            ptr.owner, row.owner
        )));
    }
    // A back end may be reached where our question to its servers was not; the write compares by itself.
    if ptr.certain && ptr.agreed && !same(&ptr.names, &names(row)?) {
        return Ok(Next::Failed(changed(row, &ptr.names)?));
    }
    let Some(backend) = row.backend_id else { return Ok(Next::Failed("The range has no DNS back end".to_owned())) };
    let backend = match dns_backends::open(core, backend).await {
        Ok(backend) => backend,
        Err(Error::NotFound) => return Ok(Next::Failed("The DNS back end was removed".to_owned())),
        Err(error) => return Err(error),
    };
    Ok(match backend.write(&ptr_change(row)?).await {
        Ok(()) => Next::Written,
        Err(WriteError::ByHand) => Next::ByHand,
        Err(WriteError::Away(why)) => again(why),
        Err(WriteError::Refused(why)) => Next::Failed(why),
        Err(WriteError::Changed { text, .. }) => Next::Failed(text),
    })
}

fn same(found: &[String], before: &[String]) -> bool {
    let sorted = |names: &[String]| {
        let mut names: Vec<String> = names.iter().map(|name| name.to_ascii_lowercase()).collect();
        names.sort();
        names
    };
    sorted(found) == sorted(before)
}

fn changed(row: &Model, found: &[String]) -> Result<String> {
    let list = |names: &[String]| if names.is_empty() { "no name".to_owned() } else { names.join(", ") };
    Ok(format!(
        "Somebody else changed it in between: there was {}, and now there is {}. Nothing was written.",
        list(&names(row)?),
        list(found)
    ))
}

async fn verify(core: &Core, row: &Model, ip: std::net::IpAddr, ptr: &PtrFound) -> Result<Next> {
    let since = core.now().since(Timestamp(row.written_at.unwrap_or(row.at)));
    let again = |wait: Duration, why: String| match since >= schedule::PROOF {
        true if is_there(row, ptr) => Next::Unproven(format!("Not seen everywhere within 7 days. {why}")),
        true => Next::Failed(format!("Not seen everywhere within 7 days. {why}")),
        false => Next::Again { wait, why, attempt: false },
    };
    // A server that is silent may still give the old name to half of those who ask.
    if let Some(why) = behind(row, ptr) {
        return Ok(again(schedule::read_back(since), why));
    }
    let (found, ttl) = match core.resolver().ptr_at_resolvers(ip).await {
        Ok((found, ttl)) => (found, ttl),
        Err(DnsError::NoRecord) => (Vec::new(), None),
        Err(DnsError::Temporary(cause)) => {
            return Ok(again(schedule::resolvers(None), format!("The resolvers do not answer: {cause}")));
        }
    };
    let wanted: Vec<String> = row.after.iter().cloned().collect();
    if same(&found, &wanted) {
        return Ok(Next::Done);
    }
    let has = if found.is_empty() { "that there is none".to_owned() } else { found.join(", ") };
    let why = format!("The zone has it. Resolvers still remember {has}, until its time is over.");
    Ok(again(schedule::resolvers(ttl), why))
}

/// Writes down what became of the change, with what follows for its ticket and address, in one transaction.
async fn store(core: &Core, row: Model, next: Next, said: Vec<ServerAnswer>) -> Result<()> {
    let follower = tickets::follower(core, &row).await?;
    let transaction = core.db.begin().await?;
    let found = Entity::find_by_id(row.id).lock_exclusive().one(&transaction).await?.ok_or(Error::NotFound)?;
    if found.next_at != row.next_at {
        // Our claim was over, and another went on with it.
        return Ok(());
    }
    let now = core.now();
    let mut change = Model { said: Some(json(&said)?), error: None, next_at: None, ..row };
    let outcome = match &next {
        Next::Written => return written(core, transaction, change, follower).await,
        Next::Again { wait, why, attempt } => {
            change.attempts += i32::from(*attempt);
            change.error = Some(why.clone());
            change.next_at = Some(now.plus(*wait).0);
            update(&transaction, change).await?;
            return Ok(transaction.commit().await?);
        }
        Next::ByHand => {
            change.state = NameChangeState::ByHand.as_str().to_owned();
            Outcome::ByHand
        }
        Next::Done => {
            change.state = NameChangeState::Done.as_str().to_owned();
            change.ended_at = Some(now.0);
            Outcome::Done
        }
        Next::Failed(why) | Next::Unproven(why) => {
            change.state = NameChangeState::Failed.as_str().to_owned();
            change.ended_at = Some(now.0);
            change.error = Some(why.clone());
            Outcome::Failed(why)
        }
    };
    // It never held.
    let undone = matches!(next, Next::Failed(_)) && change.written_at.is_some();
    let before = names(&change)?.into_iter().next();
    let (address, project) = (change.address_id, change.project_id);
    update(&transaction, change).await?;
    tickets::follow(core, &transaction, follower, outcome).await?;
    if undone {
        set_name(&transaction, address, project, before).await?;
    }
    transaction.commit().await?;
    core.queue_wake.notify_one();
    Ok(())
}

/// The zone holds the name: the address has it from now on, and it is read back.
pub(super) async fn written(
    core: &Core,
    transaction: Change,
    mut change: Model,
    follower: Option<Follower>,
) -> Result<()> {
    let now = core.now().0;
    let (address, project, after) = (change.address_id, change.project_id, change.after.clone());
    change.state = NameChangeState::Verifying.as_str().to_owned();
    change.written_at = Some(now);
    change.next_at = Some(now);
    change.attempts += 1;
    change.error = None;
    update(&transaction, change).await?;
    tickets::follow(core, &transaction, follower, Outcome::Written).await?;
    set_name(&transaction, address, project, after).await?;
    transaction.commit().await?;
    core.queue_wake.notify_one();
    Ok(())
}

/// The name an address has: its own, unless it is the default of its range. Behind the ticket: who locks both takes the
/// ticket first. An address that went to another project meanwhile has no name of its own by this.
async fn set_name(
    transaction: &DatabaseTransaction,
    address: Uuid,
    project: Option<Uuid>,
    name: Option<String>,
) -> Result<()> {
    let address = addresses::row(transaction, address).await?;
    if address.project_id != project {
        return Ok(());
    }
    let default = addresses::default_name(transaction, &address).await?;
    let mut row: address::ActiveModel = address.into_active_model();
    row.wanted = Set(name.filter(|name| Some(name) != default.as_ref()));
    row.missing_since = Set(None);
    // It is looked at anew.
    row.checked_at = Set(None);
    row.warned_at = Set(None);
    row.kept = Set(false);
    row.update(transaction).await?;
    Ok(())
}

async fn update(transaction: &DatabaseTransaction, change: Model) -> Result<()> {
    change.into_active_model().reset_all().update(transaction).await?;
    Ok(())
}
