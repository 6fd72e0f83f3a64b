//! The matter with a message in words, with the way to mend it.

use crate::components::prelude::*;
use leptos::prelude::*;
use relay_types::{
    bounce_class::Explained,
    message::{MessageDetail, MessageState, Recipient, RecipientState},
};

/// A notice on top when something is the matter.
#[component]
pub fn Mend(message: MessageDetail) -> impl IntoView {
    let state = match message.state {
        MessageState::Bounced => RecipientState::Bounced,
        MessageState::Deferred => RecipientState::Due,
        MessageState::Held => {
            return view! { <Notice tone=Tone::Warn title=words::HELD>{words::HELD_TEXT}</Notice> }.into_any();
        }
        _ => return ().into_any(),
    };
    let tone = if state == RecipientState::Bounced { Tone::Bad } else { Tone::Warn };
    let next = message.recipients.iter().filter_map(|one| one.due_at).min().filter(|_| state == RecipientState::Due);
    let Some(one) = concerned(message.recipients, state) else { return ().into_any() };
    let title = title(state, &one);
    let reply = one.last_reply.unwrap_or_default();
    let link = one.explained.as_ref().and_then(|explained| explained.page.clone()).map(Go::from);
    let text = view! {
        {one.explained.map(|explained| view! { <Meaning explained/> })}
        <span class="mono">{reply}</span>
        {next.map(|at| view! { " It is tried again " <Time at/> "." })}
    };
    match link {
        Some(link) => view! { <Notice tone title link>{text}</Notice> }.into_any(),
        None => view! { <Notice tone title>{text}</Notice> }.into_any(),
    }
}

/// What it means, what to do, and who says so.
#[component]
fn Meaning(explained: Explained) -> impl IntoView {
    let Explained { meaning, advice, provider, source, .. } = explained;
    let words = provider.map_or_else(|| words::SOURCE.to_owned(), |provider| format!("{provider}: {}", words::SOURCE));
    view! {
        {meaning}
        " "
        {advice}
        " "
        {source
            .map(|url| {
                view! {
                    <a href=url rel="noreferrer">
                        {words}
                    </a>
                    " "
                }
            })}
    }
}

/// The last recipient in `state` that a server said something about. What other recipients were told is not about this
/// one.
fn concerned(recipients: Vec<Recipient>, state: RecipientState) -> Option<Recipient> {
    let mut of_state: Vec<Recipient> = recipients.into_iter().filter(|one| one.state == state).collect();
    let told = of_state.iter().rposition(|one| one.last_reply.is_some());
    let at = told.or_else(|| of_state.len().checked_sub(1))?;
    Some(of_state.swap_remove(at))
}

/// An address is written as it is; it begins the sentence.
fn title(state: RecipientState, one: &Recipient) -> String {
    let fate = if state == RecipientState::Due { words::DEFERRED } else { words::BOUNCED };
    match &one.explained {
        Some(explained) => format!("{} {fate}: {}.", one.address, explained.class.title()),
        None => format!("{} {fate}.", one.address),
    }
}

mod words {
    pub const DEFERRED: &str = "has nothing yet";
    pub const BOUNCED: &str = "gets nothing";
    pub const SOURCE: &str = "where that is said";
    pub const HELD: &str = "Held.";
    pub const HELD_TEXT: &str = "Nothing is sent until somebody releases it.";
}

#[cfg(test)]
mod tests {
    use super::*;
    use relay_types::{EmailAddress, bounce_class::BounceClass};

    fn recipient(address: &str, state: RecipientState, last_reply: Option<&str>) -> Recipient {
        Recipient {
            id: relay_types::message::RecipientId::from_uuid(uuid::Uuid::nil()),
            address: EmailAddress::parse(address).expect("an address"),
            state,
            attempts: 1,
            due_at: None,
            last_reply: last_reply.map(str::to_owned),
            explained: None,
        }
    }

    #[test]
    fn the_reply_is_that_of_a_recipient_with_this_fate() {
        use RecipientState::{Bounced, Delivered, Due};
        let three = vec![
            recipient("gone@a.example", Bounced, Some("550 5.1.1 No such user")),
            recipient("later@a.example", Due, Some("451 4.3.0 Try again")),
            recipient("there@a.example", Delivered, Some("250 2.0.0 Ok")),
        ];
        let said = |state| concerned(three.clone(), state).and_then(|one| one.last_reply);
        assert_eq!(said(Bounced).as_deref(), Some("550 5.1.1 No such user"));
        assert_eq!(said(Due).as_deref(), Some("451 4.3.0 Try again"));
        assert_eq!(concerned(three[1..].to_vec(), Bounced), None);
    }

    #[test]
    fn the_title_names_the_recipient_and_the_class() {
        let plain = recipient("t@o.example", RecipientState::Bounced, None);
        assert_eq!(title(RecipientState::Bounced, &plain), "t@o.example gets nothing.");
        let explained = Explained {
            class: BounceClass::Recipient,
            provider: None,
            meaning: String::new(),
            advice: String::new(),
            page: None,
            source: None,
        };
        let told = Recipient { explained: Some(explained), ..plain };
        assert_eq!(title(RecipientState::Bounced, &told), "t@o.example gets nothing: no such mailbox.");
        assert_eq!(title(RecipientState::Due, &told), "t@o.example has nothing yet: no such mailbox.");
    }
}
