//! `/`: the projects of a person.

use crate::components::prelude::*;
use leptos::prelude::*;

/// Projects.
#[component]
pub fn Projects() -> impl IntoView {
    view! { <PageHeader title="Projects"/> }
}
