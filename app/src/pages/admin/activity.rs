//! `/admin/activity`: who changed what on the platform.

use crate::components::prelude::*;
use leptos::prelude::*;

/// Activity.
#[component]
pub fn AdminActivity() -> impl IntoView {
    view! { <PageHeader title="Activity"/> }
}
