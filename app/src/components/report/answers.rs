//! What was asked of DNS for a report, and what was said: by the authoritative servers, by our resolver beside them, and
//! as dig prints it.

use crate::components::{card::Card, text, time::Time, views::Views};
use leptos::prelude::*;
use relay_types::{finding::LookedUp, reverse::ServerAnswer};

/// All answers; each opens.
#[component]
pub fn Answers(answers: Vec<LookedUp>) -> impl IntoView {
    if answers.is_empty() {
        return ().into_any();
    }
    let note = text::count(answers.len() as u64, "question", "questions");
    view! {
        <Card title="What DNS said" note flush=true>
            <ul class="answers">{answers.into_iter().map(|answer| view! { <Answer answer/> }).views()}</ul>
        </Card>
    }
    .into_any()
}

/// The anchor of a question.
pub fn anchor(question: &str) -> String {
    format!("asked-{}", question.replace(|c: char| !c.is_ascii_alphanumeric(), "-").to_lowercase())
}

#[component]
fn Answer(answer: LookedUp) -> impl IntoView {
    let LookedUp { question, said, records, ttl, servers, resolver, dig, asked_at } = answer;
    let id = anchor(&question);
    let kept = ttl.map(|ttl| match records.is_empty() {
        true => format!(" · absence is kept {ttl} s"),
        false => format!(" · TTL {ttl} s"),
    });
    view! {
        <li>
            <details>
                <summary>
                    <code>{question}</code>
                    <small>{said}</small>
                </summary>
                <div class="opened" id=id>
                    <small>"Asked " <Time at=asked_at/> {kept}</small>
                    <ul class="plain">
                        {servers.into_iter().map(|answer| view! { <Said answer/> }).views()}
                        {resolver.map(|answer| view! { <Said answer resolver=true/> })}
                    </ul>
                    <pre class="dialogue wraps">{dig}</pre>
                </div>
            </details>
        </li>
    }
    .into_any()
}

#[component]
fn Said(answer: ServerAnswer, #[prop(optional)] resolver: bool) -> impl IntoView {
    let who = if resolver { "Our resolver " } else { "" };
    view! {
        <li>
            {who}
            <span class="mono">{answer.server}</span>
            ": "
            {answer.said}
        </li>
    }
    .into_any()
}
