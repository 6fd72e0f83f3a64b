//! The matter with a message in words, with the way to mend it.

use crate::components::prelude::*;
use leptos::prelude::*;
use relay_types::message::{MessageDetail, MessageState};

/// A notice on top when something is the matter.
#[component]
pub fn Mend(slug: String, message: MessageDetail) -> impl IntoView {
    let reply = message.recipients.iter().filter_map(|one| one.last_reply.clone()).next_back().unwrap_or_default();
    match message.state {
        MessageState::Bounced => {
            let (title, text, link) = bounce(&slug, &reply);
            view! { <Bounced title text reply link/> }.into_any()
        }
        MessageState::Deferred => {
            let next = message.recipients.iter().filter_map(|one| one.due_at).min();
            view! {
                <Notice tone=Tone::Warn title=words::DEFERRED>
                    <span class="mono">{reply}</span>
                    {next.map(|at| view! { " It is tried again " <Time at/> "." })}
                </Notice>
            }
            .into_any()
        }
        MessageState::Held => {
            view! { <Notice tone=Tone::Warn title=words::HELD>{words::HELD_TEXT}</Notice> }.into_any()
        }
        _ => ().into_any(),
    }
}

#[component]
fn Bounced(title: &'static str, text: &'static str, reply: String, link: Option<Go>) -> impl IntoView {
    match link {
        Some(link) => {
            view! { <Notice tone=Tone::Bad title link>{text} " " <span class="mono">{reply}</span></Notice> }.into_any()
        }
        None => view! { <Notice tone=Tone::Bad title>{text} " " <span class="mono">{reply}</span></Notice> }.into_any(),
    }
}

/// What a final reply means, by its enhanced code (RFC 3463), and the page that mends it.
fn bounce(slug: &str, reply: &str) -> (&'static str, &'static str, Option<Go>) {
    let code = reply.split(' ').nth(1).unwrap_or_default();
    let senders = || Some(Go::from((format!("/p/{slug}/senders"), "Senders and domains")));
    match code {
        "5.1.1" | "5.1.6" => (
            "A recipient does not exist.",
            "Its server said so for good. Take the address out of your program's list.",
            None,
        ),
        "5.1.2" | "5.1.10" => (
            "A recipient's domain takes no mail.",
            "The domain does not exist or says that it takes none. Check the address for a typing error.",
            None,
        ),
        "5.2.2" => {
            ("A recipient's mailbox is full.", "Only its owner can make room. Try later, or by another way.", None)
        }
        "5.3.4" | "5.2.3" => {
            ("The message is too large for the recipient's server.", "Send a link instead of the attachment.", None)
        }
        "5.4.7" => (
            "It could not be delivered in time.",
            "The last answer of the recipient's server stands below each attempt.",
            None,
        ),
        "5.6.7" => (
            "The recipient's server cannot take this address.",
            "The address has characters beyond ASCII and the server does not know SMTPUTF8.",
            None,
        ),
        "5.7.26" | "5.7.20" | "5.7.22" | "5.7.23" => (
            "The recipient's server could not authenticate the sender.",
            "SPF, DKIM or DMARC of the sender's domain fails. Publish the records of the domain's page.",
            senders(),
        ),
        _ => ("A recipient was refused for good.", "The recipient's server gave this reason:", None),
    }
}

mod words {
    pub const DEFERRED: &str = "Not delivered yet.";
    pub const HELD: &str = "Held.";
    pub const HELD_TEXT: &str = "Nothing is sent until somebody releases it.";
}
