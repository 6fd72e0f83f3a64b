//! `/admin/projects`: all projects.

use crate::components::prelude::*;
use leptos::prelude::*;

/// Projects.
#[component]
pub fn AdminProjects() -> impl IntoView {
    view! { <PageHeader title="Projects"/> }
}
