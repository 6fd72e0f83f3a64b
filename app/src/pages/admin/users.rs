//! `/admin/users`: everyone who can sign in; who is an operator, who is locked out.

use crate::{
    api::admin_users::{JoinDesk, LeaveDesk, LoadUsers, LockUser, MakeOperator, UnlockUser, UnmakeOperator},
    components::prelude::*,
    strings::{ADDRESS, places},
};
use leptos::prelude::*;
use relay_types::user::User;

/// With more people than this they can be searched.
const LONG: usize = 12;

/// Users.
#[component]
pub fn AdminUsers() -> impl IntoView {
    let data = read_again(search, || LoadUsers {});
    view! {
        <Load resource=data let:users>
            <Page users/>
        </Load>
    }
}

#[component]
fn Page(users: Vec<User>) -> impl IntoView {
    let all = users.len();
    let count = |state: &str| users.iter().filter(|user| is(user, state)).count() as u64;
    let choices = vec![
        Choice::all("All").counted(all as u64),
        Choice::new("operators", "Operators").counted(count("operators")),
        Choice::new("locked", "Locked").counted(count("locked")),
    ];
    let query = untrack(query);
    let state = query.text("state");
    let wanted = query.text("q").unwrap_or_default().to_lowercase();
    let mut shown: Vec<User> = users
        .into_iter()
        .filter(|user| state.as_deref().is_none_or(|state| is(user, state)))
        .filter(|user| format!("{} {}", user.name, user.email).to_lowercase().contains(&wanted))
        .collect();
    sort(&mut shown, query.get(SORT), |user, word| match word {
        "user" => Key::text(if user.name.is_empty() { user.email.to_string() } else { user.name.clone() }),
        "projects" => Key::number(user.projects),
        "seen" => Key::time(user.last_sign_in_at),
        "since" => Key::time(user.created_at),
        _ => Key::None,
    });
    view! {
        <PageHeader title=places::USERS>
            <CsvLink/>
        </PageHeader>
        <Tabs label="State" name="state" choices/>
        {(all > LONG)
            .then(|| {
                view! {
                    <Filters own=&["q"]>
                        <SearchField label="Search users" example="Name or address"/>
                    </Filters>
                }
            })}
        {if shown.is_empty() {
            view! { <EmptyState title="Nobody matches" text="Take a filter away to see more."/> }.into_any()
        } else {
            view! { <List users=shown/> }.into_any()
        }}
        <p class="soft">{words::HOW} " " <code>"relaykeep operator create"</code> " " {words::HOW_MORE}</p>
    }
}

/// Whether a person is under the tab `state`.
fn is(user: &User, state: &str) -> bool {
    match state {
        "operators" => user.operator,
        "locked" => user.disabled,
        _ => true,
    }
}

#[component]
fn List(users: Vec<User>) -> impl IntoView {
    let columns = vec![
        Column::new("User").sorted_by("user"),
        Column::new("State"),
        Column::new("Projects").sorted_by("projects").right(),
        Column::new("Last sign-in").sorted_by("seen"),
        Column::new("Since").sorted_by("since"),
        Column::new("Actions").unseen().right(),
    ];
    view! {
        <Table label="Users" columns>
            {users.into_iter().map(|user| view! { <Row user/> }).views()}
        </Table>
    }
}

#[component]
fn Row(user: User) -> impl IntoView {
    let me = use_me().with_value(|me| me.id == user.id);
    let email = user.email.to_string();
    let (name, below) = if user.name.is_empty() { (email, None) } else { (user.name.clone(), Some(email)) };
    let state = if user.disabled { (Tone::Bad, "Locked") } else { (Tone::Good, "May sign in") };
    let (operator, projects, seen, since) = (user.operator, user.projects, user.last_sign_in_at, user.created_at);
    let desk = user.desk && !operator;
    view! {
        <tr>
            <Cell label="User">
                {name} {me.then(|| view! { " " <Pill tone=Tone::Info text="you"/> })}
                {operator.then(|| view! { " " <Pill tone=Tone::Warn text="operator"/> })}
                {desk.then(|| view! { " " <Pill tone=Tone::Info text="service desk"/> })}
                {below.map(|below| view! { <small>{below}</small> })}
            </Cell>
            <Cell label="State">
                <Status state/>
            </Cell>
            <Cell label="Projects" right=true>
                {text::number(projects)}
            </Cell>
            <Cell label="Last sign-in">
                {seen.map(|at| view! { <Time at/> })} {seen.is_none().then_some("never")}
            </Cell>
            <Cell label="Since">
                <Time at=since/>
            </Cell>
            <Cell label="Actions" right=true>
                <div class="actions">
                    <Rights user=user.clone() me/>
                    {(!operator).then(|| view! { <Desk user=user.clone()/> })}
                    {(!me).then(|| view! { <Lock user/> })}
                </div>
            </Cell>
        </tr>
    }
    .into_any()
}

#[component]
fn Rights(user: User, me: bool) -> impl IntoView {
    let (id, email) = (user.id.to_string(), user.email.to_string());
    let make = use_form_for::<MakeOperator>("id", &id);
    let unmake = use_form_for::<UnmakeOperator>("id", &id);
    if user.operator {
        let who = if me { "You".to_owned() } else { email.clone() };
        let consequence =
            format!("{who} can then open only projects of which they are a member, and no page of the platform.");
        return view! {
            <Danger form=unmake id=format!("unmake-{id}") button="Take operator's rights" consequence name=email what=ADDRESS>
                <HiddenId id=id.clone()/>
            </Danger>
        }
        .into_any();
    }
    let consequence = format!(
        "{email} can then see and change everything in every project, and this platform: limits, suspensions, other \
         operators.",
    );
    view! {
        <Danger form=make id=format!("make-{id}") button="Make operator" consequence name=email what=ADDRESS>
            <HiddenId id=id.clone()/>
        </Danger>
    }
    .into_any()
}

/// The service desk: tickets of all projects, and nothing else of the platform.
#[component]
fn Desk(user: User) -> impl IntoView {
    let (id, email) = (user.id.to_string(), user.email.to_string());
    let join = use_form_for::<JoinDesk>("id", &id);
    let leave = use_form_for::<LeaveDesk>("id", &id);
    if user.desk {
        let consequence = format!("{email} sees tickets of other projects no longer, and decides none.");
        return view! {
            <Danger form=leave id=format!("leave-desk-{id}") button="Take from the desk" consequence name=email what=ADDRESS>
                <HiddenId id=id.clone()/>
            </Danger>
        }
        .into_any();
    }
    let consequence = format!(
        "{email} can then see and decide the tickets of every project, with the names, limits and sandboxes they are about.",
    );
    view! {
        <Danger form=join id=format!("join-desk-{id}") button="Put on the desk" consequence name=email what=ADDRESS>
            <HiddenId id=id.clone()/>
        </Danger>
    }
    .into_any()
}

#[component]
fn Lock(user: User) -> impl IntoView {
    let (id, email) = (user.id.to_string(), user.email.to_string());
    let lock = use_form_for::<LockUser>("id", &id);
    let unlock = use_form_for::<UnlockUser>("id", &id);
    if user.disabled {
        return view! {
            <PostForm form=unlock inline=true>
                <HiddenId id/>
                <Submit kind="">"Unlock"</Submit>
            </PostForm>
        }
        .into_any();
    }
    let consequence = format!(
        "{email} is signed out everywhere and cannot sign in until they are unlocked. Programs of their projects go on.",
    );
    view! {
        <Danger form=lock id=format!("lock-{id}") button="Lock" consequence name=email what=ADDRESS>
            <HiddenId id=id.clone()/>
        </Danger>
    }
    .into_any()
}

mod words {
    pub const HOW: &str = "People come in by the invitation of a project. The first operator is made at setup, or on the machine itself with";
    pub const HOW_MORE: &str = "which also lets a locked-out operator in again.";
}
