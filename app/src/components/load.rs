//! What a page does with data that is on its way, and with data that did not come.

use crate::{components::raw_text::SafeTitle, error::AppError, strings};
use leptos::prelude::*;

/// Shows the page for what `resource` gives, or says why there is nothing. The server waits for it, so the status code,
/// the title and the content are right without JavaScript; while it is read again the old content stays.
///
/// ```ignore
/// let page = Resource::new_blocking(move || (slug.get(), query()), |(slug, query)| list_messages(slug, …));
/// view! { <Load resource=page let:data><MessagesPage data/></Load> }
/// ```
#[component]
pub fn Load<T, C, V>(
    /// What the page is about. Make it with `Resource::new_blocking`.
    resource: Resource<Result<T, AppError>>,
    /// It is what stands around a page: its error is a page of its own.
    #[prop(optional)]
    around: bool,
    /// The page.
    children: C,
) -> impl IntoView
where
    T: Clone + Send + Sync + 'static,
    C: Fn(T) -> V + Clone + Send + Sync + 'static,
    V: IntoView + 'static,
{
    view! {
        <Transition fallback=|| {
            view! { <p class="loading" role="status">{strings::LOADING}</p> }
        }>
            {move || {
                let children = children.clone();
                Suspend::new(async move {
                    match resource.await {
                        Ok(data) => children(data).into_any(),
                        Err(error) if around => view! { <BareError error/> }.into_any(),
                        Err(error) => view! { <ErrorPage error/> }.into_any(),
                    }
                })
            }}
        </Transition>
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
    let here = leptos_router::hooks::use_location();
    let here = untrack(move || format!("{}{}", here.pathname.get(), search(&here.search.get())));
    let sign_in = format!("/login?next={}", crate::next::encode(&here));
    #[cfg(feature = "ssr")]
    crate::ssr::answer(&error, &sign_in);
    let (title, text, href, go) = match &error {
        AppError::SignedOut => ("You are signed out", error.to_string(), sign_in.clone(), "Sign in"),
        AppError::NotFound => ("Not found", error.to_string(), "/".to_owned(), "Your projects"),
        AppError::Forbidden => ("Not allowed", error.to_string(), "/".to_owned(), "Your projects"),
        AppError::Unavailable { .. } => ("Not available now", error.to_string(), here, "Try again"),
        AppError::Invalid { .. } | AppError::Conflict { .. } => {
            ("Not understood", error.to_string(), here, "Try again")
        }
        AppError::Internal { .. } => ("Something went wrong", error.to_string(), here, "Try again"),
    };
    if error == AppError::SignedOut {
        let navigate = leptos_router::hooks::use_navigate();
        Effect::new(move || navigate(&sign_in, Default::default()));
    }
    view! {
        <SafeTitle text=title/>
        <div class="empty page">
            <h1>{title}</h1>
            <p>{text}</p>
            <div class="actions">
                <a class="button primary" href=href>{go}</a>
            </div>
        </div>
    }
}

fn search(search: &str) -> String {
    match search.trim_start_matches('?') {
        "" => String::new(),
        text => format!("?{text}"),
    }
}
