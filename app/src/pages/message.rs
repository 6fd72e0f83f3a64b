//! `/p/:slug/messages/:id`: a message's story, from the session to the last reply.

mod events;
mod facts;
mod mend;
mod verified;

use crate::{
    api::messages::{CancelMessage, HoldMessage, LoadMessage, ReleaseMessage, RetryMessage, end_of},
    components::{prelude::*, status::message_state},
    strings::places,
};
use events::Story;
use facts::{Envelope, Headers, Recipients, Removed};
use leptos::prelude::*;
use mend::Mend;
use relay_types::{
    change::Topic,
    message::{MessageDetail, RecipientState},
};

/// One message.
#[component]
pub fn Message() -> impl IntoView {
    let (slug, id) = (use_slug(), use_param("id"));
    let done = use_done_at(id);
    let data = read_again(done, move || LoadMessage { slug: slug.get(), id: id.get() });
    use_live(&[Topic::Message], move || data.refetch());
    view! {
        <Load resource=data let:message>
            <Detail slug=slug.get_untracked() message/>
        </Load>
    }
}

#[component]
fn Detail(slug: String, message: MessageDetail) -> impl IntoView {
    let title = if message.subject.is_empty() { words::NO_SUBJECT.to_owned() } else { message.subject.clone() };
    let base = format!("/p/{slug}/messages");
    let readable = use_abilities().manage && message.content_removed.is_none();
    let raw = readable.then(|| format!("{base}/{}/raw", message.id));
    let captured = (message.captured && readable).then(|| format!("/p/{slug}/captured/{}", message.id));
    let (of, shown) = (slug.clone(), message.clone());
    view! {
        <PageHeader title crumb=(base, places::MESSAGES) status=message_state(message.state)>
            {captured.map(|href| view! { <a class="button" href=href>{words::READ}</a> })}
            {raw.map(|href| view! { <a class="button" href=href download="">{words::RAW}</a> })}
            <Actions slug=of message=shown/>
        </PageHeader>
        <Mend message=message.clone()/>
        {message.content_removed.map(|removed| view! { <Removed removed/> })}
        <div class="cols">
            <Story slug=slug.clone() events=message.events.clone() source=message.source.clone()/>
            <div class="stack">
                <Envelope slug message=message.clone()/>
                <Recipients recipients=message.recipients/>
                <Headers headers=message.headers whole=message.content_removed.is_none()/>
            </div>
        </div>
    }
}

/// What can be done now, by what its recipients wait for.
#[component]
fn Actions(slug: String, message: MessageDetail) -> impl IntoView {
    let waits = message.recipients.iter().any(|one| one.state == RecipientState::Due);
    let held = message.recipients.iter().any(|one| one.state == RecipientState::Held);
    if !use_abilities().manage || !(waits || held) {
        return ().into_any();
    }
    let (slug, id) = (StoredValue::new(slug), StoredValue::new(message.id.to_string()));
    let (retry, hold) = (use_form::<RetryMessage>(), use_form::<HoldMessage>());
    let (release, cancel) = (use_form::<ReleaseMessage>(), use_form::<CancelMessage>());
    view! {
        {held
            .then(|| {
                view! {
                    <PostForm form=release inline=true>
                        <Hidden name="slug" value=slug.get_value()/>
                        <Hidden name="id" value=id.get_value()/>
                        <Submit kind="primary">{words::RELEASE}</Submit>
                    </PostForm>
                }
            })}
        {waits
            .then(|| {
                view! {
                    <PostForm form=retry inline=true>
                        <Hidden name="slug" value=slug.get_value()/>
                        <Hidden name="id" value=id.get_value()/>
                        <Submit kind=if held { "" } else { "primary" }>{words::RETRY}</Submit>
                    </PostForm>
                    <PostForm form=hold inline=true>
                        <Hidden name="slug" value=slug.get_value()/>
                        <Hidden name="id" value=id.get_value()/>
                        <Submit kind="">{words::HOLD}</Submit>
                    </PostForm>
                }
            })}
        <Danger
            form=cancel
            id="cancel"
            button=words::CANCEL
            consequence=words::CANCEL_TEXT
            name=id.with_value(|id| end_of(id).to_owned())
            what=words::END
        >
            <Hidden name="slug" value=slug.get_value()/>
            <Hidden name="id" value=id.get_value()/>
        </Danger>
    }
    .into_any()
}

mod words {
    pub const NO_SUBJECT: &str = "(no subject)";
    pub const READ: &str = "Read it";
    pub const RAW: &str = "Raw message";
    pub const RETRY: &str = "Try now";
    pub const HOLD: &str = "Hold";
    pub const RELEASE: &str = "Release";
    pub const CANCEL: &str = "Cancel delivery";
    pub const END: &str = "End of the queue id";
    pub const CANCEL_TEXT: &str = "Recipients that wait or are held get nothing, and nobody is told. \
        What was delivered stays delivered. This cannot be undone.";
}
