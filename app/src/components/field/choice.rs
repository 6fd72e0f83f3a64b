//! Inputs that offer what there is: a list to open, a box to tick, a few to choose from.

use super::{Frame, frame, shown};
use crate::components::{form::FormState, views::Views};
use leptos::prelude::*;

/// One of a few: values with their words.
#[component]
pub fn SelectField(
    /// The server function's argument.
    name: &'static str,
    /// What it is.
    label: &'static str,
    /// What follows from the choice.
    #[prop(default = "")]
    hint: &'static str,
    /// Values and words.
    options: Vec<(String, String)>,
    /// The value chosen at first.
    #[prop(optional, into)]
    value: String,
) -> impl IntoView {
    let frame = frame(name, !hint.is_empty());
    let now = frame.posted.clone().unwrap_or(value);
    let input = view! {
        <select
            id=frame.id.clone()
            name=name
            autofocus=frame.autofocus(false)
            aria-invalid=frame.invalid()
            aria-describedby=frame.described_by()
        >
            {options
                .into_iter()
                .map(|(value, text)| {
                    let selected = value == now;
                    view! { <option value=value selected=selected>{text}</option> }
                })
                .views()}
        </select>
    };
    frame.around(label, hint, input.into_any())
}

/// Yes or no. The argument is `Option<String>`: `Some("on")` or `None`.
#[component]
pub fn CheckField(
    /// The server function's argument.
    name: &'static str,
    /// What is so when it is ticked.
    label: &'static str,
    /// What follows from it.
    #[prop(default = "")]
    hint: &'static str,
    /// Ticked at first.
    #[prop(optional)]
    checked: bool,
) -> impl IntoView {
    let frame = frame(name, !hint.is_empty());
    let replied = use_context::<FormState>().is_some_and(|form| form.is_reply());
    let checked = if replied { frame.posted.is_some() } else { checked };
    let (invalid, described_by, autofocus) = (frame.invalid(), frame.described_by(), frame.autofocus(false));
    let told = frame.told();
    let Frame { id, error, described, .. } = frame;
    view! {
        <div class="field check" class:wrong=move || shown(error).is_some()>
            <input
                id=id.clone()
                name=name
                type="checkbox"
                checked=checked
                autofocus=autofocus
                aria-invalid=invalid
                aria-describedby=described_by
            />
            <label for=id>{label}</label>
            {described.map(|id| view! { <p class="hint" id=id>{hint}</p> })}
            {told}
        </div>
    }
}

/// One of a few, all in sight: values, words, and what follows from each.
#[component]
pub fn RadioField(
    /// The server function's argument.
    name: &'static str,
    /// What is chosen.
    label: &'static str,
    /// Values, words, hints (empty for none).
    options: Vec<(&'static str, &'static str, &'static str)>,
    /// The value chosen at first.
    #[prop(optional, into)]
    value: String,
) -> impl IntoView {
    let frame = frame(name, false);
    let now = frame.posted.clone().unwrap_or(value);
    let (invalid, described_by, autofocus) = (frame.invalid(), frame.described_by(), frame.autofocus(false));
    let told = frame.told();
    let Frame { id, error, .. } = frame;
    view! {
        <fieldset class="field" class:wrong=move || shown(error).is_some() aria-describedby=described_by>
            <legend>{label}</legend>
            {options
                .into_iter()
                .map(|(value, text, hint)| {
                    let id = format!("{id}-{value}");
                    let checked = value == now;
                    view! {
                        <div class="radio">
                            <input
                                id=id.clone()
                                type="radio"
                                name=name
                                value=value
                                checked=checked
                                autofocus=autofocus && checked
                                aria-invalid=invalid.clone()
                            />
                            <label for=id>{text} {(!hint.is_empty()).then(|| view! { <small>{hint}</small> })}</label>
                        </div>
                    }
                })
                .views()}
            {told}
        </fieldset>
    }
}
