//! `/verify/:token`: the link that proves a sender address.

use crate::components::prelude::*;
use leptos::prelude::*;

/// Verify a sender.
#[component]
pub fn Verify() -> impl IntoView {
    view! { <PageHeader title="Verify a sender"/> }
}
