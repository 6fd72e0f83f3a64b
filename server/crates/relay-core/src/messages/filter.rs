//! What a list is narrowed to, as a query.

use crate::{
    search::{self, contains, first_of, lower},
    tables::{message, recipient},
};
use relay_types::{
    EmailAddress,
    message::{MessageFilter, MessageId, MessageState},
    project::ProjectId,
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
    sea_query::{Expr, ExprTrait, Func},
};
use uuid::Uuid;

/// How many messages are looked through for a part of subject or From.
pub(super) const SEARCHED: u64 = 100_000;

/// The project's messages under the filter, without its state and cursor.
pub(super) fn select(project: ProjectId, filter: &MessageFilter) -> Select<message::Entity> {
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
    if let Some(search) = search::typed(filter.search.as_deref()) {
        condition = condition.add(found_by(project, search));
    }
    message::Entity::find().filter(condition)
}

/// Only those of one state.
pub(super) fn by_state(select: Select<message::Entity>, state: Option<MessageState>) -> Select<message::Entity> {
    match state {
        Some(state) => select.filter(message::Column::State.eq(state.as_str())),
        None => select,
    }
}

/// A queue id, a Message-ID, a whole address, else a part of subject or From. Each of the first three goes by an index.
fn found_by(project: ProjectId, search: &str) -> Condition {
    if let Ok(id) = search.parse::<MessageId>() {
        return Condition::any().add(message::Column::Id.eq(id.uuid()));
    }
    let trimmed = search.trim_start_matches('<').trim_end_matches('>');
    let message_id = message::Column::MessageId.is_in([search.to_owned(), format!("<{trimmed}>")]);
    if let Ok(address) = EmailAddress::parse(search) {
        let of_recipient = recipient::Entity::find()
            .select_only()
            .column(recipient::Column::MessageId)
            .filter(recipient::Column::AddressKey.eq(address.key()))
            .into_query();
        return Condition::any()
            .add(message_id)
            .add(message::Column::Id.in_subquery(of_recipient))
            .add(lower(message::Column::ReversePath).eq(address.key()))
            .add(among_newest(project).add(contains(message::Column::HeaderFrom, search)));
    }
    let part = Condition::any()
        .add(contains(message::Column::Subject, search))
        .add(contains(message::Column::HeaderFrom, search));
    Condition::any().add(message_id).add(among_newest(project).add(part))
}

/// Only the newest [`SEARCHED`] messages of the project, because no index helps to find a part of a text.
fn among_newest(project: ProjectId) -> Condition {
    let oldest = oldest_searched(project).select_only().column(message::Column::Id).into_query();
    let oldest = Func::coalesce([Expr::SubQuery(None, Box::new(oldest.into())), Expr::value(Uuid::nil())]);
    Condition::all().add(Expr::col((message::Entity, message::Column::Id)).gte(Expr::expr(oldest)))
}

/// When the oldest message was accepted in which a part of a text is looked for; no row when that is all of them.
pub(super) fn oldest_searched(project: ProjectId) -> Select<message::Entity> {
    message::Entity::find()
        .select_only()
        .column(message::Column::AcceptedAt)
        .filter(message::Column::ProjectId.eq(project.uuid()))
        .order_by_desc(message::Column::Id)
        .offset(SEARCHED)
        .limit(1)
}
