//! `/verify/:token`: the link that proves a sender address. Opening it changes nothing, since scanners of mail open
//! links too; the button does.

use crate::{
    api::senders::{LoadSenderOffer, VerifyByLink},
    components::prelude::*,
};
use leptos::prelude::*;
use relay_types::sender::SenderOffer;

/// Verify a sender.
#[component]
pub fn Verify() -> impl IntoView {
    let token = use_param("token");
    let data = read(move || LoadSenderOffer { token: token.get() });
    view! {
        <Load resource=data let:offer>
            <Page token=token.get_untracked() offer/>
        </Load>
    }
}

#[component]
fn Page(token: String, offer: Option<SenderOffer>) -> impl IntoView {
    let form = use_form::<VerifyByLink>();
    let done = form.output();
    move || match (done.get(), offer.clone()) {
        (Some(done), _) => view! { <Done done/> }.into_any(),
        (None, Some(offer)) => view! { <Ask token=token.clone() offer form/> }.into_any(),
        (None, None) => view! { <DeadLink title=words::DEAD text=words::DEAD_TEXT/> }.into_any(),
    }
}

#[component]
fn Ask(token: String, offer: SenderOffer, form: FormHandle<VerifyByLink>) -> impl IntoView {
    let SenderOffer { address, project } = offer;
    view! {
        <PageHeader title=words::TITLE/>
        <Facts>
            <Fact term="Address" mono=true>
                {address.to_string()}
            </Fact>
            <Fact term="Project">{project}</Fact>
        </Facts>
        <p>{words::MEANS}</p>
        <PostForm form>
            <Hidden name="token" value=token/>
            <Submit>"Verify this address"</Submit>
        </PostForm>
        <p class="hint">{words::UNKNOWN}</p>
    }
}

#[component]
fn Done(done: SenderOffer) -> impl IntoView {
    let SenderOffer { address, project } = done;
    // The button that had the focus is gone; who hears the page is told what it says now.
    Effect::new(|| {
        use wasm_bindgen::JsCast;
        let content = document().get_element_by_id("content");
        if let Some(content) = content.and_then(|content| content.dyn_into::<web_sys::HtmlElement>().ok()) {
            let _ = content.focus();
        }
    });
    view! {
        <PageHeader title=words::VERIFIED/>
        <p>
            {format!("{project} can send as ")} <span class="mono">{address.to_string()}</span> " from now on."
        </p>
        <p>{words::CLOSE}</p>
        <p class="actions">
            <a class="button" href="/">
                {words::HOME}
            </a>
        </p>
    }
}

mod words {
    pub const TITLE: &str = "Verify a sender";
    pub const MEANS: &str = "Members of this project ask to send mail with this address as its sender. Verify it if the \
        address is yours and you know the project.";
    pub const UNKNOWN: &str = "If you do not know the project, close this page. Nothing happens then.";
    pub const VERIFIED: &str = "The address is verified";
    pub const CLOSE: &str = "You can close this page. The project can remove the address at any time.";
    pub const HOME: &str = "Go to Relaykeep";
    pub const DEAD: &str = "This link is no longer good";
    pub const DEAD_TEXT: &str = "A link works once, for three days, and only until a newer one is sent. If the address is verified already, nothing is left to do. Else ask a member of the \
        project to send a new link from its senders.";
}
