//! `/p/:slug/messages/:id`: the story of one message.

use crate::components::prelude::*;
use leptos::prelude::*;

/// Message.
#[component]
pub fn Message() -> impl IntoView {
    view! { <PageHeader title="Message"/> }
}
