//! `/admin/activity`: who changed what, on the platform and in all projects.

use crate::{api::audit::load_all_activity, components::prelude::*, pages::activity::Entries, strings::places};
use leptos::prelude::*;

/// Activity.
#[component]
pub fn AdminActivity() -> impl IntoView {
    let data = Resource::new_blocking(|| query().text("after"), load_all_activity);
    view! {
        <Load resource=data let:page>
            <PageHeader title=places::ACTIVITY/>
            <Entries page all=true/>
        </Load>
    }
}
