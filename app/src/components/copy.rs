//! A button that copies a text. Without JavaScript, and over plain http from another machine, where browsers have no
//! clipboard for pages, it stays disabled; the text beside it can be selected.

use crate::strings;
use js_sys::futures::JsFuture;
use leptos::{prelude::*, task::spawn_local};
use std::time::Duration;

/// Copies `text`. `what` completes the label for screen readers: `Copy value`.
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
    Effect::new(move || usable.set(window().is_secure_context()));
    let copied = RwSignal::new(false);
    let text = StoredValue::new(text);
    let on_click = move |_| {
        let promise = window().navigator().clipboard().write_text(&text.read_value());
        spawn_local(async move {
            if JsFuture::from(promise).await.is_ok() && copied.try_set(true).is_none() {
                set_timeout(
                    move || {
                        let _ = copied.try_set(false);
                    },
                    Duration::from_secs(2),
                );
            }
        });
    };
    view! {
        <button type="button" class="button small copy" disabled=move || !usable.get() on:click=on_click>
            {move || if copied.get() { strings::COPIED } else { strings::COPY }}
            <span class="unseen">" " {what}</span>
            <span class="unseen" role="status">
                {move || copied.get().then_some(strings::COPIED)}
            </span>
        </button>
    }
}
