//! `/login`: who a person is.

use crate::components::prelude::*;
use leptos::prelude::*;

/// Sign in.
#[component]
pub fn Login() -> impl IntoView {
    view! { <PageHeader title="Sign in"/> }
}
