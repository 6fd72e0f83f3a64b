//! `/admin/activity`: who changed what, on the platform and in all projects.

use crate::{
    api::audit::{ActivityQuery, load_all_activity},
    components::prelude::*,
    pages::activity::Entries,
};
use leptos::prelude::*;

/// Activity.
#[component]
pub fn AdminActivity() -> impl IntoView {
    let asked = || ActivityQuery::read(|name| query().text(name));
    let data = Resource::new_blocking(asked, load_all_activity);
    view! {
        <Load resource=data let:page>
            <Entries page all=true/>
        </Load>
    }
}
