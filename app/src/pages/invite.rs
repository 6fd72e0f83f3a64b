//! `/invite/:token`: the link that makes a person a member.

use crate::components::prelude::*;
use leptos::prelude::*;

/// Join a project.
#[component]
pub fn Invite() -> impl IntoView {
    view! { <PageHeader title="Join a project"/> }
}
