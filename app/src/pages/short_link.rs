//! `/s/:code`: the address printed in an SMTP refusal leads to the page that mends it.

use crate::{
    api::refusals::{FixPage, LoadFix},
    components::prelude::*,
    mending::{explanation, mend_unassigned, page, rule_words},
};
use leptos::prelude::*;

/// Why it was refused, and the way on.
#[component]
pub fn ShortLink() -> impl IntoView {
    let code = use_param("code");
    let data = read(move || LoadFix { code: code.get() });
    view! {
        <Load resource=data let:fix>
            <Why fix/>
        </Load>
    }
}

#[component]
fn Why(fix: FixPage) -> impl IntoView {
    let FixPage { project, rule, address, account, may_mend } = fix;
    let go = match project.as_deref() {
        Some(slug) => page(slug, rule, address.as_deref(), account, may_mend),
        None => Some(mend_unassigned(rule, None)),
    };
    let ask = (!may_mend && go.is_none()).then(|| view! { <p>{words::ASK}</p> });
    let all = project.map(|slug| format!("/p/{slug}/refusals?rule={}", rule.as_str()));
    view! {
        <PageHeader title=rule_words(rule)/>
        {address.map(|address| view! { <p class="mono">{address}</p> })}
        <p>{explanation(rule)}</p>
        {ask}
        <p class="actions">
            {go.map(|go| view! { <a class="button primary" href=go.href>{go.text}</a> })}
            {all.map(|href| view! { <a class="button" href=href>{words::ALL}</a> })}
        </p>
    }
}

mod words {
    pub const ASK: &str = "Your role in the project is to look; a member or an owner can change its rules.";
    pub const ALL: &str = "All refusals by this rule";
}
