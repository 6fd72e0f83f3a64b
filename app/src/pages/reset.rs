//! `/reset` and `/reset/:token`: a forgotten password.

use crate::components::prelude::*;
use leptos::prelude::*;

/// Reset your password.
#[component]
pub fn RequestReset() -> impl IntoView {
    view! { <PageHeader title="Reset your password"/> }
}

/// Sets the new password.
#[component]
pub fn SetPassword() -> impl IntoView {
    view! { <PageHeader title="Choose a new password"/> }
}
