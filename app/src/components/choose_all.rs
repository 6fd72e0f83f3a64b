//! One box for all boxes of a list. It needs the browser's side, so without that it is not there.

use crate::components::hydrated::use_hydrated;
use leptos::{ev, html, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;

/// Ticks and unticks the boxes called `name` in the same form, and says how many are ticked.
#[component]
pub fn ChooseAll(
    /// The argument that the boxes send.
    name: &'static str,
    /// Words beside it, with what is chosen: "Choose all 12 that wait".
    #[prop(into)]
    label: String,
) -> impl IntoView {
    let hydrated = use_hydrated();
    let label = StoredValue::new(label);
    move || hydrated.get().then(|| view! { <Shown name label=label.get_value()/> })
}

#[component]
fn Shown(name: &'static str, label: String) -> impl IntoView {
    let node = NodeRef::<html::Input>::new();
    let chosen = RwSignal::new(Chosen::default());
    let look = move || {
        if let Some(boxes) = node.try_get_untracked().flatten().map(|all| boxes(&all, name)) {
            chosen.set(Chosen::of(&boxes));
        }
    };
    let choose = move |_| {
        let Some(all) = node.get_untracked() else { return };
        boxes(&all, name).iter().for_each(|one| one.set_checked(all.checked()));
        look();
    };
    Effect::new(move || {
        node.track();
        look();
        let handle = window_event_listener(ev::change, move |_| look());
        on_cleanup(move || handle.remove());
    });
    view! {
        <label class="all">
            <input
                type="checkbox"
                node_ref=node
                prop:checked=move || chosen.get().is_all()
                prop:indeterminate=move || chosen.get().is_some()
                on:change=choose
            />
            {label}
        </label>
        <span class="soft" role="status">
            {move || chosen.get().words()}
        </span>
    }
}

/// The boxes of the form around.
fn boxes(all: &HtmlInputElement, name: &str) -> Vec<HtmlInputElement> {
    let form = all.closest("form").ok().flatten();
    let found = form.and_then(|form| form.query_selector_all(&format!("input[name='{name}']")).ok());
    let found = found.into_iter().flat_map(|found| (0..found.length()).filter_map(move |place| found.item(place)));
    found.filter_map(|node| node.dyn_into().ok()).collect()
}

/// How many of how many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Chosen {
    ticked: usize,
    all: usize,
}

impl Chosen {
    fn of(boxes: &[HtmlInputElement]) -> Self {
        Self { ticked: boxes.iter().filter(|one| one.checked()).count(), all: boxes.len() }
    }

    fn is_all(self) -> bool {
        self.all > 0 && self.ticked == self.all
    }

    /// Some, and not all.
    fn is_some(self) -> bool {
        self.ticked > 0 && self.ticked < self.all
    }

    fn words(self) -> String {
        if self.ticked == 0 { String::new() } else { format!("{} of {} chosen", self.ticked, self.all) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_box_is_ticked_for_all_and_half_ticked_for_some() {
        let said = |ticked, all| {
            let chosen = Chosen { ticked, all };
            (chosen.is_all(), chosen.is_some(), chosen.words())
        };
        assert_eq!(said(0, 0), (false, false, String::new()));
        assert_eq!(said(0, 3), (false, false, String::new()));
        assert_eq!(said(2, 3), (false, true, "2 of 3 chosen".to_owned()));
        assert_eq!(said(3, 3), (true, false, "3 of 3 chosen".to_owned()));
    }
}
