//! Guards for the two places where leptos 0.8 writes text into a page without escaping it: `<title>` and `<textarea>`.
//!
//! Never use `<Title>` or `<textarea>` directly; a test of the repository looks for them.

use leptos::prelude::*;
use leptos_meta::Title;

/// `text` as it must be handed to an element whose content the server writes raw. In the browser the DOM takes text,
/// not HTML, so nothing is escaped there.
pub fn raw_text(text: &str) -> String {
    if cfg!(feature = "ssr") {
        text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
    } else {
        text.to_owned()
    }
}

/// The document's title: `text`, then the product's name.
#[component]
pub fn SafeTitle(#[prop(into)] text: String) -> impl IntoView {
    let text = format!("{} · {}", raw_text(&text), crate::strings::PRODUCT);
    view! { <Title text/> }
}

/// A `<textarea>` that starts with `value`. Pages use `TextareaField`.
#[component]
pub fn SafeTextarea(
    /// Name of the input.
    name: &'static str,
    /// What it holds at first.
    #[prop(into)]
    value: String,
) -> impl IntoView {
    // HTML drops one newline right after the tag (HTML §13.1.2.5), so one is given up on the server.
    let newline = if cfg!(feature = "ssr") && value.starts_with(['\n', '\r']) { "\n" } else { "" };
    let initial = format!("{newline}{}", raw_text(&value));
    view! { <textarea name=name>{initial}</textarea> }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn markup_in_a_textarea_stays_text() {
        let html =
            Owner::new().with(|| view! { <SafeTextarea name="n" value="</textarea><script>x</script>"/> }.to_html());
        assert!(html.contains("&lt;/textarea&gt;&lt;script&gt;"), "{html}");
        assert!(!html.contains("<script"), "{html}");
    }

    #[test]
    fn an_empty_first_line_is_kept_however_the_browser_sent_it() {
        for value in ["\nx", "\r\nx"] {
            let html = Owner::new().with(|| view! { <SafeTextarea name="n" value/> }.to_html());
            assert!(html.contains(&format!(">\n{value}</textarea>")), "{html:?}");
        }
    }

    #[test]
    fn markup_in_a_title_is_escaped() {
        assert_eq!(raw_text("</title><script>"), "&lt;/title&gt;&lt;script&gt;");
    }
}
