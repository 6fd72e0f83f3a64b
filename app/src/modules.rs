//! The browser's side comes in modules, one for each group of places, as the sidebar has them, so that a page costs a browser no more than its
//! own group (`server/docs/adr/0005-one-module-for-each-place.md`).
//!
//! The server renders every page and names the module that hydrates it. A page of another module is loaded from the
//! server: links are left to the browser (`leave_links_to_browser`), and what goes to another page by itself asks
//! `load_elsewhere` before it asks the router.

use crate::{App, routes};
use leptos::prelude::*;

/// A module of the browser's side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Module {
    /// A project's console: what it sends, and the project itself.
    Project,
    /// A project's rules: who may send as whom.
    Rules,
    /// A project's names: addresses and tickets.
    Names,
    /// The operator's console.
    Platform,
    /// A person's own pages, the pages outside, and addresses that lead nowhere.
    Person,
}

impl Module {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Project, Self::Rules, Self::Names, Self::Platform, Self::Person];

    /// The module that has the page at `path`; a query or a fragment may stand behind it. Server and browser both go by
    /// this.
    pub fn of(path: &str) -> Self {
        let mut segments = path.split(['?', '#']).next().unwrap_or_default().split('/').skip(1);
        match (segments.next(), segments.nth(1)) {
            (Some("p"), Some(noun)) if RULES.contains(&noun) => Self::Rules,
            (Some("p"), Some(noun)) if NAMES.contains(&noun) => Self::Names,
            (Some("p"), _) => Self::Project,
            (Some("admin"), _) => Self::Platform,
            _ => Self::Person,
        }
    }

    /// What its files are called; its entry point is `frontend/src/bin/NAME.rs`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::Rules => "rules",
            Self::Names => "names",
            Self::Platform => "platform",
            Self::Person => "person",
        }
    }
}

/// What stands behind `/p/:slug/` in [`Module::Rules`].
const RULES: [&str; 6] = ["service-accounts", "senders", "domains", "networks", "suppressions", "api-tokens"];

/// What stands behind `/p/:slug/` in [`Module::Names`].
const NAMES: [&str; 2] = ["addresses", "tickets"];

/// What a project sends and the project itself, as their module hydrates them.
pub fn project() -> AnyView {
    view! { <App pages=routes::project/> }.into_any()
}

/// A project's rules, as their module hydrates them.
pub fn rules() -> AnyView {
    view! { <App pages=routes::rules/> }.into_any()
}

/// A project's names, as their module hydrates them.
pub fn names() -> AnyView {
    view! { <App pages=routes::names/> }.into_any()
}

/// The operator's console, as its module hydrates it.
pub fn platform() -> AnyView {
    view! { <App pages=routes::platform/> }.into_any()
}

/// Everything else, as its module hydrates it.
pub fn person() -> AnyView {
    view! { <App pages=routes::person/> }.into_any()
}

/// In the browser, before the router listens: a link to a page of another module is followed by the browser itself, as
/// if nothing ran in the page. What is left stays on the screen until the other page is there.
#[cfg(not(feature = "ssr"))]
pub(crate) fn leave_links_to_browser() {
    use wasm_bindgen::JsCast;
    let handle = window_event_listener(leptos::ev::click, |event| {
        let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        let link = target.and_then(|target| target.closest("a[href]").ok().flatten());
        let link = link.and_then(|link| link.dyn_into::<web_sys::HtmlAnchorElement>().ok());
        if link.is_some_and(|link| is_elsewhere(&link.pathname())) {
            event.stop_immediate_propagation();
        }
    });
    on_cleanup(move || handle.remove());
}

/// In the browser: loads `to`, a path of ours, when another module has it. False when the router has to go there.
pub(crate) fn load_elsewhere(to: &str) -> bool {
    is_elsewhere(to) && window().location().assign(to).is_ok()
}

/// Whether the page at `path` is not of the module that runs, which is the one of the page that is shown.
fn is_elsewhere(path: &str) -> bool {
    window().location().pathname().is_ok_and(|here| Module::of(path) != Module::of(&here))
}

#[cfg(test)]
mod tests {
    use super::Module;

    #[test]
    fn each_address_belongs_to_the_module_of_its_place() {
        for (path, module) in [
            ("/p/bio", Module::Project),
            ("/p/bio/nothing/here", Module::Project),
            ("/p/bio/messages/senders", Module::Project),
            ("/p/senders", Module::Project),
            ("/p/bio?next=/senders", Module::Project),
            ("/p/bio/senders", Module::Rules),
            ("/p/bio/senders?new=a@b.example", Module::Rules),
            ("/p/bio/domains/x#check-spf.egress", Module::Rules),
            ("/p/bio/sendersx", Module::Project),
            ("/p/bio/addresses", Module::Names),
            ("/p/bio/tickets/7", Module::Names),
            ("/admin", Module::Platform),
            ("/admin/queue", Module::Platform),
            ("/admin?done=saved.1", Module::Platform),
            ("/admin#top", Module::Platform),
            ("/", Module::Person),
            ("/login?next=/p/bio", Module::Person),
            ("/people", Module::Person),
            ("/administration", Module::Person),
            ("//p/bio", Module::Person),
            ("", Module::Person),
        ] {
            assert_eq!(Module::of(path), module, "{path}");
        }
    }
}
