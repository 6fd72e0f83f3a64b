//! The top of a page: where it is, what it is called, in which state, and its one primary action.

use crate::components::{
    live::LiveDot,
    notice::Go,
    raw_text::SafeTitle,
    status::{Pill, Tone},
};
use leptos::prelude::*;

/// Sets the document's title and draws the heading. Children are the actions at the right; one of them is primary.
///
/// ```ignore
/// <PageHeader title=subject crumb=(messages_url, "Messages") status=message_state(state)>
///     <a class="button" href=raw>"Raw message"</a>
/// </PageHeader>
/// ```
#[component]
pub fn PageHeader(
    /// The page's name.
    #[prop(into)]
    title: String,
    /// The page above this one.
    #[prop(optional, into)]
    crumb: Option<Go>,
    /// The state of what the page is about.
    #[prop(optional, into)]
    status: Option<(Tone, &'static str)>,
    /// How many findings are to be mended.
    #[prop(optional)]
    to_mend: usize,
    /// Actions.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <SafeTitle text=title.clone()/>
        <header class="page-header">
            {crumb
                .map(|crumb| {
                    view! {
                        <nav class="crumb" aria-label="Breadcrumb">
                            <span aria-hidden="true">"‹ "</span>
                            <a href=crumb.href>{crumb.text}</a>
                        </nav>
                    }
                })}
            <div class="title">
                <h1>{title}</h1>
                {status.map(|(tone, text)| view! { <Pill tone text/> })}
                {(to_mend > 0).then(|| view! { <Pill tone=Tone::Bad text=format!("{to_mend} to mend")/> })}
                <LiveDot/>
                {children.map(|children| view! { <div class="actions">{children()}</div> })}
            </div>
        </header>
    }
}
