//! The portal: every page is rendered on the server, works as plain links and forms, and is then hydrated in the
//! browser. Feature `ssr` is the server's build, `hydrate` the browser's; never both.
//!
//! It holds no rule of the product: server functions (`api`) hand over to `relay-core`. It trusts nothing a browser
//! sends.

#![recursion_limit = "256"]

pub mod api;
pub mod components;
pub mod error;
pub mod mending;
pub mod modules;
pub mod next;
pub mod pages;
mod routes;
pub mod strings;
pub mod typed;
pub mod wire;

#[cfg(feature = "ssr")]
pub mod ssr;

use components::{flash::Flash, icon::FAVICON};
use leptos::prelude::*;
use leptos_meta::{MetaTags, provide_meta_context};
use leptos_router::components::Router;

/// The document around `App`. Only the server renders it.
pub fn shell(document: Document) -> impl IntoView {
    let Document { css, theme, now, boot } = document;
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme data-now=now.0>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <link rel="icon" href=FAVICON/>
                <link rel="stylesheet" href=css/>
                {boot.map(|files| view! { <components::boot::Boot files/> })}
                <MetaTags/>
            </head>
            <body>
                <App pages=routes::all/>
            </body>
        </html>
    }
}

/// What the document around a page says.
#[derive(Debug, Clone)]
pub struct Document {
    /// Where the style sheet is.
    pub css: String,
    /// `light`, `dark` or `system`.
    pub theme: &'static str,
    /// When the page is made.
    pub now: relay_types::Timestamp,
    /// The module that is started. None in the answer to a plain form post.
    pub boot: Option<components::boot::ModuleFiles>,
}

/// The portal.
#[component]
pub fn App(
    /// Its routes: all of them on the server, those of its module in the browser.
    pages: fn() -> AnyView,
) -> impl IntoView {
    provide_meta_context();
    #[cfg(not(feature = "ssr"))]
    modules::leave_links_to_browser();
    view! {
        <Router>
            <a class="skip" href="#content" on:click=skip>{strings::SKIP}</a>
            <p id="boot-failed" class="boot-failed" hidden=true>{strings::BOOT_FAILED}</p>
            {pages()}
            <Flash/>
        </Router>
    }
}

/// The router takes clicks on links to the same page for its own and moves no focus, so this does.
fn skip(event: leptos::ev::MouseEvent) {
    use wasm_bindgen::JsCast;
    let content = document().get_element_by_id("content");
    if let Some(content) = content.and_then(|content| content.dyn_into::<web_sys::HtmlElement>().ok()) {
        event.prevent_default();
        let _ = content.focus();
    }
}
