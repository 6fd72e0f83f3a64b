//! `/admin/captured` and `/admin/captured/:id`: mail of the portal itself that was kept here instead of being sent. With
//! the route capture, this is where invitations and links to verify or reset are found.

use crate::{
    api::captured::{LoadCapturedMessageOfPortal, LoadCapturedOfPortal},
    components::prelude::*,
    pages::{captured::CapturedTable, captured_message::Read},
    strings::places,
};
use leptos::prelude::*;
use relay_types::{
    change::Topic,
    message::{CapturedMessage, MessageRow},
    page::Page,
};

const BASE: &str = "/admin/captured";

/// Captured mail of the portal.
#[component]
pub fn AdminCaptured() -> impl IntoView {
    let data = read(|| LoadCapturedOfPortal { after: query().text("after") });
    use_live(&[Topic::Messages], move || data.refetch());
    view! {
        <Load resource=data let:page>
            <List page/>
        </Load>
    }
}

#[component]
fn List(page: Page<MessageRow>) -> impl IntoView {
    let empty = page.items.is_empty();
    view! {
        <PageHeader title=places::CAPTURED/>
        {if empty {
            view! { <EmptyState title=words::EMPTY_TITLE text=words::EMPTY/> }.into_any()
        } else {
            view! {
                <p class="soft">{words::ABOUT}</p>
                <CapturedTable base=BASE page/>
            }
                .into_any()
        }}
    }
}

/// One captured message of the portal.
#[component]
pub fn AdminCapturedMessage() -> impl IntoView {
    let id = use_param("id");
    let data = read(move || LoadCapturedMessageOfPortal { id: id.get() });
    view! {
        <Load resource=data let:message>
            <Detail message/>
        </Load>
    }
}

#[component]
fn Detail(message: CapturedMessage) -> impl IntoView {
    view! {
        <PageHeader title=message.subject.clone() crumb=(BASE, places::CAPTURED)/>
        <Read own=format!("{BASE}/{}", message.id) message/>
    }
}

mod words {
    pub const ABOUT: &str = "Mail of the portal itself. Its links work for whoever opens them, so hand them only to whom \
        they are addressed.";
    pub const EMPTY_TITLE: &str = "No captured mail of the portal";
    pub const EMPTY: &str = "With the platform's route capture, what the portal writes is kept here instead of being sent: \
        invitations, links to verify an address or to set a new password. What programs send is on their project's page.";
}
