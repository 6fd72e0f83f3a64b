//! `/s/:code`: the address printed in an SMTP refusal leads to the page that mends it.

use crate::components::prelude::*;
use leptos::prelude::*;

/// Why it was refused.
#[component]
pub fn ShortLink() -> impl IntoView {
    view! { <PageHeader title="Why it was refused"/> }
}
