//! `/p/:slug/tickets`: what the project asked of the service desk, and the ways to ask.

use crate::{
    api::tickets::{LoadTickets, OpenTicket, ProjectTickets, TicketQuery},
    components::{prelude::*, report::Predictions, status::ticket_state},
    pages::ticket::request::Fields,
    strings::places,
};
use leptos::prelude::*;
use relay_types::{
    change::Topic,
    prediction::Prediction,
    ticket::{TicketKind, TicketList, TicketRequest, TicketRow, TicketTab},
};

/// Tickets.
#[component]
pub fn Tickets() -> impl IntoView {
    let slug = use_slug();
    let asked = || TicketQuery::read(|name| query().text(name));
    let data = read_again(done, move || LoadTickets { slug: slug.get(), query: asked() });
    use_live(&[Topic::Names], move || data.refetch());
    view! {
        <Load resource=data let:page>
            <Page slug=slug.get_untracked() page/>
        </Load>
    }
}

#[component]
fn Page(slug: String, page: ProjectTickets) -> impl IntoView {
    let ProjectTickets { list, predictions } = page;
    let query = untrack(query);
    let narrowed = ["q", "kind"].into_iter().any(|name| query.text(name).is_some());
    let nothing_yet = list.counts.last() == Some(&0) && !narrowed;
    let manage = use_abilities().manage;
    view! {
        <PageHeader title=places::TICKETS>
            {(!nothing_yet).then(|| view! { <CsvLink/> })}
            {manage.then(|| view! { <AskFor kind=TicketKind::SetPtr/> })}
        </PageHeader>
        {if nothing_yet {
            view! { <EmptyState title=words::EMPTY_TITLE text=words::EMPTY/> }.into_any()
        } else {
            view! {
                <Tabs label=words::TABS name="tab" choices=tabs(&list.counts)/>
                <TicketFilters/>
                <Rows slug list/>
            }
                .into_any()
        }}
        {manage.then(|| view! { <AskElse predictions/> })}
    }
}

/// Counted tabs, for the project and for the desk.
pub fn tabs(counts: &[u64]) -> Vec<Choice> {
    let of = |tab: TicketTab| TicketTab::ALL.iter().position(|one| *one == tab).and_then(|at| counts.get(at)).copied();
    TicketTab::ALL
        .into_iter()
        .map(|tab| {
            let text = match tab {
                TicketTab::Open => "Open",
                TicketTab::Desk => "With the desk",
                TicketTab::Waiting => "Waiting for forward",
                TicketTab::Closed => "Closed",
                TicketTab::All => "All",
            };
            let choice = if tab == TicketTab::default() { Choice::all(text) } else { Choice::new(tab.as_str(), text) };
            choice.counted(of(tab).unwrap_or_default())
        })
        .collect()
}

/// What both lists are narrowed by.
#[component]
pub fn TicketFilters() -> impl IntoView {
    let kinds = TicketKind::ALL.map(|kind| (kind.as_str().to_owned(), kind.words().to_owned()));
    let kinds = std::iter::once(any_choice()).chain(kinds).collect();
    view! {
        <Filters own=&["q", "kind"]>
            <SearchField label="Search tickets" example="Name, address, T-1042"/>
            <Choose name="kind" label="Kind" options=kinds/>
        </Filters>
    }
}

#[component]
fn Rows(slug: String, list: TicketList) -> impl IntoView {
    let (items, next) = (list.page.items, list.page.next);
    if items.is_empty() {
        return view! { <EmptyState title=words::NONE_TITLE text=words::NONE/> }.into_any();
    }
    let shown = items.len();
    let columns = vec![
        Column::new("State"),
        Column::new("Ticket"),
        Column::new("Kind"),
        Column::new("Due"),
        Column::new("Last change").right(),
    ];
    view! {
        <Table label=places::TICKETS columns>
            {items.into_iter().map(|row| view! { <Row slug=slug.clone() row/> }).views()}
        </Table>
        <Pager shown next/>
    }
    .into_any()
}

#[component]
fn Row(slug: String, row: TicketRow) -> impl IntoView {
    view! {
        <tr>
            <Cell label="State">
                <Status state=ticket_state(row.state)/>
            </Cell>
            <Cell label="Ticket">
                <a class="row" href=format!("/p/{slug}/tickets/{}", row.number.0)>
                    {row.title}
                </a>
                <small>{row.number.to_string()} " · " {row.asked_by}</small>
            </Cell>
            <Cell label="Kind">{row.kind.words()}</Cell>
            <Cell label="Due">{row.due_at.map(|at| view! { <Time at/> })}</Cell>
            <Cell label="Last change" right=true>
                <Time at=row.moved_at/>
            </Cell>
        </tr>
    }
    .into_any()
}

/// The other ways to ask.
#[component]
fn AskElse(predictions: Vec<Prediction>) -> impl IntoView {
    let others = TicketKind::ALL.into_iter().filter(|kind| *kind != TicketKind::SetPtr);
    view! {
        <div class="actions">
            <span class="soft">"Something else:"</span>
            {others
                .map(|kind| {
                    let predictions = if kind == TicketKind::GoLive { predictions.clone() } else { Vec::new() };
                    view! { <AskFor kind predictions/> }
                })
                .views()}
        </div>
    }
}

/// The dialog for a kind. A link with `?new=KIND` opens it, filled in with what else it says.
#[component]
fn AskFor(kind: TicketKind, #[prop(optional)] predictions: Vec<Prediction>) -> impl IntoView {
    let word = kind.as_str();
    let form = use_form_for::<OpenTicket>("kind", word);
    let led = led_to().as_deref() == Some(word);
    let query = untrack(query);
    let given = |name: &str| query.text(name).filter(|_| led).unwrap_or_default();
    let request = TicketRequest { address: given("address"), name: given("name"), ..TicketRequest::default() };
    let (button, title, kind_of_button) = match kind {
        TicketKind::SetPtr => ("Ask for a name", "Ask for a PTR record", "primary"),
        TicketKind::RemovePtr => ("Remove a name", "Remove a PTR record", ""),
        TicketKind::PtrElsewhere => ("Name elsewhere", "A PTR record at another provider", ""),
        TicketKind::GoLive => ("Go live", "Leave the sandbox", ""),
        TicketKind::Quota => ("Ask for quota", "Ask for other limits", ""),
    };
    let sandbox = use_frame().with_untracked(|frame| frame.project.sandbox);
    if kind == TicketKind::GoLive && !sandbox {
        return ().into_any();
    }
    let (request, predictions) = (StoredValue::new(request), StoredValue::new(predictions));
    view! {
        <Dialog id=format!("ask-{word}") button kind=kind_of_button title open=form.failed_reply() || led>
            <p>{why(kind)}</p>
            <PostForm form>
                <HiddenSlug/>
                <Hidden name="kind" value=word/>
                <Fields kind request=request.get_value()/>
                <Predictions predictions=predictions.get_value() title="If you go live now"/>
                <div class="actions">
                    <Submit>"Send to the service desk"</Submit>
                    <Submit kind="" named=("draft", "yes")>"Keep as a draft"</Submit>
                </div>
            </PostForm>
        </Dialog>
    }
    .into_any()
}

fn why(kind: TicketKind) -> &'static str {
    match kind {
        TicketKind::SetPtr => words::SET_PTR,
        TicketKind::RemovePtr => words::REMOVE_PTR,
        TicketKind::PtrElsewhere => words::ELSEWHERE,
        TicketKind::GoLive => words::GO_LIVE,
        TicketKind::Quota => words::QUOTA,
    }
}

mod words {
    pub const TABS: &str = "Tickets by state";
    pub const EMPTY_TITLE: &str = "Nothing was asked yet";
    pub const EMPTY: &str = "A ticket is what this project asks of the service desk: a name for an address, other limits, the \
        way out of the sandbox. Its page says what is missing, who has to do what, and everything that was done.";
    pub const NONE_TITLE: &str = "Nothing matches";
    pub const NONE: &str = "No ticket of this project is under this tab and matches. Take a filter away to see more.";
    pub const SET_PTR: &str = "The name must point to the address first. Until it does the ticket waits, says which record is \
        missing, and looks again by itself.";
    pub const REMOVE_PTR: &str = "The address gets the default name of its range again.";
    pub const ELSEWHERE: &str =
        "For an address whose reverse zone somebody else runs. We watch it until the name is there.";
    pub const GO_LIVE: &str = "In the sandbox a project may only send to verified recipients, at a low rate.";
    pub const QUOTA: &str = "The limits of this project, for all its programs together.";
}
