//! The toast after a form: one sentence of `strings::done`, chosen by `?done=` in the URL (`ssr::done` writes it).

use crate::strings;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use std::time::Duration;

/// Shows the toast; the live region is always there, so that screen readers hear what appears in it. In the browser the
/// parameter leaves the address bar (a reload does not repeat it) and the toast goes after a while.
#[component]
pub fn Flash() -> impl IntoView {
    let query = use_query_map();
    // The code, a dot, and the moment, which tells two acts of one kind apart.
    let done = Memo::new(move |_| query.with(|query| query.get("done")));
    let text = move || done.with(|done| strings::done(done.as_deref()?.split('.').next()?));
    let gone = RwSignal::new(false);
    let last = StoredValue::new(0_u32);
    Effect::new(move || {
        if text().is_some() {
            gone.set(false);
            forget_parameter();
            last.update_value(|last| *last += 1);
            let this = last.get_value();
            set_timeout(
                move || {
                    // The clock of an earlier toast does not end a later one.
                    if last.try_get_value() == Some(this) {
                        let _ = gone.try_set(true);
                    }
                },
                Duration::from_secs(6),
            );
        }
    });
    view! {
        <div class="toasts" role="status" aria-live="polite">
            {move || text().filter(|_| !gone.get()).map(|text| view! { <p class="toast">{text}</p> })}
        </div>
    }
}

fn forget_parameter() {
    let location = window().location();
    let (Ok(path), Ok(search), Ok(history)) = (location.pathname(), location.search(), window().history()) else {
        return;
    };
    let kept: Vec<&str> = search
        .trim_start_matches('?')
        .split('&')
        .filter(|pair| !pair.starts_with("done=") && !pair.is_empty())
        .collect();
    let url = if kept.is_empty() { path } else { format!("{path}?{}", kept.join("&")) };
    let _ = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(&url));
}
