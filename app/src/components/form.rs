//! Forms that post to a server function, with the same behaviour with and without JavaScript: the error stands at its
//! field, the field gets the focus, and what was typed stays.
//!
//! # How to use it
//! ```ignore
//! #[server]
//! pub async fn add_sender(slug: String, address: String) -> Result<(), AppError> {
//!     let address = EmailAddress::parse(&address).map_err(|e| AppError::invalid("address", e))?;
//!     relay_core::senders::add(&core()?, &actor().await?, &slug, address).await.map_err(fail)?;
//!     done(&format!("/p/{slug}/senders"), "sender-added");   // toast: a code of `strings::done`
//!     Ok(())
//! }
//!
//! let form = use_form::<AddSender>();
//! view! {
//!     <PostForm form>
//!         <Hidden name="slug" value=slug/>
//!         <TextField name="address" label="Address" hint="It gets a link to confirm it." kind="email"/>
//!         <Submit>"Add sender"</Submit>
//!     </PostForm>
//! }
//! ```
//! - Arguments are `String` (`Option<String>` for a checkbox): the server function parses them and answers
//!   `AppError::invalid("name of the input", "what to type")`. An input's name is the argument's name.
//! - A form in each row of a list: `use_form_for::<RemoveSender>("id", &id)`; its `Hidden name="id"` tells whose error
//!   it is.
//! - A result that must be shown (a secret): return it and read `form.output()`. Do not redirect then.
//! - After success either `done(path, code)` on the server (goes there, with a toast), or nothing: then the browser
//!   stays.
//!
//! # How it works without JavaScript
//! The browser posts to the server function. `ssr::forms` runs it and, when it failed or returned something, renders
//! the page the form is on as the answer, with a `FormReply` in its context: the inputs as they were sent (never
//! passwords) and the outcome. Nothing typed is put into a URL. Such a page is not hydrated.

use crate::{
    components::{notice::Notice, query::here, status::Tone},
    error::AppError,
    strings,
    wire::{self, Call, Outcome},
};
use leptos::{context::Provider, ev::SubmitEvent, form::form_data_from_event, html, prelude::*, task::spawn_local};
use serde::de::DeserializeOwned;
use server_fn::ServerFn;
use std::{marker::PhantomData, ops::Deref, sync::Arc};

/// Inputs as they were sent: names and values.
type Posted = Arc<[(String, String)]>;

/// What a plain form post came to. Only on the server, only while its answer is rendered.
#[derive(Debug, Clone)]
pub struct FormReply {
    /// Path and query of the page the form is on.
    pub page: Arc<str>,
    /// Path of the server function.
    pub path: Arc<str>,
    /// The inputs as they were sent.
    pub values: Posted,
    /// What it returned, or the error.
    pub outcome: Outcome,
}

impl FormReply {
    /// Whether it failed at an input, which then gets the cursor.
    pub fn names_field(&self) -> bool {
        self.outcome.as_ref().is_err_and(|error| error.field().is_some())
    }
}

/// The hidden input that names a form's page: browsers may keep the `Referer` to themselves, and the address of the answer
/// to a plain post is the function's.
pub const PAGE: &str = "__page";

/// A server function as a form uses it: a `FormState` that knows what comes back.
pub struct FormHandle<S> {
    state: FormState,
    posts_to: PhantomData<fn() -> S>,
}

impl<S> Clone for FormHandle<S> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<S> Copy for FormHandle<S> {}

impl<S> Deref for FormHandle<S> {
    type Target = FormState;

    fn deref(&self) -> &FormState {
        &self.state
    }
}

impl<S> From<FormHandle<S>> for FormState {
    fn from(form: FormHandle<S>) -> Self {
        form.state
    }
}

impl<S: ServerFn> FormHandle<S> {
    /// What the last successful call returned; none after `forget`.
    pub fn output(&self) -> Signal<Option<S::Output>>
    where
        S::Output: DeserializeOwned + Sync + 'static,
    {
        let outcome = self.state.outcome;
        Signal::derive(move || outcome.with(|outcome| wire::from_json(outcome.as_ref()?.as_ref().ok()?).ok()))
    }
}

/// How a form stands, whatever it posts to. Its inputs find it in their context.
#[derive(Clone, Copy)]
pub struct FormState {
    /// The last error; none while it runs and after success.
    pub error: Signal<Option<AppError>>,
    /// It is on its way.
    pub pending: Signal<bool>,
    /// The arguments that are on their way.
    running: RwSignal<Option<String>>,
    path: &'static str,
    outcome: RwSignal<Option<Outcome>>,
    posted: StoredValue<Option<Posted>>,
    names: StoredValue<Vec<&'static str>>,
    prefix: StoredValue<String>,
}

impl FormState {
    /// What was sent for `name`, when the page is the answer to a plain form post.
    pub fn posted(&self, name: &str) -> Option<String> {
        self.posted.with_value(|posted| value_of(posted.as_deref()?, name))
    }

    /// Whether the page is the answer to a plain post of this form.
    pub fn is_reply(&self) -> bool {
        self.posted.with_value(Option::is_some)
    }

    /// Whether the dialog this form stands in must be open already: the page is the answer to its plain post, which
    /// failed.
    pub fn failed_reply(&self) -> bool {
        self.is_reply() && self.error.with_untracked(Option::is_some)
    }

    /// Drops the last outcome, such as a secret that was put away.
    pub fn forget(&self) {
        self.outcome.set(None);
    }

    /// The error of the input `name`.
    pub fn error_of(&self, name: &'static str) -> Signal<Option<String>> {
        let error = self.error;
        Signal::derive(move || {
            error.with(|error| error.as_ref().filter(|e| e.field() == Some(name)).map(ToString::to_string))
        })
    }

    /// The `id` of the input `name`; says that the form has it, so that its error is not also shown on top.
    pub fn register(&self, name: &'static str) -> String {
        self.names.update_value(|names| names.push(name));
        self.id(name)
    }

    fn id(&self, name: &str) -> String {
        self.prefix.with_value(|prefix| format!("{prefix}-{name}"))
    }
}

fn value_of(values: &[(String, String)], name: &str) -> Option<String> {
    values.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
}

/// The one form of this page that posts to `S`.
pub fn use_form<S: ServerFn>() -> FormHandle<S> {
    FormHandle { state: make_form(S::PATH, None), posts_to: PhantomData }
}

/// One of several forms of this page that post to `S`: the one whose hidden input `name` holds `value`.
pub fn use_form_for<S: ServerFn>(name: &'static str, value: &str) -> FormHandle<S> {
    FormHandle { state: make_form(S::PATH, Some((name, value))), posts_to: PhantomData }
}

fn make_form(path: &'static str, which: Option<(&'static str, &str)>) -> FormState {
    let reply = use_context::<FormReply>().filter(|reply| {
        *reply.path == *path
            && which.is_none_or(|(name, value)| value_of(&reply.values, name).as_deref() == Some(value))
    });
    let outcome = RwSignal::new(reply.as_ref().map(|reply| reply.outcome.clone()));
    let running = RwSignal::new(None::<String>);
    let pending = Signal::derive(move || running.with(Option::is_some));
    let function = path.rsplit('/').next().unwrap_or_default();
    let prefix = function.trim_end_matches(|c: char| c.is_ascii_digit()).replace('_', "-");
    let prefix = which.map_or(prefix.clone(), |(_, value)| format!("{prefix}-{value}"));
    FormState {
        error: Signal::derive(move || {
            if pending.get() { None } else { outcome.with(|outcome| outcome.as_ref()?.as_ref().err().cloned()) }
        }),
        pending,
        running,
        path,
        outcome,
        posted: StoredValue::new(reply.map(|reply| reply.values)),
        names: StoredValue::new(Vec::new()),
        prefix: StoredValue::new(prefix),
    }
}

/// The form itself. Children are inputs of `components::field`.
#[component]
pub fn PostForm(
    /// From `use_form`.
    #[prop(into)]
    form: FormState,
    /// All on one line: a button with hidden inputs, or one short input.
    #[prop(optional)]
    inline: bool,
    /// A further class. (One given from outside would be lost where view types are erased.)
    #[prop(default = "")]
    look: &'static str,
    /// Inputs.
    children: Children,
) -> impl IntoView {
    let node = NodeRef::<html::Form>::new();
    focus_first_error(node, form);
    let outcome = form.outcome;
    put_away(node, Signal::derive(move || outcome.with(|outcome| matches!(outcome, Some(Ok(_))))));
    let class = format!("form{}{}{look}", if inline { " inline" } else { "" }, if look.is_empty() { "" } else { " " });
    view! {
        <form
            node_ref=node
            action=form.path
            method="post"
            class=class
            novalidate=true
            on:submit=move |event| submit(&event, form)
        >
            <Inputs state=form children/>
        </form>
    }
}

/// In the browser: the same post as the browser itself would make, without leaving the page. Pressing again while the
/// very same is on its way does nothing.
fn submit(event: &SubmitEvent, form: FormState) {
    if event.default_prevented() {
        return;
    }
    // Without its values the form is left to the browser.
    let Ok(data) = form_data_from_event(event) else { return };
    let Ok(pairs) = web_sys::UrlSearchParams::new_with_str_sequence_sequence(&data) else { return };
    event.prevent_default();
    let arguments = String::from(pairs.to_string());
    if form.running.with_untracked(|running| running.as_ref() == Some(&arguments)) {
        return;
    }
    form.running.set(Some(arguments.clone()));
    spawn_local(async move {
        let outcome = wire::post(Call { path: form.path, arguments: arguments.clone() }).await;
        // The answer may have led to another page, and something else may have been sent meanwhile.
        if form.running.try_get_untracked().flatten().is_none_or(|running| running == arguments) {
            form.outcome.try_set(Some(outcome));
            form.running.try_set(None);
        }
    });
}

/// The inputs, and above them an error that has no input of its own.
#[component]
fn Inputs(state: FormState, children: Children) -> impl IntoView {
    // The inputs are made first, so that the summary knows which errors have a place of their own.
    let inputs = view! { <Provider value=state>{children()}</Provider> }.into_any();
    let summary = move || {
        let error = state.error.get()?;
        let placed = error.field().is_some_and(|field| state.names.with_value(|names| names.contains(&field)));
        (!placed).then(|| view! { <Notice tone=Tone::Bad title=strings::NOT_DONE>{error.to_string()}</Notice> })
    };
    let replied = use_context::<FormReply>().map(|reply| reply.page.to_string());
    let page = replied.unwrap_or_else(here);
    view! {
        {summary}
        <input type="hidden" name=PAGE value=page/>
        {inputs}
    }
}

/// In the browser, after success: the inputs go back to what they were made with, and the dialog around them closes.
fn put_away(node: NodeRef<html::Form>, done: Signal<bool>) {
    Effect::new(move || {
        use wasm_bindgen::JsCast;
        let (true, Some(form)) = (done.get(), node.get_untracked()) else { return };
        form.reset();
        let around = form.closest("dialog").ok().flatten();
        if let Some(dialog) = around.and_then(|element| element.dyn_into::<web_sys::HtmlDialogElement>().ok()) {
            dialog.close();
        }
    });
}

/// In the browser: when an error comes back, the cursor goes where it can be mended. (A page made by the server says
/// the same with `autofocus`.)
fn focus_first_error(node: NodeRef<html::Form>, state: FormState) {
    Effect::new(move || {
        if state.error.with(Option::is_none) {
            return;
        }
        request_animation_frame(move || {
            use wasm_bindgen::JsCast;
            let found = node
                .try_get_untracked()
                .flatten()
                .and_then(|form| form.query_selector("[aria-invalid=true]").ok().flatten())
                .and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok());
            if let Some(element) = found {
                let _ = element.focus();
            }
        });
    });
}
