//! `/p/:slug/captured`: messages that were not sent anywhere.

use crate::components::prelude::*;
use leptos::prelude::*;

/// Captured mail.
#[component]
pub fn Captured() -> impl IntoView {
    view! { <PageHeader title="Captured mail"/> }
}
