//! `/p/:slug/captured`: mail that was kept here instead of being sent.

use crate::{api::captured::LoadCaptured, components::prelude::*, pages::messages::Row, strings::places};
use leptos::prelude::*;
use relay_types::{change::Topic, message::MessageRow, page::Page};

/// Captured mail.
#[component]
pub fn Captured() -> impl IntoView {
    let slug = use_slug();
    let data = read(move || LoadCaptured { slug: slug.get(), after: query().text("after") });
    use_live(&[Topic::Messages], move || data.refetch());
    view! {
        <Load resource=data let:page>
            <List slug=slug.get_untracked() page/>
        </Load>
    }
}

#[component]
fn List(slug: String, page: Page<MessageRow>) -> impl IntoView {
    view! {
        <PageHeader title=places::CAPTURED/>
        {if page.items.is_empty() {
            view! { <EmptyState title=words::EMPTY_TITLE text=words::EMPTY/> }.into_any()
        } else {
            // The content is for those who manage it; a viewer gets its story.
            let below = if use_abilities().manage { "captured" } else { "messages" };
            view! { <CapturedTable base=format!("/p/{slug}/{below}") page/> }.into_any()
        }}
    }
}

/// Captured messages, each with its page below `base`.
#[component]
pub fn CapturedTable(
    /// The list's own address.
    #[prop(into)]
    base: String,
    /// Messages.
    page: Page<MessageRow>,
) -> impl IntoView {
    let shown = page.items.len();
    let columns = vec![
        Column::new("State"),
        Column::new("Subject"),
        Column::new("To"),
        Column::new("From program"),
        Column::new("Accepted").right(),
    ];
    let rows = page.items.into_iter().map(|row| view! { <Row href=format!("{base}/{}", row.id) row/> }).views();
    view! {
        <Table label=places::CAPTURED columns>
            {rows}
        </Table>
        <Pager shown next=page.next/>
    }
}

mod words {
    pub const EMPTY_TITLE: &str = "No captured mail";
    pub const EMPTY: &str = "With the route capture, messages are accepted and signed as always, but kept here instead of being \
        sent. Send one from your program and read it on this page.";
}
