//! `/admin/tickets/:number`: one ticket as the service desk sees it: approve, refuse, assign, what was applied by hand,
//! roll back.

use crate::{
    api::tickets::{ApproveTicket, AssignTicket, ConfirmApplied, DeskTicket, LoadDeskTicket, RefuseTicket, RollBack},
    components::{prelude::*, status::ticket_state},
    pages::{
        admin::address::DryRun,
        ticket::{EndOrReopen, Story, standing::names_or_none},
    },
    strings::places,
};
use leptos::prelude::*;
use relay_types::{
    change::Topic,
    ticket::{DeskPerson, Ticket, TicketKind},
};

/// One ticket, for the desk.
#[component]
pub fn AdminTicket() -> impl IntoView {
    let number = use_param("number");
    let done = use_done_at(number);
    let data = read_again(done, move || LoadDeskTicket { number: number.get() });
    use_live(&[Topic::Names], move || data.refetch());
    view! {
        <Load resource=data let:loaded>
            <Detail loaded/>
        </Load>
    }
}

#[component]
fn Detail(loaded: DeskTicket) -> impl IntoView {
    let DeskTicket { ticket, people } = loaded;
    let title = ticket.row.title.clone();
    let crumb = ("/admin/tickets", places::TICKETS);
    let shown = ticket.clone();
    view! {
        <PageHeader title crumb status=ticket_state(ticket.row.state)>
            <Decide ticket=shown.clone()/>
            <EndOrReopen slug=String::new() ticket=shown/>
        </PageHeader>
        <Story slug=String::new() ticket=ticket.clone()/>
        <ByHand ticket=ticket.clone()/>
        <TryIt ticket=ticket.clone()/>
        <Assign ticket people/>
    }
}

/// Approve and refuse.
#[component]
fn Decide(ticket: Ticket) -> impl IntoView {
    let (approve, refuse, back) = (use_form::<ApproveTicket>(), use_form::<RefuseTicket>(), use_form::<RollBack>());
    let number = StoredValue::new(ticket.row.number.0.to_string());
    let change = StoredValue::new(ticket.change.as_ref().map(|change| change.id.to_string()).unwrap_or_default());
    let rolls_to = ticket.change.as_ref().and_then(|change| change.before.clone()).unwrap_or_default();
    let can = ticket.can;
    view! {
        {can
            .approve
            .then(|| {
                view! {
                    <Dialog id="approve" button="Approve" kind="primary" title="Approve this ticket?" open=approve.failed_reply()>
                        <Effects ticket=ticket.clone()/>
                        <PostForm form=approve>
                            <Hidden name="number" value=number.get_value()/>
                            <StepUp/>
                            <Submit>"Approve"</Submit>
                        </PostForm>
                    </Dialog>
                }
            })}
        {can
            .refuse
            .then(|| {
                view! {
                    <Dialog id="refuse" button="Refuse" kind="danger" title="Refuse this ticket" open=refuse.failed_reply()>
                        <PostForm form=refuse>
                            <Hidden name="number" value=number.get_value()/>
                            <TextareaField name="reason" label="Reason" hint="The project reads it; say what would have to change."/>
                            <Submit kind="danger">"Refuse"</Submit>
                        </PostForm>
                    </Dialog>
                }
            })}
        {can
            .roll_back
            .then(|| {
                view! {
                    <Dialog id="roll-back" button="Roll back" kind="danger" title="Put the names before back?" open=back.failed_reply()>
                        <p>"The address gets back: " <b class="mono">{names_or_none(&rolls_to)}</b></p>
                        <PostForm form=back>
                            <Hidden name="number" value=number.get_value()/>
                            <Hidden name="change" value=change.get_value()/>
                            <StepUp/>
                            <Submit kind="danger">"Roll back"</Submit>
                        </PostForm>
                    </Dialog>
                }
            })}
    }
}

/// The exact change that an approval makes.
#[component]
fn Effects(ticket: Ticket) -> impl IntoView {
    let Ticket { row, request, current, zone, limits, .. } = ticket;
    let before = current.map_or_else(|| "asked at approval".to_owned(), |names| names_or_none(&names));
    let lines = match row.kind {
        TicketKind::SetPtr => vec![
            ("Address", request.address),
            ("Zone", zone.unwrap_or_default()),
            ("Before", before),
            ("After", request.name),
        ],
        TicketKind::RemovePtr => vec![
            ("Address", request.address),
            ("Zone", zone.unwrap_or_default()),
            ("Before", before),
            ("After", "the default name of its range".to_owned()),
        ],
        TicketKind::PtrElsewhere => vec![("Address", request.address), ("Name", request.name)],
        TicketKind::GoLive => vec![("Project", format!("{} leaves the sandbox", row.project_name))],
        TicketKind::Quota => {
            let now =
                |limit: Option<u32>| limit.map_or_else(|| "no limit".to_owned(), |limit| text::number(limit.into()));
            let limits = limits.unwrap_or_default();
            let line = |asked: String, before: Option<u32>| match asked.as_str() {
                "" => format!("{}, as now", now(before)),
                asked => format!("{asked} instead of {}", now(before)),
            };
            vec![
                ("In an hour", line(request.per_hour, limits.per_hour)),
                ("In a day", line(request.per_day, limits.per_day)),
            ]
        }
    };
    let ptr = row.kind.writes_dns();
    view! {
        <Facts>
            {lines.into_iter().map(|(term, text)| view! { <Fact term mono=ptr>{text}</Fact> }).views()}
        </Facts>
        <p class="soft">
            {if ptr {
                "DNS is asked once more before anything is written; when the forward record is gone the ticket waits again."
            } else {
                "It takes effect in the relay at once."
            }}
        </p>
    }
    .into_any()
}

/// What would be written, while it can still be decided.
#[component]
fn TryIt(ticket: Ticket) -> impl IntoView {
    let undecided = ticket.row.state.is_open() && ticket.change.is_none() && ticket.row.kind == TicketKind::SetPtr;
    let id = ticket.address.filter(|_| undecided && ticket.can.desk);
    id.map(|id| view! { <DryRun id=id.to_string() name=ticket.request.name/> })
}

/// The lines to apply by hand, and the way to say that they were.
#[component]
fn ByHand(ticket: Ticket) -> impl IntoView {
    let confirm = use_form::<ConfirmApplied>();
    let Some(change) = ticket.change.filter(|_| ticket.can.confirm) else { return ().into_any() };
    let Some(lines) = change.by_hand else { return ().into_any() };
    view! {
        <Card title="To be applied by hand">
            <p>"Apply this to the zone, then confirm it: what the servers say is read back."</p>
            <Code code=lines what="Zone snippet"/>
            <PostForm form=confirm>
                <Hidden name="number" value=ticket.row.number.0.to_string()/>
                <Hidden name="change" value=change.id.to_string()/>
                <Submit>"Confirm that it is applied"</Submit>
            </PostForm>
        </Card>
    }
    .into_any()
}

/// Who takes care of it.
#[component]
fn Assign(ticket: Ticket, people: Vec<DeskPerson>) -> impl IntoView {
    let form = use_form::<AssignTicket>();
    if !ticket.can.desk {
        return ().into_any();
    }
    let now = people.iter().find(|person| Some(&person.email) == ticket.row.assignee.as_ref());
    let now = now.map(|person| person.id.to_string()).unwrap_or_default();
    let people = people.into_iter().map(|person| (person.id.to_string(), person.email.to_string()));
    let options = std::iter::once((String::new(), "nobody".to_owned())).chain(people).collect();
    view! {
        <Card title="Service desk">
            <PostForm form inline=true>
                <Hidden name="number" value=ticket.row.number.0.to_string()/>
                <SelectField name="person" label="Who takes care of it" options value=now/>
                <Submit kind="">"Assign"</Submit>
            </PostForm>
        </Card>
    }
    .into_any()
}
