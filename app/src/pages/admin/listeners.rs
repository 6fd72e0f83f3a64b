//! `/admin/listeners`: where programs connect, with live state.

use crate::components::prelude::*;
use leptos::prelude::*;

/// Listeners.
#[component]
pub fn AdminListeners() -> impl IntoView {
    view! { <PageHeader title="Listeners"/> }
}
