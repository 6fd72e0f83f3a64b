//! `/p/:slug/tickets/:number`: one ticket, how far it has come and what it waits for. Its parts serve the desk's page too.

pub mod history;
pub mod request;
pub mod standing;
pub mod steps;

use crate::{
    api::tickets::{EditTicket, LoadTicket, ReopenTicket, SubmitTicket, WithdrawTicket},
    components::{prelude::*, report::Predictions, status::ticket_state},
    strings::places,
};
use history::History;
use leptos::prelude::*;
use relay_types::{change::Topic, ticket};
use request::{Fields, RequestCard};
use standing::Standing;
use steps::Steps;

/// One ticket of a project.
#[component]
pub fn Ticket() -> impl IntoView {
    let (slug, number) = (use_slug(), use_param("number"));
    let done = use_done_at(number);
    let data = read_again(done, move || LoadTicket { slug: slug.get(), number: number.get() });
    use_live(&[Topic::Names], move || data.refetch());
    view! {
        <Load resource=data let:ticket>
            <Detail slug=slug.get_untracked() ticket/>
        </Load>
    }
}

#[component]
fn Detail(slug: String, ticket: ticket::Ticket) -> impl IntoView {
    let title = ticket.row.title.clone();
    let crumb = (format!("/p/{slug}/tickets"), places::TICKETS);
    let (of, shown) = (slug.clone(), ticket.clone());
    view! {
        <PageHeader title crumb status=ticket_state(ticket.row.state)>
            <Drafted slug=of.clone() ticket=shown.clone()/>
            <EndOrReopen slug=of ticket=shown/>
        </PageHeader>
        <Story slug ticket/>
    }
}

/// Everything below the title, for the project and for the desk.
#[component]
pub fn Story(slug: String, ticket: ticket::Ticket) -> impl IntoView {
    let predictions = ticket.predictions.clone();
    view! {
        <Steps ticket=ticket.clone()/>
        <div class="cols">
            <div class="stack">
                <Standing slug=slug.clone() ticket=ticket.clone()/>
                <History slug=slug.clone() ticket=ticket.clone()/>
            </div>
            <div class="stack">
                <RequestCard slug ticket/>
                <Predictions predictions title="If it goes live now"/>
            </div>
        </div>
    }
}

/// What can be done with a draft.
#[component]
fn Drafted(slug: String, ticket: ticket::Ticket) -> impl IntoView {
    if !ticket.can.submit {
        return ().into_any();
    }
    let (edit, submit) = (use_form::<EditTicket>(), use_form::<SubmitTicket>());
    let kind = ticket.row.kind;
    let (number, request) = (StoredValue::new(ticket.row.number.0.to_string()), StoredValue::new(ticket.request));
    let slug = StoredValue::new(slug);
    view! {
        <PostForm form=submit inline=true>
            <Hidden name="slug" value=slug.get_value()/>
            <Hidden name="number" value=number.get_value()/>
            <Submit>"Send to the service desk"</Submit>
        </PostForm>
        <Dialog id="edit-ticket" button="Edit" title="Edit the draft" open=edit.failed_reply()>
            <PostForm form=edit>
                <Hidden name="slug" value=slug.get_value()/>
                <Hidden name="number" value=number.get_value()/>
                <Fields kind request=request.get_value()/>
                <div class="actions">
                    <Submit>"Send to the service desk"</Submit>
                    <Submit kind="" named=("draft", "yes")>"Keep as a draft"</Submit>
                </div>
            </PostForm>
        </Dialog>
    }
    .into_any()
}

/// Withdraw and reopen, on both sides' pages.
#[component]
pub fn EndOrReopen(slug: String, ticket: ticket::Ticket) -> impl IntoView {
    let (withdraw, reopen) = (use_form::<WithdrawTicket>(), use_form::<ReopenTicket>());
    let (slug, number) = (StoredValue::new(slug), StoredValue::new(ticket.row.number.0.to_string()));
    view! {
        {ticket
            .can
            .withdraw
            .then(|| {
                view! {
                    <Dialog id="withdraw" button="Withdraw" kind="danger" title="Withdraw this ticket?">
                        <p>"The service desk does nothing more about it. It can be taken up again later."</p>
                        <PostForm form=withdraw>
                            <Hidden name="slug" value=slug.get_value()/>
                            <Hidden name="number" value=number.get_value()/>
                            <Submit kind="danger">"Withdraw"</Submit>
                        </PostForm>
                    </Dialog>
                }
            })}
        {ticket
            .can
            .reopen
            .then(|| {
                view! {
                    <Dialog id="reopen" button="Reopen" title="Take this ticket up again" open=reopen.failed_reply()>
                        <PostForm form=reopen>
                            <Hidden name="slug" value=slug.get_value()/>
                            <Hidden name="number" value=number.get_value()/>
                            <TextareaField name="text" label="What has changed"/>
                            <Submit>"Reopen"</Submit>
                        </PostForm>
                    </Dialog>
                }
            })}
    }
}
