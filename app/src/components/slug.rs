//! A slug that follows the name typed beside it.

use leptos::{ev::Event, prelude::*};
use relay_types::project::Slug;
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;

/// Around a form with both inputs. In the browser, while the name is typed, the slug follows, until somebody types
/// their own; without JavaScript it may stay empty, and the server makes it from the name.
#[component]
pub fn SlugFollows(
    /// Name of the input with the name.
    name: &'static str,
    /// Name of the input with the slug.
    slug: &'static str,
    /// The form.
    children: Children,
) -> impl IntoView {
    let suggested = StoredValue::new(String::new());
    view! { <div on:input=move |event| follow(&event, name, slug, suggested)>{children()}</div> }
}

fn follow(event: &Event, name: &str, slug: &str, suggested: StoredValue<String>) {
    let typed = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
    let Some(typed) = typed.filter(|typed| typed.name() == name) else { return };
    let slug = typed
        .form()
        .and_then(|form| form.query_selector(&format!("[name={slug}]")).ok().flatten())
        .and_then(|element| element.dyn_into::<HtmlInputElement>().ok());
    if let Some(slug) = slug.filter(|slug| slug.value().is_empty() || slug.value() == suggested.get_value()) {
        let now = Slug::suggest(&typed.value()).map(|slug| slug.to_string()).unwrap_or_default();
        slug.set_value(&now);
        suggested.set_value(now);
    }
}
