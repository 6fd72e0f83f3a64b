//! How SPF was evaluated (RFC 7208), term by term, with the look-ups that count.

use crate::components::{text, views::Views};
use leptos::prelude::*;
use relay_types::spf::{SpfEvaluation, SpfStep};

/// Look-ups an evaluation may use (RFC 7208 §4.6.4).
const LOOKUPS: u32 = 10;

/// Look-ups without an answer it may use.
const VOIDS: u32 = 2;

/// What each evaluation used; each opens as a tree.
#[component]
pub fn Evaluations(evaluations: Vec<SpfEvaluation>) -> impl IntoView {
    evaluations.into_iter().map(|evaluation| view! { <Evaluation evaluation/> }).views()
}

#[component]
fn Evaluation(evaluation: SpfEvaluation) -> impl IntoView {
    let SpfEvaluation { ip, domain, result, because, explanation, lookups, voids, steps, .. } = evaluation;
    let voids = (voids > 0).then(|| format!(" and {voids} of {VOIDS} without an answer"));
    let used = format!("{lookups} of {LOOKUPS} look-ups used");
    view! {
        <details class="evaluation">
            <summary>
                <span class="soft">{used} {voids} ". "</span>
                <span class="shows">"Show how it is evaluated"</span>
                <span class="soft">" for " {ip.to_string()}</span>
            </summary>
            <p>
                <b>{result.as_str()}</b>
                ": "
                {because}
            </p>
            {explanation.map(|said| view! { <p>{domain.clone()} " says: " {said}</p> })}
            <ol class="tree">{steps.into_iter().map(|step| view! { <Step step/> }).views()}</ol>
        </details>
    }
    .into_any()
}

#[component]
fn Step(step: SpfStep) -> impl IntoView {
    let SpfStep { depth, domain, term, said, decided, lookups } = step;
    let level = depth.min(LOOKUPS);
    let begins = term.to_ascii_lowercase().starts_with("v=spf1");
    let count = text::count(u64::from(lookups), "look-up", "look-ups");
    view! {
        <li class:decided=decided>
            {(0..level).map(|_| view! { <i aria-hidden="true"></i> }).views()}
            <span class="unseen">"Level " {depth} ": "</span>
            <span class="term">
                {begins.then(|| view! { <small>{domain}</small> })}
                <code>{term}</code>
            </span>
            <span class="said">
                {decided.then_some("→ ")}
                {said}
            </span>
            <small class="count">{count}</small>
        </li>
    }
    .into_any()
}
