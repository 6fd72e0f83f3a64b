//! Lines to copy as a whole.

use crate::components::copy::CopyButton;
use leptos::prelude::*;

/// Lines to copy.
#[component]
pub fn Code(
    /// The lines.
    code: String,
    /// What they are, for screen readers; unique on the page.
    #[prop(into)]
    what: String,
) -> impl IntoView {
    view! {
        <div class="code">
            <pre tabindex="0" role="region" aria-label=what.clone()>{code.clone()}</pre>
            <CopyButton text=code what/>
        </div>
    }
}
