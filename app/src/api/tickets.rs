//! Tickets: what a project asks of the service desk, and what both do with them.
//!
//! Functions of both sides take `slug`, the project whose page the form is on; it is empty on the desk's own pages, and
//! only says where to go on.

use crate::error::AppError;
use leptos::prelude::*;
use relay_types::{
    prediction::Prediction,
    ticket::{DeskPerson, Ticket, TicketList, TicketRequest},
};
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::{
    api::{domains, id, slug},
    ssr::{actor, actor_with, core, done},
};
#[cfg(feature = "ssr")]
use relay_core::{name_changes, senders, tickets};
#[cfg(feature = "ssr")]
use relay_types::ticket::{TicketFilter, TicketKind, TicketNumber, TicketState, TicketTab};

/// What the URL of a list says, as typed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TicketQuery {
    /// Word of a tab.
    pub tab: Option<String>,
    /// Word of a kind.
    pub kind: Option<String>,
    /// Free text.
    pub search: Option<String>,
    /// Anything: only those of the person who asks.
    pub mine: Option<String>,
    /// Cursor.
    pub after: Option<String>,
}

impl TicketQuery {
    /// From the parameters of the page's URL.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Self {
        Self { tab: get("tab"), kind: get("kind"), search: get("q"), mine: get("mine"), after: get("after") }
    }

    /// What the use case narrows to; words nobody knows narrow nothing.
    #[cfg(feature = "ssr")]
    pub fn filter(&self) -> TicketFilter {
        TicketFilter {
            tab: self.tab.as_deref().and_then(TicketTab::parse).unwrap_or_default(),
            kind: self.kind.as_deref().and_then(TicketKind::parse),
            search: self.search.clone(),
            mine: self.mine.is_some(),
            after: self.after.clone(),
            ..TicketFilter::default()
        }
    }
}

/// The page of a project's tickets.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ProjectTickets {
    /// The list.
    pub list: TicketList,
    /// What would become of the project's mail, for who asks to go live.
    pub predictions: Vec<Prediction>,
}

/// A ticket as the desk sees it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeskTicket {
    /// The ticket.
    pub ticket: Ticket,
    /// Whom it can be assigned to.
    pub people: Vec<DeskPerson>,
}

/// What became of one of several tickets that were approved together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// The ticket's number.
    pub number: u64,
    /// Whether it was approved.
    pub good: bool,
    /// What became of it, in words.
    pub said: String,
}

/// A project's tickets, narrowed by the query.
#[server]
pub async fn load_tickets(slug: String, #[server(flatten)] query: TicketQuery) -> Result<ProjectTickets, AppError> {
    let (core, actor, project) = (core()?, actor().await?, self::slug(&slug)?);
    let list = tickets::list(&core, &actor, &project, &query.filter()).await?;
    let from = senders::first_verified(&core, &actor, &project).await?;
    Ok(ProjectTickets { list, predictions: domains::predictions(&core, &actor, &project, from.as_ref()).await? })
}

/// The desk's queue, narrowed by the query.
#[server]
pub async fn load_desk_tickets(#[server(flatten)] query: TicketQuery) -> Result<TicketList, AppError> {
    Ok(tickets::desk_list(&core()?, &actor().await?, &query.filter()).await?)
}

/// One ticket of a project.
#[server]
pub async fn load_ticket(slug: String, number: String) -> Result<Ticket, AppError> {
    Ok(tickets::get(&core()?, &actor().await?, Some(&self::slug(&slug)?), parsed(&number)?).await?)
}

/// One ticket of any project.
#[server]
pub async fn load_desk_ticket(number: String) -> Result<DeskTicket, AppError> {
    let (core, actor) = (core()?, actor().await?);
    let ticket = tickets::get(&core, &actor, None, parsed(&number)?).await?;
    Ok(DeskTicket { ticket, people: tickets::people(&core, &actor).await? })
}

/// Writes a ticket of the kind and sends it, unless the button `draft` was pressed.
#[server]
pub async fn open_ticket(
    slug: String,
    kind: String,
    draft: Option<String>,
    #[server(flatten)] request: TicketRequest,
) -> Result<(), AppError> {
    let kind = TicketKind::parse(&kind).ok_or_else(|| AppError::invalid("kind", "Choose what you ask for"))?;
    let draft = draft.is_some();
    let number = tickets::open(&core()?, &actor().await?, &self::slug(&slug)?, kind, request, draft).await?;
    gone_on(&slug, number, if draft { "ticket-written" } else { "ticket-sent" })
}

/// Changes a draft, and sends it unless the button `draft` was pressed.
#[server]
pub async fn edit_ticket(
    slug: String,
    number: String,
    draft: Option<String>,
    #[server(flatten)] request: TicketRequest,
) -> Result<(), AppError> {
    let (core, actor, number) = (core()?, actor().await?, parsed(&number)?);
    tickets::edit_draft(&core, &actor, number, request).await?;
    if draft.is_some() {
        return gone_on(&slug, number, "ticket-written");
    }
    tickets::submit(&core, &actor, number).await?;
    gone_on(&slug, number, "ticket-sent")
}

/// Sends a draft as it is.
#[server]
pub async fn submit_ticket(slug: String, number: String) -> Result<(), AppError> {
    let number = parsed(&number)?;
    tickets::submit(&core()?, &actor().await?, number).await?;
    gone_on(&slug, number, "ticket-sent")
}

/// Writes to the other side; with `internal` to the desk alone.
#[server]
pub async fn comment_ticket(
    slug: String,
    number: String,
    text: String,
    internal: Option<String>,
) -> Result<(), AppError> {
    let number = parsed(&number)?;
    tickets::comment(&core()?, &actor().await?, number, &text, internal.is_some()).await?;
    gone_on(&slug, number, "ticket-commented")
}

/// Takes a ticket back.
#[server]
pub async fn withdraw_ticket(slug: String, number: String) -> Result<(), AppError> {
    let number = parsed(&number)?;
    tickets::withdraw(&core()?, &actor().await?, number).await?;
    gone_on(&slug, number, "ticket-withdrawn")
}

/// Takes a closed ticket up again.
#[server]
pub async fn reopen_ticket(slug: String, number: String, text: String) -> Result<(), AppError> {
    let number = parsed(&number)?;
    tickets::reopen(&core()?, &actor().await?, number, &text).await?;
    gone_on(&slug, number, "ticket-reopened")
}

/// Has DNS looked at now.
#[server]
pub async fn look_at_ticket(slug: String, number: String) -> Result<(), AppError> {
    let number = parsed(&number)?;
    tickets::look_now(&core()?, &actor().await?, number).await?;
    gone_on(&slug, number, "ticket-looked")
}

/// Approves; `password` is one's own when it was typed long ago.
#[server]
pub async fn approve_ticket(number: String, password: Option<String>) -> Result<(), AppError> {
    let number = parsed(&number)?;
    let state = tickets::approve(&core()?, &actor_with(password).await?, number).await?;
    gone_on("", number, if state == TicketState::Waiting { "ticket-waits" } else { "ticket-approved" })
}

/// Approves the chosen ones; `back` is the list with its filters. Says what became of each, unless all went well.
#[server]
pub async fn approve_tickets(
    #[server(default)] numbers: Vec<String>,
    password: Option<String>,
    back: String,
) -> Result<Option<Vec<Approval>>, AppError> {
    let numbers = numbers.iter().map(|text| parsed(text)).collect::<Result<Vec<TicketNumber>, AppError>>()?;
    if numbers.is_empty() {
        return Err(AppError::Conflict { reason: "Choose the tickets to approve first.".to_owned() });
    }
    let outcomes = tickets::approve_many(&core()?, &actor_with(password).await?, &numbers).await?;
    let approvals: Vec<Approval> = outcomes.into_iter().map(|(number, outcome)| approval(number, outcome)).collect();
    if approvals.iter().all(|approval| approval.good) {
        done(&back, "tickets-approved");
        return Ok(None);
    }
    Ok(Some(approvals))
}

#[cfg(feature = "ssr")]
fn approval(number: TicketNumber, outcome: relay_core::Result<TicketState>) -> Approval {
    let (good, said) = match outcome {
        Ok(TicketState::Waiting) => (false, "Waits for the forward record again".to_owned()),
        Ok(state) => (true, state.words().to_owned()),
        Err(error) => (false, AppError::from(error).to_string()),
    };
    Approval { number: number.0, good, said }
}

/// Refuses; the reason is told to the project.
#[server]
pub async fn refuse_ticket(number: String, reason: String) -> Result<(), AppError> {
    let number = parsed(&number)?;
    tickets::refuse(&core()?, &actor().await?, number, &reason).await?;
    gone_on("", number, "ticket-refused")
}

/// Gives a ticket to a person of the desk; an empty `person` to nobody.
#[server]
pub async fn assign_ticket(number: String, person: String) -> Result<(), AppError> {
    let number = parsed(&number)?;
    let person = if person.is_empty() { None } else { Some(self::id(&person)?) };
    tickets::assign(&core()?, &actor().await?, number, person).await?;
    gone_on("", number, "ticket-assigned")
}

/// Says that a change was applied by hand.
#[server]
pub async fn confirm_applied(number: String, change: String) -> Result<(), AppError> {
    name_changes::confirm_applied(&core()?, &actor().await?, self::id(&change)?).await?;
    gone_on("", parsed(&number)?, "change-confirmed")
}

/// Puts the names before a change back; `password` is one's own when it was typed long ago.
#[server]
pub async fn roll_back(number: String, change: String, password: Option<String>) -> Result<(), AppError> {
    name_changes::roll_back(&core()?, &actor_with(password).await?, self::id(&change)?).await?;
    gone_on("", parsed(&number)?, "change-rolled-back")
}

/// A ticket's number from a path or form; one that cannot exist is not found.
#[cfg(feature = "ssr")]
fn parsed(number: &str) -> Result<TicketNumber, AppError> {
    TicketNumber::parse(number).ok_or(AppError::NotFound)
}

#[cfg(feature = "ssr")]
fn gone_on(slug: &str, number: TicketNumber, code: &str) -> Result<(), AppError> {
    let place = if slug.is_empty() { "/admin".to_owned() } else { format!("/p/{slug}") };
    done(&format!("{place}/tickets/{}", number.0), code);
    Ok(())
}
