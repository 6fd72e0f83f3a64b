//! An address that leads nowhere.

use crate::{components::load::BareError, error::AppError};
use leptos::prelude::*;

/// Answers with status 404.
#[component]
pub fn NotFound() -> impl IntoView {
    view! { <BareError error=AppError::NotFound/> }
}
