//! Addresses and tickets as CSV, with the filters of their pages. A file of addresses can be imported again: its columns
//! have the same names, and those an import does not know it leaves out.

use super::{Asked, Refused, csv, rows::moment};
use axum::{Router, extract::Path, http::StatusCode, response::Response, routing::get};
use relay_core::{Core, addresses, tickets};
use relay_types::{
    address::{Address, AddressFilter, AddressState},
    page::PageSize,
    range::RangeId,
    ticket::{TicketFilter, TicketKind, TicketRow, TicketTab},
};

/// The routes.
pub fn routes() -> Router<Core> {
    Router::new()
        .route("/p/{project}/addresses.csv", get(of_project))
        .route("/p/{project}/tickets.csv", get(tickets_of_project))
        .route("/admin/addresses.csv", get(all_addresses))
        .route("/admin/ranges/{range}/addresses.csv", get(of_range))
        .route("/admin/tickets.csv", get(all_tickets))
}

async fn of_project(asked: Asked) -> Result<Response, Refused> {
    let (project, name, filter) = (asked.project()?, asked.name("addresses"), of_addresses(&asked));
    let fetch = move |after| {
        let (core, actor, project) = (asked.core.clone(), asked.actor.clone(), project.clone());
        let filter = AddressFilter { after, ..filter.clone() };
        async move { addresses::list(&core, &actor, &project, &filter).await }
    };
    csv::answer(&name, ADDRESS, fetch, address).await
}

async fn all_addresses(asked: Asked) -> Result<Response, Refused> {
    let (name, filter) = (asked.name("addresses"), of_addresses(&asked));
    let fetch = move |after| {
        let (core, actor) = (asked.core.clone(), asked.actor.clone());
        let filter = AddressFilter { after, ..filter.clone() };
        async move { addresses::list_all(&core, &actor, &filter).await }
    };
    csv::answer(&name, ADDRESS, fetch, address).await
}

async fn of_range(asked: Asked, Path(range): Path<String>) -> Result<Response, Refused> {
    let range: RangeId = range.parse().map_err(|_| Refused(StatusCode::NOT_FOUND))?;
    let (name, filter) = (asked.name("addresses"), of_addresses(&asked));
    let fetch = move |after| {
        let (core, actor) = (asked.core.clone(), asked.actor.clone());
        let filter = AddressFilter { after, ..filter.clone() };
        async move { addresses::list_of_range(&core, &actor, range, &filter).await }
    };
    csv::answer(&name, ADDRESS, fetch, address).await
}

async fn tickets_of_project(asked: Asked) -> Result<Response, Refused> {
    let (project, name, filter) = (asked.project()?, asked.name("tickets"), of_tickets(&asked));
    let fetch = move |after| {
        let (core, actor, project) = (asked.core.clone(), asked.actor.clone(), project.clone());
        let filter = TicketFilter { after, ..filter.clone() };
        async move { Ok(tickets::list(&core, &actor, &project, &filter).await?.page) }
    };
    csv::answer(&name, TICKET, fetch, ticket).await
}

async fn all_tickets(asked: Asked) -> Result<Response, Refused> {
    let (name, filter) = (asked.name("tickets"), of_tickets(&asked));
    let fetch = move |after| {
        let (core, actor) = (asked.core.clone(), asked.actor.clone());
        let filter = TicketFilter { after, ..filter.clone() };
        async move { Ok(tickets::desk_list(&core, &actor, &filter).await?.page) }
    };
    csv::answer(&name, TICKET, fetch, ticket).await
}

fn of_addresses(asked: &Asked) -> AddressFilter {
    let state = asked.get("state").and_then(|word| AddressState::parse(&word));
    AddressFilter { search: asked.get("q"), state, after: None, size: PageSize::Download }
}

fn of_tickets(asked: &Asked) -> TicketFilter {
    let word = |name: &str| asked.get(name).unwrap_or_default();
    TicketFilter {
        tab: TicketTab::parse(&word("tab")).unwrap_or_default(),
        kind: TicketKind::parse(&word("kind")),
        search: asked.get("q"),
        mine: asked.get("mine").is_some_and(|word| !word.is_empty()),
        after: None,
        size: PageSize::Download,
    }
}

/// Columns of addresses.
const ADDRESS: [&str; 12] = [
    "address",
    "project",
    "egress",
    "range",
    "site",
    "wanted",
    "default",
    "found",
    "fcrdns",
    "checked_at",
    "loses_name_at",
    "ticket",
];

fn address(row: Address) -> [String; 12] {
    [
        row.address,
        row.project.map(|project| project.slug.to_string()).unwrap_or_default(),
        if row.egress { "yes" } else { "no" }.to_owned(),
        row.range.label,
        row.range.site,
        row.wanted.unwrap_or_default(),
        row.default.unwrap_or_default(),
        row.found.unwrap_or_default().join(" "),
        row.fcrdns.map(|state| state.as_str().to_owned()).unwrap_or_default(),
        moment(row.checked_at),
        moment(row.loses_name_at),
        row.ticket.map(|number| format!("T-{number}")).unwrap_or_default(),
    ]
}

/// Columns of tickets.
const TICKET: [&str; 10] =
    ["number", "kind", "state", "title", "project", "asked_by", "assignee", "created_at", "moved_at", "due_at"];

fn ticket(row: TicketRow) -> [String; 10] {
    [
        row.number.to_string(),
        row.kind.as_str().to_owned(),
        row.state.as_str().to_owned(),
        row.title,
        row.project.to_string(),
        row.asked_by,
        row.assignee.map(|person| person.to_string()).unwrap_or_default(),
        row.created_at.rfc3339(),
        row.moved_at.rfc3339(),
        moment(row.due_at),
    ]
}
