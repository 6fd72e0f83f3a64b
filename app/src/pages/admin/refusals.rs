//! `/admin/refusals`: what was refused before it was known whose it is: wrong credentials, strangers at the door.

use crate::{
    api::refusals::{LoadUnassignedRefusals, RefusalQuery},
    components::prelude::*,
    pages::refusals::Rows,
    strings::places,
};
use leptos::prelude::*;
use relay_types::{change::Topic, page::Page, refusal::Refusal};

/// Refusals of no project.
#[component]
pub fn AdminRefusals() -> impl IntoView {
    let data = read(|| LoadUnassignedRefusals { query: RefusalQuery::read(|name| query().text(name)) });
    use_live(&[Topic::Refusals], move || data.refetch());
    view! {
        <Load resource=data let:rows>
            <List rows/>
        </Load>
    }
}

#[component]
fn List(rows: Page<Refusal>) -> impl IntoView {
    let query = untrack(query);
    let narrowed = query.get("q").is_some() || query.get("after").is_some();
    let nothing_yet = rows.items.is_empty() && !narrowed;
    view! {
        <PageHeader title=places::REFUSALS>{(!nothing_yet).then(|| view! { <CsvLink/> })}</PageHeader>
        {if nothing_yet {
            view! { <EmptyState title=words::EMPTY_TITLE text=words::EMPTY/> }.into_any()
        } else {
            view! {
                <p class="soft">{words::ABOUT}</p>
                <Filters own=&["q"]>
                    <SearchField label="Search refusals" example="Address, client or account"/>
                </Filters>
                <Rows slug=None rows=rows.items next=rows.next/>
            }
                .into_any()
        }}
    }
}

mod words {
    pub const ABOUT: &str = "Clients that never came so far as to be known as a project: without credentials, with wrong ones, \
        or from a network nobody listed. What a project's own programs were refused is on that project's page.";
    pub const EMPTY_TITLE: &str = "Nobody was turned away";
    pub const EMPTY: &str = "When a client is refused before it is known whose it is, the exact reply stands here. What a \
        project's own programs were refused is on that project's page.";
}
