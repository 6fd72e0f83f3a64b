//! `/admin/activity`: who changed what, on the platform and in all projects.

use crate::{
    api::audit::{ActivityQuery, LoadAllActivity},
    components::prelude::*,
    pages::activity::Entries,
};
use leptos::prelude::*;

/// Activity.
#[component]
pub fn AdminActivity() -> impl IntoView {
    let data = read(|| LoadAllActivity { query: ActivityQuery::read(|name| query().text(name)) });
    view! {
        <Load resource=data let:page>
            <Entries page all=true/>
        </Load>
    }
}
