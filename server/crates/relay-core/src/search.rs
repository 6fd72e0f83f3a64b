//! Search over everything a person may see: a few messages and service accounts, for the palette.
//!
//! Reads the tables of others and changes nothing. Every part is bounded: by an index, or by how many of the newest
//! rows are looked through.

mod newest;
mod typed;

pub(crate) use typed::{begins, containing, contains, first_of, lower, words};

use crate::{
    Actor, Core, Error, Result, members,
    tables::{message, recipient, service_account},
    written_to,
};
use relay_types::{
    EmailAddress, Timestamp,
    message::{MessageId, MessageState},
    project::Slug,
    search::{Found, FoundMessage, FoundServiceAccount},
    service_account::ServiceAccountId,
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, ExprTrait, Func},
};
use std::collections::HashMap;
use uuid::Uuid;

/// Messages that are found at most.
const MESSAGES: usize = 6;
/// Service accounts that are found at most.
const ACCOUNTS: u64 = 6;
/// How much of what is typed counts.
const TYPED: usize = 200;
/// Messages of one Message-ID or address that are looked through.
const CANDIDATES: u64 = 500;

/// What a row of the palette needs of a message.
#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    project_id: Option<Uuid>,
    accepted_at: i64,
    subject: String,
    first_recipient: String,
    state: String,
}

/// A few messages and service accounts of the projects the person may see: messages by queue id, Message-ID, whole
/// recipient's address, or words of subject and From; accounts by label and user name. Any signed-in person; less than
/// two characters find nothing.
pub async fn search(core: &Core, actor: &Actor, typed: &str) -> Result<Found> {
    let user = actor.user_id()?;
    let operator = matches!(actor, Actor::User { operator: true, .. });
    let typed: String = words(Some(typed)).unwrap_or_default().chars().take(TYPED).collect();
    let typed = typed.as_str();
    if typed.chars().count() < 2 {
        return Ok(Found::default());
    }
    let projects = members::visible(core, user, operator).await?;
    if projects.is_empty() {
        return Ok(Found::default());
    }
    let mut rows = exact(core, &projects, typed).await?;
    if rows.len() < MESSAGES && typed.parse::<MessageId>().is_err() {
        rows.extend(newest::holding(core, &projects, operator, typed).await?);
    }
    rows.sort_unstable_by_key(|row| std::cmp::Reverse(row.id));
    rows.dedup_by_key(|row| row.id);
    rows.truncate(MESSAGES);
    let messages = rows.into_iter().filter_map(|row| found(&projects, row).transpose()).collect::<Result<_>>()?;
    Ok(Found { messages, service_accounts: accounts(core, &projects, typed).await? })
}

/// By queue id, Message-ID or recipient's address: each by an index.
async fn exact(core: &Core, projects: &HashMap<Uuid, Slug>, typed: &str) -> Result<Vec<Row>> {
    let trimmed = typed.trim_start_matches('<').trim_end_matches('>');
    let condition = if let Ok(id) = typed.parse::<MessageId>() {
        Condition::any().add(message::Column::Id.eq(id.uuid()))
    } else if trimmed.contains('@') {
        let of_address = to_address(core, trimmed).await?;
        Condition::any()
            .add(message::Column::MessageId.eq(format!("<{trimmed}>")))
            .add(message::Column::Id.is_in(of_address))
    } else {
        return Ok(Vec::new());
    };
    // Whose they are is judged here and not by the database, which might then walk through all of a project instead.
    let mut rows = rows(message::Entity::find().filter(condition).limit(CANDIDATES), core).await?;
    rows.retain(|row| row.project_id.is_some_and(|id| projects.contains_key(&id)));
    Ok(rows)
}

/// The newest messages to an address.
async fn to_address(core: &Core, typed: &str) -> Result<Vec<Uuid>> {
    let Ok(address) = EmailAddress::parse(typed) else { return Ok(Vec::new()) };
    let select = recipient::Entity::find()
        .select_only()
        .column(recipient::Column::MessageId)
        .filter(written_to::address(core.db.backend(), &address.key()))
        .order_by_desc(recipient::Column::MessageId)
        .limit(CANDIDATES);
    Ok(select.into_tuple().all(core.db.read()).await?)
}

/// Accounts whose label or user name holds the text.
async fn accounts(core: &Core, projects: &HashMap<Uuid, Slug>, typed: &str) -> Result<Vec<FoundServiceAccount>> {
    let select = service_account::Entity::find()
        .filter(service_account::Column::ProjectId.is_in(ids(projects)))
        .filter(service_account::Column::RemovedAt.is_null())
        .filter(
            Condition::any()
                .add(holds((service_account::Entity, service_account::Column::Label), typed))
                .add(holds((service_account::Entity, service_account::Column::Username), typed)),
        )
        .order_by_asc(service_account::Column::Label)
        .limit(ACCOUNTS);
    let rows = select.all(core.db.read()).await?;
    let found = rows.into_iter().filter_map(|row| {
        Some(FoundServiceAccount {
            project: projects.get(&row.project_id)?.clone(),
            id: ServiceAccountId::from_uuid(row.id),
            label: row.label,
            username: row.username,
        })
    });
    Ok(found.collect())
}

async fn rows(select: Select<message::Entity>, core: &Core) -> Result<Vec<Row>> {
    let select = select.select_only().columns([
        message::Column::Id,
        message::Column::ProjectId,
        message::Column::AcceptedAt,
        message::Column::Subject,
        message::Column::FirstRecipient,
        message::Column::State,
    ]);
    Ok(select.into_model::<Row>().all(core.db.read()).await?)
}

fn found(projects: &HashMap<Uuid, Slug>, row: Row) -> Result<Option<FoundMessage>> {
    // The project may have come after the list of projects was read.
    let Some(project) = row.project_id.and_then(|id| projects.get(&id)) else { return Ok(None) };
    Ok(Some(FoundMessage {
        project: project.clone(),
        id: MessageId::from_uuid(row.id),
        first_recipient: EmailAddress::parse(&row.first_recipient).map_err(Error::internal)?,
        state: MessageState::parse(&row.state)
            .ok_or_else(|| Error::internal(format!("message {} has no known state", row.id)))?,
        accepted_at: Timestamp(row.accepted_at),
        subject: row.subject,
    }))
}

fn ids(projects: &HashMap<Uuid, Slug>) -> impl Iterator<Item = Uuid> {
    projects.keys().copied()
}

/// Contains the text, in any case.
fn holds(column: impl sea_orm::sea_query::IntoColumnRef, text: &str) -> Expr {
    Expr::expr(Func::lower(Expr::col(column))).like(containing(text))
}

#[cfg(test)]
mod tests;
