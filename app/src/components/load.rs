//! What a page does with data that is on its way, and with data that did not come.

use crate::{
    components::{
        live::{is_busy, when_idle},
        notice::Go,
        page_header::PageHeader,
        query::here,
        raw_text::SafeTitle,
    },
    error::AppError,
    modules::load_elsewhere,
    strings,
    wire::{self, Call, Outcome},
};
use leptos::{prelude::*, task::spawn_local};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use server_fn::ServerFn;
use std::{marker::PhantomData, pin::Pin, sync::Arc, time::Duration};

/// What a page is about: asked of the server, on its way, and there. Made by [`read`] or [`read_again`].
pub struct Reading<T> {
    resource: Resource<Outcome>,
    /// What it asks for now.
    asks: Asks,
    says: PhantomData<fn() -> T>,
}

impl<T> Clone for Reading<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Reading<T> {}

impl<T> Reading<T> {
    /// Asks again; the old content stays until the answer is there. An answer that comes while the person is in a field or
    /// a dialog is not shown: it is asked for anew when they have left it, for nothing moves under their hands. When the
    /// server cannot answer just now, such as while it is started anew, the old content stays and it is asked later.
    pub fn refetch(&self) {
        ask_again(self.resource, self.asks);
    }
}

/// What could not be answered is asked for again after this.
const LATER: Duration = Duration::from_secs(5);

type Asks = StoredValue<Arc<dyn Fn() -> Call + Send + Sync>>;

fn ask_again(resource: Resource<Outcome>, asks: Asks) {
    // The page may have gone, or be about something else by the time the answer comes.
    let now = move || asks.try_get_value().map(|asks| untrack(|| asks()));
    let Some(call) = now() else { return };
    spawn_local(async move {
        let outcome = wire::post(call.clone()).await;
        if now() != Some(call) {
            return;
        }
        let again = move || ask_again(resource, asks);
        match outcome {
            Err(error) if error.passes() => set_timeout(again, LATER),
            _ if is_busy() => when_idle(again),
            outcome => resource.set(Some(outcome)),
        }
    });
}

/// Asks the server for what a page shows, and again whenever the arguments change.
///
/// ```ignore
/// let page = read(move || LoadMessage { slug: slug.get(), id: id.get() });
/// view! { <Load resource=page let:message><Detail message/></Load> }
/// ```
pub fn read<S>(call: impl Fn() -> S + Send + Sync + 'static) -> Reading<S::Output>
where
    S: ServerFn<Error = AppError> + Serialize + 'static,
    S::Output: Serialize,
{
    read_again(String::new, call)
}

/// As [`read`], and again whenever `turn` says something else, such as what was done last.
pub fn read_again<S>(
    turn: impl Fn() -> String + Send + Sync + 'static,
    call: impl Fn() -> S + Send + Sync + 'static,
) -> Reading<S::Output>
where
    S: ServerFn<Error = AppError> + Serialize + 'static,
    S::Output: Serialize,
{
    let call = Arc::new(call);
    let asked = call.clone();
    let asks: Arc<dyn Fn() -> Call + Send + Sync> = Arc::new(move || Call::of(&asked()));
    let asked = asks.clone();
    let resource = resource(Box::new(move || (asked(), turn())), answer_here(call));
    Reading { resource, asks: StoredValue::new(asks), says: PhantomData }
}

type Asked = Box<dyn Fn() -> (Call, String) + Send + Sync>;
type Ask = Box<dyn Fn(Call) -> Pin<Box<dyn Future<Output = Outcome> + Send>> + Send + Sync>;

/// Compiled once; what differs from page to page is boxed.
fn resource(asked: Asked, ask: Ask) -> Resource<Outcome> {
    Resource::new_blocking(asked, move |(call, _)| ask(call))
}

/// Rendering on the server, the function is run and its answer written; the browser reads it from the page.
#[cfg(feature = "ssr")]
fn answer_here<S>(call: Arc<impl Fn() -> S + Send + Sync + 'static>) -> Ask
where
    S: ServerFn<Error = AppError> + 'static,
    S::Output: Serialize,
{
    let answers = expect_context::<crate::ssr::Answers>();
    Box::new(move |asked| {
        let (call, answers) = (untrack(|| call()), answers.clone());
        Box::pin(async move { answers.once(asked, async { wire::to_json(&call.run_body().await?) }).await })
    })
}

#[cfg(not(feature = "ssr"))]
fn answer_here<S>(_: Arc<impl Fn() -> S + Send + Sync + 'static>) -> Ask {
    Box::new(|call| Box::pin(wire::post(call)))
}

/// Shows the page for what `resource` gives, or says why there is nothing. The server waits for it, so the status code,
/// the title and the content are right without JavaScript; while it is read again the old content stays.
#[component]
pub fn Load<T, C, V>(
    /// What the page is about.
    resource: Reading<T>,
    /// It is what stands around a page: its error is a page of its own.
    #[prop(optional)]
    around: bool,
    /// The page.
    children: C,
) -> impl IntoView
where
    T: DeserializeOwned + 'static,
    C: Fn(T) -> V + Send + Sync + 'static,
    V: IntoView + 'static,
{
    loaded(resource.resource, around, Arc::new(move |answer| Ok(children(wire::from_json(answer)?).into_any())))
}

type Show = Arc<dyn Fn(&RawValue) -> Result<AnyView, AppError> + Send + Sync>;

fn loaded(resource: Resource<Outcome>, around: bool, show: Show) -> AnyView {
    let page = move || {
        let show = show.clone();
        Suspend::new(async move {
            match resource.await.and_then(|answer| show(&answer)) {
                Ok(page) => page,
                Err(error) if around => view! { <BareError error/> }.into_any(),
                Err(error) => view! { <ErrorPage error/> }.into_any(),
            }
        })
    };
    // The server makes it once; a function would be called again whenever something it asked for is there. What it provides
    // lands where the `Load` stands, so two beside each other provide different things.
    #[cfg(feature = "ssr")]
    let page = page();
    view! {
        <Transition fallback=|| {
            view! { <p class="loading" role="status">{strings::LOADING}</p> }
        }>{page}</Transition>
    }
    .into_any()
}

/// An error where there is no frame around the page.
#[component]
pub fn BareError(error: AppError) -> impl IntoView {
    view! {
        <main id="content" class="outside" tabindex="-1">
            <ErrorPage error/>
        </main>
    }
}

/// A page that says why there is nothing to show, with the way on. Nobody signed in: goes to the sign-in page and back.
#[component]
pub fn ErrorPage(error: AppError) -> impl IntoView {
    let here = here();
    let sign_in = format!("/login?next={}", crate::next::encode(&here));
    #[cfg(feature = "ssr")]
    crate::ssr::answer(&error, &sign_in);
    let again = again(&error, &here);
    let (title, text, href, go) = match &error {
        AppError::SignedOut => ("You are signed out", error.to_string(), sign_in.clone(), "Sign in"),
        AppError::NotFound => ("Not found", error.to_string(), "/".to_owned(), "Your projects"),
        AppError::Forbidden if here.starts_with("/admin") => {
            ("Not allowed", OPERATORS_ONLY.to_owned(), "/".to_owned(), "Your projects")
        }
        AppError::Forbidden => ("Not allowed", error.to_string(), "/".to_owned(), "Your projects"),
        AppError::Unavailable { .. } | AppError::TooMany { .. } => {
            ("Not available now", error.to_string(), again, "Try again")
        }
        AppError::Invalid { .. } | AppError::Conflict { .. } => {
            ("Not understood", error.to_string(), again, "Try again")
        }
        AppError::Internal { .. } => ("Something went wrong", error.to_string(), again, "Try again"),
    };
    if error == AppError::SignedOut {
        let navigate = leptos_router::hooks::use_navigate();
        Effect::new(move || {
            if !load_elsewhere(&sign_in) {
                navigate(&sign_in, Default::default());
            }
        });
    }
    view! {
        <SafeTitle text=title/>
        <div class="empty page">
            <h1>{title}</h1>
            <p>{text}</p>
            <div class="actions">
                // Not for the router, which does nothing when a link leads to the page that is shown.
                <a class="button primary" rel="external" href=href>
                    {go}
                </a>
            </div>
        </div>
    }
}

/// A one-time link that is no longer good; its status says so too.
#[component]
pub fn DeadLink(
    /// Says so.
    title: &'static str,
    /// Why that may be.
    text: &'static str,
    /// The way on, where there is one.
    #[prop(optional, into)]
    go: Option<Go>,
) -> impl IntoView {
    #[cfg(feature = "ssr")]
    crate::ssr::gone();
    view! {
        <PageHeader title/>
        <p>{text}</p>
        {go
            .map(|go| {
                view! {
                    <p class="actions">
                        <a class="button primary" href=go.href>
                            {go.text}
                        </a>
                    </p>
                }
            })}
    }
}

/// No role in any project opens these pages.
const OPERATORS_ONLY: &str = "Only operators of the platform may open this.";

/// Where to try again: this page, but without a query that can only fail again.
fn again(error: &AppError, here: &str) -> String {
    match error {
        AppError::Invalid { .. } => here.split('?').next().unwrap_or(here).to_owned(),
        _ => here.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_that_was_not_understood_is_not_tried_again() {
        let here = "/p/bio/messages?after=zzz";
        assert_eq!(again(&AppError::invalid("after", "no such page"), here), "/p/bio/messages");
        assert_eq!(again(&AppError::Unavailable { reason: String::new() }, here), here);
    }
}
