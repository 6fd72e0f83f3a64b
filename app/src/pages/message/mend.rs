//! The matter with a message in words, with the way to mend it.

use crate::{components::prelude::*, next::encode};
use leptos::prelude::*;
use relay_types::message::{MessageDetail, MessageState, Recipient, RecipientState};
use std::net::IpAddr;

/// A notice on top when something is the matter.
#[component]
pub fn Mend(slug: String, message: MessageDetail) -> impl IntoView {
    match message.state {
        MessageState::Bounced => {
            let (who, reply) = concerned(&message.recipients, RecipientState::Bounced);
            let (title, text, link) = bounce(&slug, who.as_deref().unwrap_or(words::SOMEBODY), &reply);
            view! { <Bounced title text reply link/> }.into_any()
        }
        MessageState::Deferred => {
            let (who, reply) = concerned(&message.recipients, RecipientState::Due);
            let next = message.recipients.iter().filter_map(|one| one.due_at).min();
            view! {
                <Notice tone=Tone::Warn title=words::DEFERRED>
                    {who.map(|who| view! { <span class="mono">{who}</span> ": " })}
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

/// The last recipient in `state` that a server said something about, and what it said. What other recipients were told
/// is not about this one.
fn concerned(recipients: &[Recipient], state: RecipientState) -> (Option<String>, String) {
    let of_state = || recipients.iter().filter(|one| one.state == state);
    let told = of_state().rfind(|one| one.last_reply.is_some());
    let one = told.or_else(|| of_state().next_back());
    (one.map(|one| one.address.to_string()), one.and_then(|one| one.last_reply.clone()).unwrap_or_default())
}

#[component]
fn Bounced(title: String, text: &'static str, reply: String, link: Option<Go>) -> impl IntoView {
    match link {
        Some(link) => {
            view! { <Notice tone=Tone::Bad title link>{text} " " <span class="mono">{reply}</span></Notice> }.into_any()
        }
        None => view! { <Notice tone=Tone::Bad title>{text} " " <span class="mono">{reply}</span></Notice> }.into_any(),
    }
}

/// What a final reply means for `who`, by its enhanced code (RFC 3463), and the page that mends it.
fn bounce(slug: &str, who: &str, reply: &str) -> (String, &'static str, Option<Go>) {
    let code = reply.split(' ').nth(1).unwrap_or_default();
    let suppressed = || {
        let search = if who == words::SOMEBODY { String::new() } else { format!("?q={}", encode(who)) };
        Some(Go::from((format!("/p/{slug}/suppressions{search}"), "Suppressions")))
    };
    let senders = || Some(Go::from((format!("/p/{slug}/senders"), "Senders and domains")));
    let (title, text, link) = match code {
        "5.1.1" | "5.1.6" => (
            "{} does not exist.",
            "Its server said so for good. Take the address out of your program's list. If it takes mail again, remove it from \
             the suppressions.",
            suppressed(),
        ),
        "5.1.2" | "5.1.10" => (
            "The domain of {} takes no mail.",
            "The domain does not exist or says that it takes none. Check the address for a typing error.",
            None,
        ),
        "5.2.2" => ("The mailbox of {} is full.", "Only its owner can make room. Try later, or by another way.", None),
        "5.3.4" | "5.2.3" => {
            ("The message is too large for the server of {}.", "Send a link instead of the attachment.", None)
        }
        "5.4.7" => (
            "It could not be delivered to {} in time.",
            "The last answer of the recipient's server stands below each attempt.",
            None,
        ),
        "5.6.7" => (
            "The server of {} cannot take this address.",
            "The address has characters beyond ASCII and the server does not know SMTPUTF8.",
            None,
        ),
        "5.7.26" | "5.7.20" | "5.7.22" | "5.7.23" => (
            "The server of {} could not authenticate the sender.",
            "SPF, DKIM or DMARC of the sender's domain fails. Publish the records of the domain's page.",
            senders(),
        ),
        _ if code == "5.7.25" || speaks_of_ptr(reply) => (
            "The server of {} wants a name for the address the mail came from.",
            "The address needs a PTR record whose name points back to it. Ask for it; for an address of the relay itself the \
             service desk decides.",
            Some(Go::from((ptr_ticket(slug, reply), "Ask for a PTR record"))),
        ),
        _ => ("{} was refused for good.", "The recipient's server gave this reason:", None),
    };
    let title = title.replace("{}", who);
    let mut letters = title.chars();
    // An address is written as it is; only our own word begins a sentence.
    let title = match letters.next() {
        Some(first) if title.starts_with(words::SOMEBODY) => format!("{}{}", first.to_uppercase(), letters.as_str()),
        _ => title,
    };
    (title, text, link)
}

/// Servers that give another code say it in words.
fn speaks_of_ptr(reply: &str) -> bool {
    let reply = reply.to_ascii_lowercase();
    let words = reply.split(|c: char| !c.is_ascii_alphanumeric());
    let about = |word: &str| ["ptr", "rdns", "fcrdns", "iprev"].contains(&word);
    words.into_iter().any(about) || reply.contains("reverse dns") || reply.contains("reverse hostname")
}

/// The form for a ticket, filled in with the address the reply names.
fn ptr_ticket(slug: &str, reply: &str) -> String {
    let pieces = reply.split(|c: char| c.is_whitespace() || "[]()<>,;=\"'".contains(c));
    let address = pieces.map(|piece| piece.trim_end_matches(['.', ':'])).find_map(|piece| piece.parse::<IpAddr>().ok());
    let address = address.map(|address| format!("&address={}", encode(&address.to_string()))).unwrap_or_default();
    format!("/p/{slug}/tickets?new=set-ptr{address}")
}

mod words {
    pub const SOMEBODY: &str = "a recipient";
    pub const DEFERRED: &str = "Not delivered yet.";
    pub const HELD: &str = "Held.";
    pub const HELD_TEXT: &str = "Nothing is sent until somebody releases it.";
}

#[cfg(test)]
mod tests {
    use super::*;
    use relay_types::EmailAddress;

    fn recipient(address: &str, state: RecipientState, last_reply: Option<&str>) -> Recipient {
        Recipient {
            id: relay_types::message::RecipientId::from_uuid(uuid::Uuid::nil()),
            address: EmailAddress::parse(address).expect("an address"),
            state,
            attempts: 1,
            due_at: None,
            last_reply: last_reply.map(str::to_owned),
        }
    }

    #[test]
    fn the_reply_is_that_of_a_recipient_with_this_fate() {
        use RecipientState::{Bounced, Delivered, Due};
        let three = [
            recipient("gone@a.example", Bounced, Some("550 5.1.1 No such user")),
            recipient("later@a.example", Due, Some("451 4.3.0 Try again")),
            recipient("there@a.example", Delivered, Some("250 2.0.0 Ok")),
        ];
        let said = |state| concerned(&three, state);
        assert_eq!(said(Bounced), (Some("gone@a.example".to_owned()), "550 5.1.1 No such user".to_owned()));
        assert_eq!(said(Due), (Some("later@a.example".to_owned()), "451 4.3.0 Try again".to_owned()));
        assert_eq!(concerned(&three[1..], Bounced), (None, String::new()));
    }

    #[test]
    fn each_final_reply_is_explained_and_names_the_recipient() {
        for (reply, title, page) in [
            ("550 5.1.1 No such user", "t@o.example does not exist.", Some("/p/bio/suppressions?q=t%40o.example")),
            ("556 5.1.10 Null MX", "The domain of t@o.example takes no mail.", None),
            ("552 5.2.2 Full", "The mailbox of t@o.example is full.", None),
            ("552 5.3.4 Too big", "The message is too large for the server of t@o.example.", None),
            ("554 5.4.7 Expired", "It could not be delivered to t@o.example in time.", None),
            ("550 5.6.7 ASCII only", "The server of t@o.example cannot take this address.", None),
            (
                "550 5.7.26 DMARC",
                "The server of t@o.example could not authenticate the sender.",
                Some("/p/bio/senders"),
            ),
            (
                "550 5.7.25 [192.0.2.7] has no PTR record.",
                "The server of t@o.example wants a name for the address the mail came from.",
                Some("/p/bio/tickets?new=set-ptr&address=192.0.2.7"),
            ),
            (
                "554 5.7.1 Client host rejected: cannot find your reverse hostname, [2001:db8::7]",
                "The server of t@o.example wants a name for the address the mail came from.",
                Some("/p/bio/tickets?new=set-ptr&address=2001%3Adb8%3A%3A7"),
            ),
            ("554 5.7.1 Policy", "t@o.example was refused for good.", None),
            ("", "t@o.example was refused for good.", None),
        ] {
            let (told, _, link) = bounce("bio", "t@o.example", reply);
            assert_eq!((told.as_str(), link.map(|link| link.href).as_deref()), (title, page), "{reply}");
        }
        assert_eq!(bounce("bio", words::SOMEBODY, "").0, "A recipient was refused for good.");
    }
}
