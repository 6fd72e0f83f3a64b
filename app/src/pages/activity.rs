//! `/p/:slug/activity`: who changed what.

use crate::components::prelude::*;
use leptos::prelude::*;

/// Activity.
#[component]
pub fn Activity() -> impl IntoView {
    view! { <PageHeader title="Activity"/> }
}
