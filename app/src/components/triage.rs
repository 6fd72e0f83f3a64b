//! Going through a list by keyboard: `j` and `k` to the next and previous row, Enter opens it, `x` ticks its box. Only in
//! the browser; everything it reaches is also a link or a box.

use crate::components::hydrated::use_hydrated;
use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent};

/// Listens for the keys while the list is there, and says which there are.
#[component]
pub fn Triage() -> impl IntoView {
    Effect::new(|| {
        let handle = window_event_listener(ev::keydown, |event| {
            if !is_free(&event) {
                return;
            }
            match event.key().as_str() {
                "j" => step(1),
                "k" => step(-1),
                "x" => tick(),
                _ => return,
            }
            event.prevent_default();
        });
        on_cleanup(move || handle.remove());
    });
    let hydrated = use_hydrated();
    move || {
        hydrated.get().then(|| {
            view! {
                <p class="soft">
                    <kbd>"j"</kbd>" and "<kbd>"k"</kbd>" go through the rows, "<kbd>"Enter"</kbd>" opens one, "
                    <kbd>"x"</kbd>" chooses it."
                </p>
            }
        })
    }
}

/// No key of the browser's, nothing is being typed, no dialog is open.
fn is_free(event: &KeyboardEvent) -> bool {
    if event.ctrl_key() || event.meta_key() || event.alt_key() || event.default_prevented() {
        return false;
    }
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let typing = target.is_some_and(|element| {
        let kind = element.get_attribute("type").unwrap_or_default();
        match element.tag_name().as_str() {
            "TEXTAREA" | "SELECT" => true,
            "INPUT" => kind != "checkbox",
            _ => false,
        }
    });
    !typing && document().query_selector("dialog[open]").is_ok_and(|found| found.is_none())
}

/// The links of the rows.
fn rows() -> Vec<HtmlElement> {
    let Ok(found) = document().query_selector_all("main a.row") else { return Vec::new() };
    (0..found.length()).filter_map(|at| found.item(at)?.dyn_into().ok()).collect()
}

/// The row that has the focus.
fn here() -> Option<Element> {
    document().active_element().and_then(|element| element.closest("tr").ok().flatten())
}

fn step(by: i32) {
    let rows = rows();
    let now = here().and_then(|row| rows.iter().position(|link| row.contains(Some(link))));
    let last = rows.len().saturating_sub(1);
    let next = match (now, by > 0) {
        (None, true) => 0,
        (None, false) => last,
        (Some(at), true) => (at + 1).min(last),
        (Some(at), false) => at.saturating_sub(1),
    };
    if let Some(link) = rows.get(next) {
        let _ = link.focus();
    }
}

fn tick() {
    let tickbox = here().and_then(|row| row.query_selector("input[type=checkbox]").ok().flatten());
    if let Some(tickbox) = tickbox.and_then(|found| found.dyn_into::<HtmlElement>().ok()) {
        tickbox.click();
    }
}
