//! `/p/:slug/messages`: what was accepted.

use crate::components::prelude::*;
use leptos::prelude::*;

/// Messages.
#[component]
pub fn Messages() -> impl IntoView {
    view! { <PageHeader title="Messages"/> }
}
