//! `/p/:slug/service-accounts/:id`: one program that sends.

use crate::components::prelude::*;
use leptos::prelude::*;

/// Service account.
#[component]
pub fn ServiceAccount() -> impl IntoView {
    view! { <PageHeader title="Service account"/> }
}
