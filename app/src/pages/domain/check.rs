//! "Check now", and how far the check is: what was asked about, and what is waited for.

use crate::{
    api::domains::{CheckDomain, LoadCheckProgress},
    components::{prelude::*, status::Dot},
    wire::{self, Call},
};
use leptos::{prelude::*, task::spawn_local};
use relay_types::finding::Step;
use std::time::Duration;

/// How often it is asked how far a check is.
const AGAIN: Duration = Duration::from_millis(400);

/// The button, and the progress while it is pressed.
#[component]
pub fn Check(id: String) -> impl IntoView {
    let form = use_form::<CheckDomain>();
    let pending = form.pending;
    let steps = RwSignal::new(Vec::<Step>::new());
    let call = Call::of(&LoadCheckProgress { slug: use_slug().get_untracked(), id: id.clone() });
    Effect::new(move || {
        if pending.get() {
            follow(call.clone(), pending, steps);
        } else {
            steps.set(Vec::new());
        }
    });
    view! {
        <PostForm form inline=true>
            <HiddenSlug/>
            <HiddenId id/>
            <Submit>"Check now"</Submit>
        </PostForm>
        <p class="unseen" role="status">
            {move || pending.get().then_some("Asking DNS")}
        </p>
        <ul class="asking" aria-label="What DNS is asked about">
            {move || steps.get().into_iter().map(|step| view! { <StepLine step/> }).views()}
        </ul>
    }
}

#[component]
fn StepLine(step: Step) -> impl IntoView {
    let (tone, word) = if step.done { (Tone::Good, "answered") } else { (Tone::Info, "waiting") };
    view! {
        <li>
            <Dot tone/>
            {step.subject.title()}
            " "
            <small>{word}</small>
        </li>
    }
}

/// Asks until the form is done. An answer that does not come is asked for again: the check goes on without it.
fn follow(call: Call, pending: Signal<bool>, steps: RwSignal<Vec<Step>>) {
    spawn_local(async move {
        let answer = wire::post(call.clone()).await;
        if pending.try_get_untracked() != Some(true) {
            return;
        }
        if let Some(now) = answer.ok().and_then(|json| wire::from_json::<Option<Vec<Step>>>(&json).ok()).flatten() {
            steps.try_set(now);
        }
        set_timeout(move || follow(call, pending, steps), AGAIN);
    });
}
