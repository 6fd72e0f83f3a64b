//! `/setup`: the first run, until a user exists.

use crate::{
    api::{
        session::{Door, LoadDoor},
        users::SetUp,
    },
    components::prelude::*,
    strings::PASSWORD_HINT,
    typed,
};
use leptos::prelude::*;

/// Set up Relaykeep.
#[component]
pub fn Setup() -> impl IntoView {
    let data = read(|| LoadDoor {});
    view! {
        <Load resource=data let:door>
            <Page door/>
        </Load>
    }
}

#[component]
fn Page(door: Door) -> impl IntoView {
    if door.setup_needed {
        return view! { <FirstRun/> }.into_any();
    }
    let (href, go) = if door.email.is_some() { ("/", words::PROJECTS) } else { ("/login", words::SIGN_IN) };
    view! {
        <PageHeader title=words::DONE/>
        <p>{words::DONE_TEXT}</p>
        <p class="actions">
            <a class="button primary" href=href>
                {go}
            </a>
        </p>
    }
    .into_any()
}

#[component]
fn FirstRun() -> impl IntoView {
    let form = use_form::<SetUp>();
    let code = untrack(|| query().text("code")).unwrap_or_default();
    view! {
        <PageHeader title=words::TITLE/>
        <p>{words::INTRO}</p>
        <SlugFollows name="project_name" slug="project_slug">
            <PostForm form>
                <TextField name="code" label="Setup code" hint=words::CODE value=code.clone() focus=code.is_empty() mono=true/>
                <TextField
                    name="email"
                    label="Mail address"
                    hint=words::EMAIL
                    kind="email"
                    autocomplete="username"
                    focus=!code.is_empty()
                    check=typed::check_address as crate::components::field::Check
                />
                <TextField name="name" label="Your name" hint=words::NAME autocomplete="name" required=false/>
                <TextField
                    name="password"
                    label="Password"
                    hint=PASSWORD_HINT
                    kind="password"
                    autocomplete="new-password"
                />
                <TextField name="project_name" label="First project" hint=words::PROJECT/>
                <TextField
                    name="project_slug"
                    label="Short name in addresses"
                    hint=words::SLUG
                    required=false
                    mono=true
                    check=typed::check_slug as crate::components::field::Check
                />
                <Submit>"Set up"</Submit>
            </PostForm>
        </SlugFollows>
    }
}

mod words {
    pub const TITLE: &str = "Set up Relaykeep";
    pub const INTRO: &str = "Nobody can sign in yet. You become the operator of this relay and the owner of its first \
        project.";
    pub const CODE: &str = "Printed on the terminal where Relaykeep was started. It shows that the machine is yours.";
    pub const EMAIL: &str = "You sign in with it, and hear of bounces there.";
    pub const NAME: &str = "As others see it in the activity. May stay empty.";
    pub const PROJECT: &str =
        "A project is a group of programs that send under the same rules, such as: Bioinformatics.";
    pub const SLUG: &str = "Lower-case letters, digits and hyphens. Left empty, it is made from the name.";
    pub const DONE: &str = "Relaykeep is set up already";
    pub const DONE_TEXT: &str = "The first operator exists, so this page has done its work. An operator adds projects, \
        and owners invite people to them.";
    pub const SIGN_IN: &str = "Sign in";
    pub const PROJECTS: &str = "Your projects";
}
