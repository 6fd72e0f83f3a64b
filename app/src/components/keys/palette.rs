//! The palette: a combobox over places and projects, which the page knows, and over messages and service accounts,
//! which the server is asked for once the person stops typing.

use super::Jump;
use crate::{
    api::search::Search,
    components::{status::message_state, text, views::Views},
    wire::ask,
};
use leptos::{html, prelude::*, task::spawn_local};
use relay_types::search::Found;
use std::time::Duration;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent};

/// The server is asked when nothing was typed for so long.
const PAUSE: Duration = Duration::from_millis(200);

/// What is typed and what the server found for it.
#[derive(Clone, Copy)]
struct Typing {
    typed: RwSignal<String>,
    found: RwSignal<Found>,
    /// Place of the option that Enter opens.
    chosen: RwSignal<usize>,
    /// How many there are, for screen readers; empty until the person has paused.
    told: RwSignal<String>,
    /// Counts what was typed, so that a late answer is dropped.
    turn: StoredValue<u32>,
}

/// The dialog.
#[component]
pub(super) fn Palette(node: NodeRef<html::Dialog>, jumps: Vec<Jump>) -> impl IntoView {
    let typing = Typing {
        typed: RwSignal::new(String::new()),
        found: RwSignal::new(Found::default()),
        chosen: RwSignal::new(0),
        told: RwSignal::new(String::new()),
        turn: StoredValue::new(0),
    };
    let options = Memo::new(move |_| options(&jumps, &typing.typed.read(), &typing.found.read()));
    let none = move || options.with(Vec::is_empty);
    let active = move || (!none()).then(|| id_of(typing.chosen.get()));
    let close = move |_| {
        if let Some(dialog) = node.try_get_untracked().flatten() {
            dialog.close();
        }
    };
    view! {
        <dialog node_ref=node class="dialog palette" aria-label=words::TITLE on:close=move |_| typing.type_in(String::new(), options)>
            <input
                type="text"
                role="combobox"
                aria-label=words::TITLE
                aria-expanded="true"
                aria-controls="palette-options"
                aria-autocomplete="list"
                aria-activedescendant=active
                placeholder=words::EXAMPLE
                autocomplete="off"
                prop:value=typing.typed
                on:input:target=move |event| typing.type_in(event.target().value(), options)
                on:keydown=move |event| on_keydown(&event, typing.chosen, options)
            />
            <p class="unseen" role="status">
                {typing.told}
            </p>
            <div id="palette-options" role="listbox" aria-label=words::OPTIONS hidden=none on:click=close>
                {move || {
                    options
                        .get()
                        .into_iter()
                        .enumerate()
                        .map(|(place, jump)| {
                            let selected = move || if typing.chosen.get() == place { "true" } else { "false" };
                            view! {
                                <a id=id_of(place) role="option" tabindex="-1" aria-selected=selected href=jump.href>
                                    <span>{jump.text}</span>
                                    <small>{jump.kind}</small>
                                </a>
                            }
                        })
                        .views()
                }}
            </div>
            <p class="none" hidden=move || !none()>
                {words::NONE}
            </p>
        </dialog>
    }
}

impl Typing {
    fn type_in(self, text: String, options: Memo<Vec<Jump>>) {
        if self.typed.with_untracked(|typed| *typed == text) {
            return;
        }
        self.turn.update_value(|turn| *turn += 1);
        let this = self.turn.get_value();
        self.chosen.set(0);
        self.told.set(String::new());
        if text.trim().chars().count() < 2 {
            self.found.set(Found::default());
        }
        self.typed.set(text);
        set_timeout(move || self.ask(this, options), PAUSE);
    }

    fn ask(self, this: u32, options: Memo<Vec<Jump>>) {
        if self.turn.try_get_value() != Some(this) {
            return;
        }
        let text = self.typed.get_untracked();
        if text.is_empty() {
            return;
        }
        spawn_local(async move {
            let found = ask(Search { typed: text }).await.unwrap_or_default();
            if self.turn.try_get_value() == Some(this) {
                self.found.set(found);
                let count = options.with_untracked(Vec::len) as u64;
                self.told.set(text::count(count, "result", "results"));
            }
        });
    }
}

fn on_keydown(event: &KeyboardEvent, chosen: RwSignal<usize>, options: Memo<Vec<Jump>>) {
    let count = options.with_untracked(Vec::len);
    let step = match event.key().as_str() {
        "ArrowDown" => 1,
        "ArrowUp" => count.saturating_sub(1),
        "Enter" => 0,
        _ => return,
    };
    event.prevent_default();
    if count == 0 {
        return;
    }
    let place = (chosen.get_untracked().min(count - 1) + step) % count;
    chosen.set(place);
    let option = document().get_element_by_id(&id_of(place)).and_then(|option| option.dyn_into::<HtmlElement>().ok());
    let Some(option) = option else { return };
    match event.key().as_str() {
        "Enter" => option.click(),
        key => option.scroll_into_view_with_bool(key == "ArrowUp"),
    }
}

fn id_of(place: usize) -> String {
    format!("palette-option-{place}")
}

/// What matches: first what the page knows.
fn options(jumps: &[Jump], typed: &str, found: &Found) -> Vec<Jump> {
    let typed = typed.trim().to_lowercase();
    let known = jumps.iter().filter(|jump| jump.text.to_lowercase().contains(&typed)).cloned();
    let messages = found.messages.iter().map(|message| Jump {
        href: format!("/p/{}/messages/{}", message.project, message.id),
        text: if message.subject.is_empty() { words::NO_SUBJECT.to_owned() } else { message.subject.clone() },
        kind: format!("{} · {}", message.first_recipient, message_state(message.state).1),
    });
    let accounts = found.service_accounts.iter().map(|account| Jump {
        href: format!("/p/{}/service-accounts/{}", account.project, account.id),
        text: account.label.clone(),
        kind: format!("{} · {}", words::ACCOUNT, account.username),
    });
    known.chain(messages).chain(accounts).collect()
}

mod words {
    pub const TITLE: &str = "Go to";
    pub const EXAMPLE: &str = "A place, project, message or service account";
    pub const OPTIONS: &str = "What matches";
    pub const NONE: &str =
        "Nothing matches. A message is found by its queue id, an address, or words of its subject or sender.";
    pub const NO_SUBJECT: &str = "(no subject)";
    pub const ACCOUNT: &str = "Service account";
}
