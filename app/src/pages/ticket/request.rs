//! What is asked for: the inputs of each kind, and the facts beside a ticket's story.

use crate::{
    components::{field::Check, prelude::*},
    typed,
};
use leptos::prelude::*;
use relay_types::ticket::{Ticket, TicketKind, TicketRequest};

/// The inputs of a kind.
#[component]
pub fn Fields(kind: TicketKind, request: TicketRequest) -> impl IntoView {
    let TicketRequest {
        address,
        name,
        use_case,
        provider,
        case_number,
        volume,
        bounces,
        per_hour,
        per_day,
        new_per_day,
    } = request;
    let address = move || {
        view! { <TextField name="address" label="Address" value=address mono=true check=typed::check_ip as Check/> }
    };
    let name = move || {
        view! {
            <TextField
                name="name"
                label="DNS name"
                hint="As programs should see it, such as mail.example.org."
                value=name
                mono=true
                check=typed::check_domain as Check
            />
        }
    };
    let use_case = move |hint| view! { <TextareaField name="use_case" label="What it is for" hint value=use_case/> };
    match kind {
        TicketKind::SetPtr => view! {
            {address()}
            {name()}
            {use_case("The service desk decides by it.")}
        }
        .into_any(),
        TicketKind::RemovePtr => view! {
            {address()}
            {use_case("May stay empty.")}
        }
        .into_any(),
        TicketKind::PtrElsewhere => view! {
            {address()}
            {name()}
            <TextField name="provider" label="Provider" hint="Who sets PTR records of this address." value=provider/>
            <TextField name="case_number" label="Case number there" value=case_number required=false/>
            {use_case("May stay empty.")}
        }
        .into_any(),
        TicketKind::GoLive => view! {
            {use_case("Which programs send what to whom.")}
            <TextField
                name="volume"
                label="Messages a day"
                hint="What you expect, such as 500."
                value=volume
                check=typed::check_limit as Check
            />
            <TextareaField name="bounces" label="Bounces and complaints" hint="What is done with them." value=bounces/>
        }
        .into_any(),
        TicketKind::Quota => view! {
            <TextField
                name="per_hour"
                label="Recipients in an hour"
                hint="Empty for no change."
                value=per_hour
                required=false
                check=typed::check_limit as Check
            />
            <TextField
                name="per_day"
                label="Recipients in a day"
                hint="Empty for no change."
                value=per_day
                required=false
                check=typed::check_limit as Check
            />
            <TextField
                name="new_per_day"
                label="New recipients in a day"
                hint="Those the project has not written to before. Empty for no change."
                value=new_per_day
                required=false
                check=typed::check_limit as Check
            />
            {use_case("Why the limits are too low.")}
        }
        .into_any(),
    }
}

/// What is asked for, and who has it. `slug` is empty on the desk's page.
#[component]
pub fn RequestCard(slug: String, ticket: Ticket) -> impl IntoView {
    let Ticket { row, request, address, egress, current, zone, limits, gives_up_at, .. } = ticket;
    let ptr = matches!(row.kind, TicketKind::SetPtr | TicketKind::RemovePtr | TicketKind::PtrElsewhere);
    let desk = slug.is_empty();
    let base = if desk { "/admin".to_owned() } else { format!("/p/{slug}") };
    let href = address.map(|id| format!("{base}/addresses/{id}"));
    let project = if desk {
        view! { <a href=format!("/p/{}", row.project)>{row.project_name}</a> }.into_any()
    } else {
        row.project_name.into_any()
    };
    let asked = request.address;
    let at = match href {
        Some(href) => view! { <a href=href>{asked}</a> }.into_any(),
        None => asked.into_any(),
    };
    let now = match current {
        None => "not asked yet".to_owned(),
        Some(names) if names.is_empty() => "no PTR record".to_owned(),
        Some(names) => names.join(", "),
    };
    let limit = |asked: String, now: Option<u32>| {
        let now = now.map_or_else(|| "no limit".to_owned(), |now| text::number(u64::from(now)));
        if asked.is_empty() { now } else { format!("{asked} (now {now})") }
    };
    let new = limits
        .filter(|_| !request.new_per_day.is_empty())
        .map(|limits| limit(request.new_per_day.clone(), limits.new_per_day));
    let quota = limits.map(|limits| (limit(request.per_hour, limits.per_hour), limit(request.per_day, limits.per_day)));
    let plain = [
        ("Provider", request.provider),
        ("Case number", request.case_number),
        ("Messages a day", request.volume),
        ("Bounces", request.bounces),
        ("Use case", request.use_case),
    ];
    view! {
        <Card title="Request">
            <Facts>
                <Fact term="Ticket">{row.number.to_string()}</Fact>
                <Fact term="Kind">{row.kind.words()}</Fact>
                {ptr.then(|| view! { <Fact term="Address" mono=true>{at}</Fact> })}
                {egress.then(|| view! { <Fact term="Egress">"The relay sends from it; an operator decides"</Fact> })}
                {(!request.name.is_empty()).then(|| view! { <Fact term="Wanted" mono=true>{request.name}</Fact> })}
                {ptr.then(|| view! { <Fact term="Now" mono=true>{now}</Fact> })}
                {zone.map(|zone| view! { <Fact term="Zone" mono=true>{zone}</Fact> })}
                {quota
                    .map(|(hour, day)| {
                        view! {
                            <Fact term="In an hour">{hour}</Fact>
                            <Fact term="In a day">{day}</Fact>
                        }
                    })} {new.map(|new| view! { <Fact term="New ones in a day">{new}</Fact> })}
                {plain
                    .into_iter()
                    .filter(|(_, text)| !text.is_empty())
                    .map(|(term, text)| view! { <Fact term><span class="said">{text}</span></Fact> })
                    .views()}
                <Fact term="Project">{project}</Fact>
                <Fact term="Asked by">{row.asked_by} ", " <Time at=row.created_at/></Fact>
                <Fact term="Desk">{row.assignee.map_or_else(|| "not assigned".to_owned(), |who| who.to_string())}</Fact>
                {row.due_at.map(|at| view! { <Fact term="Due"><Time at/></Fact> })}
                {gives_up_at.map(|at| view! { <Fact term="Waits until"><Time at/></Fact> })}
            </Facts>
        </Card>
    }
}
