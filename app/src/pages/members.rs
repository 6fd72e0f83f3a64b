//! `/p/:slug/members`: who belongs to the project.

use crate::components::prelude::*;
use leptos::prelude::*;

/// Members.
#[component]
pub fn Members() -> impl IntoView {
    view! { <PageHeader title="Members"/> }
}
