//! The suppression list of a project: addresses it does not send to any more, with since when, why and until when.
//!
//! Owns the table `suppression`. An address comes onto the list when its mail server says for good that there is no such
//! mailbox (`automatic`), in the transaction that records it, or when a person or program of the project adds it, one by
//! one or by CSV (`import`). It leaves the list when somebody takes it off, or at its end: who expired is not refused from
//! that moment on, and is removed a little later. The list is read at every RCPT and kept nowhere else.

mod automatic;
mod bulk;
mod find;
mod import;

pub(crate) use self::{
    automatic::{add_all, of_refused, says_nobody},
    import::run as run_import,
};
pub use self::{
    bulk::{remove_chosen, remove_matching},
    find::{count, list},
    import::{begin as begin_import, job},
};

use crate::{
    Access, Actor, Core, Error, Result, audit,
    projects::{self, authorize_for},
    prune,
    rules::Remembered,
    submission::kept,
    tables::suppression::{Column, Entity, Model},
};
use relay_types::{
    EmailAddress, Timestamp,
    api_token::ApiScope::{SuppressionsRead, SuppressionsWrite},
    message::MessageId,
    project::{ProjectId, Slug},
    simulator::Simulated,
    suppression::{Suppression, SuppressionId, SuppressionKind},
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, ExprTrait, IntoActiveModel, ModelTrait,
    QueryFilter, QuerySelect,
    sea_query::{Expr, OnConflict},
};
use uuid::Uuid;

/// What a person may type as the reason.
const TYPED: usize = 200;
/// How much of a reason is told to programs.
const TOLD: usize = 200;

/// One suppressed address. Any member; a token that may read.
pub async fn get(core: &Core, actor: &Actor, project: &Slug, id: SuppressionId) -> Result<Suppression> {
    let project = authorize_for(core, actor, project, Access::View, SuppressionsRead).await?;
    view(row(core.db.read(), project, id).await?)
}

/// The entry of an address. Any member; a token that may read. Field: `address`. `NotFound` when it is not on the list.
pub async fn find(core: &Core, actor: &Actor, project: &Slug, address: &str) -> Result<Suppression> {
    let project = authorize_for(core, actor, project, Access::View, SuppressionsRead).await?;
    of_address(core, project, &typed_address(core, address)?).await?.ok_or(Error::NotFound)
}

/// Puts an address onto the list, until a moment or for ever; the next RCPT with it is refused. Member; a token that may
/// write. Fields: `address`, `reason`, `expires_at`. `Conflict` when it is there already.
pub async fn add(
    core: &Core,
    actor: &Actor,
    project: &Slug,
    address: &str,
    reason: &str,
    until: Option<Timestamp>,
) -> Result<SuppressionId> {
    let project = authorize_for(core, actor, project, Access::Manage, SuppressionsWrite).await?;
    let new = by_hand(core, project, address, reason, until)?;
    let id = SuppressionId::from_uuid(new.id);
    let (address, reason) = (new.address.clone(), new.reason.clone());
    let transaction = core.db.begin().await?;
    if insert(&transaction, core.now(), vec![new]).await? == 0 {
        return Err(Error::conflict(format!("{address} is on the list already")));
    }
    let mut changes = vec![audit::field("reason", None::<&str>, Some(reason))];
    changes.extend(until.map(|at| audit::field("expires_at", None::<&str>, Some(at.date_text()))));
    audit::record(core, &transaction, actor, Some(project), "suppression.add", &address, changes).await?;
    transaction.commit().await?;
    Ok(id)
}

/// Refuses what [`add`] would refuse of these by themselves, and changes nothing. Operator only. Fields: `address`,
/// `reason`, `expires_at`.
pub fn judge(core: &Core, actor: &Actor, address: &str, reason: &str, until: Option<Timestamp>) -> Result<()> {
    projects::authorize_operator(actor)?;
    by_hand(core, ProjectId::from_uuid(Uuid::nil()), address, reason, until).map(|_| ())
}

/// Takes an address off the list; the next RCPT with it passes. Member; a token that may write.
pub async fn remove(core: &Core, actor: &Actor, project: &Slug, id: SuppressionId) -> Result<()> {
    let project = authorize_for(core, actor, project, Access::Manage, SuppressionsWrite).await?;
    let transaction = core.db.begin().await?;
    let row = row(&transaction, project, id).await?;
    let changes = vec![audit::field("reason", Some(&row.reason), None::<&str>)];
    audit::record(core, &transaction, actor, Some(project), "suppression.remove", &row.address, changes).await?;
    row.delete(&transaction).await?;
    Ok(transaction.commit().await?)
}

/// As [`remove`], by the address. Field: `address`.
pub async fn remove_address(core: &Core, actor: &Actor, slug: &Slug, address: &str) -> Result<()> {
    let project = authorize_for(core, actor, slug, Access::Manage, SuppressionsWrite).await?;
    let found = of_address(core, project, &typed_address(core, address)?).await?.ok_or(Error::NotFound)?;
    remove(core, actor, slug, found.id).await
}

/// Removes what has expired. Returns how many. System only.
pub async fn prune(core: &Core, actor: &Actor) -> Result<u64> {
    projects::authorize_operator(actor)?;
    prune::rows(core, "suppression", "id", "expires_at <= $1", core.now()).await
}

/// Whether a project has anyone on its list.
pub(crate) type HaveSuppressions = Remembered<ProjectId, bool>;

/// The project's entry for an address: one read by the unique index. This is asked at every RCPT.
pub(crate) async fn of_address(core: &Core, project: ProjectId, address: &EmailAddress) -> Result<Option<Suppression>> {
    let any = async {
        let one = Entity::find().select_only().column(Column::Id).filter(Column::ProjectId.eq(project.uuid()));
        Ok(one.into_tuple::<Uuid>().one(core.db.read()).await?.is_some())
    };
    // Most projects have nobody on it, and each recipient is asked for.
    if !core.have_suppressions.get_or(core, project, |_| true, any).await? {
        return Ok(None);
    }
    let found = Entity::find().filter(Column::ProjectId.eq(project.uuid())).filter(Column::Address.eq(address.key()));
    let found = found.one(core.db.read()).await?.filter(|row| row.expires_at.is_none_or(|end| end > core.now().0));
    found.map(view).transpose()
}

/// As [`words`], of the simulated recipient that is on every list.
pub(crate) fn simulated_words(now: Timestamp) -> String {
    format!("since {}: \"simulated\"", now.date_text())
}

/// `since 2026-11-21: "550 5.1.1 User unknown"`, as a refusal says it.
pub(crate) fn words(found: &Suppression) -> String {
    let reason = kept::line(&found.reason, TOLD);
    format!("since {}: \"{}\"", found.since.date_text(), reason.trim_end_matches('.'))
}

/// What counts at this moment.
fn live(now: Timestamp) -> Condition {
    Condition::any().add(Column::ExpiresAt.is_null()).add(Column::ExpiresAt.gt(now.0))
}

/// How many of them were not on the list. What is there keeps its date and reason, unless it has expired. The rows come by
/// project and address, once in a transaction: two that add the same in another order would wait for each other.
async fn insert(transaction: &DatabaseTransaction, now: Timestamp, rows: Vec<Model>) -> Result<u64> {
    let mut inserted = 0;
    for rows in rows.chunks(100) {
        let mut unless_listed = OnConflict::columns([Column::ProjectId, Column::Address]);
        unless_listed
            .update_columns([
                Column::Id,
                Column::Kind,
                Column::Since,
                Column::ExpiresAt,
                Column::Reason,
                Column::MessageId,
            ])
            .action_and_where(Expr::col((Entity, Column::ExpiresAt)).lte(now.0));
        let rows = rows.iter().cloned().map(IntoActiveModel::into_active_model);
        inserted += Entity::insert_many(rows).on_conflict(unless_listed).exec_without_returning(transaction).await?;
    }
    Ok(inserted)
}

/// A row that a person or program asks for. Fields: `address`, `reason`, `expires_at`.
fn by_hand(core: &Core, project: ProjectId, address: &str, reason: &str, until: Option<Timestamp>) -> Result<Model> {
    let address = typed_address(core, address)?;
    if until.is_some_and(|until| until <= core.now()) {
        return Err(Error::invalid("expires_at", "Choose a time to come"));
    }
    Ok(Model {
        id: core.new_id::<()>().uuid(),
        project_id: project.uuid(),
        address: address.key(),
        domain: address.domain().to_string(),
        kind: SuppressionKind::Manual.as_str().to_owned(),
        since: core.now().0,
        expires_at: until.map(|at| at.0),
        reason: typed_reason(reason)?,
        message_id: None,
    })
}

/// Simulated recipients are on no list: they behave as they are named, each time.
fn typed_address(core: &Core, typed: &str) -> Result<EmailAddress> {
    let address = EmailAddress::parse(typed.trim()).map_err(|error| Error::invalid("address", error.to_string()))?;
    if address.domain() == &core.config.simulator_domain {
        let name = Simulated::Suppressed.as_str();
        return Err(Error::invalid("address", format!("Simulated recipients are not listed; {name}@ behaves so")));
    }
    Ok(address)
}

fn typed_reason(typed: &str) -> Result<String> {
    let reason = typed.trim();
    match reason.chars().count() {
        0 => Err(Error::invalid("reason", "Enter why nothing is sent there; programs are told it")),
        count if count > TYPED => Err(Error::invalid("reason", format!("Use at most {TYPED} characters"))),
        _ if reason.chars().any(char::is_control) => Err(Error::invalid("reason", "Use one line of plain text")),
        _ => Ok(reason.to_owned()),
    }
}

async fn row(connection: &impl ConnectionTrait, project: ProjectId, id: SuppressionId) -> Result<Model> {
    let found = Entity::find_by_id(id.uuid()).filter(Column::ProjectId.eq(project.uuid())).one(connection).await?;
    found.ok_or(Error::NotFound)
}

fn view(row: Model) -> Result<Suppression> {
    Ok(Suppression {
        id: SuppressionId::from_uuid(row.id),
        address: EmailAddress::parse(&row.address).map_err(Error::internal)?,
        kind: SuppressionKind::parse(&row.kind).ok_or_else(|| Error::internal("unknown kind of suppression"))?,
        since: Timestamp(row.since),
        expires_at: row.expires_at.map(Timestamp),
        reason: row.reason,
        message: row.message_id.map(MessageId::from_uuid),
    })
}

#[cfg(test)]
mod tests;
