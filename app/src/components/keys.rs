//! The keyboard: `/` search, `?` help, `g` then a letter for places, Ctrl-K or ⌘K for the palette. Only in the browser;
//! everything it reaches is also a link.

mod palette;

use crate::{
    components::{places::Place, views::Views},
    modules::load_elsewhere,
};
use leptos::{ev, html, prelude::*};
use leptos_router::hooks::use_navigate;
use palette::Palette;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent};

/// A link in the palette.
#[derive(Debug, Clone, PartialEq)]
pub struct Jump {
    /// Address.
    pub href: String,
    /// Words.
    pub text: String,
    /// What it is.
    pub kind: String,
}

/// The two dialogs and the keys that open them.
#[component]
pub fn Keys(
    /// Places with their letters.
    places: Vec<Place>,
    /// What else the palette finds.
    jumps: Vec<Jump>,
) -> impl IntoView {
    let (palette, help) = (NodeRef::<html::Dialog>::new(), NodeRef::<html::Dialog>::new());
    listen(places.iter().map(|place| (place.key, place.href.clone())).collect(), palette, help);
    let shortcuts = places.iter().map(|place| (place.key, place.label)).collect();
    let all = places
        .into_iter()
        .map(|place| Jump { href: place.href, text: place.label.to_owned(), kind: place.section.to_owned() })
        .chain(jumps)
        .collect();
    view! {
        <Palette node=palette jumps=all/>
        <Help node=help shortcuts/>
    }
}

fn listen(letters: Vec<(char, String)>, palette: NodeRef<html::Dialog>, help: NodeRef<html::Dialog>) {
    let navigate = use_navigate();
    // True right after `g`.
    let going = StoredValue::new(false);
    Effect::new(move || {
        let (letters, navigate) = (letters.clone(), navigate.clone());
        let handle = window_event_listener(ev::keydown, move |event: KeyboardEvent| {
            let key = event.key();
            if (event.ctrl_key() || event.meta_key()) && key.eq_ignore_ascii_case("k") {
                event.prevent_default();
                if !asked() {
                    open(palette);
                }
                return;
            }
            if event.ctrl_key() || event.meta_key() || event.alt_key() || typing(&event) || asked() {
                return;
            }
            let went = going.try_get_value().unwrap_or(false);
            going.try_update_value(|going| *going = key == "g" && !went);
            let go = |href: &str| {
                if !load_elsewhere(href) {
                    navigate(href, Default::default());
                }
            };
            let letter = letters.iter().find(|(letter, _)| key.chars().eq([*letter]));
            match (went, key.as_str(), letter) {
                (true, _, Some((_, href))) => go(href),
                (false, "?", _) => open(help),
                (false, "/", _) => {
                    if let Some(field) = document().query_selector("[data-search]").ok().flatten() {
                        event.prevent_default();
                        let _ = field.unchecked_into::<HtmlElement>().focus();
                    }
                }
                _ => {}
            }
        });
        on_cleanup(move || handle.remove());
    });
}

fn typing(event: &KeyboardEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok());
    target.is_some_and(|element| {
        matches!(element.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT") || element.is_content_editable()
    })
}

/// A dialog waits for its answer: what it shows (a secret, perhaps) is not left by a key.
fn asked() -> bool {
    document().query_selector("dialog[open]").is_ok_and(|found| found.is_some())
}

fn open(node: NodeRef<html::Dialog>) {
    if let Some(dialog) = node.try_get_untracked().flatten()
        && !dialog.open()
    {
        let _ = dialog.show_modal();
    }
}

#[component]
fn Help(node: NodeRef<html::Dialog>, shortcuts: Vec<(char, &'static str)>) -> impl IntoView {
    view! {
        <dialog node_ref=node class="dialog" aria-labelledby="help-title">
            <form method="dialog">
                <header>
                    <h2 id="help-title">"Keys"</h2>
                    <button class="button" type="submit">
                        "Close"
                    </button>
                </header>
            </form>
            <dl class="pad keys">
                <dt><kbd>"/"</kbd></dt>
                <dd>"Search this list"</dd>
                <dt><kbd>"Ctrl"</kbd>" "<kbd>"K"</kbd></dt>
                <dd>"Go to a place, project, message or service account"</dd>
                <dt><kbd>"?"</kbd></dt>
                <dd>"This help"</dd>
                {shortcuts
                    .into_iter()
                    .map(|(key, label)| {
                        view! {
                            <dt><kbd>"g"</kbd>" "<kbd>{key.to_string()}</kbd></dt>
                            <dd>{label}</dd>
                        }
                    })
                    .views()}
            </dl>
        </dialog>
    }
}
