//! Whether the browser's side runs: for the few controls that do nothing without it.

use leptos::prelude::*;

/// False on the server and while hydrating, true after. `disabled=move || !hydrated.get()`.
pub fn use_hydrated() -> ReadSignal<bool> {
    let (hydrated, set_hydrated) = signal(false);
    Effect::new(move || set_hydrated.set(true));
    hydrated
}
