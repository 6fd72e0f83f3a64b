//! What the service desk decides: approves, refuses, assigns, confirms what was applied by hand.

use super::{
    Model, by_number, decided, json, kind, locked, look, mail::Mailing, moves, number_of, request, request_of, state,
    typed, update,
};
use crate::{
    Actor, Core, Error, Result, addresses, audit, egress, name_changes,
    name_changes::Order,
    projects, ranges, sign_in,
    tables::{address, user},
    users,
};
use relay_types::{
    limit::Limits,
    name_change::ChangeCause,
    project::ProjectId,
    reverse::{ForwardState, PtrFound},
    ticket::{DeskPerson, TicketEntryKind, TicketKind, TicketNumber, TicketState},
    user::UserId,
};
use sea_orm::{ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder};

/// Approves a ticket that is ready and gives the state it has then. The service desk, with the password typed a moment
/// ago (field `password`); for an address the relay sends from an operator.
///
/// DNS is asked again: when the name does not lead to the address any more the ticket waits anew; when DNS does not
/// answer, nothing changes (`Conflict`). Decisions about a project take effect with this call.
pub async fn approve(core: &Core, actor: &Actor, number: TicketNumber) -> Result<TicketState> {
    projects::authorize_desk(actor)?;
    sign_in::recent(core, actor)?;
    let row = by_number(core.db.read(), number).await?;
    if state(&row)? != TicketState::Ready {
        return Err(moves::refusal(&row, TicketState::Approved)?);
    }
    let looked = look::look(core, &row).await?;
    let ptr =
        if kind(&row)?.writes_dns() { Some(core.resolver().ptr(look::ip(&row)?, core.now()).await) } else { None };
    let mail = Mailing::prepare(core, &row).await?;
    let transaction = core.db.begin().await?;
    let mut row = locked(&transaction, row.id).await?;
    if state(&row)? != TicketState::Ready {
        return Err(moves::refusal(&row, TicketState::Approved)?);
    }
    if kind(&row)? != TicketKind::RemovePtr {
        request::refuse_closed(&transaction, row.project_id).await?;
    }
    if kind(&row)? == TicketKind::GoLive {
        refuse_unready(&transaction).await?;
    }
    if let Some(forward) = &looked.forward {
        let ip = look::ip(&row)?;
        row.forward = Some(json(forward)?);
        match forward.points_to(ip) {
            ForwardState::Matches => {}
            ForwardState::Unknown => {
                let why = forward.words(ip);
                return Err(Error::conflict(format!("{why}. Nothing was changed; approve again in a while")));
            }
            ForwardState::Missing => {
                moves::advance(core, &transaction, actor, &mut row, TicketState::Waiting, &forward.words(ip)).await?;
                row.watched_since = Some(core.now().0);
                row.looks = 1;
                row.next_at = Some(core.now().0);
                update(&transaction, &row).await?;
                mail.tell_of_move(core, &transaction, actor, &row).await?;
                transaction.commit().await?;
                return Ok(TicketState::Waiting);
            }
        }
    }
    moves::advance(core, &transaction, actor, &mut row, TicketState::Approved, "").await?;
    match (kind(&row)?, ptr) {
        (TicketKind::SetPtr | TicketKind::RemovePtr, Some(ptr)) => {
            order(core, &transaction, actor, &row, ptr).await?;
        }
        _ => {
            carry_out(core, &transaction, actor, &row).await?;
            moves::advance(core, &transaction, actor, &mut row, TicketState::Done, "").await?;
        }
    }
    update(&transaction, &row).await?;
    mail.tell_of_move(core, &transaction, actor, &row).await?;
    transaction.commit().await?;
    core.queue_wake.notify_one();
    state(&row)
}

/// Approves several; each for itself, with what became of it. As [`approve`].
pub async fn approve_many(
    core: &Core,
    actor: &Actor,
    numbers: &[TicketNumber],
) -> Result<Vec<(TicketNumber, Result<TicketState>)>> {
    projects::authorize_desk(actor)?;
    sign_in::recent(core, actor)?;
    let mut outcomes = Vec::with_capacity(numbers.len());
    for &number in numbers {
        outcomes.push((number, approve(core, actor, number).await));
    }
    Ok(outcomes)
}

/// Nobody goes live through a relay whose mail is certainly refused.
async fn refuse_unready(transaction: &DatabaseTransaction) -> Result<()> {
    let unready = egress::not_ready(transaction).await?;
    if unready.is_empty() {
        return Ok(());
    }
    Err(Error::conflict(format!(
        "Mail from {} would be refused by many. Mend what its page under Egress lists, or let an operator call it ready \
         there with a reason",
        unready.join(", ")
    )))
}

/// The change of a PTR record, with before and after in the audit trail.
async fn order(
    core: &Core,
    transaction: &DatabaseTransaction,
    actor: &Actor,
    row: &Model,
    ptr: PtrFound,
) -> Result<()> {
    let address = address_of(transaction, row).await?;
    if egress::sends_from(transaction, &address).await? {
        projects::authorize_operator(actor)?;
    }
    if !ptr.certain {
        let why = "The servers of the reverse zone do not answer with certainty just now";
        return Err(Error::conflict(format!("{why}. Nothing was changed; approve again in a while")));
    }
    let range = ranges::row(transaction, address.range_id).await?;
    let after = match kind(row)? {
        TicketKind::SetPtr => row.name.clone(),
        _ => ranges::default_name(&range, addresses::ip(&address)?),
    };
    let before = (!ptr.names.is_empty()).then(|| ptr.names.join(", "));
    let changes = vec![audit::field("ptr", before, after.clone())];
    let subject = format!("{} {}", number_of(row), row.title);
    let project = Some(ProjectId::from_uuid(row.project_id));
    audit::record(core, transaction, actor, project, "ticket.approve", &subject, changes).await?;
    let order = Order {
        address: &address,
        range: &range,
        after,
        before: ptr.names,
        cause: ChangeCause::Ticket,
        ticket: Some(row.id),
    };
    name_changes::order(core, transaction, actor, order).await?;
    Ok(())
}

async fn address_of(transaction: &DatabaseTransaction, row: &Model) -> Result<address::Model> {
    let id = row.address_id.ok_or_else(|| Error::internal("a PTR ticket has no address"))?;
    let address = addresses::row(transaction, id).await?;
    if address.project_id != Some(row.project_id) {
        return Err(Error::conflict(format!(
            "{} does not belong to the project any more; refuse the ticket",
            address.text
        )));
    }
    Ok(address)
}

/// What a decision about a project changes, with its own entry in the audit trail.
async fn carry_out(core: &Core, transaction: &DatabaseTransaction, actor: &Actor, row: &Model) -> Result<()> {
    decided(core, transaction, actor, row, "ticket.approve", None).await?;
    let (project, request) = (ProjectId::from_uuid(row.project_id), request_of(row)?);
    match kind(row)? {
        TicketKind::GoLive => projects::leave_sandbox(core, transaction, actor, project).await,
        TicketKind::Quota => {
            let limit = |text: &str| text.parse().ok();
            let wanted = Limits {
                per_hour: limit(&request.per_hour),
                per_day: limit(&request.per_day),
                new_per_day: limit(&request.new_per_day),
            };
            projects::grant_limits(core, transaction, actor, project, wanted).await
        }
        TicketKind::SetPtr | TicketKind::RemovePtr | TicketKind::PtrElsewhere => Ok(()),
    }
}

/// Refuses a ticket with a reason that the project reads. The service desk. Field: `reason`.
pub async fn refuse(core: &Core, actor: &Actor, number: TicketNumber, reason: &str) -> Result<()> {
    projects::authorize_desk(actor)?;
    let reason = typed("reason", reason, "Say why; the project reads it")?;
    let row = by_number(core.db.read(), number).await?;
    let mail = Mailing::prepare(core, &row).await?;
    let transaction = core.db.begin().await?;
    let mut row = locked(&transaction, row.id).await?;
    row.reason = Some(reason.clone());
    moves::advance(core, &transaction, actor, &mut row, TicketState::Refused, &reason).await?;
    update(&transaction, &row).await?;
    decided(core, &transaction, actor, &row, "ticket.refuse", Some(&reason)).await?;
    mail.tell_of_move(core, &transaction, actor, &row).await?;
    transaction.commit().await?;
    core.queue_wake.notify_one();
    Ok(())
}

/// Says who takes care of a ticket; nobody when none is given. The service desk. `NotFound` for who does not belong to it.
pub async fn assign(core: &Core, actor: &Actor, number: TicketNumber, to: Option<UserId>) -> Result<()> {
    projects::authorize_desk(actor)?;
    let person = match to {
        Some(id) => Some(desk_person(core, id).await?),
        None => None,
    };
    let id = by_number(core.db.read(), number).await?.id;
    let transaction = core.db.begin().await?;
    let mut row = locked(&transaction, id).await?;
    if row.assignee_id == to.map(UserId::uuid) {
        return Ok(());
    }
    row.assignee_id = to.map(UserId::uuid);
    update(&transaction, &row).await?;
    let text = person.map_or_else(|| "Nobody takes care of it".to_owned(), |person| person.email);
    moves::note(core, &transaction, actor, &row, TicketEntryKind::Assign, None, &text).await?;
    Ok(transaction.commit().await?)
}

async fn desk_person(core: &Core, id: UserId) -> Result<user::Model> {
    let row = users::by_id(core.db.read(), id).await?.filter(|row| row.desk || row.operator);
    row.filter(|row| row.disabled_at.is_none()).ok_or(Error::NotFound)
}

/// Those a ticket can be assigned to, by address. The service desk.
pub async fn people(core: &Core, actor: &Actor) -> Result<Vec<DeskPerson>> {
    projects::authorize_desk(actor)?;
    let belongs = Condition::any().add(user::Column::Desk.eq(true)).add(user::Column::Operator.eq(true));
    let rows = user::Entity::find()
        .filter(belongs)
        .filter(user::Column::DisabledAt.is_null())
        .order_by_asc(user::Column::EmailKey)
        .all(core.db.read())
        .await?;
    rows.iter().map(|row| Ok(DeskPerson { id: UserId::from_uuid(row.id), email: users::email_of(row)? })).collect()
}
