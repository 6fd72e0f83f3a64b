//! `/admin/settings`: the platform as it is configured.

use crate::components::prelude::*;
use leptos::prelude::*;

/// Settings.
#[component]
pub fn AdminSettings() -> impl IntoView {
    view! { <PageHeader title="Settings"/> }
}
