//! `/p/:slug/captured/:id`: a captured message as its recipient would read it, in a sandbox.

use crate::{api::captured::LoadCapturedMessage, components::prelude::*, strings::places};
use leptos::prelude::*;
use relay_types::message::{Attachment, CapturedMessage as Captured};

/// One captured message.
#[component]
pub fn CapturedMessage() -> impl IntoView {
    let (slug, id) = (use_slug(), use_param("id"));
    let data = read(move || LoadCapturedMessage { slug: slug.get(), id: id.get() });
    view! {
        <Load resource=data let:message>
            <Detail slug=slug.get_untracked() message/>
        </Load>
    }
}

#[component]
fn Detail(slug: String, message: Captured) -> impl IntoView {
    let base = format!("/p/{slug}/captured");
    let own = format!("{base}/{}", message.id);
    let story = format!("/p/{slug}/messages/{}", message.id);
    let title = if message.subject.is_empty() { words::NO_SUBJECT.to_owned() } else { message.subject.clone() };
    view! {
        <PageHeader title crumb=(base, places::CAPTURED)>
            <a class="button" href=story>{words::STORY}</a>
        </PageHeader>
        <Read own message/>
    }
}

/// The message itself; its parts are below `own`.
#[component]
pub fn Read(
    /// The page's own address.
    own: String,
    /// The message.
    message: Captured,
) -> impl IntoView {
    let envelope = message.recipients.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let reverse_path = message.reverse_path.address().map_or_else(|| "<>".to_owned(), ToString::to_string);
    view! {
        <Card title=words::ENVELOPE>
            <Facts>
                <Fact term="From">{message.from}</Fact>
                <Fact term="To">{message.to}</Fact>
                <Fact term=words::REVERSE_PATH mono=true>{reverse_path}</Fact>
                <Fact term=words::RECIPIENTS mono=true>{envelope}</Fact>
                <Fact term=words::ACCEPTED><Time at=message.accepted_at/></Fact>
            </Facts>
        </Card>
        {message.has_html.then(|| view! { <Html src=format!("{own}/html")/> })}
        {message.text.map(|text| view! { <Card title=words::TEXT><pre class="wrap" tabindex="0">{text}</pre></Card> })}
        {(!message.attachments.is_empty()).then(|| view! { <Attachments own attachments=message.attachments/> })}
        <details class="card">
            <summary>{words::HEADERS}</summary>
            <pre class="fields" tabindex="0">{message.headers}</pre>
        </details>
    }
}

/// The HTML part in a frame without scripts, forms, or an origin.
#[component]
fn Html(src: String) -> impl IntoView {
    view! {
        <Card title=words::HTML note=words::SANDBOX>
            <iframe class="captured" sandbox="" src=src title=words::HTML></iframe>
        </Card>
    }
}

#[component]
fn Attachments(own: String, attachments: Vec<Attachment>) -> impl IntoView {
    view! {
        <Card title=words::ATTACHMENTS flush=true>
            <Items>
                {attachments
                    .into_iter()
                    .enumerate()
                    .map(|(place, one)| {
                        let note = format!("{} · {}", one.media_type, text::size(one.size));
                        view! {
                            <Item
                                tone=Tone::Unknown
                                note
                                link=(format!("{own}/attachments/{place}"), words::DOWNLOAD)
                                download=true
                            >
                                {one.name}
                            </Item>
                        }
                    })
                    .views()}
            </Items>
        </Card>
    }
}

mod words {
    pub const NO_SUBJECT: &str = "(no subject)";
    pub const STORY: &str = "Its story";
    pub const ENVELOPE: &str = "Message";
    pub const REVERSE_PATH: &str = "Reverse-path";
    pub const RECIPIENTS: &str = "Recipients";
    pub const ACCEPTED: &str = "Accepted";
    pub const HTML: &str = "HTML part";
    pub const SANDBOX: &str = "no scripts, no remote content";
    pub const TEXT: &str = "Plain text part";
    pub const ATTACHMENTS: &str = "Attachments";
    pub const DOWNLOAD: &str = "Download";
    pub const HEADERS: &str = "Header fields as sent";
}
