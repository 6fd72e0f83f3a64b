//! `/reset` and `/reset/:token`: a forgotten password.

use crate::{
    api::users::{LoadReset, RequestReset as Request, ResetPassword},
    components::prelude::*,
    strings::PASSWORD_HINT,
    typed,
};
use leptos::prelude::*;

/// Asks for a link. Says the same to everyone.
#[component]
pub fn RequestReset() -> impl IntoView {
    let form = use_form::<Request>();
    let sent = form.output();
    view! {
        <PageHeader title=words::TITLE/>
        <div role="status">
            {move || match sent.get() {
                None => view! { <p>{words::INTRO}</p> }.into_any(),
                Some(email) => {
                    view! {
                        <Notice tone=Tone::Good title=words::SENT>
                            {format!("If {email} can sign in here, a link to choose a new password is on its way.")}
                        </Notice>
                    }
                        .into_any()
                }
            }}
        </div>
        <PostForm form>
            <TextField
                name="email"
                label="Mail address"
                kind="email"
                autocomplete="username"
                focus=true
                check=typed::check_address as crate::components::field::Check
            />
            <Submit>"Send the link"</Submit>
        </PostForm>
        <p>
            <a href="/login">{words::SIGN_IN}</a>
        </p>
    }
}

/// Sets the new password.
#[component]
pub fn SetPassword() -> impl IntoView {
    let token = use_param("token");
    let data = read(move || LoadReset { token: token.get() });
    view! {
        <Load resource=data let:good>
            <Choose token=token.get_untracked() good/>
        </Load>
    }
}

#[component]
fn Choose(token: String, good: bool) -> impl IntoView {
    let form = use_form::<ResetPassword>();
    if !good {
        return view! { <DeadLink title=words::DEAD text=words::DEAD_TEXT go=("/reset", words::AGAIN)/> }.into_any();
    }
    view! {
        <PageHeader title=words::CHOOSE/>
        <p>{words::CHOOSE_TEXT}</p>
        <PostForm form>
            <Hidden name="token" value=token/>
            <TextField
                name="password"
                label="New password"
                hint=PASSWORD_HINT
                kind="password"
                autocomplete="new-password"
                focus=true
            />
            <Submit>"Set the password"</Submit>
        </PostForm>
    }
    .into_any()
}

mod words {
    pub const TITLE: &str = "Reset your password";
    pub const INTRO: &str = "Type the address you sign in with. A link comes by mail; it works once, within an hour.";
    pub const SENT: &str = "Look into your mail.";
    pub const SIGN_IN: &str = "Back to sign in";
    pub const CHOOSE: &str = "Choose a new password";
    pub const CHOOSE_TEXT: &str = "You are signed in with it at once, and signed out everywhere else.";
    pub const DEAD: &str = "This link is no longer good";
    pub const DEAD_TEXT: &str = "A link works once, for an hour, and only until a newer one is sent.";
    pub const AGAIN: &str = "Send a new link";
}
