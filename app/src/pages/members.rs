//! `/p/:slug/members`: who belongs to the project and as what, and who is invited. Everyone sees, owners change.

use crate::{
    api::members::{
        InviteMember, LoadMembers, MembersPage, RemoveMember, ResendInvitation, SetRole, WithdrawInvitation,
    },
    components::{field::Check, prelude::*},
    strings::{ADDRESS, may, places, role as role_words},
    typed,
};
use leptos::prelude::*;
use relay_types::member::{Invitation, Member, Role};

/// Members.
#[component]
pub fn Members() -> impl IntoView {
    let slug = use_slug();
    let data = read_again(search, move || LoadMembers { slug: slug.get() });
    view! {
        <Load resource=data let:page>
            <Page page/>
        </Load>
    }
}

#[component]
fn Page(page: MembersPage) -> impl IntoView {
    let MembersPage { members, invitations } = page;
    let administer = use_abilities().administer;
    let no_owner = !members.iter().any(|member| member.role == Role::Owner);
    let (none, invited) = (members.is_empty(), !invitations.is_empty());
    view! {
        <PageHeader title=places::MEMBERS>
            {(!none || invited).then(|| view! { <CsvLink/> })}
            {(administer && !none).then(|| view! { <Invite first=no_owner/> })}
        </PageHeader>
        {if none {
            view! {
                <EmptyState title=words::EMPTY_TITLE text=words::EMPTY>
                    {administer.then(|| view! { <Invite first=no_owner/> })}
                </EmptyState>
            }
                .into_any()
        } else {
            view! { <List members administer/> }.into_any()
        }}
        {(no_owner && !none)
            .then(|| view! { <Notice tone=Tone::Warn title=words::NO_OWNER_TITLE>{words::NO_OWNER}</Notice> })}
        {invited.then(|| view! { <Invitations invitations administer/> })}
        <Roles/>
    }
}

#[component]
fn List(members: Vec<Member>, administer: bool) -> impl IntoView {
    let mut members = members;
    sort(&mut members, untrack(query).get(SORT), |member, word| match word {
        "member" => Key::text(if member.name.is_empty() { member.email.to_string() } else { member.name.clone() }),
        "role" => Key::number(u64::from(member.role == Role::Owner) * 2 + u64::from(member.role == Role::Member)),
        "since" => Key::time(member.since),
        _ => Key::None,
    });
    let columns = vec![
        Column::new("Member").sorted_by("member").at_first(),
        Column::new("Role").sorted_by("role"),
        Column::new("Since").sorted_by("since").right(),
        Column::new("Actions").unseen().right(),
    ];
    view! {
        <Table label="Members" columns>
            {members.into_iter().map(|member| view! { <Row member administer/> }).views()}
        </Table>
    }
}

#[component]
fn Row(member: Member, administer: bool) -> impl IntoView {
    let (since, role, me) = (member.since, member.role, member.is_me);
    let email = member.email.to_string();
    let (name, below) = match member.name.is_empty() {
        true => (email, None),
        false => (member.name.clone(), Some(email)),
    };
    let id = member.user_id.to_string();
    let removable = (administer || me).then(|| view! { <Remove member/> });
    view! {
        <tr>
            <Cell label="Member">
                {name} {me.then(|| view! { " " <Pill tone=Tone::Info text="you"/> })}
                {below.map(|below| view! { <small>{below}</small> })}
            </Cell>
            <Cell label="Role">
                {if administer {
                    view! { <ChangeRole id role/> }.into_any()
                } else {
                    role_words(role).into_any()
                }}
            </Cell>
            <Cell label="Since" right=true>
                <Time at=since/>
            </Cell>
            <Cell label="Actions" right=true>
                {removable}
            </Cell>
        </tr>
    }
    .into_any()
}

#[component]
fn ChangeRole(id: String, role: Role) -> impl IntoView {
    let form = use_form_for::<SetRole>("id", &id);
    view! {
        <PostForm form inline=true>
            <HiddenSlug/>
            <HiddenId id/>
            <SelectField name="role" label="Role" value=role.as_str() options=role_options()/>
            <Submit kind="">"Save"</Submit>
        </PostForm>
    }
}

#[component]
fn Remove(member: Member) -> impl IntoView {
    let id = member.user_id.to_string();
    let form = use_form_for::<RemoveMember>("id", &id);
    let email = member.email.to_string();
    let (button, consequence) = if member.is_me {
        ("Leave project", words::LEAVE.to_owned())
    } else {
        ("Remove member", format!("{email} can no longer open this project. Programs and their secrets go on working."))
    };
    view! {
        <div class="actions">
            <Danger form id=format!("remove-{id}") button consequence name=email what=ADDRESS>
                <HiddenSlug/>
                <HiddenId id=id.clone()/>
            </Danger>
        </div>
    }
}

#[component]
fn Invitations(invitations: Vec<Invitation>, administer: bool) -> impl IntoView {
    let ended = invitations.iter().filter(|one| has_ended(one)).count();
    let open = text::count((invitations.len() - ended) as u64, "open invitation", "open invitations");
    let note = if ended == 0 { open } else { format!("{open}, {ended} expired") };
    let columns = vec![
        Column::new("Address"),
        Column::new("Role"),
        Column::new("State"),
        Column::new("Sent"),
        Column::new("Link ends").right(),
        Column::new("Actions").unseen().right(),
    ];
    view! {
        <Card title="Invited, not here yet" note flush=true>
            <Table label="Invitations" columns>
                {invitations
                    .into_iter()
                    .map(|invitation| view! { <Invited invitation administer/> })
                    .views()}
            </Table>
        </Card>
    }
}

fn has_ended(invitation: &Invitation) -> bool {
    invitation.expires_at <= crate::components::time::now()
}

#[component]
fn Invited(invitation: Invitation, administer: bool) -> impl IntoView {
    let state = if has_ended(&invitation) { (Tone::Warn, "Expired") } else { (Tone::Info, "Open") };
    let actions = administer.then(|| view! { <InvitationActions invitation=invitation.clone()/> });
    view! {
        <tr>
            <Cell label="Address">{invitation.email.to_string()}</Cell>
            <Cell label="Role">{role_words(invitation.role)}</Cell>
            <Cell label="State">
                <Status state/>
            </Cell>
            <Cell label="Sent">
                <Time at=invitation.created_at/>
            </Cell>
            <Cell label="Link ends" right=true>
                <Time at=invitation.expires_at/>
            </Cell>
            <Cell label="Actions" right=true>
                {actions}
            </Cell>
        </tr>
    }
    .into_any()
}

#[component]
fn InvitationActions(invitation: Invitation) -> impl IntoView {
    let id = invitation.id.to_string();
    // The link of one that has expired is dead already: there is nothing to withdraw.
    let remove = if has_ended(&invitation) { "Remove invitation" } else { "Withdraw invitation" };
    let again = use_form_for::<ResendInvitation>("id", &id);
    let withdraw = use_form_for::<WithdrawInvitation>("id", &id);
    let (id, email) = (StoredValue::new(id), StoredValue::new(invitation.email.to_string()));
    view! {
        <div class="actions">
            <PostForm form=again inline=true>
                <HiddenSlug/>
                <HiddenId id=id.get_value()/>
                <Submit kind="quiet">"Send again" <Unseen text=email.get_value()/></Submit>
            </PostForm>
            <Danger
                form=withdraw
                id=format!("withdraw-{}", id.get_value())
                button=remove
                consequence=format!("The link that was mailed to {} is worth nothing then.", email.get_value())
                name=email.get_value()
                what=ADDRESS
            >
                <HiddenSlug/>
                <HiddenId id=id.get_value()/>
            </Danger>
        </div>
    }
}

#[component]
fn Invite(first: bool) -> impl IntoView {
    let form = use_form::<InviteMember>();
    let role = if first { Role::Owner } else { Role::Member };
    view! {
        <Dialog id="invite" button="Invite someone" kind="primary" title="Invite someone" open=form.failed_reply()>
            <PostForm form>
                <HiddenSlug/>
                <TextField
                    name="email"
                    label="Address"
                    hint="It gets a link to join, good for 7 days."
                    kind="email"
                    check=typed::check_address as Check
                />
                <SelectField name="role" label="Role" value=role.as_str() options=role_options()/>
                <Submit>"Send invitation"</Submit>
            </PostForm>
        </Dialog>
    }
}

#[component]
fn Roles() -> impl IntoView {
    view! {
        <Card title="What each role may do">
            <Facts>
                {Role::ALL
                    .into_iter()
                    .map(|of| {
                        view! { <Fact term=role_words(of)>{may(of)}</Fact> }
                    })
                    .views()}
            </Facts>
            <p class="soft">{words::OPERATORS}</p>
        </Card>
    }
}

fn role_options() -> Vec<(String, String)> {
    Role::ALL.into_iter().map(|role| (role.as_str().to_owned(), role_words(role).to_owned())).collect()
}

mod words {
    pub const EMPTY_TITLE: &str = "Nobody belongs to this project";
    pub const EMPTY: &str = "Members run the project themselves: its accounts, senders and networks. Invite an owner first; \
        they invite the others.";
    pub const NO_OWNER_TITLE: &str = "This project has no owner.";
    pub const NO_OWNER: &str = "Nobody in it can invite others or change its route, and nobody hears of its bounces.";
    pub const LEAVE: &str = "You can no longer open this project until an owner invites you again.";
    pub const OPERATORS: &str = "Operators of the platform see and change every project without being members of it.";
}
