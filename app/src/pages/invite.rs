//! `/invite/:token`: the link that makes a person a member. A known user signs in first; a new one chooses a password.

use crate::{
    api::{
        invitations::{AcceptInvitation, Invited, LoadInvitation},
        session::SignOut,
    },
    components::prelude::*,
    next::encode,
    strings::{PASSWORD_HINT, may, role},
};
use leptos::prelude::*;
use relay_types::member::InvitationOffer;

/// Join a project.
#[component]
pub fn Invite() -> impl IntoView {
    let token = use_param("token");
    // The query too: after signing out here it is the same page for someone else.
    let data = read_again(search, move || LoadInvitation { token: token.get() });
    view! {
        <Load resource=data let:invited>
            <Page token=token.get_untracked() invited/>
        </Load>
    }
}

#[component]
fn Page(token: String, invited: Option<Invited>) -> impl IntoView {
    let Some(Invited { offer, me }) = invited else {
        return view! { <DeadLink title=words::DEAD text=words::DEAD_TEXT go=("/", words::HOME)/> }.into_any();
    };
    let email = offer.email.to_string();
    let known = offer.known_user;
    let here = format!("/invite/{token}");
    let way = match me {
        Some(me) if me.key() != offer.email.key() => {
            view! { <SomeoneElse me=me.to_string() email=email.clone() here/> }.into_any()
        }
        Some(_) => view! { <Join token/> }.into_any(),
        None if known => view! { <SignInFirst here/> }.into_any(),
        None => view! { <NewUser token/> }.into_any(),
    };
    view! {
        <PageHeader title=format!("Join {}", offer.project)/>
        <Offer offer/>
        {way}
    }
    .into_any()
}

#[component]
fn Offer(offer: InvitationOffer) -> impl IntoView {
    let InvitationOffer { email, role: given, .. } = offer;
    let may = may(given);
    view! {
        <Facts>
            <Fact term="For" mono=true>
                {email.to_string()}
            </Fact>
            <Fact term="Role">{role(given)} ": " {may}</Fact>
        </Facts>
    }
}

#[component]
fn Join(token: String) -> impl IntoView {
    let form = use_form::<AcceptInvitation>();
    view! {
        <PostForm form>
            <Hidden name="token" value=token/>
            <Submit>"Join the project"</Submit>
        </PostForm>
    }
}

#[component]
fn NewUser(token: String) -> impl IntoView {
    let form = use_form::<AcceptInvitation>();
    view! {
        <p>{words::NEW}</p>
        <PostForm form>
            <Hidden name="token" value=token/>
            <TextField name="name" label="Your name" hint=words::NAME autocomplete="name" required=false focus=true/>
            <TextField
                name="password"
                label="Password"
                hint=PASSWORD_HINT
                kind="password"
                autocomplete="new-password"
            />
            <Submit>"Join the project"</Submit>
        </PostForm>
    }
}

#[component]
fn SignInFirst(here: String) -> impl IntoView {
    view! {
        <p>{words::KNOWN}</p>
        <p class="actions">
            <a class="button primary" href=format!("/login?next={}", encode(&here))>
                "Sign in to join"
            </a>
        </p>
    }
}

#[component]
fn SomeoneElse(me: String, email: String, here: String) -> impl IntoView {
    let form = use_form::<SignOut>();
    view! {
        <Notice tone=Tone::Warn title=format!("You are signed in as {me}.")>
            {format!("This invitation is for {email}. Sign out, and this page asks again.")}
        </Notice>
        <PostForm form>
            <Hidden name="next" value=here/>
            <Submit>"Sign out"</Submit>
        </PostForm>
    }
}

mod words {
    pub const NEW: &str = "You are new here. Choose a password; you sign in with the address above.";
    pub const NAME: &str = "As others see it. May stay empty.";
    pub const KNOWN: &str = "There is a user with this address already.";
    pub const DEAD: &str = "This invitation is no longer good";
    pub const DEAD_TEXT: &str = "An invitation works once, for seven days, until it is withdrawn or sent anew. If you \
        joined already, sign in; else ask an owner of the project for a new one.";
    pub const HOME: &str = "Go to Relaykeep";
}
