//! Beside the story: envelope, recipients, header section.

use crate::{
    components::{prelude::*, status::recipient_state},
    strings::{retention_of_content, source},
};
use leptos::prelude::*;
use relay_types::message::{ContentRemoved, MessageDetail, Recipient, Source};

/// Envelope and what identifies the message.
#[component]
pub fn Envelope(slug: String, message: MessageDetail) -> impl IntoView {
    let reverse_path = message.reverse_path.address().map_or_else(|| "<>".to_owned(), ToString::to_string);
    let name = source(&message.source);
    let source = match message.source {
        Source::ServiceAccount { id, .. } => {
            view! { <a href=format!("/p/{slug}/service-accounts/{id}")>{name}</a> }.into_any()
        }
        Source::Network { .. } => view! { <a href=format!("/p/{slug}/networks")>{name}</a> }.into_any(),
        Source::Portal | Source::System => name.into_any(),
    };
    let about = message.about.map(|id| {
        view! {
            <Fact term=words::ABOUT>
                <a class="mono" href=format!("/p/{slug}/messages/{id}")>{id.to_string()}</a>
            </Fact>
        }
    });
    view! {
        <Card title=words::ENVELOPE>
            <Facts>
                <Fact term=words::REVERSE_PATH mono=true>{reverse_path}</Fact>
                <Fact term=words::FROM>{message.from}</Fact>
                <Fact term=words::SOURCE>{source}</Fact>
                <Fact term=words::SIZE>{text::size(message.size)}</Fact>
                <Fact term=words::MESSAGE_ID mono=true>{message.message_id}</Fact>
                <Fact term=words::QUEUE_ID mono=true>{message.id.to_string()}</Fact>
                {about}
                {message.release_at.map(|at| view! { <Fact term=words::RELEASE><Time at/></Fact> })}
                {(!message.asked.is_empty()).then(|| view! { <Fact term=words::ASKED>{message.asked.join("; ")}</Fact> })}
            </Facts>
        </Card>
    }
}

/// Where each recipient stands.
#[component]
pub fn Recipients(recipients: Vec<Recipient>) -> impl IntoView {
    let note = text::count(recipients.len() as u64, "recipient", "recipients");
    // With one recipient the notice on top says it.
    let several = recipients.len() > 1;
    view! {
        <Card title=words::RECIPIENTS note flush=true>
            <Items>
                {recipients
                    .into_iter()
                    .map(|one| {
                        let (tone, word) = recipient_state(one.state);
                        let attempts = text::count(u64::from(one.attempts), "attempt", "attempts");
                        view! {
                            <Item tone note=format!("{word} · {attempts}")>
                                <span class="mono">{one.address.to_string()}</span>
                                {one.due_at.map(|at| view! { " · next " <Time at/> })}
                                {one
                                    .explained
                                    .filter(|_| several)
                                    .map(|explained| view! { <small>{explained.meaning}</small> })}
                            </Item>
                        }
                    })
                    .views()}
            </Items>
        </Card>
    }
}

/// Says that the content is not kept any more, since when, and by which setting.
#[component]
pub fn Removed(removed: ContentRemoved) -> impl IntoView {
    let why = match removed.noted {
        Some((at, kept)) => format!("On {}: {}.", at.text(), retention_of_content(kept)),
        None => words::REMOVED_BY.to_owned(),
    };
    view! { <Notice tone=Tone::Info title=words::REMOVED>{why} " " {words::LEFT}</Notice> }
}

/// The header section as sent; without the content, what of it is left.
#[component]
pub fn Headers(headers: String, whole: bool) -> impl IntoView {
    let what = if whole { words::HEADERS } else { words::OURS };
    view! {
        <details class="card">
            <summary>{what}</summary>
            <div class="pad">
                <Code code=headers what=what/>
            </div>
        </details>
    }
}

mod words {
    pub const ENVELOPE: &str = "Envelope";
    pub const REVERSE_PATH: &str = "Reverse-path";
    pub const FROM: &str = "Header From";
    pub const SOURCE: &str = "From program";
    pub const SIZE: &str = "Size";
    pub const MESSAGE_ID: &str = "Message-ID";
    pub const QUEUE_ID: &str = "Queue id";
    pub const ABOUT: &str = "Notice about";
    pub const RELEASE: &str = "Released at";
    pub const ASKED: &str = "Asked for";
    pub const RECIPIENTS: &str = "Recipients";
    pub const HEADERS: &str = "Header fields as sent";
    pub const OURS: &str = "Header fields that Relaykeep added";
    pub const REMOVED: &str = "The content was removed by retention.";
    pub const REMOVED_BY: &str = "By retention.content, the time for which the content of mail that is done is kept.";
    pub const LEFT: &str = "Envelope, replies and story are kept for longer (retention.history).";
}
