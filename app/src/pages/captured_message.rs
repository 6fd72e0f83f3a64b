//! `/p/:slug/captured/:id`: one captured message.

use crate::components::prelude::*;
use leptos::prelude::*;

/// Captured message.
#[component]
pub fn CapturedMessage() -> impl IntoView {
    view! { <PageHeader title="Captured message"/> }
}
