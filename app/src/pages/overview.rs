//! `/p/:slug`: numbers over time, steps to the first message, last refusals.

use crate::components::prelude::*;
use leptos::prelude::*;

/// Overview.
#[component]
pub fn Overview() -> impl IntoView {
    view! { <PageHeader title="Overview"/> }
}
