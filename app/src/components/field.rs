//! Inputs of a `PostForm`: label above, hint below it, error at the field. What was sent stays; passwords never do.

mod choice;

pub use choice::{CheckField, RadioField, SelectField};

use crate::components::{
    form::{FormReply, FormState},
    raw_text::SafeTextarea,
};
use leptos::prelude::*;

/// Judges what was typed, in the browser, when the field is left: `None` or a sentence that says what to type. The
/// checks of `crate::typed` are the server's own parsers.
pub type Check = fn(&str) -> Option<String>;

/// What the browser found when the field was left.
#[derive(Clone, PartialEq, Eq)]
enum Judged {
    /// Nothing yet: what the server said counts.
    Not,
    /// It can be sent, so the server's last error is mended.
    Fine,
    /// What to type instead.
    Wrong(String),
}

/// What every input shares: its id, its error, and the texts around it.
#[derive(Clone)]
struct Frame {
    id: String,
    error: Signal<Option<String>>,
    judged: RwSignal<Judged>,
    posted: Option<String>,
    described: Option<String>,
    focused: Option<bool>,
}

fn frame(name: &'static str, has_hint: bool) -> Frame {
    let form = use_context::<FormState>();
    let id = form.map_or_else(|| name.to_owned(), |form| form.register(name));
    let judged = RwSignal::new(Judged::Not);
    let told = form.map_or_else(|| Signal::stored(None), |form| form.error_of(name));
    if let Some(form) = form {
        // Once it is sent, only the server's word counts.
        Effect::new(move || {
            if form.pending.get() {
                judged.set(Judged::Not);
            }
        });
    }
    Frame {
        error: Signal::derive(move || match judged.get() {
            Judged::Not => told.get(),
            Judged::Fine => None,
            Judged::Wrong(reason) => Some(reason),
        }),
        judged,
        posted: form.and_then(|form| form.posted(name)),
        focused: use_context::<FormReply>().filter(|reply| reply.names_field()).map(|reply| {
            form.is_some_and(|form| form.is_reply())
                && reply.outcome.err().is_some_and(|error| error.field() == Some(name))
        }),
        described: has_hint.then(|| format!("{id}-hint")),
        id,
    }
}

/// The error there is. A field that has the focus is left, and judged, also when its page goes away; then there is none.
fn shown(error: Signal<Option<String>>) -> Option<String> {
    error.try_get().flatten()
}

impl Frame {
    /// `aria-describedby`: the error first, then the hint.
    fn described_by(&self) -> impl Fn() -> Option<String> + Send + Sync + Clone + 'static + use<> {
        let Self { id, error, described, .. } = self.clone();
        move || match (shown(error).is_some(), &described) {
            (true, Some(hint)) => Some(format!("{id}-error {hint}")),
            (true, None) => Some(format!("{id}-error")),
            (false, hint) => hint.clone(),
        }
    }

    fn invalid(&self) -> impl Fn() -> Option<&'static str> + Send + Sync + Clone + 'static + use<> {
        let error = self.error;
        move || shown(error).map(|_| "true")
    }

    /// What listens to the field being left. Not for a button: an error that comes or goes moves the button away under
    /// the pointer, and the press would be lost. The server judges what is sent anyway.
    fn judge(&self, check: Option<Check>) -> impl Fn(leptos::ev::FocusEvent) + 'static + use<> {
        use wasm_bindgen::JsCast;
        let judged = self.judged;
        move |event| {
            let next = event.related_target().and_then(|next| next.dyn_into::<web_sys::Element>().ok());
            if let Some(check) = check.filter(|_| next.is_none_or(|next| next.tag_name() != "BUTTON")) {
                let typed = event_target_value(&event);
                judged.set(match check(&typed) {
                    _ if typed.trim().is_empty() => Judged::Not,
                    Some(reason) => Judged::Wrong(reason),
                    None => Judged::Fine,
                });
            }
        }
    }

    /// Where the cursor is when the page opens: in the answer to a plain post at the wrong field and nowhere else (a
    /// password is never sent back, so it is the error that decides), otherwise where the page wants it.
    fn autofocus(&self, wanted: bool) -> bool {
        self.focused.unwrap_or(wanted)
    }

    fn around(self, label: &'static str, hint: &'static str, input: AnyView) -> AnyView {
        let told = self.told();
        let Self { id, error, described, .. } = self;
        view! {
            <div class="field" class:wrong=move || shown(error).is_some()>
                <label for=id>{label}</label>
                {described.map(|id| view! { <p class="hint" id=id>{hint}</p> })}
                {input}
                {told}
            </div>
        }
        .into_any()
    }

    /// The error, below the input.
    fn told(&self) -> AnyView {
        let (error, id) = (self.error, format!("{}-error", self.id));
        let told = move || {
            let id = id.clone();
            shown(error).map(|error| view! { <p class="error" id=id>{error}</p> })
        };
        told.into_any()
    }
}

/// One line of text.
#[component]
pub fn TextField(
    /// The server function's argument.
    name: &'static str,
    /// What it is.
    label: &'static str,
    /// What to type, in a sentence.
    #[prop(default = "")]
    hint: &'static str,
    /// What it holds at first.
    #[prop(optional, into)]
    value: String,
    /// `text`, `email`, `url`, `number`, `password`, `date`, `datetime-local`.
    #[prop(default = "text")]
    kind: &'static str,
    /// What browsers may fill in: `email`, `current-password`, `new-password`, `one-time-code`, or `off`.
    #[prop(default = "off")]
    autocomplete: &'static str,
    /// It may not stay empty.
    #[prop(default = true)]
    required: bool,
    /// The cursor is here when the page opens.
    #[prop(optional)]
    focus: bool,
    /// Set in monospace.
    #[prop(optional)]
    mono: bool,
    /// Judges it in the browser.
    #[prop(optional, into)]
    check: Option<Check>,
) -> impl IntoView {
    let frame = frame(name, !hint.is_empty());
    let kept = if kind == "password" { None } else { frame.posted.clone() };
    let input = view! {
        <input
            id=frame.id.clone()
            name=name
            type=kind
            value=kept.unwrap_or(value)
            autocomplete=autocomplete
            spellcheck="false"
            required=required
            autofocus=frame.autofocus(focus)
            class:mono=mono
            aria-invalid=frame.invalid()
            aria-describedby=frame.described_by()
            on:focusout=frame.judge(check)
        />
    };
    frame.around(label, hint, input.into_any())
}

/// Several lines of text.
#[component]
pub fn TextareaField(
    /// The server function's argument.
    name: &'static str,
    /// What it is.
    label: &'static str,
    /// What to type, in a sentence.
    #[prop(default = "")]
    hint: &'static str,
    /// What it holds at first.
    #[prop(optional, into)]
    value: String,
    /// Set in monospace.
    #[prop(optional)]
    mono: bool,
    /// Judges it in the browser.
    #[prop(optional, into)]
    check: Option<Check>,
) -> impl IntoView {
    let frame = frame(name, !hint.is_empty());
    let value = frame.posted.clone().unwrap_or(value);
    let (invalid, described_by, autofocus) = (frame.invalid(), frame.described_by(), frame.autofocus(false));
    let judge = frame.judge(check);
    let input = view! {
        <SafeTextarea
            name
            value
            attr:id=frame.id.clone()
            attr:rows="4"
            attr:spellcheck="false"
            attr:autofocus=autofocus
            class:mono=mono
            on:focusout=judge
            attr:aria-invalid=invalid
            attr:aria-describedby=described_by
        />
    };
    frame.around(label, hint, input.into_any())
}

/// One's own password, asked for only when the server did: it was last typed too long ago for what the form does. The
/// argument is `password: Option<String>`, given to `ssr::actor_with`.
#[component]
pub fn StepUp() -> impl IntoView {
    let form = use_context::<FormState>();
    // Its errors have a place, even before the place is there.
    if let Some(form) = form {
        form.register("password");
    }
    let told = form.map_or_else(|| Signal::stored(None), |form| form.error_of("password"));
    // Once asked for it stays, also while the answer is on its way.
    let asked = Memo::new(move |before: Option<&bool>| before.copied().unwrap_or(false) || told.with(Option::is_some));
    move || {
        asked.get().then(|| {
            view! {
                <TextField
                    name="password"
                    label="Your password"
                    kind="password"
                    autocomplete="current-password"
                    required=false
                />
            }
        })
    }
}

/// A value that is not typed.
#[component]
pub fn Hidden(
    /// The server function's argument.
    name: &'static str,
    /// Its value.
    #[prop(into)]
    value: String,
) -> impl IntoView {
    view! { <input type="hidden" name=name value=value/> }
}

/// A button that sends the form. Where a form has several, each is `named`: what it stands for is sent with the rest.
#[component]
pub fn Submit(
    /// `primary`, `danger`, `quiet`, or empty for a plain one.
    #[prop(default = "primary")]
    kind: &'static str,
    /// The server function's argument and what it is sent: an `Option<String>`, or a `String` when every button of the
    /// form sends one.
    #[prop(optional, into)]
    named: Option<(&'static str, &'static str)>,
    /// Words.
    children: Children,
) -> impl IntoView {
    let pending = use_context::<FormState>().map_or_else(|| Signal::stored(false), |form| form.pending);
    let (name, value) = named.unzip();
    view! {
        <button
            type="submit"
            class=format!("button {kind}")
            name=name
            value=value
            aria-busy=move || pending.get().then_some("true")
            disabled=move || pending.get()
        >
            {children()}
        </button>
    }
}
