//! `/admin/users`: all people.

use crate::components::prelude::*;
use leptos::prelude::*;

/// Users.
#[component]
pub fn AdminUsers() -> impl IntoView {
    view! { <PageHeader title="Users"/> }
}
