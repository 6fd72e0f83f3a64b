//! The story: every event in order, with the dialogue of every attempt.

use super::verified::VerifiedLine;
use crate::{components::prelude::*, next::encode, strings};
use leptos::prelude::*;
use relay_types::message::{Attempt, Event, EventKind, MessageId, Outcome, Source};

/// What happened, oldest first.
#[component]
pub fn Story(slug: String, events: Vec<Event>, source: Source) -> impl IntoView {
    let days = new_days(&events.iter().map(|event| event.at).collect::<Vec<_>>());
    view! {
        <Card title=words::TITLE note=words::UTC>
            <Timeline>
                {events
                    .into_iter()
                    .zip(days)
                    .map(|(event, new_day)| {
                        view! {
                            {new_day.then(|| view! { <Day at=event.at/> })}
                            <Line slug=slug.clone() event source=source.clone()/>
                        }
                    })
                    .views()}
            </Timeline>
        </Card>
    }
}

#[component]
fn Line(slug: String, event: Event, source: Source) -> impl IntoView {
    let at = event.at;
    let linked = |words: &'static str, id: MessageId| {
        view! { <a href=format!("/p/{slug}/messages/{id}")>{words}</a> }.into_any()
    };
    let plain = |text: String| view! { {text} }.into_any();
    let (tone, title, note) = match event.kind {
        EventKind::Attempt(attempt) => return view! { <AttemptLine at attempt/> }.into_any(),
        EventKind::Verified(verified) => return view! { <VerifiedLine at verified/> }.into_any(),
        EventKind::Accepted { tls, mechanism, listener, client, helo } => {
            let parts = [
                client,
                helo.map(|name| format!("HELO {name}")),
                Some(listener),
                tls,
                mechanism.map(|name| format!("AUTH {name}")),
            ];
            let note = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ");
            (Tone::Good, plain(format!("Accepted from {}", strings::source(&source))), note)
        }
        EventKind::Signed { domain, selectors } => {
            (Tone::Good, plain(format!("Signed for {domain}")), selectors.join(", "))
        }
        EventKind::NotSigned { reason } => (Tone::Unknown, plain("Not signed".to_owned()), reason),
        EventKind::DelayNotified { notification } => {
            (Tone::Warn, linked("The sender was told of the delay", notification), String::new())
        }
        EventKind::FailureNotified { notification } => {
            (Tone::Unknown, linked("Notice sent to the reverse-path", notification), String::new())
        }
        EventKind::SuccessNotified { notification } => {
            (Tone::Good, linked("The sender was told of the success, as asked", notification), String::new())
        }
        EventKind::NotNotified { reason } => (Tone::Unknown, plain("No notice to the reverse-path".to_owned()), reason),
        EventKind::Suppressed { address, until } => {
            let href = format!("/p/{slug}/suppressions?q={}", encode(&address.to_string()));
            let title = view! { {address.to_string()} " is suppressed: " <a href=href>"see the entry"</a> }.into_any();
            let until = until.map(|at| format!("until {}", at.date_text()));
            (Tone::Warn, title, until.unwrap_or_else(|| "until somebody removes it".to_owned()))
        }
        EventKind::Complained { address } => {
            (Tone::Warn, plain(format!("{address} complained")), "simulated; it is on no list".to_owned())
        }
        EventKind::Held { by } => (Tone::Warn, plain(format!("Held by {by}")), String::new()),
        EventKind::Released { by } => (Tone::Info, plain(format!("Released by {by}")), String::new()),
        EventKind::RetryAsked { by } => (Tone::Info, plain(format!("{by} asked for an attempt now")), String::new()),
        EventKind::Cancelled { by } => (Tone::Unknown, plain(format!("Cancelled by {by}")), String::new()),
        EventKind::ContentRemoved { kept_seconds } => {
            (Tone::Unknown, plain("Content removed".to_owned()), strings::retention_of_content(kept_seconds))
        }
    };
    view! { <Moment tone at title note/> }.into_any()
}

#[component]
fn AttemptLine(at: relay_types::Timestamp, attempt: Attempt) -> impl IntoView {
    let worst = attempt.outcomes.iter().map(|one| &one.outcome).max_by_key(|outcome| weight(outcome));
    let (tone, end) = worst.map_or((Tone::Unknown, "ended"), word);
    let place = match (&attempt.host, &attempt.address) {
        (Some(host), Some(address)) => format!("{host} [{address}] "),
        (Some(host), None) => format!("{host} "),
        _ => String::new(),
    };
    let title = format!("Attempt {}: {place}{end}", attempt.number);
    // Without a connection there is nothing to say of TLS.
    let connected = attempt.dialogue.iter().any(|line| !line.ours);
    let tls = attempt.tls.map(|tls| tls.words()).or_else(|| connected.then(|| words::NO_TLS.to_owned()));
    let note: Vec<String> = tls.into_iter().chain([text::duration(attempt.milliseconds)]).collect();
    let several = attempt.outcomes.len() > 1;
    let dialogue = attempt.dialogue;
    let outcomes: Vec<_> = attempt
        .outcomes
        .into_iter()
        // With one recipient the dialogue says it; what no server said, or several fates, is said here.
        .filter(|one| several || dialogue.is_empty() || one.next_at.is_some() || !is_reply(&one.outcome))
        .collect();
    view! {
        <Moment tone at title=view! { {title} }.into_any() note=note.join(" · ")>
            {(!dialogue.is_empty()).then(|| view! { <Dialogue lines=dialogue/> })}
            {(!outcomes.is_empty())
                .then(|| {
                    view! {
                        <ul class="plain">
                            {outcomes
                                .into_iter()
                                .map(|one| {
                                    let (tone, end) = word(&one.outcome);
                                    view! {
                                        <li>
                                            <Dot tone/>
                                            <span class="mono">{one.address.to_string()}</span>
                                            " "
                                            {end}
                                            {reply_of(&one.outcome).map(|reply| view! { ": " <span class="mono">{reply}</span> })}
                                            {one.next_at.map(|at| view! { ", again " <Time at/> })}
                                        </li>
                                    }
                                })
                                .views()}
                        </ul>
                    }
                })}
        </Moment>
    }
}

fn weight(outcome: &Outcome) -> u8 {
    match outcome {
        Outcome::Delivered(_) | Outcome::Captured => 0,
        Outcome::TempFail(_) => 1,
        Outcome::PermFail(_) => 2,
    }
}

fn word(outcome: &Outcome) -> (Tone, &'static str) {
    match outcome {
        Outcome::Delivered(_) => (Tone::Good, "delivered"),
        Outcome::Captured => (Tone::Good, "captured; nothing left this machine"),
        Outcome::TempFail(_) => (Tone::Warn, "deferred"),
        Outcome::PermFail(_) => (Tone::Bad, "refused for good"),
    }
}

fn is_reply(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Delivered(_) | Outcome::Captured => true,
        Outcome::TempFail(cause) | Outcome::PermFail(cause) => cause.is_theirs(),
    }
}

fn reply_of(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Delivered(reply) => Some(reply.to_string()),
        Outcome::Captured => None,
        Outcome::TempFail(cause) | Outcome::PermFail(cause) => Some(cause.reply().to_string()),
    }
}

mod words {
    pub const TITLE: &str = "What happened";
    pub const UTC: &str = "all times UTC";
    pub const NO_TLS: &str = "no TLS";
}
