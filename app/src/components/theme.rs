//! Light, dark, or as the system has it; remembered in a cookie so that the server renders `<html data-theme>` right.

use crate::{
    api::theme::SetTheme,
    components::{
        form::{PostForm, use_form},
        icon::{Glyph, Icon},
    },
};
use leptos::prelude::*;

/// Three buttons of a plain form. In the browser the change shows at once.
#[component]
pub fn ThemeToggle(
    /// With their words in sight.
    #[prop(optional)]
    worded: bool,
) -> impl IntoView {
    let form = use_form::<SetTheme>();
    let chosen = RwSignal::new(chosen());
    let button = move |theme: &'static str, label: &'static str, icon: Icon| {
        view! {
            <button
                type="submit"
                name="theme"
                value=theme
                title=label
                aria-pressed=move || if chosen.get() == theme { "true" } else { "false" }
                on:click=move |_| {
                    show(theme);
                    chosen.set(theme.to_owned());
                }
            >
                <Glyph icon/>
                <span class:unseen=!worded>{label}</span>
            </button>
        }
    };
    let (look, name) = if worded { ("theme worded", "Theme of this browser") } else { ("theme", "Theme") };
    view! {
        <PostForm form inline=true look attr:aria-label=name>
            {button("light", "Light", Icon::Light)}
            {button("dark", "Dark", Icon::Dark)}
            {button("system", "As the system", Icon::Auto)}
        </PostForm>
    }
}

/// The theme as the document has it: the server reads it from the cookie, the browser from the document.
fn chosen() -> String {
    #[cfg(feature = "ssr")]
    return crate::ssr::theme().to_owned();
    #[cfg(not(feature = "ssr"))]
    document().document_element().and_then(|root| root.get_attribute("data-theme")).unwrap_or_default()
}

fn show(theme: &str) {
    if let Some(root) = document().document_element() {
        let _ = root.set_attribute("data-theme", theme);
    }
}
