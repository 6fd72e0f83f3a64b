//! A button that copies the text before it. Over plain http from another machine, where browsers have no clipboard for
//! pages, it selects that text and copies by the browser's older command. Without JavaScript it stays disabled.

use crate::strings;
use js_sys::futures::JsFuture;
use leptos::{html, prelude::*, task::spawn_local};
use std::time::Duration;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlDocument};

/// Copies `text`, which stands in the element before the button. `what` completes the label for screen readers:
/// `Copy value`.
#[component]
pub fn CopyButton(
    /// What lands on the clipboard.
    #[prop(into)]
    text: String,
    /// What it is, for screen readers.
    #[prop(into)]
    what: String,
) -> impl IntoView {
    let usable = RwSignal::new(false);
    Effect::new(move || usable.set(true));
    let node = NodeRef::<html::Button>::new();
    let said = RwSignal::new(None::<&'static str>);
    let text = StoredValue::new(text);
    let say = move |words| {
        if said.try_set(Some(words)).is_none() {
            set_timeout(
                move || {
                    let _ = said.try_set(None);
                },
                Duration::from_secs(2),
            );
        }
    };
    let on_click = move |_| {
        if !window().is_secure_context() {
            let shown = node.get_untracked().and_then(|button| button.previous_element_sibling());
            say(if shown.is_some_and(|shown| copy_shown(&shown)) { strings::COPIED } else { strings::SELECTED });
            return;
        }
        let promise = window().navigator().clipboard().write_text(&text.read_value());
        spawn_local(async move {
            if JsFuture::from(promise).await.is_ok() {
                say(strings::COPIED);
            }
        });
    };
    view! {
        <button
            node_ref=node
            type="button"
            class="button small copy"
            disabled=move || !usable.get()
            on:click=on_click
        >
            {move || said.get().unwrap_or(strings::COPY)}
            <span class="unseen">" " {what}</span>
            <span class="unseen" role="status">
                {move || said.get()}
            </span>
        </button>
    }
}

/// What the browser does not copy stays selected, for the person's own keys.
fn copy_shown(shown: &Element) -> bool {
    let Ok(Some(selection)) = window().get_selection() else { return false };
    let copy = |document: HtmlDocument| document.exec_command("copy").unwrap_or(false);
    selection.select_all_children(shown).is_ok() && document().dyn_into().is_ok_and(copy)
}
