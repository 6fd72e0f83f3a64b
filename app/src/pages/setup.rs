//! `/setup`: the first run, until a user exists.

use crate::components::prelude::*;
use leptos::prelude::*;

/// Set up Relaykeep.
#[component]
pub fn Setup() -> impl IntoView {
    view! { <PageHeader title="Set up Relaykeep"/> }
}
