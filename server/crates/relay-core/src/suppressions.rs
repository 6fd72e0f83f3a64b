//! The suppression list of a project: addresses it does not send to any more, with since when and why.
//!
//! Owns the table `suppression`. An address comes onto the list when its mail server says for good that there is no such
//! mailbox, in the transaction that records it, or when a person adds it. Only a person takes it off. The list is read at
//! every RCPT and kept nowhere else.

use crate::{
    Access, Actor, Core, Error, Result, audit, projects,
    search::{self, contains},
    submission::kept,
    tables::{
        message,
        suppression::{Column, Entity, Model},
    },
};
use relay_types::{
    EmailAddress, Timestamp,
    message::{Cause, MessageId},
    page::Page,
    project::{ProjectId, Slug},
    reply::Reply,
    suppression::{Suppression, SuppressionFilter, SuppressionId},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, ModelTrait, QueryFilter,
    QueryOrder, QuerySelect, sea_query::OnConflict,
};
use std::collections::BTreeMap;

/// What a server's reply is cut to, as in the lists of messages.
const REASON: usize = 1_000;
/// What a person may type as the reason.
const TYPED: usize = 200;
/// How much of a reason is told to programs.
const TOLD: usize = 200;

/// A project's suppressed addresses, newest first. Any member. Field: `after`.
pub async fn list(core: &Core, actor: &Actor, project: &Slug, filter: &SuppressionFilter) -> Result<Page<Suppression>> {
    let project = projects::authorize(core, actor, project, Access::View).await?;
    let mut select = Entity::find().filter(Column::ProjectId.eq(project.uuid()));
    if let Some(text) = search::words(filter.search.as_deref()) {
        select = select.filter(contains(Column::Address, &text));
    }
    if let Some(after) = &filter.after {
        let after: SuppressionId =
            after.parse().map_err(|_| Error::invalid("after", "Start from the first page again"))?;
        select = select.filter(Column::Id.lt(after.uuid()));
    }
    let size = filter.size.rows();
    let rows = select.order_by_desc(Column::Id).limit(size as u64 + 1).all(core.db.read()).await?;
    let rows = rows.into_iter().map(view).collect::<Result<Vec<_>>>()?;
    Ok(Page::cut(rows, size, |row| row.id.to_string()))
}

/// One suppressed address. Any member.
pub async fn get(core: &Core, actor: &Actor, project: &Slug, id: SuppressionId) -> Result<Suppression> {
    let project = projects::authorize(core, actor, project, Access::View).await?;
    view(row(core.db.read(), project, id).await?)
}

/// Puts an address onto the list; the next RCPT with it is refused. Member. Fields: `address`, `reason`. `Conflict` when
/// it is there already.
pub async fn add(core: &Core, actor: &Actor, project: &Slug, address: &str, reason: &str) -> Result<SuppressionId> {
    let project = projects::authorize(core, actor, project, Access::Manage).await?;
    let address = EmailAddress::parse(address.trim()).map_err(|error| Error::invalid("address", error.to_string()))?;
    let reason = typed_reason(reason)?;
    let transaction = core.db.begin().await?;
    let id: SuppressionId = core.new_id();
    let new = Model {
        id: id.uuid(),
        project_id: project.uuid(),
        address: address.key(),
        since: core.now().0,
        reason: reason.clone(),
        message_id: None,
    };
    if insert(&transaction, vec![new]).await? == 0 {
        return Err(Error::conflict(format!("{address} is on the list already")));
    }
    let changes = vec![audit::field("reason", None::<&str>, Some(reason))];
    audit::record(core, &transaction, actor, Some(project), "suppression.add", &address.key(), changes).await?;
    transaction.commit().await?;
    Ok(id)
}

/// Takes an address off the list; the next RCPT with it passes. Member.
pub async fn remove(core: &Core, actor: &Actor, project: &Slug, id: SuppressionId) -> Result<()> {
    let project = projects::authorize(core, actor, project, Access::Manage).await?;
    let transaction = core.db.begin().await?;
    let row = row(&transaction, project, id).await?;
    let changes = vec![audit::field("reason", Some(&row.reason), None::<&str>)];
    audit::record(core, &transaction, actor, Some(project), "suppression.remove", &row.address, changes).await?;
    row.delete(&transaction).await?;
    Ok(transaction.commit().await?)
}

/// The project's entry for an address: one read by the unique index. This is asked at every RCPT.
pub(crate) async fn of_address(core: &Core, project: ProjectId, address: &EmailAddress) -> Result<Option<Suppression>> {
    let found = Entity::find().filter(Column::ProjectId.eq(project.uuid())).filter(Column::Address.eq(address.key()));
    found.one(core.db.read()).await?.map(view).transpose()
}

/// `since 2026-11-21: "550 5.1.1 User unknown"`, as a refusal says it.
pub(crate) fn words(found: &Suppression) -> String {
    let reason = kept::line(&found.reason, TOLD);
    format!("since {}: \"{}\"", found.since.date_text(), reason.trim_end_matches('.'))
}

/// The reply, when it says for good that there is no such mailbox. Nothing else puts an address onto the list:
///
/// - Only what a next hop said at RCPT counts. A reply to anything else speaks of all recipients or of the message, and
///   failures of ours (DNS, connections, the queue's lifetime) say nothing about the mailbox.
/// - Only these enhanced codes count (RFC 3463 §3.2 and §3.3, RFC 7505 §4.2, RFC 5248): no such mailbox (5.1.1), an
///   address that cannot be one (5.1.3), moved without a trace (5.1.6), a null MX (5.1.10), a mailbox disabled (5.2.1).
///   Not 5.1.2: that no mail system was found is about a domain, and one faulty resolver would put all of it onto lists.
/// - A plain 550, 551 or 553 does not count. By RFC 5321 §4.2.2 a 550 is also "rejected for policy reasons", and many
///   servers say it of blocklists and PTR records; an address that is suppressed for that would be lost for no reason.
pub(crate) fn says_nobody(cause: &Cause) -> Option<&Reply> {
    let Cause::Recipient(reply) = cause else { return None };
    let code = reply.enhanced.filter(|_| reply.is_permanent())?;
    matches!((code.class, code.subject, code.detail), (5, 1, 1 | 3 | 6 | 10) | (5, 2, 1)).then_some(reply)
}

/// Puts those onto the list of whose message it was whom [`says_nobody`] is about; inside the transaction that records the
/// failure. Those that are there keep their date and reason. Relaykeep's own mail (notifications, links) counts for
/// nobody, so it adds to no list.
pub(crate) async fn record(
    core: &Core,
    transaction: &DatabaseTransaction,
    original: &message::Model,
    refused: &[(EmailAddress, Reply)],
    now: Timestamp,
) -> Result<()> {
    let Some(project) = original.project_id.filter(|_| original.source != kept::Origin::system().source) else {
        return Ok(());
    };
    // By address, so that two nodes wait for each other's rows in one order; a statement takes an address once.
    let refused: BTreeMap<String, &Reply> = refused.iter().map(|(address, reply)| (address.key(), reply)).collect();
    let rows = refused.into_iter().map(|(address, reply)| Model {
        id: core.new_id::<()>().uuid(),
        project_id: project,
        address,
        since: now.0,
        reason: kept::line(&reply.to_string(), REASON),
        message_id: Some(original.id),
    });
    insert(transaction, rows.collect()).await.map(|_| ())
}

/// How many of them were not on the list yet.
async fn insert(transaction: &DatabaseTransaction, rows: Vec<Model>) -> Result<u64> {
    let mut inserted = 0;
    for rows in rows.chunks(100) {
        let unless_listed = OnConflict::columns([Column::ProjectId, Column::Address]).do_nothing().to_owned();
        let rows = rows.iter().cloned().map(IntoActiveModel::into_active_model);
        inserted += Entity::insert_many(rows).on_conflict(unless_listed).exec_without_returning(transaction).await?;
    }
    Ok(inserted)
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
        since: Timestamp(row.since),
        reason: row.reason,
        message: row.message_id.map(MessageId::from_uuid),
    })
}

#[cfg(test)]
mod tests;
