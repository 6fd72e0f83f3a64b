//! The history of messages: lists by keyset, the page of one message.
//!
//! Reads the tables of `submission` and `queue`, and changes nothing. Every query is bound to one project.

mod explained;
mod filter;
mod test_message;
mod verify;

use crate::{
    Access, Actor, Core, Error, Result,
    messages::filter::Narrowed,
    projects,
    queue::outgoing,
    retention,
    submission::kept,
    tables::{event, message, recipient},
};
use relay_types::{
    EmailAddress, Id, ReversePath, Timestamp,
    message::{
        Event, MessageCounts, MessageDetail, MessageFilter, MessageId, MessageList, MessageRow, MessageState,
        Recipient, RecipientId, RecipientState, Source,
    },
    page::{Page, PageSize},
    project::{ProjectId, Slug},
    terms::{MessageTerms, RecipientTerms},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
    sea_query::{Expr, Query},
};
use std::collections::BTreeSet;

/// Recipients and events of one message's page.
const MOST: u64 = 1_000;

/// A project's messages, newest first. Any member. Field: `after`.
pub async fn list(core: &Core, actor: &Actor, project: &Slug, filter: &MessageFilter) -> Result<Page<MessageRow>> {
    let project = projects::authorize(core, actor, project, Access::View).await?;
    let select = filter::narrow(core, project, filter).await?.select;
    page(core, filter::by_state(select, filter.state), filter.after.as_deref(), filter.size).await
}

/// The page of the list: rows, what stands on the tabs, and how far a search went. Any member. Field: `after`.
pub async fn overview(core: &Core, actor: &Actor, project: &Slug, filter: &MessageFilter) -> Result<MessageList> {
    let project = projects::authorize(core, actor, project, Access::View).await?;
    let narrowed = filter::narrow(core, project, filter).await?;
    let select = filter::by_state(narrowed.select.clone(), filter.state);
    Ok(MessageList {
        rows: page(core, select, filter.after.as_deref(), filter.size).await?,
        counts: counts(core, project, &narrowed).await?,
        searched_since: narrowed.searched_since,
    })
}

/// A page of a list of messages, newest first.
pub(crate) async fn page(
    core: &Core,
    mut select: Select<message::Entity>,
    after: Option<&str>,
    size: PageSize,
) -> Result<Page<MessageRow>> {
    if let Some(text) = after {
        let id: MessageId =
            text.parse().map_err(|_| Error::invalid("after", "This page of the list does not exist"))?;
        select = select.filter(message::Column::Id.lt(id.uuid()));
    }
    let size = size.rows();
    let rows = select.order_by_desc(message::Column::Id).limit(size as u64 + 1).all(core.db.read()).await?;
    let rows = rows.into_iter().map(shown).collect::<Result<Vec<_>>>()?;
    Ok(Page::cut(rows, size, |row| row.id.to_string()))
}

/// Counts for tabs, each capped at [`MessageCounts::MOST`]. Without a text every count is read from an index. With one,
/// counting looks through as many messages as there are: none in a project that has more than counts go up to.
async fn counts(core: &Core, project: ProjectId, narrowed: &Narrowed) -> Result<Option<MessageCounts>> {
    if narrowed.by_text {
        let all = message::Entity::find().filter(message::Column::ProjectId.eq(project.uuid()));
        let few = counted(core, all).await? < MessageCounts::MOST;
        return if few { counted_together(core, narrowed.select.clone()).await.map(Some) } else { Ok(None) };
    }
    let count = async |state| counted(core, filter::by_state(narrowed.select.clone(), state)).await;
    Ok(Some(MessageCounts {
        all: count(None).await?,
        queued: count(Some(MessageState::Queued)).await?,
        deferred: count(Some(MessageState::Deferred)).await?,
        held: count(Some(MessageState::Held)).await?,
        delivered: count(Some(MessageState::Delivered)).await?,
        bounced: count(Some(MessageState::Bounced)).await?,
        cancelled: count(Some(MessageState::Cancelled)).await?,
    }))
}

/// All counts in one pass.
async fn counted_together(core: &Core, select: Select<message::Entity>) -> Result<MessageCounts> {
    let rows: Vec<(String, i64)> = select
        .select_only()
        .column(message::Column::State)
        .column_as(Expr::col(message::Column::Id).count(), "number")
        .group_by(message::Column::State)
        .into_tuple()
        .all(core.db.read())
        .await?;
    let mut counts = MessageCounts::default();
    for (state, number) in rows {
        let number = u64::try_from(number).unwrap_or(0);
        counts.all += number;
        match MessageState::parse(&state) {
            Some(MessageState::Queued) => counts.queued = number,
            Some(MessageState::Deferred) => counts.deferred = number,
            Some(MessageState::Held) => counts.held = number,
            Some(MessageState::Delivered) => counts.delivered = number,
            Some(MessageState::Bounced) => counts.bounced = number,
            Some(MessageState::Cancelled) => counts.cancelled = number,
            None => {}
        }
    }
    Ok(counts)
}

/// Counts at most [`MessageCounts::MOST`] rows: the limit is inside the counted query, so that counting stops there.
async fn counted(core: &Core, select: Select<message::Entity>) -> Result<u64> {
    let capped = select.select_only().column(message::Column::Id).limit(MessageCounts::MOST).into_query();
    let count = Query::select().expr_as(Expr::cust("COUNT(*)"), "number").from_subquery(capped, "capped").to_owned();
    let row = core.db.read().query_one(&count).await?;
    let number = row.map(|row| row.try_get::<i64>("", "number")).transpose()?;
    Ok(number.and_then(|number| u64::try_from(number).ok()).unwrap_or(0))
}

/// One message with its story. Any member.
pub async fn get(core: &Core, actor: &Actor, project: &Slug, id: MessageId) -> Result<MessageDetail> {
    let slug = project;
    let project = projects::authorize(core, actor, project, Access::View).await?;
    let row = find(core, project, id).await?;
    let events = events(core, &row).await?;
    let (mut recipients, reports) = recipients(core, &row).await?;
    let terms: MessageTerms = kept::terms(row.terms.as_deref());
    explained::explain(core, actor, slug, &row, &events, &mut recipients).await?;
    let content_removed = retention::content_removed(core, &row, &events).await?;
    Ok(MessageDetail {
        id,
        accepted_at: Timestamp(row.accepted_at),
        state: state(&row)?,
        source: source(&row)?,
        reverse_path: ReversePath::parse(&row.reverse_path).map_err(Error::internal)?,
        headers: headers(core, &row).await?,
        recipients,
        events,
        about: row.about.map(MessageId::from_uuid),
        captured: row.captured,
        asked: reports.into_iter().chain(terms.words()).collect(),
        release_at: terms.release_at,
        content_removed,
        size: u64::try_from(row.size).unwrap_or(0),
        from: row.header_from,
        subject: row.subject,
        message_id: row.message_id,
    })
}

/// The message as sent, for download. Member (a viewer does not read content).
pub async fn raw(core: &Core, actor: &Actor, project: &Slug, id: MessageId) -> Result<Vec<u8>> {
    let project = projects::authorize(core, actor, project, Access::Manage).await?;
    outgoing::whole(core, &find(core, project, id).await?).await
}

/// Submits a test message from a verified sender to the person who asks (or another address), from a page of the
/// portal; what our own verifier says of it comes into its story. Member. Fields: `from`, `to`.
pub async fn send_test(core: &Core, actor: &Actor, project: &Slug, from: &str, to: &str) -> Result<MessageId> {
    let id = projects::authorize(core, actor, project, Access::Manage).await?;
    let sent = test_message::send(core, actor, id, from, to).await?;
    // Behind the page, which follows the message's story; DNS may take its time.
    let core = core.clone();
    tokio::spawn(async move {
        if let Err(error) = verify::note(&core, sent).await {
            tracing::warn!(%error, message.id = %sent, "a test message was not verified");
        }
    });
    Ok(sent)
}

/// The project's message of this id.
pub(crate) async fn find(core: &Core, project: ProjectId, id: MessageId) -> Result<message::Model> {
    let found = message::Entity::find_by_id(id.uuid()).filter(message::Column::ProjectId.eq(project.uuid()));
    found.one(core.db.read()).await?.ok_or(Error::NotFound)
}

/// Whether the project has had a message accepted.
pub(crate) async fn any(core: &Core, project: ProjectId) -> Result<bool> {
    let first = message::Entity::find()
        .select_only()
        .column(message::Column::Id)
        .filter(message::Column::ProjectId.eq(project.uuid()))
        .into_tuple::<uuid::Uuid>()
        .one(core.db.read())
        .await?;
    Ok(first.is_some())
}

/// The header section as sent, as text.
pub(crate) async fn headers(core: &Core, row: &message::Model) -> Result<String> {
    Ok(String::from_utf8_lossy(&outgoing::headers(core, row).await?).into_owned())
}

/// The recipients, and what reports were asked for about any of them.
async fn recipients(core: &Core, row: &message::Model) -> Result<(Vec<Recipient>, BTreeSet<String>)> {
    let rows = recipient::Entity::find()
        .filter(recipient::Column::MessageId.eq(row.id))
        .order_by_asc(recipient::Column::Id)
        .limit(MOST)
        .all(core.db.read())
        .await?;
    let terms = rows.iter().filter_map(|row| row.terms.as_deref());
    let reports = terms.filter_map(|terms| kept::terms::<RecipientTerms>(Some(terms)).words()).collect();
    let shown = |row: recipient::Model| -> Result<Recipient> {
        Ok(Recipient {
            id: RecipientId::from_uuid(row.id),
            address: EmailAddress::parse(&row.address).map_err(Error::internal)?,
            state: RecipientState::parse(&row.state).ok_or_else(|| unknown("state", &row.state))?,
            attempts: u32::try_from(row.attempts).unwrap_or(0),
            due_at: row.due_at.map(Timestamp),
            last_reply: row.last_reply,
            explained: None,
        })
    };
    Ok((rows.into_iter().map(shown).collect::<Result<_>>()?, reports))
}

async fn events(core: &Core, row: &message::Model) -> Result<Vec<Event>> {
    let rows = event::Entity::find()
        .filter(event::Column::MessageId.eq(row.id))
        .order_by_asc(event::Column::Id)
        .limit(MOST)
        .all(core.db.read())
        .await?;
    let shown = |row: event::Model| -> Result<Event> {
        Ok(Event { at: Timestamp(row.at), kind: serde_json::from_str(&row.kind).map_err(Error::internal)? })
    };
    rows.into_iter().map(shown).collect()
}

fn shown(row: message::Model) -> Result<MessageRow> {
    Ok(MessageRow {
        id: MessageId::from_uuid(row.id),
        accepted_at: Timestamp(row.accepted_at),
        state: state(&row)?,
        from: row.header_from,
        subject: row.subject,
        first_recipient: EmailAddress::parse(&row.first_recipient).map_err(Error::internal)?,
        recipients: u32::try_from(row.recipients).unwrap_or(0),
        source_label: row.source_label,
        last_reply: row.last_reply,
    })
}

fn state(row: &message::Model) -> Result<MessageState> {
    MessageState::parse(&row.state).ok_or_else(|| unknown("state", &row.state))
}

fn source(row: &message::Model) -> Result<Source> {
    let label = row.source_label.clone();
    match (row.source.as_str(), row.source_id) {
        ("service_account", Some(id)) => Ok(Source::ServiceAccount { id: Id::from_uuid(id), label }),
        ("network", Some(id)) => Ok(Source::Network { id: Id::from_uuid(id), label }),
        ("portal", _) => Ok(Source::Portal),
        ("system", _) => Ok(Source::System),
        (other, _) => Err(unknown("source", other)),
    }
}

fn unknown(what: &str, word: &str) -> Error {
    Error::internal(format!("unknown {what} {word:?} in the database"))
}

#[cfg(test)]
mod fill;
#[cfg(test)]
mod many;
#[cfg(test)]
mod tests;
