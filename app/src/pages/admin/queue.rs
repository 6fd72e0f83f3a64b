//! `/admin/queue`: what waits, by destination.

use crate::components::prelude::*;
use leptos::prelude::*;

/// Queue.
#[component]
pub fn AdminQueue() -> impl IntoView {
    view! { <PageHeader title="Queue"/> }
}
