//! `/p/:slug/captured`: mail that was kept here instead of being sent.

use crate::{api::captured::load_captured, components::prelude::*, pages::messages::Row};
use leptos::prelude::*;
use relay_types::{message::MessageRow, page::Page};

/// Captured mail.
#[component]
pub fn Captured() -> impl IntoView {
    let slug = use_slug();
    let data =
        Resource::new_blocking(move || (slug.get(), query().text("after")), |(slug, after)| load_captured(slug, after));
    view! {
        <Load resource=data let:page>
            <List slug=slug.get_untracked() page/>
        </Load>
    }
}

#[component]
fn List(slug: String, page: Page<MessageRow>) -> impl IntoView {
    let shown = page.items.len();
    let columns = vec![
        Column::new("State"),
        Column::new("Subject"),
        Column::new("To"),
        Column::new("From program"),
        Column::new("Accepted").right(),
    ];
    view! {
        <PageHeader title=words::TITLE/>
        {if page.items.is_empty() {
            view! { <EmptyState title=words::EMPTY_TITLE text=words::EMPTY/> }.into_any()
        } else {
            view! {
                <Table label=words::TITLE columns>
                    {page
                        .items
                        .into_iter()
                        .map(|row| view! { <Row href=format!("/p/{slug}/captured/{}", row.id) row/> })
                        .collect_view()}
                </Table>
                <Pager shown next=page.next/>
            }
                .into_any()
        }}
    }
}

mod words {
    pub const TITLE: &str = "Captured mail";
    pub const EMPTY_TITLE: &str = "No captured mail";
    pub const EMPTY: &str = "With the route capture, messages are accepted and signed as always, but kept here instead of being \
        sent. Send one from your program and read it on this page.";
}
