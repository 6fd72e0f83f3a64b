//! Tickets: what a project asks of the service desk, from the request until it came true.
//!
//! Owns the tables `ticket` and `ticket_entry`. The legal moves are `TicketState::moves`; [`moves`] is the one place
//! that makes them. [`request`] judges what is asked, [`look`] asks DNS and watches, [`desk`] decides, [`view`] shows.

mod desk;
mod follow;
mod look;
mod mail;
mod moves;
mod request;
mod view;

pub use self::{
    desk::{approve, approve_many, assign, people, refuse},
    look::{look_now, run_due},
    request::verdict,
    view::{desk_list, get, list},
};
pub(crate) use self::{
    follow::{Follower, Outcome, follow, follower},
    look::forward_record,
    view::{count_open, numbers, open_for},
};

use crate::{
    Access, Actor, Core, Error, Result, addresses, audit, projects,
    tables::ticket::{Column, Entity, Model},
};
use mail::Mailing;
use relay_types::{
    project::{ProjectId, Slug},
    ticket::{TicketEntryKind, TicketKind, TicketNumber, TicketRequest, TicketState},
};
use request::Judged;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, IntoActiveModel,
    QueryFilter, QuerySelect,
};
use uuid::Uuid;

/// What a comment or a reason may be.
const TEXT: usize = 5_000;
/// Tickets of one project that may be open: those that wait are looked at again and again.
const MOST_OPEN: u64 = 1_000;

/// Asks the service desk for something; a draft is kept and not sent. Member. Fields: those of [`TicketRequest`].
/// `Conflict` when it is asked for already, is there already, or another project has or wants the address's name.
pub async fn open(
    core: &Core,
    actor: &Actor,
    project: &Slug,
    kind: TicketKind,
    request: TicketRequest,
    draft: bool,
) -> Result<TicketNumber> {
    let project = projects::authorize(core, actor, project, Access::Manage).await?;
    let judged = request::judge(core, project, kind, request).await?;
    if view::count_open(core, project).await? >= MOST_OPEN {
        return Err(Error::conflict(format!("The project has {MOST_OPEN} open tickets; close some of them first")));
    }
    let mut row = new_row(core, actor, project, kind, &judged)?;
    if draft {
        let transaction = core.db.begin().await?;
        lock(&transaction).await?;
        number(&transaction, &mut row).await?;
        insert(&transaction, &row).await?;
        moves::note(core, &transaction, actor, &row, TicketEntryKind::Move, Some(TicketState::Draft), "").await?;
        transaction.commit().await?;
        return Ok(number_of(&row));
    }
    let looked = look::look(core, &row).await?;
    let mail = Mailing::prepare(core, &row).await?;
    let transaction = core.db.begin().await?;
    lock(&transaction).await?;
    number(&transaction, &mut row).await?;
    place(core, &transaction, &mut row, judged).await?;
    insert(&transaction, &row).await?;
    send(core, &transaction, actor, &mut row, looked).await?;
    update(&transaction, &row).await?;
    mail.tell_of_move(core, &transaction, actor, &row).await?;
    transaction.commit().await?;
    core.queue_wake.notify_one();
    Ok(number_of(&row))
}

/// Changes a draft. Member. As [`open`].
pub async fn edit_draft(core: &Core, actor: &Actor, number: TicketNumber, request: TicketRequest) -> Result<()> {
    let (row, project) = of_project(core, actor, number, Access::Manage).await?;
    let judged = request::judge(core, project, kind(&row)?, request).await?;
    let transaction = core.db.begin().await?;
    let mut row = locked(&transaction, row.id).await?;
    if state(&row)? != TicketState::Draft {
        return Err(Error::conflict(format!("{number} was sent already; withdraw it and ask anew")));
    }
    row.title = judged.title.clone();
    row.name = judged.name.as_ref().map(ToString::to_string);
    row.request = json(&judged.request)?;
    update(&transaction, &row).await?;
    Ok(transaction.commit().await?)
}

/// Sends a draft. Member. As [`open`].
pub async fn submit(core: &Core, actor: &Actor, number: TicketNumber) -> Result<()> {
    let (row, project) = of_project(core, actor, number, Access::Manage).await?;
    if state(&row)? != TicketState::Draft {
        return Err(moves::refusal(&row, TicketState::Submitted)?);
    }
    let judged = request::judge(core, project, kind(&row)?, request_of(&row)?).await?;
    let mail = Mailing::prepare(core, &row).await?;
    let looked = look::look(core, &row).await?;
    let transaction = core.db.begin().await?;
    lock(&transaction).await?;
    let asked = row.request;
    let mut row = locked(&transaction, row.id).await?;
    if row.request != asked {
        return Err(Error::conflict(format!("{number} was changed a moment ago; look at it and send it again")));
    }
    place(core, &transaction, &mut row, judged).await?;
    send(core, &transaction, actor, &mut row, looked).await?;
    update(&transaction, &row).await?;
    mail.tell_of_move(core, &transaction, actor, &row).await?;
    transaction.commit().await?;
    core.queue_wake.notify_one();
    Ok(())
}

/// Writes to the other side; an internal comment is for the desk alone. Member, the service desk. Field: `text`.
pub async fn comment(core: &Core, actor: &Actor, number: TicketNumber, text: &str, internal: bool) -> Result<()> {
    let row = of_anyone(core, actor, number, Access::Manage).await?;
    if internal {
        projects::authorize_desk(actor)?;
    }
    let text = typed("text", text, "Write what you want to say")?;
    let mail = Mailing::prepare(core, &row).await?;
    let transaction = core.db.begin().await?;
    let row = locked(&transaction, row.id).await?;
    let kind = if internal { TicketEntryKind::Internal } else { TicketEntryKind::Comment };
    moves::note(core, &transaction, actor, &row, kind, None, &text).await?;
    mail.tell_of_comment(core, &transaction, actor, &row, &text, internal).await?;
    transaction.commit().await?;
    core.queue_wake.notify_one();
    Ok(())
}

/// Takes a ticket back. Member, the service desk. `Conflict` when it is closed, or being carried out.
pub async fn withdraw(core: &Core, actor: &Actor, number: TicketNumber) -> Result<()> {
    let row = of_anyone(core, actor, number, Access::Manage).await?;
    let mail = Mailing::prepare(core, &row).await?;
    let transaction = core.db.begin().await?;
    let mut row = locked(&transaction, row.id).await?;
    // What is being written to DNS cannot be taken back half-way; a change is rolled back when it is done.
    if kind(&row)?.writes_dns() && state(&row)? == TicketState::Verifying {
        return Err(moves::refusal(&row, TicketState::Withdrawn)?);
    }
    moves::advance(core, &transaction, actor, &mut row, TicketState::Withdrawn, "").await?;
    update(&transaction, &row).await?;
    decided(core, &transaction, actor, &row, "ticket.withdraw", None).await?;
    mail.tell_of_move(core, &transaction, actor, &row).await?;
    transaction.commit().await?;
    core.queue_wake.notify_one();
    Ok(())
}

/// Takes a closed ticket up again, with a word why. Member, the service desk. Field: `text`. `Conflict` as for [`open`].
pub async fn reopen(core: &Core, actor: &Actor, number: TicketNumber, text: &str) -> Result<()> {
    let row = of_anyone(core, actor, number, Access::Manage).await?;
    let text = typed("text", text, "Say why it is taken up again")?;
    if !state(&row)?.may_move_to(TicketState::Reopened) {
        return Err(moves::refusal(&row, TicketState::Reopened)?);
    }
    let project = ProjectId::from_uuid(row.project_id);
    let judged = request::judge(core, project, kind(&row)?, request_of(&row)?).await?;
    let mail = Mailing::prepare(core, &row).await?;
    let looked = look::look(core, &row).await?;
    let transaction = core.db.begin().await?;
    lock(&transaction).await?;
    let mut row = locked(&transaction, row.id).await?;
    moves::advance(core, &transaction, actor, &mut row, TicketState::Reopened, &text).await?;
    row.reason = None;
    place(core, &transaction, &mut row, judged).await?;
    look::begin(core, &transaction, &mut row, looked).await?;
    update(&transaction, &row).await?;
    decided(core, &transaction, actor, &row, "ticket.reopen", Some(&text)).await?;
    mail.tell_of_move(core, &transaction, actor, &row).await?;
    transaction.commit().await?;
    core.queue_wake.notify_one();
    Ok(())
}

/// Submitted, and then what DNS says.
async fn send(
    core: &Core,
    transaction: &DatabaseTransaction,
    actor: &Actor,
    row: &mut Model,
    looked: look::Looked,
) -> Result<()> {
    let use_case = request_of(row)?.use_case;
    moves::advance(core, transaction, actor, row, TicketState::Submitted, &use_case).await?;
    decided(core, transaction, actor, row, "ticket.submit", None).await?;
    look::begin(core, transaction, row, looked).await
}

/// Gives the ticket its address, inside the transaction that sends it, unless somebody was quicker.
async fn place(core: &Core, transaction: &DatabaseTransaction, row: &mut Model, judged: Judged) -> Result<()> {
    if let (true, Some(ip)) = (judged.ours, judged.ip) {
        // While DNS was asked the address may have left the project, or have got a row of its own in its prefix.
        let holder = request::holder(transaction, ProjectId::from_uuid(row.project_id), ip).await?;
        let address = addresses::own_row(core, transaction, holder, ip).await?;
        row.address_id = Some(address.id);
    }
    request::refuse_conflicts(transaction, row).await
}

/// The audit entry of a step somebody took.
async fn decided(
    core: &Core,
    transaction: &DatabaseTransaction,
    actor: &Actor,
    row: &Model,
    action: &str,
    reason: Option<&str>,
) -> Result<()> {
    let subject = format!("{} {}", number_of(row), row.title);
    let mut changes = vec![audit::field("state", None::<&str>, Some(state(row)?.as_str()))];
    if let Some(reason) = reason {
        changes.push(audit::field("reason", None::<&str>, Some(reason)));
    }
    let project = Some(ProjectId::from_uuid(row.project_id));
    audit::record(core, transaction, actor, project, action, &subject, changes).await
}

fn new_row(core: &Core, actor: &Actor, project: ProjectId, kind: TicketKind, judged: &Judged) -> Result<Model> {
    let now = core.now().0;
    Ok(Model {
        id: core.new_id::<()>().uuid(),
        number: 0,
        project_id: project.uuid(),
        kind: kind.as_str().to_owned(),
        state: TicketState::Draft.as_str().to_owned(),
        title: judged.title.clone(),
        request: json(&judged.request)?,
        address_id: None,
        name: judged.name.as_ref().map(ToString::to_string),
        asked_by_id: actor.id(),
        asked_by: actor.name(),
        assignee_id: None,
        created_at: now,
        moved_at: now,
        due_at: None,
        watched_since: None,
        next_at: None,
        looks: 0,
        forward: None,
        reason: None,
    })
}

/// Until the end of the transaction nobody else sends a ticket: two that are in each other's way would miss each other,
/// or get one number; and no address leaves its project while a ticket for it comes. SQLite has one writer at a time.
pub(crate) async fn lock(transaction: &DatabaseTransaction) -> Result<()> {
    if transaction.get_database_backend() == DbBackend::Postgres {
        transaction.execute_unprepared("LOCK TABLE ticket IN SHARE ROW EXCLUSIVE MODE").await?;
    }
    Ok(())
}

/// The next number; under [`lock`].
async fn number(transaction: &DatabaseTransaction, row: &mut Model) -> Result<()> {
    let last: Option<Option<i64>> =
        Entity::find().select_only().column_as(Column::Number.max(), "last").into_tuple().one(transaction).await?;
    row.number = last.flatten().unwrap_or_default() + 1;
    Ok(())
}

async fn insert(transaction: &DatabaseTransaction, row: &Model) -> Result<()> {
    Entity::insert(row.clone().into_active_model()).exec_without_returning(transaction).await?;
    Ok(())
}

async fn update(transaction: &DatabaseTransaction, row: &Model) -> Result<()> {
    row.clone().into_active_model().reset_all().update(transaction).await?;
    Ok(())
}

/// The row, which nobody else changes until the end of the transaction. Who holds a row without the right to write must
/// not wait for [`lock`], whose holder may wait for the row.
async fn locked(transaction: &DatabaseTransaction, id: Uuid) -> Result<Model> {
    if transaction.get_database_backend() == DbBackend::Postgres {
        transaction.execute_unprepared("LOCK TABLE ticket IN ROW EXCLUSIVE MODE").await?;
    }
    Entity::find_by_id(id).lock_exclusive().one(transaction).await?.ok_or(Error::NotFound)
}

async fn by_number(connection: &impl ConnectionTrait, number: TicketNumber) -> Result<Model> {
    let number = i64::try_from(number.0).map_err(|_| Error::NotFound)?;
    Entity::find().filter(Column::Number.eq(number)).one(connection).await?.ok_or(Error::NotFound)
}

/// The ticket, for who has `access` in its project.
async fn of_project(core: &Core, actor: &Actor, number: TicketNumber, access: Access) -> Result<(Model, ProjectId)> {
    if let Actor::Anonymous { .. } = actor {
        return Err(Error::SignedOut);
    }
    let row = by_number(core.db.read(), number).await?;
    let slug = projects::slug(core, ProjectId::from_uuid(row.project_id)).await?;
    let project = projects::authorize(core, actor, &slug, access).await?;
    Ok((row, project))
}

/// As [`of_project`], for the service desk too.
async fn of_anyone(core: &Core, actor: &Actor, number: TicketNumber, access: Access) -> Result<Model> {
    if projects::authorize_desk(actor).is_ok() {
        return by_number(core.db.read(), number).await;
    }
    Ok(of_project(core, actor, number, access).await?.0)
}

fn typed(field: &'static str, text: &str, what: &str) -> Result<String> {
    match plain(field, text)?.as_str() {
        "" => Err(Error::invalid(field, what)),
        text => Ok(text.to_owned()),
    }
}

/// What may be empty. Characters that turn the direction of what follows could make a name read as another one, and line
/// ends of their own could end a quotation.
fn plain(field: &'static str, text: &str) -> Result<String> {
    let text = text.replace("\r\n", "\n");
    let text = text.trim();
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let odd = |c: char| {
        (c.is_control() && c != '\n' && c != '\t') || turns(c) || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
    };
    match text.chars().count() {
        count if count > TEXT => Err(Error::invalid(field, format!("Use at most {TEXT} characters"))),
        _ if text.chars().any(odd) => Err(Error::invalid(field, "Use plain text")),
        _ => Ok(text.to_owned()),
    }
}

fn number_of(row: &Model) -> TicketNumber {
    TicketNumber(u64::try_from(row.number).unwrap_or_default())
}

fn state(row: &Model) -> Result<TicketState> {
    TicketState::parse(&row.state).ok_or_else(|| Error::internal("unknown state of a ticket"))
}

fn kind(row: &Model) -> Result<TicketKind> {
    TicketKind::parse(&row.kind).ok_or_else(|| Error::internal("unknown kind of ticket"))
}

fn request_of(row: &Model) -> Result<TicketRequest> {
    serde_json::from_str(&row.request).map_err(Error::internal)
}

fn json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(Error::internal)
}

#[cfg(test)]
mod races;
#[cfg(test)]
mod tests;
