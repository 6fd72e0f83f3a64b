//! `/p/:slug/service-accounts`: programs that send.

use crate::components::prelude::*;
use leptos::prelude::*;

/// Service accounts.
#[component]
pub fn ServiceAccounts() -> impl IntoView {
    view! { <PageHeader title="Service accounts"/> }
}
