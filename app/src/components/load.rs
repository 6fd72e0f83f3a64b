//! What a page does with data that is on its way, and with data that did not come.

use crate::{
    components::{query::here, raw_text::SafeTitle},
    error::AppError,
    strings,
};
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
        Effect::new(move || navigate(&sign_in, Default::default()));
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
