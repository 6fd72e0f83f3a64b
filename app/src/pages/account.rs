//! `/account`: password and theme.

use crate::components::prelude::*;
use leptos::prelude::*;

/// Your account.
#[component]
pub fn Account() -> impl IntoView {
    view! { <PageHeader title="Your account"/> }
}
