//! `/p/:slug/refusals`: what was refused at the door, and what mends it.

use crate::components::prelude::*;
use leptos::prelude::*;

/// Refusals.
#[component]
pub fn Refusals() -> impl IntoView {
    view! { <PageHeader title="Refusals"/> }
}
