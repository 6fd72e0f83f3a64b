//! What happened, in order; and what was said to a mail server.

use crate::components::{
    status::Tone,
    time::{Time, TimeStyle},
};
use leptos::prelude::*;
use relay_types::{Timestamp, message::DialogueLine};

/// A list of things that happened; holds `Moment`s.
#[component]
pub fn Timeline(children: Children) -> impl IntoView {
    view! { <ol class="timeline">{children()}</ol> }
}

/// One thing that happened. Children (a `Dialogue`, small text) stand below it.
#[component]
pub fn Moment(
    /// Its dot.
    tone: Tone,
    /// When.
    at: Timestamp,
    /// How the moment is written.
    #[prop(default = TimeStyle::Clock)]
    style: TimeStyle,
    /// What happened: `view! { … }.into_any()`.
    title: AnyView,
    /// Details on one line.
    #[prop(optional, into)]
    note: Option<String>,
    /// More.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <li class=tone.class()>
            <div class="head">
                <div>{title}</div>
                <Time at style/>
            </div>
            {note.map(|note| view! { <small>{note}</small> })}
            {children.map(|children| children())}
        </li>
    }
    .into_any()
}

/// The SMTP dialogue of an attempt. `S` is the next hop, `C` is us; refusals stand out.
#[component]
pub fn Dialogue(
    /// What was said, in order.
    lines: Vec<DialogueLine>,
) -> impl IntoView {
    view! {
        <pre class="dialogue" tabindex="0" role="region" aria-label="SMTP dialogue">
            {lines
                .into_iter()
                .map(|line| {
                    let failed = !line.ours && line.text.starts_with(['4', '5']);
                    let who = if line.ours { "C " } else { "S " };
                    view! { <span class:failed=failed><i>{who}</i>{line.text}"\n"</span> }
                })
                .collect_view()}
        </pre>
    }
}
