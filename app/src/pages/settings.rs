//! `/p/:slug/settings`: name, bounce contact, route, limits.

use crate::components::prelude::*;
use leptos::prelude::*;

/// Settings.
#[component]
pub fn Settings() -> impl IntoView {
    view! { <PageHeader title="Settings"/> }
}
