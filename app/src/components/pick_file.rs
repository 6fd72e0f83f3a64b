//! Reads a file of text into a textarea of the same form. It needs the browser's side, so without that it is not there;
//! the text can be pasted instead.

use crate::components::hydrated::use_hydrated;
use js_sys::futures::JsFuture;
use leptos::{html, prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;
use web_sys::HtmlTextAreaElement;

/// An input for a file whose text lands in the textarea called `into`.
#[component]
pub fn PickFile(into: &'static str) -> impl IntoView {
    let hydrated = use_hydrated();
    let node = NodeRef::<html::Input>::new();
    let read = move |_| {
        let Some(input) = node.get_untracked() else { return };
        let Some(file) = input.files().and_then(|files| files.get(0)) else { return };
        let form = input.closest("form").ok().flatten();
        let field = form.and_then(|form| form.query_selector(&format!("textarea[name='{into}']")).ok().flatten());
        let Some(field) = field.and_then(|field| field.dyn_into::<HtmlTextAreaElement>().ok()) else { return };
        spawn_local(async move {
            if let Ok(text) = JsFuture::from(file.text()).await {
                field.set_value(&text.as_string().unwrap_or_default());
            }
        });
    };
    move || {
        hydrated.get().then(|| {
            view! {
                <label class="field">
                    <span>"A file"</span>
                    <input node_ref=node type="file" accept=".csv,text/csv,text/plain" on:change=read/>
                </label>
            }
        })
    }
}
