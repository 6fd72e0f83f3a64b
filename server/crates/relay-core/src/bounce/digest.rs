//! Bounces that no reverse-path hears of, told to the project's bounce contact: together, at most once an hour.
//!
//! Owns the table `untold_bounce`, written in the transaction that records the failure and emptied in the one that keeps
//! the digest; so of several nodes one tells, and no failure is told twice or forgotten. A digest is mail of the
//! platform, not of the project, with a null reverse-path: its own failure is told to nobody (RFC 3834 §2).

use crate::{
    Actor, Core, Result, portal_mail, projects,
    tables::{message, recipient, untold_bounce},
};
use relay_types::{
    Timestamp,
    message::{MessageId, RecipientState},
    project::ProjectId,
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, DatabaseTransaction, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, OnConflict},
};
use std::time::Duration;
use uuid::Uuid;

/// Bounces are gathered this long, so nobody hears more often.
const GATHER: Duration = Duration::from_secs(3_600);
/// Messages described in one digest; the rest is counted.
const SHOWN: u64 = 20;
/// Recipients named of one message.
const RECIPIENTS: usize = 5;
/// Projects of one call; the schedule calls again.
const PROJECTS: u64 = 100;

/// What a digest says.
pub(crate) struct Digest {
    /// The project's name.
    pub(crate) project: String,
    /// The project's pages.
    pub(crate) pages: String,
    /// How many messages bounced.
    pub(crate) count: u64,
    /// The oldest of them.
    pub(crate) shown: Vec<Bounced>,
}

/// One message that bounced.
pub(crate) struct Bounced {
    /// Queue id.
    pub(crate) id: MessageId,
    /// When it was accepted.
    pub(crate) accepted_at: Timestamp,
    /// Header From.
    pub(crate) from: String,
    /// Subject.
    pub(crate) subject: String,
    /// Some of the recipients that will not get it, with the last reply.
    pub(crate) recipients: Vec<(String, String)>,
}

/// Remembers that nobody was told of a failure of `original`; `false` for mail of the platform, which has no contact.
pub(super) async fn note(transaction: &DatabaseTransaction, original: &message::Model, now: Timestamp) -> Result<bool> {
    let Some(project) = original.project_id else { return Ok(false) };
    let row = untold_bounce::ActiveModel { message_id: Set(original.id), project_id: Set(project), at: Set(now.0) };
    // Another recipient of the message may have failed before.
    let known = OnConflict::column(untold_bounce::Column::MessageId).do_nothing().to_owned();
    untold_bounce::Entity::insert(row).on_conflict(known).exec_without_returning(transaction).await?;
    Ok(true)
}

/// Sends the digests that are due; returns how many projects' contacts were told. System only.
pub async fn tell_contacts(core: &Core, actor: &Actor) -> Result<u64> {
    projects::authorize_system(actor)?;
    let due: Vec<Uuid> = untold_bounce::Entity::find()
        .select_only()
        .column(untold_bounce::Column::ProjectId)
        .group_by(untold_bounce::Column::ProjectId)
        .having(Expr::col(untold_bounce::Column::At).min().lte(core.now().minus(GATHER).0))
        .limit(PROJECTS)
        .into_tuple()
        .all(core.db.read())
        .await?;
    let mut told = 0;
    for project in due {
        told += u64::from(tell(core, ProjectId::from_uuid(project)).await?);
    }
    if told > 0 {
        core.queue_wake.notify_one();
    }
    Ok(told)
}

/// Tells the contacts of one project; `false` when there is nobody to tell, or another node has done it.
async fn tell(core: &Core, project: ProjectId) -> Result<bool> {
    let contacts = portal_mail::drafts(core, projects::contacts(core, project).await?).await?;
    let (name, slug) = (projects::name(core, project).await?, projects::slug(core, project).await?);
    let somebody = !contacts.is_empty();
    let transaction = core.db.begin_aside().await?;
    let of_project = untold_bounce::Column::ProjectId.eq(project.uuid());
    let rows = untold_bounce::Entity::find()
        .filter(of_project.clone())
        .order_by_asc(untold_bounce::Column::At)
        .limit(SHOWN)
        .all(&transaction)
        .await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.message_id).collect();
    let shown = bounced(&transaction, &ids).await?;
    let count = untold_bounce::Entity::delete_many().filter(of_project).exec(&transaction).await?.rows_affected;
    if count > 0 && !shown.is_empty() {
        let pages = format!("{}/p/{slug}", core.config.public_url);
        let digest = Digest { project: name, pages, count, shown };
        portal_mail::bounces(core, &transaction, contacts, &digest).await?;
    }
    transaction.commit().await?;
    Ok(count > 0 && somebody)
}

/// The messages with some of their recipients that bounced, oldest first.
async fn bounced(transaction: &DatabaseTransaction, ids: &[Uuid]) -> Result<Vec<Bounced>> {
    let messages = message::Entity::find()
        .filter(message::Column::Id.is_in(ids.iter().copied()))
        .order_by_asc(message::Column::Id)
        .all(transaction)
        .await?;
    let mut shown = Vec::with_capacity(messages.len());
    for row in messages {
        let recipients = recipient::Entity::find()
            .filter(recipient::Column::MessageId.eq(row.id))
            .filter(recipient::Column::State.eq(RecipientState::Bounced.as_str()))
            .order_by_asc(recipient::Column::Id)
            .limit(RECIPIENTS as u64)
            .all(transaction)
            .await?;
        shown.push(Bounced {
            id: MessageId::from_uuid(row.id),
            accepted_at: Timestamp(row.accepted_at),
            from: row.header_from,
            subject: row.subject,
            recipients: recipients
                .into_iter()
                .map(|recipient| (recipient.address, recipient.last_reply.unwrap_or_default()))
                .collect(),
        });
    }
    Ok(shown)
}

#[cfg(test)]
mod tests;
