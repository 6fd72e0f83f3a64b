//! What happened to a ticket, and the way to write to the other side.

use crate::{
    api::tickets::CommentTicket,
    components::{prelude::*, time::TimeStyle},
};
use leptos::prelude::*;
use relay_types::ticket::{Ticket, TicketEntry, TicketEntryKind, TicketState};

/// The history with the form for comments. `slug` is empty on the desk's page.
#[component]
pub fn History(slug: String, ticket: Ticket) -> impl IntoView {
    let Ticket { row, entries, can, .. } = ticket;
    let form = use_form::<CommentTicket>();
    let number = row.number.0.to_string();
    let desk = can.desk && slug.is_empty();
    let label = if desk { "Write to the project" } else { "Write to the service desk" };
    view! {
        <Card title="History">
            <Timeline>{entries.into_iter().map(|entry| view! { <Line entry/> }).views()}</Timeline>
            {can
                .comment
                .then(|| {
                    view! {
                        <PostForm form>
                            <Hidden name="slug" value=slug/>
                            <Hidden name="number" value=number/>
                            <TextareaField name="text" label/>
                            {desk.then(|| {
                                    view! { <CheckField name="internal" label="Only for the service desk"/> }
                                })}
                            <Submit kind="">"Send"</Submit>
                        </PostForm>
                    }
                })}
        </Card>
    }
    .into_any()
}

#[component]
fn Line(entry: TicketEntry) -> impl IntoView {
    let (tone, title) = title(&entry);
    let internal = entry.kind == TicketEntryKind::Internal;
    let title = view! { {title} {internal.then(|| view! { " " <Pill tone=Tone::Warn text="internal"/> })} };
    let text = entry.text;
    view! {
        <Moment tone at=entry.at style=TimeStyle::Relative title=title.into_any()>
            {(!text.is_empty()).then(|| view! { <small class="said">{text}</small> })}
        </Moment>
    }
}

fn title(entry: &TicketEntry) -> (Tone, String) {
    let who = &entry.actor;
    match (entry.kind, entry.to) {
        (TicketEntryKind::Comment | TicketEntryKind::Internal, _) => (Tone::Info, format!("{who} wrote")),
        (TicketEntryKind::Assign, _) => (Tone::Unknown, format!("{who} changed who takes care of it")),
        (TicketEntryKind::Look, _) => (Tone::Warn, "Looked for the record".to_owned()),
        (TicketEntryKind::Move, to) => match to {
            Some(TicketState::Draft) => (Tone::Unknown, format!("{who} wrote a draft")),
            Some(TicketState::Submitted) => (Tone::Unknown, format!("{who} asked for it")),
            Some(TicketState::Waiting) => (Tone::Warn, "Waits for the forward record".to_owned()),
            Some(TicketState::Ready) => (Tone::Good, "Checked: ready for the service desk".to_owned()),
            Some(TicketState::Approved) => (Tone::Good, format!("{who} approved it")),
            Some(TicketState::Applying) => (Tone::Info, "The change is ordered".to_owned()),
            Some(TicketState::Verifying) => (Tone::Info, "Read back until everyone sees it".to_owned()),
            Some(TicketState::Done) => (Tone::Good, "Done".to_owned()),
            Some(TicketState::Refused) => (Tone::Bad, format!("{who} refused it")),
            Some(TicketState::Withdrawn) => (Tone::Unknown, format!("{who} withdrew it")),
            Some(TicketState::Failed) => (Tone::Bad, "It could not be carried out".to_owned()),
            Some(TicketState::Reopened) => (Tone::Info, format!("{who} took it up again")),
            None => (Tone::Unknown, who.clone()),
        },
    }
}
