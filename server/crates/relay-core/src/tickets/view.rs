//! Tickets as pages show them.

use super::{Column, Entity, Model, kind, look, number_of, of_project, request_of, state};
use crate::{
    Access, Actor, Core, Error, Result, addresses, domains, egress, name_changes, projects, ranges,
    search::{self, contains},
    tables::{project, ticket_entry, user},
    users,
};
use relay_types::{
    EmailAddress, Timestamp,
    address::AddressId,
    name_change::NameChangeState,
    page::Page,
    project::{ProjectId, Slug},
    reverse::ForwardState,
    ticket::{
        Ticket, TicketAbilities, TicketEntry, TicketEntryKind, TicketFilter, TicketKind, TicketList, TicketNumber,
        TicketRow, TicketState, TicketTab,
    },
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};
use std::collections::HashMap;
use uuid::Uuid;

/// A project's tickets, newest first. Any member. Field: `after`.
pub async fn list(core: &Core, actor: &Actor, project: &Slug, filter: &TicketFilter) -> Result<TicketList> {
    let project = projects::authorize(core, actor, project, Access::View).await?;
    page(core, actor, Entity::find().filter(Column::ProjectId.eq(project.uuid())), filter).await
}

/// All tickets that were sent, newest first. The service desk. Field: `after`.
pub async fn desk_list(core: &Core, actor: &Actor, filter: &TicketFilter) -> Result<TicketList> {
    projects::authorize_desk(actor)?;
    let sent = Entity::find().filter(Column::State.ne(TicketState::Draft.as_str()));
    page(core, actor, sent, filter).await
}

/// Everything about a ticket: of a project for its members, without one for the service desk.
pub async fn get(core: &Core, actor: &Actor, project: Option<&Slug>, number: TicketNumber) -> Result<Ticket> {
    let (row, held) = match project {
        None => {
            projects::authorize_desk(actor)?;
            (super::by_number(core.db.read(), number).await?, Access::View)
        }
        Some(slug) => {
            let project = projects::authorize(core, actor, slug, Access::View).await?;
            let row = super::by_number(core.db.read(), number).await?;
            if row.project_id != project.uuid() {
                return Err(Error::NotFound);
            }
            let manages = of_project(core, actor, number, Access::Manage).await.is_ok();
            (row, if manages { Access::Manage } else { Access::View })
        }
    };
    let desk = projects::authorize_desk(actor).is_ok();
    detail(core, actor, row, held, desk).await
}

async fn detail(core: &Core, actor: &Actor, row: Model, held: Access, desk: bool) -> Result<Ticket> {
    let (kind, state) = (kind(&row)?, state(&row)?);
    let address = match row.address_id {
        Some(id) => Some(addresses::row(core.db.read(), id).await?),
        None => None,
    };
    let zone = match &address {
        Some(address) => Some(ranges::row(core.db.read(), address.range_id).await?.zone),
        None => None,
    };
    let change = name_changes::of_ticket(core, &row).await?;
    let forward = row.forward.as_deref().map(serde_json::from_str).transpose().map_err(Error::internal)?;
    let forward: Option<relay_types::reverse::ForwardFound> = forward;
    let forward_record = match (&row.name, &forward) {
        (Some(name), Some(forward)) if state.is_open() => {
            let (name, ip) = (name.parse().map_err(Error::internal)?, look::ip(&row)?);
            (forward.points_to(ip) != ForwardState::Matches).then(|| look::forward_record(&name, ip))
        }
        _ => None,
    };
    let limits = match kind {
        TicketKind::Quota => Some(projects::stored_limits_of(core, ProjectId::from_uuid(row.project_id)).await?),
        _ => None,
    };
    let predictions = match kind {
        TicketKind::GoLive => domains::predictions(core, ProjectId::from_uuid(row.project_id)).await?,
        _ => Vec::new(),
    };
    let current = address.as_ref().and_then(|row| row.names.clone()).map(|names| words(&names));
    let current = change
        .as_ref()
        .filter(|change| state.is_open() || change.state == NameChangeState::Failed)
        .and_then(|change| change.before.clone())
        .or(current);
    let by_hand = change.as_ref().is_some_and(|change| change.state == NameChangeState::ByHand);
    let rolls = change.as_ref().is_some_and(|change| change.can_roll_back);
    let egress = match &address {
        Some(address) => egress::sends_from(core.db.read(), address).await?,
        None => false,
    };
    let operator = projects::authorize_operator(actor).is_ok();
    let decides = desk && (!egress || operator);
    let manages = held >= Access::Manage;
    let can = TicketAbilities {
        submit: manages && state == TicketState::Draft,
        withdraw: (manages || desk)
            && state.may_move_to(TicketState::Withdrawn)
            && !(kind.writes_dns() && state == TicketState::Verifying),
        reopen: (manages || desk) && state.may_move_to(TicketState::Reopened),
        comment: manages || desk,
        look: (manages || desk) && row.next_at.is_some(),
        approve: decides && state == TicketState::Ready,
        refuse: desk && state.may_move_to(TicketState::Refused),
        desk,
        confirm: desk && by_hand,
        roll_back: decides && rolls,
    };
    let entries = entries(core, row.id, desk).await?;
    Ok(Ticket {
        request: request_of(&row)?,
        address: row.address_id.map(AddressId::from_uuid),
        egress,
        current,
        zone,
        forward,
        forward_record,
        next_look_at: row.next_at.map(Timestamp),
        looks: u32::try_from(row.looks).unwrap_or_default(),
        gives_up_at: look::gives_up_at(&row)?,
        reason: row.reason.clone(),
        change,
        limits,
        predictions,
        entries,
        can,
        row: rows(core, vec![row]).await?.remove(0),
    })
}

fn words(names: &str) -> Vec<String> {
    names.split_whitespace().map(str::to_owned).collect()
}

async fn entries(core: &Core, ticket: Uuid, desk: bool) -> Result<Vec<TicketEntry>> {
    let mut found = ticket_entry::Entity::find().filter(ticket_entry::Column::TicketId.eq(ticket));
    if !desk {
        let hidden = [TicketEntryKind::Internal, TicketEntryKind::Assign].map(TicketEntryKind::as_str);
        found = found.filter(ticket_entry::Column::Kind.is_not_in(hidden));
    }
    let rows = found.order_by_asc(ticket_entry::Column::Id).all(core.db.read()).await?;
    rows.into_iter()
        .map(|row| {
            Ok(TicketEntry {
                kind: TicketEntryKind::parse(&row.kind).ok_or_else(|| Error::internal("unknown kind of entry"))?,
                at: Timestamp(row.at),
                actor: row.actor,
                to: row.to_state.as_deref().and_then(TicketState::parse),
                text: row.text,
            })
        })
        .collect()
}

async fn page(core: &Core, actor: &Actor, all: Select<Entity>, filter: &TicketFilter) -> Result<TicketList> {
    let mut narrowed = all;
    if let Some(kind) = filter.kind {
        narrowed = narrowed.filter(Column::Kind.eq(kind.as_str()));
    }
    if filter.mine {
        narrowed = narrowed.filter(Column::AssigneeId.eq(actor.user_id()?.uuid()));
    }
    if let Some(text) = search::words(filter.search.as_deref()) {
        let mut any = Condition::any().add(contains(Column::Title, &text)).add(contains(Column::AskedBy, &text));
        if let Some(number) = TicketNumber::parse(&text) {
            any = any.add(Column::Number.eq(i64::try_from(number.0).unwrap_or(i64::MAX)));
        }
        let of_slug = project::Entity::find().filter(project::Column::Slug.eq(text.as_str()));
        if let Some(project) = of_slug.one(core.db.read()).await? {
            any = any.add(Column::ProjectId.eq(project.id));
        }
        narrowed = narrowed.filter(any);
    }
    let states = |tab: TicketTab| tab.states().into_iter().map(TicketState::as_str);
    let by_state: Vec<(String, i64)> = narrowed
        .clone()
        .select_only()
        .column(Column::State)
        .column_as(Column::Id.count(), "number")
        .group_by(Column::State)
        .into_tuple()
        .all(core.db.read())
        .await?;
    let by_state: HashMap<String, i64> = by_state.into_iter().collect();
    let count = |tab| states(tab).filter_map(|state| by_state.get(state)).sum::<i64>();
    let counts = TicketTab::ALL.map(|tab| u64::try_from(count(tab)).unwrap_or_default()).to_vec();

    let mut found = narrowed.filter(Column::State.is_in(states(filter.tab)));
    if let Some(after) = &filter.after {
        let after: i64 = after.parse().map_err(|_| Error::invalid("after", "Start from the first page again"))?;
        found = found.filter(Column::Number.lt(after));
    }
    let size = filter.size.rows();
    let found = found.order_by_desc(Column::Number).limit(size as u64 + 1).all(core.db.read()).await?;
    let rows = rows(core, found).await?;
    Ok(TicketList { page: Page::cut(rows, size, |row| row.number.0.to_string()), counts })
}

async fn rows(core: &Core, found: Vec<Model>) -> Result<Vec<TicketRow>> {
    let ids = found.iter().map(|row| row.project_id);
    let projects: HashMap<Uuid, (String, String)> = project::Entity::find()
        .filter(project::Column::Id.is_in(ids))
        .all(core.db.read())
        .await?
        .into_iter()
        .map(|row| (row.id, (row.slug, row.name)))
        .collect();
    let people: HashMap<Uuid, EmailAddress> = user::Entity::find()
        .filter(user::Column::Id.is_in(found.iter().filter_map(|row| row.assignee_id)))
        .all(core.db.read())
        .await?
        .into_iter()
        .map(|row| Ok((row.id, users::email_of(&row)?)))
        .collect::<Result<_>>()?;
    found
        .into_iter()
        .map(|row| {
            let (slug, name) = projects.get(&row.project_id).cloned().ok_or(Error::NotFound)?;
            Ok(TicketRow {
                number: number_of(&row),
                kind: kind(&row)?,
                state: state(&row)?,
                project: Slug::parse(&slug).map_err(Error::internal)?,
                project_name: name,
                assignee: row.assignee_id.and_then(|id| people.get(&id).cloned()),
                created_at: Timestamp(row.created_at),
                moved_at: Timestamp(row.moved_at),
                due_at: row.due_at.map(Timestamp),
                title: row.title,
                asked_by: row.asked_by,
            })
        })
        .collect()
}

/// How many of a project's tickets are open.
pub(crate) async fn count_open(core: &Core, project: ProjectId) -> Result<u64> {
    let open = TicketTab::Open.states().into_iter().map(TicketState::as_str);
    let found = Entity::find().filter(Column::ProjectId.eq(project.uuid())).filter(Column::State.is_in(open));
    Ok(found.count(core.db.read()).await?)
}

/// The numbers of tickets.
pub(crate) async fn numbers(core: &Core, ids: Vec<Uuid>) -> Result<HashMap<Uuid, u64>> {
    let rows: Vec<(Uuid, i64)> = Entity::find()
        .select_only()
        .columns([Column::Id, Column::Number])
        .filter(Column::Id.is_in(ids))
        .into_tuple()
        .all(core.db.read())
        .await?;
    Ok(rows.into_iter().map(|(id, number)| (id, u64::try_from(number).unwrap_or_default())).collect())
}

/// The open tickets of addresses that were sent.
pub(crate) async fn open_for(connection: &impl ConnectionTrait, addresses: &[Uuid]) -> Result<HashMap<Uuid, u64>> {
    let open = TicketTab::Open.states().into_iter().filter(|state| *state != TicketState::Draft);
    let rows: Vec<(Option<Uuid>, i64)> = Entity::find()
        .select_only()
        .columns([Column::AddressId, Column::Number])
        .filter(Column::AddressId.is_in(addresses.iter().copied()))
        .filter(Column::State.is_in(open.map(TicketState::as_str)))
        .into_tuple()
        .all(connection)
        .await?;
    let pairs = rows.into_iter().filter_map(|(id, number)| Some((id?, u64::try_from(number).unwrap_or_default())));
    Ok(pairs.collect())
}
