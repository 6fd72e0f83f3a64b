//! A coloured box that says what is the matter and leads to the page that mends it; and the empty list.

use crate::components::status::{Dot, Tone};
use leptos::prelude::*;

/// `<Notice tone=Tone::Warn title="SPF fails for this relay." link=("/…", "Show the record")>"One record mends it."</Notice>`
#[component]
pub fn Notice(
    /// How bad it is.
    tone: Tone,
    /// One sentence in bold.
    #[prop(into)]
    title: String,
    /// Where it is mended: address and words.
    #[prop(optional, into)]
    link: Option<Go>,
    /// The rest of what there is to say.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class=format!("notice {}", tone.class()) role=(tone == Tone::Bad).then_some("alert")>
            <Dot tone/>
            <div>
                <b>{title}</b>
                " "
                {children.map(|children| children())}
            </div>
            {link.map(|link| view! { <a class="go" href=link.href>{link.text}</a> })}
        </div>
    }
}

/// A link with its words.
#[derive(Debug, Clone)]
pub struct Go {
    /// Address.
    pub href: String,
    /// Words.
    pub text: String,
}

impl<H: Into<String>, T: Into<String>> From<(H, T)> for Go {
    fn from((href, text): (H, T)) -> Self {
        Self { href: href.into(), text: text.into() }
    }
}

/// A list with nothing in it: says in two sentences what would be here, and offers the way to it (children).
#[component]
pub fn EmptyState(
    /// Says that there is nothing.
    #[prop(into)]
    title: String,
    /// Explains the noun.
    #[prop(into)]
    text: String,
    /// A link or form that changes it.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="empty">
            <h2>{title}</h2>
            <p>{text}</p>
            {children.map(|children| view! { <div class="actions">{children()}</div> })}
        </div>
    }
}
