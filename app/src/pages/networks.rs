//! `/p/:slug/networks`: from where programs send without signing in.

use crate::components::prelude::*;
use leptos::prelude::*;

/// Networks.
#[component]
pub fn Networks() -> impl IntoView {
    view! { <PageHeader title="Networks"/> }
}
