//! `/admin/tickets`: the service desk's queue over all projects, gone through by keyboard, those that are ready approved
//! together.

use crate::{
    api::tickets::{ApproveTickets, LoadDeskTickets, TicketQuery},
    components::{prelude::*, query::AFTER, status::ticket_state, triage::Triage},
    pages::tickets::tabs,
    strings::places,
};
use leptos::prelude::*;
use relay_types::{
    change::Topic,
    ticket::{TicketKind, TicketList, TicketRow, TicketState},
};

/// The desk's queue.
#[component]
pub fn AdminTickets() -> impl IntoView {
    let asked = || TicketQuery::read(|name| query().text(name));
    let data = read_again(done, move || LoadDeskTickets { query: asked() });
    // Not while tickets are being chosen: they would move away under the pointer.
    use_live(&[Topic::Names], move || {
        if document().query_selector("input[name='numbers[]']:checked").is_ok_and(|found| found.is_none()) {
            data.refetch();
        }
    });
    view! {
        <Load resource=data let:list>
            <Page list/>
        </Load>
    }
}

#[component]
fn Page(list: TicketList) -> impl IntoView {
    let kinds = TicketKind::ALL.map(|kind| (kind.as_str().to_owned(), kind.words().to_owned()));
    let kinds = std::iter::once(any_choice()).chain(kinds).collect();
    let whose = vec![any_choice(), ("yes".to_owned(), "mine".to_owned())];
    let choices = tabs(&list.counts);
    view! {
        <PageHeader title=places::TICKETS>
            <CsvLink/>
        </PageHeader>
        <Tabs label="Tickets by state" name="tab" choices/>
        <Filters own=&["q", "kind", "mine"]>
            <SearchField label="Search tickets" example="Name, address, T-1042 or project"/>
            <Choose name="kind" label="Kind" options=kinds/>
            <Choose name="mine" label="Assigned" options=whose/>
        </Filters>
        <Rows list/>
    }
}

#[component]
fn Rows(list: TicketList) -> impl IntoView {
    let (items, next) = (list.page.items, list.page.next);
    if items.is_empty() {
        return view! { <EmptyState title=words::NONE_TITLE text=words::NONE/> }.into_any();
    }
    let (shown, ready) = (items.len(), items.iter().filter(|row| row.state == TicketState::Ready).count());
    let choose = ready > 0;
    let rows = view! { <List rows=items choose/> }.into_any();
    let rows = if choose { view! { <Chosen ready>{rows}</Chosen> }.into_any() } else { rows };
    view! {
        {rows}
        <Pager shown next/>
        <Triage/>
    }
    .into_any()
}

/// The form around a list in which tickets can be chosen.
#[component]
fn Chosen(ready: usize, children: Children) -> impl IntoView {
    let form = use_form::<ApproveTickets>();
    let here = untrack(query);
    let back = here.with(AFTER, here.get(AFTER));
    let output = form.output();
    let told = move || {
        output.get().flatten().map(|approvals| {
            let lines = approvals.into_iter().map(|approval| {
                let tone = if approval.good { Tone::Good } else { Tone::Bad };
                let href = format!("/admin/tickets/{}", approval.number);
                view! { <Item tone link=(href, format!("T-{}", approval.number))>{approval.said}</Item> }
            });
            view! { <Card title=words::OUTCOME flush=true><Items>{lines.views()}</Items></Card> }
        })
    };
    view! {
        {told}
        <PostForm form>
            <Hidden name="back" value=back/>
            <div class="chosen" role="group" aria-label=words::CHOSEN>
                <ChooseAll name="numbers[]" label=format!("Choose all {ready} that are ready")/>
                <span class="soft">{words::CHOSEN}</span>
                <Dialog
                    id="approve-chosen"
                    button="Approve"
                    kind="primary"
                    title="Approve the chosen tickets?"
                    open=form.failed_reply()
                >
                    <p>{words::APPROVE}</p>
                    <StepUp/>
                    <Submit>"Approve them"</Submit>
                </Dialog>
            </div>
            {children()}
        </PostForm>
    }
}

#[component]
fn List(rows: Vec<TicketRow>, choose: bool) -> impl IntoView {
    let mut columns = vec![
        Column::new("State"),
        Column::new("Ticket"),
        Column::new("Project"),
        Column::new("Desk"),
        Column::new("Due"),
        Column::new("Age").right(),
    ];
    if choose {
        columns.insert(0, Column::new("Choose").unseen());
    }
    view! {
        <Table label=places::TICKETS columns>
            {rows.into_iter().map(|row| view! { <Row row choose/> }).views()}
        </Table>
    }
}

#[component]
fn Row(row: TicketRow, choose: bool) -> impl IntoView {
    let number = row.number.0.to_string();
    let label = format!("Choose {}", row.number);
    let chosen = !cfg!(feature = "ssr") && ticked(&number);
    let value = number.clone();
    let choice = (row.state == TicketState::Ready).then(|| {
        view! { <input type="checkbox" name="numbers[]" prop:checked=chosen value=value aria-label=label/> }
    });
    let desk = row.assignee.map(|who| who.to_string()).unwrap_or_default();
    view! {
        <tr>
            {choose.then(|| view! { <Cell label="Choose">{choice}</Cell> })}
            <Cell label="State">
                <Status state=ticket_state(row.state)/>
            </Cell>
            <Cell label="Ticket">
                <a class="row" href=format!("/admin/tickets/{number}")>
                    {row.title}
                </a>
                <small>{row.number.to_string()} " · " {row.kind.words()} " · " {row.asked_by}</small>
            </Cell>
            <Cell label="Project">{row.project_name}</Cell>
            <Cell label="Desk">{desk}</Cell>
            <Cell label="Due">{row.due_at.map(|at| view! { <Due at/> })}</Cell>
            <Cell label="Age" right=true>
                <Time at=row.created_at/>
            </Cell>
        </tr>
    }
    .into_any()
}

/// When it is due; what is late stands out.
#[component]
fn Due(at: relay_types::Timestamp) -> impl IntoView {
    let late = at < crate::components::time::now();
    view! {
        {late.then(|| view! { <Dot tone=Tone::Bad/> <Unseen text="late"/> " " })}
        <Time at/>
    }
}

/// In the browser: the box of this ticket is ticked, and stays so when the list comes anew.
fn ticked(number: &str) -> bool {
    let selector = format!("input[name='numbers[]'][value='{number}']:checked");
    document().query_selector(&selector).is_ok_and(|found| found.is_some())
}

mod words {
    pub const NONE_TITLE: &str = "Nothing here";
    pub const NONE: &str = "No ticket is under this tab and matches. Take a filter away to see more.";
    pub const CHOSEN: &str = "With those you choose:";
    pub const APPROVE: &str = "DNS is asked again for each. Those whose forward record is gone wait anew; those of addresses \
        the relay sends from need an operator.";
    pub const OUTCOME: &str = "What became of each";
}
