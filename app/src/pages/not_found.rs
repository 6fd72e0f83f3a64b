//! An address that leads nowhere.

use crate::{components::prelude::*, error::AppError};
use leptos::prelude::*;

/// Answers with status 404.
#[component]
pub fn NotFound() -> impl IntoView {
    view! {
        <main id="content" class="outside" tabindex="-1">
            <ErrorPage error=AppError::NotFound/>
        </main>
    }
}
