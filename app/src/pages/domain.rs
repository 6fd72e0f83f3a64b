//! `/p/:slug/domains/:id`: proof and DKIM records of a domain.

use crate::components::prelude::*;
use leptos::prelude::*;

/// Domain.
#[component]
pub fn Domain() -> impl IntoView {
    view! { <PageHeader title="Domain"/> }
}
