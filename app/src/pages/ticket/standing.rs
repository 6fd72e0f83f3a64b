//! How a ticket stands in a sentence, and what it waits for: the record to publish beside what was found, the change to
//! be applied by hand, the answer of a server.

use crate::{
    api::tickets::LookAtTicket,
    components::{copy::CopyButton, prelude::*},
};
use leptos::prelude::*;
use relay_types::{
    name_change::{NameChange, NameChangeState},
    reverse::{ForwardFound, ServerAnswer},
    ticket::{Ticket, TicketKind, TicketState},
};

/// Says how it stands. `slug` is empty on the desk's page.
#[component]
pub fn Standing(slug: String, ticket: Ticket) -> impl IntoView {
    let missing = ticket.forward_record.clone().filter(|_| ticket.row.state.is_open());
    let (tone, title) = sentence(&ticket);
    let reason = ticket.reason.clone();
    let zone = ticket.forward.as_ref().map(|found| found.zone.clone()).filter(|zone| !zone.is_empty());
    let asks = missing.is_some().then(|| match zone {
        Some(zone) => format!("Ask whoever runs {zone} to publish this record. "),
        None => "Ask whoever runs the name to publish this record. ".to_owned(),
    });
    let next = ticket.next_look_at.filter(|_| ticket.row.state.is_open());
    view! {
        <Notice tone title>
            {reason.map(|reason| view! { <span class="said">{reason}</span> })} {asks}
            {next.map(|at| view! { "We look again " <Time at/> " and go on by ourselves." })}
        </Notice>
        <Missing slug ticket=ticket.clone() missing/>
        {ticket.change.map(|change| view! { <Change change/> })}
    }
    .into_any()
}

fn sentence(ticket: &Ticket) -> (Tone, &'static str) {
    let watched = ticket.row.kind == TicketKind::PtrElsewhere;
    let change = ticket.change.as_ref().map(|change| (change.state, change.error.is_some()));
    match (ticket.row.state, change) {
        (TicketState::Draft, _) => (Tone::Unknown, "This is a draft: the service desk has not got it yet."),
        (TicketState::Submitted | TicketState::Reopened, _) => (Tone::Info, "It is about to be checked."),
        (TicketState::Waiting, _) => (Tone::Warn, "The name does not point to this address yet."),
        (TicketState::Ready, _) => (Tone::Info, "All is well with it; the service desk has to decide."),
        (TicketState::Verifying, _) if watched => {
            (Tone::Info, "We watch the address until the provider has set the name.")
        }
        (_, Some((NameChangeState::ByHand, _))) => {
            (Tone::Warn, "Somebody of the desk has to apply the change by hand.")
        }
        (TicketState::Approved | TicketState::Applying, Some((_, true))) => {
            (Tone::Warn, "The change could not be written yet; it is kept and tried again.")
        }
        (TicketState::Approved | TicketState::Applying, _) => (Tone::Info, "It is approved and being written to DNS."),
        (TicketState::Verifying, _) => (Tone::Info, "It is written; resolvers still may have the old answer."),
        (TicketState::Done, _) => (Tone::Good, "It is done."),
        (TicketState::Refused, _) => (Tone::Bad, "It was refused."),
        (TicketState::Withdrawn, _) => (Tone::Unknown, "It was withdrawn."),
        (TicketState::Failed, _) => (Tone::Bad, "It could not be carried out."),
    }
}

/// The record to publish, what the servers say now, and a way to look at once.
#[component]
fn Missing(slug: String, ticket: Ticket, missing: Option<String>) -> impl IntoView {
    let Some(record) = missing else { return ().into_any() };
    let form = use_form::<LookAtTicket>();
    let number = ticket.row.number.0.to_string();
    let look = ticket.can.look;
    view! {
        <div class="record">
            <div class="line">
                <span>"Publish"</span>
                <code>{record.clone()}</code>
                <CopyButton text=record what="record"/>
            </div>
            <div class="line">
                <span>"Found"</span>
                <span>{ticket.forward.map(|found| view! { <Found found/> })}</span>
                {look
                    .then(|| {
                        view! {
                            <PostForm form inline=true>
                                <Hidden name="slug" value=slug/>
                                <Hidden name="number" value=number/>
                                <Submit kind="small">"Look now"</Submit>
                            </PostForm>
                        }
                    })}
            </div>
        </div>
    }
    .into_any()
}

/// What the servers of a name said, those that agree together.
#[component]
pub fn Found(found: ForwardFound) -> impl IntoView {
    view! {
        <code>{said(&found.servers)}</code>
        " "
        <small>
            <Time at=found.asked_at/>
        </small>
    }
}

/// `no such name (NXDOMAIN), from ns1.uni.example and ns2.uni.example`
pub fn said(servers: &[ServerAnswer]) -> String {
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for answer in servers {
        match groups.iter_mut().find(|(said, _)| *said == answer.said) {
            Some((_, names)) => names.push(&answer.server),
            None => groups.push((&answer.said, vec![&answer.server])),
        }
    }
    if groups.is_empty() {
        return "no server could be asked".to_owned();
    }
    let group = |(said, names): (&str, Vec<&str>)| format!("{said}, from {}", names.join(" and "));
    groups.into_iter().map(group).collect::<Vec<_>>().join("\n")
}

/// A write to DNS: before and after, how far it got, and what is in the way.
#[component]
pub fn Change(change: NameChange) -> impl IntoView {
    let (tone, word) = change_state(change.state);
    let before = change.before.map_or_else(|| "not asked".to_owned(), |names| names_or_none(&names));
    let after = change.after.unwrap_or_else(|| "no PTR record".to_owned());
    let attempts = text::count(u64::from(change.attempts), "attempt", "attempts");
    let servers = (!change.said.is_empty()).then(|| said(&change.said));
    view! {
        <Card title="Change in DNS" note=attempts>
            <Facts>
                <Fact term="State">
                    <Status state=(tone, word)/>
                    {change.next_at.map(|at| view! { " · next " <Time at/> })}
                </Fact>
                <Fact term="Before" mono=true>{before}</Fact>
                <Fact term="After" mono=true>{after}</Fact>
                {servers.map(|said| view! { <Fact term="Servers"><code class="said">{said}</code></Fact> })}
                {change.written_at.map(|at| view! { <Fact term="Written"><Time at/></Fact> })}
                {change.ended_at.map(|at| view! { <Fact term="Ended"><Time at/></Fact> })}
            </Facts>
            {change.error.map(|error| view! { <Notice tone=Tone::Bad title="In the way:">{error}</Notice> })}
        </Card>
    }
    .into_any()
}

/// Names as a text.
pub fn names_or_none(names: &[String]) -> String {
    if names.is_empty() { "no PTR record".to_owned() } else { names.join(", ") }
}

/// Words and dots of a change.
pub fn change_state(state: NameChangeState) -> (Tone, &'static str) {
    match state {
        NameChangeState::Waiting => (Tone::Info, "To be written"),
        NameChangeState::ByHand => (Tone::Warn, "To be applied by hand"),
        NameChangeState::Verifying => (Tone::Info, "Written; read back"),
        NameChangeState::Done => (Tone::Good, "Done"),
        NameChangeState::Failed => (Tone::Bad, "Failed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_that_say_the_same_are_named_together() {
        let answer = |server: &str, said: &str| ServerAnswer {
            server: server.to_owned(),
            said: said.to_owned(),
            records: Vec::new(),
            temporary: false,
        };
        let servers = [answer("ns1", "NXDOMAIN"), answer("ns2", "no answer in 6 s"), answer("ns3", "NXDOMAIN")];
        assert_eq!(said(&servers), "NXDOMAIN, from ns1 and ns3\nno answer in 6 s, from ns2");
        assert_eq!(said(&[]), "no server could be asked");
    }
}
