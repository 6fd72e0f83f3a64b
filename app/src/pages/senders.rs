//! `/p/:slug/senders`: addresses and domains the project may use.

use crate::components::prelude::*;
use leptos::prelude::*;

/// Senders.
#[component]
pub fn Senders() -> impl IntoView {
    view! { <PageHeader title="Senders"/> }
}
