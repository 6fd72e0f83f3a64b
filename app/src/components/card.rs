//! Boxes: a card with a heading, a list of facts, a row of numbers.

use crate::components::{
    notice::Go,
    status::{Dot, Tone},
};
use leptos::prelude::*;

/// A bordered part of a page with a heading.
#[component]
pub fn Card(
    /// Heading.
    #[prop(into)]
    title: String,
    /// Small text at the right of the heading.
    #[prop(optional, into)]
    note: Option<String>,
    /// A link at the right of the heading.
    #[prop(optional, into)]
    link: Option<Go>,
    /// Leave no room around the content (tables and lists bring their own).
    #[prop(optional)]
    flush: bool,
    /// Content.
    children: Children,
) -> impl IntoView {
    view! {
        <section class="card">
            <header>
                <h2>{title}</h2>
                {note.map(|note| view! { <span class="push">{note}</span> })}
                {link.map(|link| view! { <a class="push" href=link.href>{link.text}</a> })}
            </header>
            <div class=if flush { "flush" } else { "pad" }>{children()}</div>
        </section>
    }
}

/// A list of terms and their values; holds `Fact`s.
#[component]
pub fn Facts(children: Children) -> impl IntoView {
    view! { <dl class="facts">{children()}</dl> }
}

/// A term and its value.
#[component]
pub fn Fact(
    /// The term.
    #[prop(into)]
    term: String,
    /// Set in monospace: addresses, ids, records.
    #[prop(optional)]
    mono: bool,
    /// The value.
    children: Children,
) -> impl IntoView {
    view! {
        <dt>{term}</dt>
        <dd class:mono=mono>{children()}</dd>
    }
}

/// A row of numbers; holds `Tile`s.
#[component]
pub fn Tiles(children: Children) -> impl IntoView {
    view! { <div class="tiles">{children()}</div> }
}

/// One number that leads to its list.
#[component]
pub fn Tile(
    /// What is counted.
    #[prop(into)]
    label: String,
    /// Its dot.
    #[prop(optional)]
    tone: Option<Tone>,
    /// How many.
    value: u64,
    /// Small text below; an empty one keeps the place.
    #[prop(optional, into)]
    note: String,
    /// The list.
    #[prop(into)]
    href: String,
) -> impl IntoView {
    view! {
        <a class="tile" href=href>
            <span class="label">{tone.map(|tone| view! { <Dot tone/> })} {label}</span>
            <span class="number">{crate::components::text::number(value)}</span>
            <span class="note">{note}</span>
        </a>
    }
}

/// A list of things that each have a dot, words, and a way to mend them; holds `Item`s.
#[component]
pub fn Items(children: Children) -> impl IntoView {
    view! { <ul class="items">{children()}</ul> }
}

/// One thing of `Items`.
#[component]
pub fn Item(
    /// Its dot.
    tone: Tone,
    /// Small text below.
    #[prop(optional, into)]
    note: Option<String>,
    /// Where it is mended.
    #[prop(optional, into)]
    link: Option<Go>,
    /// The link is a file to keep, not a page: the browser takes it, not the router.
    #[prop(optional)]
    download: bool,
    /// What it is.
    children: Children,
) -> impl IntoView {
    view! {
        <li>
            <Dot tone/>
            <div>{children()} {note.map(|note| view! { <small>{note}</small> })}</div>
            {link.map(|link| view! { <a class="go" href=link.href download=download.then_some("")>{link.text}</a> })}
        </li>
    }
}
