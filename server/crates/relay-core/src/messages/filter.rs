//! What a list is narrowed to, as a query that reads by an index and stops.
//!
//! No index helps to find a part of a text, so it is looked for in the newest messages only, and the queries are such that
//! the database never looks further.

use crate::{
    Core, Result,
    search::{self, contains, first_of, lower},
    tables::{message, recipient},
    written_to,
};
use relay_types::{
    EmailAddress, Timestamp,
    message::{MessageFilter, MessageId, MessageState},
    project::ProjectId,
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
    sea_query::{ExprTrait, UnionType},
};
use uuid::Uuid;

/// How many messages are looked through for a part of subject or From.
const SEARCHED: u64 = 100_000;
/// Messages with one and the same Message-ID.
const SAME: u64 = 1_000;

/// A filter that knows what its text is.
pub(super) struct Narrowed {
    /// The project's messages under the filter, without its state and cursor.
    pub(super) select: Select<message::Entity>,
    /// A text is looked for, so that counting means looking through all.
    pub(super) by_text: bool,
    /// From when on it is looked for, when there are older messages; none when all are looked through.
    pub(super) searched_since: Option<Timestamp>,
}

/// Makes the query.
pub(super) async fn narrow(core: &Core, project: ProjectId, filter: &MessageFilter) -> Result<Narrowed> {
    let mut condition = Condition::all().add(message::Column::ProjectId.eq(project.uuid()));
    if let Some(account) = filter.service_account {
        condition = condition.add(message::Column::SourceId.eq(account.uuid()));
    }
    // Identifiers begin with the moment they were made at, so that a time is a place in the list.
    if let Some(since) = filter.since {
        condition = condition.add(message::Column::Id.gte(first_of(since)));
    }
    if let Some(until) = filter.until {
        condition = condition.add(message::Column::Id.lt(first_of(until)));
    }
    let (mut by_text, mut searched_since) = (false, None);
    if let Some(text) = search::words(filter.search.as_deref()) {
        let ids = exact(core, project, &text).await?;
        if ids.is_empty() {
            let oldest = oldest(core, project).await?;
            condition = condition.add(by_part(core, project, &text, oldest.map_or(Uuid::nil(), |(id, _)| id)));
            by_text = true;
            let at = oldest.map(|(_, at)| at);
            searched_since = at.filter(|&oldest| filter.since.is_none_or(|since| since < oldest));
        } else {
            condition = condition.add(message::Column::Id.is_in(ids));
        }
    }
    Ok(Narrowed { select: message::Entity::find().filter(condition), by_text, searched_since })
}

/// Only those of one state.
pub(super) fn by_state(select: Select<message::Entity>, state: Option<MessageState>) -> Select<message::Entity> {
    match state {
        Some(state) => select.filter(message::Column::State.eq(state.as_str())),
        None => select,
    }
}

/// The messages that a queue id or a Message-ID names.
async fn exact(core: &Core, project: ProjectId, text: &str) -> Result<Vec<Uuid>> {
    if let Ok(id) = text.parse::<MessageId>() {
        return Ok(vec![id.uuid()]);
    }
    let trimmed = text.trim_start_matches('<').trim_end_matches('>');
    // By itself, so that the index of the Message-ID is what is read and not all of the project.
    let named = message::Entity::find()
        .select_only()
        .column(message::Column::Id)
        .filter(message::Column::MessageId.is_in([text.to_owned(), format!("<{trimmed}>")]))
        .into_query();
    let select = message::Entity::find()
        .select_only()
        .column(message::Column::Id)
        .filter(message::Column::ProjectId.eq(project.uuid()))
        .filter(message::Column::Id.in_subquery(named))
        .limit(SAME);
    Ok(select.into_tuple().all(core.db.read()).await?)
}

/// A whole address: of a recipient in any message, by an index; of the sender from `oldest` on. Else a part of subject or
/// From, from `oldest` on.
fn by_part(core: &Core, project: ProjectId, text: &str, oldest: Uuid) -> Condition {
    let newest = Condition::all().add(message::Column::Id.gte(oldest));
    let Ok(address) = EmailAddress::parse(text) else {
        let part = contains(message::Column::Subject, text).or(contains(message::Column::HeaderFrom, text));
        return newest.add(part);
    };
    let by_sender =
        lower(message::Column::ReversePath).eq(address.key()).or(contains(message::Column::HeaderFrom, text));
    let sent = message::Entity::find()
        .select_only()
        .column(message::Column::Id)
        .filter(message::Column::ProjectId.eq(project.uuid()))
        .filter(newest.add(by_sender))
        .into_query();
    let mut either = recipient::Entity::find()
        .select_only()
        .column(recipient::Column::MessageId)
        .filter(written_to::address(core.db.backend(), &address.key()))
        .into_query();
    either.union(UnionType::All, sent);
    Condition::all().add(message::Column::Id.in_subquery(either))
}

/// The oldest message that is looked through, and when it was accepted; none when that is all of them.
async fn oldest(core: &Core, project: ProjectId) -> Result<Option<(Uuid, Timestamp)>> {
    let row: Option<(Uuid, i64)> = message::Entity::find()
        .select_only()
        .column(message::Column::Id)
        .column(message::Column::AcceptedAt)
        .filter(message::Column::ProjectId.eq(project.uuid()))
        .order_by_desc(message::Column::Id)
        .offset(SEARCHED)
        .limit(1)
        .into_tuple()
        .one(core.db.read())
        .await?;
    Ok(row.map(|(id, at)| (id, Timestamp(at))))
}
