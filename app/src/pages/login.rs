//! `/login`: who a person is.

use crate::{
    api::session::{Door, LoadLogin, SignIn},
    components::prelude::*,
    next::safe_next,
    typed,
};
use leptos::prelude::*;

/// Sign in.
#[component]
pub fn Login() -> impl IntoView {
    let data = read(|| LoadLogin {});
    view! {
        <Load resource=data let:door>
            <Page door/>
        </Load>
    }
}

#[component]
fn Page(door: Door) -> impl IntoView {
    let form = use_form::<SignIn>();
    let next = untrack(|| query().text("next")).unwrap_or_default();
    let next = safe_next(&next).to_owned();
    let on = next.clone();
    view! {
        <PageHeader title=words::TITLE/>
        {door
            .email
            .map(|email| {
                view! {
                    <Notice tone=Tone::Info title=format!("You are signed in as {email}.") link=(on, words::GO_ON)>
                        {words::CHANGE}
                    </Notice>
                }
            })}
        <PostForm form>
            <Hidden name="next" value=next/>
            <TextField
                name="email"
                label="Mail address"
                kind="email"
                autocomplete="username"
                focus=true
                check=typed::check_address as crate::components::field::Check
            />
            <TextField name="password" label="Password" kind="password" autocomplete="current-password"/>
            <Submit>"Sign in"</Submit>
        </PostForm>
        <p>
            <a href="/reset">{words::FORGOT}</a>
        </p>
    }
}

mod words {
    pub const TITLE: &str = "Sign in";
    pub const GO_ON: &str = "Go on";
    pub const CHANGE: &str = "Sign in below to be someone else.";
    pub const FORGOT: &str = "Forgot your password?";
}
