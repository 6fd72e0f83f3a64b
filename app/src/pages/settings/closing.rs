//! Closing a project, and taking it up again: its mail is refused, and after a grace its names go.

use crate::{
    api::settings::{CloseProject, ReopenProject},
    components::prelude::*,
};
use leptos::prelude::*;
use relay_types::Timestamp;

/// The card of owners, and of operators who may reopen.
#[component]
pub fn Closing(slug: String, closed_at: Option<Timestamp>, administer: bool, operate: bool) -> impl IntoView {
    if !administer {
        return ().into_any();
    }
    let (close, reopen) = (use_form::<CloseProject>(), use_form::<ReopenProject>());
    let content = match closed_at {
        None => view! {
            <p class="soft">{words::OPEN}</p>
            <Danger form=close id="close-project" button="Close project" consequence=words::CONSEQUENCE name=slug>
                <HiddenSlug/>
                <TextField name="reason" label="Reason" hint=words::REASON required=false/>
            </Danger>
        }
        .into_any(),
        Some(at) => view! {
            <p>"Closed " <Time at/> ". " {words::CLOSED}</p>
            {operate
                .then(|| {
                    view! {
                        <PostForm form=reopen inline=true>
                            <HiddenSlug/>
                            <Submit kind="">"Reopen project"</Submit>
                        </PostForm>
                    }
                })}
        }
        .into_any(),
    };
    view! { <Card title="End">{content}</Card> }.into_any()
}

mod words {
    pub const OPEN: &str = "When the project is no longer needed, close it. Nothing is deleted.";
    pub const CONSEQUENCE: &str = "Its mail is refused from the next message on. After a grace its addresses lose their names. An \
        operator can reopen it.";
    pub const REASON: &str = "May stay empty. Programs read it in the SMTP reply: plain characters, no accents.";
    pub const CLOSED: &str =
        "Its mail is refused, and its names go when the grace of the sweep is over. An operator can reopen it.";
}
