//! `/p/:slug/service-accounts/:id`: one program that sends, its secrets, and from where they are used.

use crate::{
    api::service_accounts::{
        AccountPage, IssueSecret, LoadAccount, RemoveAccount, RevokeSecret, SwitchAccount, UpdateAccount, sender_of,
    },
    components::{
        client_lines::AccountLines,
        prelude::*,
        report::Predictions,
        service_account::{SecretIssued, SettingsFields, limits_summary},
        status::account_state,
    },
    pages::activity::History,
    strings::places,
};
use leptos::prelude::*;
use relay_types::{
    client_lines::SECRET_PLACEHOLDER,
    service_account::{self, AccountState, AllowedSenders, Secret, SourceUse},
};

/// One service account.
#[component]
pub fn ServiceAccount() -> impl IntoView {
    let (slug, id) = (use_slug(), use_param("id"));
    let done = use_done_at(id);
    let data = read_again(done, move || LoadAccount { slug: slug.get(), id: id.get() });
    let reload = Callback::new(move |()| data.refetch());
    view! {
        <Load resource=data let:page>
            <Page page reload/>
        </Load>
    }
}

#[component]
fn Page(page: AccountPage, reload: Callback<()>) -> impl IntoView {
    let AccountPage { detail, access, predictions } = page;
    let account = detail.account;
    let slug = use_slug().get_untracked();
    let manage = use_abilities().manage;
    let list = format!("/p/{slug}/service-accounts");
    let here = format!("{list}/{}", account.id);
    let form = use_form::<IssueSecret>();
    let issued = form.output();
    let on_leave = Callback::new(move |()| {
        form.forget();
        reload.run(());
    });
    let (username, sender) = (account.username.clone(), sender_of(&account));
    view! {
        <PageHeader
            title=account.label.clone()
            crumb=(list, places::SERVICE_ACCOUNTS)
            status=account_state(account.state)
        />
        {move || {
            let leave = (here.clone(), "I have kept it");
            issued.get().map(|issued| view! { <SecretIssued title="Second secret issued" issued leave on_leave/> })
        }}
        <Standing state=account.state/>
        <div class="cols">
            <div class="stack">
                <AccountFacts account=account.clone()/>
                <Secrets account=account.id.to_string() secrets=detail.secrets sources=detail.sources.clone() manage form/>
                <Sources sources=detail.sources/>
                <History base=format!("/p/{slug}") history=detail.history/>
                <Card title="Ready lines for the program">
                    <AccountLines access username secret=SECRET_PLACEHOLDER.to_owned() sender/>
                </Card>
            </div>
            <div class="stack">
                <Predictions predictions/>
                {manage.then(|| view! { <Actions account/> })}
            </div>
        </div>
    }
}

#[component]
fn Standing(state: AccountState) -> impl IntoView {
    let (title, text) = match state {
        AccountState::Enabled => return ().into_any(),
        AccountState::Disabled => {
            ("This account is disabled.", "Its programs cannot sign in, and open sessions are refused.")
        }
        AccountState::Expired => {
            ("This account has expired.", "Its programs cannot sign in. Let it expire later to go on.")
        }
    };
    view! {
        <Notice tone=Tone::Warn title>
            {text}
        </Notice>
    }
    .into_any()
}

#[component]
fn AccountFacts(account: service_account::ServiceAccount) -> impl IntoView {
    let used = account.last_used_at;
    let senders = match account.allowed_senders {
        AllowedSenders::All => view! { "any verified sender of the project" }.into_any(),
        AllowedSenders::Only(patterns) => each(patterns.iter().map(ToString::to_string)),
    };
    let cidrs = match account.allowed_cidrs.as_slice() {
        [] => view! { "anywhere" }.into_any(),
        cidrs => each(cidrs.iter().map(ToString::to_string)),
    };
    view! {
        <Card title="Facts">
            <Facts>
                <Fact term="User name">
                    <span class="copyable">
                        <code>{account.username.clone()}</code>
                        <CopyButton text=account.username what="user name"/>
                    </span>
                </Fact>
                <Fact term="May send as">{senders}</Fact>
                {account
                    .default_sender
                    .map(|sender| {
                        view! {
                            <Fact term="Usual sender" mono=true>
                                {sender.to_string()}
                            </Fact>
                        }
                    })}
                <Fact term="May sign in from">{cidrs}</Fact>
                <Fact term="Limits">
                    {limits_summary(account.limits).unwrap_or_else(|| "only those of the project".to_owned())}
                </Fact>
                <Fact term="Next hop">
                    {if account.cut_through { "its verdict is waited for" } else { "not waited for" }}
                </Fact>
                <Fact term="Notifications">{if account.may_notify { "may be sent" } else { "not allowed" }}</Fact>
                {account
                    .expires_at
                    .map(|at| {
                        view! {
                            <Fact term="Expires">
                                <Time at style=TimeStyle::Full/>
                            </Fact>
                        }
                    })}
                <Fact term="Last used">
                    {used.map(|at| view! { <Time at/> })} {used.is_none().then_some("never")}
                </Fact>
                <Fact term="Created">
                    <Time at=account.created_at/>
                </Fact>
            </Facts>
        </Card>
    }
}

/// Each on a line of its own, in monospace.
fn each(values: impl Iterator<Item = String>) -> AnyView {
    values.map(|value| view! { <code class="line">{value}</code> }).views().into_any()
}

#[component]
fn Secrets(
    account: String,
    secrets: Vec<Secret>,
    sources: Vec<SourceUse>,
    manage: bool,
    form: FormHandle<IssueSecret>,
) -> impl IntoView {
    let two = secrets.len() > 1;
    let rotation = secrets.first().filter(|_| two).map(|old| rotation(old, &sources));
    let columns = {
        let mut columns = vec![Column::new("Secret"), Column::new("Issued"), Column::new("Last used")];
        if manage && two {
            columns.push(Column::new("Actions").unseen().right());
        }
        columns
    };
    let of_rows = account.clone();
    let rows = secrets
        .into_iter()
        .enumerate()
        .map(|(i, secret)| {
            let age = if two { Some(if i == 0 { "older" } else { "newer" }) } else { None };
            view! { <SecretRow account=of_rows.clone() secret age manage=manage && two/> }
        })
        .views();
    view! {
        <Card title="Secrets" note=if two { "two live: rotating" } else { "one live" } flush=true>
            {rotation}
            <Table label="Secrets" columns>
                {rows}
            </Table>
            {(!two)
                .then(|| {
                    view! {
                        <div class="pad">
                            <p>{words::ROTATE}</p>
                            {manage.then(|| view! { <Issue account form/> })}
                        </div>
                    }
                })}
        </Card>
    }
}

/// How far a rotation is: who still uses the older secret.
fn rotation(old: &Secret, sources: &[SourceUse]) -> impl IntoView + use<> {
    let users = sources.iter().filter(|source| source.secret_id == old.id).count() as u64;
    let (hint, used) = (old.hint.clone(), old.last_used_at);
    view! {
        <div class="pad">
            <p>
                {match used {
                    None => {
                        view! { {format!("The older secret (…{hint}) was never used. Revoke it when you are sure.")} }.into_any()
                    }
                    Some(at) => {
                        let from = text::count(users, "address", "addresses");
                        view! {
                            {format!("The older secret (…{hint}) was last used ")}
                            <Time at/>
                            {format!(", from {from} in all. Give each of these programs the newer one, then revoke it.")}
                        }
                            .into_any()
                    }
                }}
            </p>
        </div>
    }
}

#[component]
fn SecretRow(account: String, secret: Secret, age: Option<&'static str>, manage: bool) -> impl IntoView {
    let used = secret.last_used_at;
    let row = secret.clone();
    view! {
        <tr>
            <Cell label="Secret">
                <code>{format!("…{}", secret.hint)}</code>
                {age.map(|age| view! { <small>{age}</small> })}
            </Cell>
            <Cell label="Issued">
                <Time at=secret.created_at/>
            </Cell>
            <Cell label="Last used">
                {used.map(|at| view! { <Time at/> })} {used.is_none().then_some("never")}
            </Cell>
            {manage
                .then(|| {
                    view! {
                        <Cell label="Actions" right=true>
                            <div class="actions">
                                <Revoke account secret=row/>
                            </div>
                        </Cell>
                    }
                })}
        </tr>
    }
    .into_any()
}

#[component]
fn Revoke(account: String, secret: Secret) -> impl IntoView {
    let id = secret.id.to_string();
    let form = use_form_for::<RevokeSecret>("id", &id);
    view! {
        <Danger
            form
            id=format!("revoke-{id}")
            button="Revoke secret"
            consequence=format!(
                "Programs that still use the secret ending in {} cannot sign in from now on. The other secret stays.",
                secret.hint,
            )
            name=secret.hint
            what="Its last four letters"
        >
            <HiddenSlug/>
            <Hidden name="account" value=account.clone()/>
            <HiddenId id=id.clone()/>
        </Danger>
    }
}

#[component]
fn Issue(account: String, form: FormHandle<IssueSecret>) -> impl IntoView {
    view! {
        <PostForm form>
            <HiddenSlug/>
            <HiddenId id=account/>
            <StepUp/>
            <Submit kind="">"Issue second secret"</Submit>
        </PostForm>
    }
}

#[component]
fn Sources(sources: Vec<SourceUse>) -> impl IntoView {
    let none = sources.is_empty();
    let rows = sources
        .into_iter()
        .map(|source| {
            let secret = match source.secret_hint {
                Some(hint) => view! { <code>{format!("…{hint}")}</code> }.into_any(),
                None => view! { <span class="soft">"revoked"</span> }.into_any(),
            };
            view! {
                <tr>
                    <Cell label="Address" mono=true>
                        {source.address}
                    </Cell>
                    <Cell label="Secret">{secret}</Cell>
                    <Cell label="First used">
                        <Time at=source.first_used_at/>
                    </Cell>
                    <Cell label="Last used" right=true>
                        <Time at=source.last_used_at/>
                    </Cell>
                </tr>
            }
            .into_any()
        })
        .views();
    let columns = vec![
        Column::new("Address"),
        Column::new("Secret"),
        Column::new("First used"),
        Column::new("Last used").right(),
    ];
    view! {
        <Card title="Used from" flush=true>
            {if none {
                view! { <p class="pad">{words::NOT_USED}</p> }.into_any()
            } else {
                view! {
                    <Table label="Addresses it was used from" columns>
                        {rows}
                    </Table>
                }
                    .into_any()
            }}
        </Card>
    }
}

#[component]
fn Actions(account: service_account::ServiceAccount) -> impl IntoView {
    let id = StoredValue::new(account.id.to_string());
    let update = use_form::<UpdateAccount>();
    let switch = use_form::<SwitchAccount>();
    let remove = use_form::<RemoveAccount>();
    let off = account.state == AccountState::Disabled;
    let text = if off { words::ENABLE } else { words::DISABLE };
    let label = account.label.clone();
    view! {
        <Card title="What can be done">
            <Dialog id="edit-account" button="Edit settings" title="Settings" open=update.failed_reply()>
                <PostForm form=update>
                    <HiddenSlug/>
                    <HiddenId id=id.get_value()/>
                    <SettingsFields account error=update.error/>
                    <Submit>"Save"</Submit>
                </PostForm>
            </Dialog>
            <p>{text}</p>
            {if off {
                view! {
                    <PostForm form=switch>
                        <HiddenSlug/>
                        <HiddenId id=id.get_value()/>
                        <Hidden name="to" value="on"/>
                        <Submit kind="">"Enable account"</Submit>
                    </PostForm>
                }
                    .into_any()
            } else {
                view! {
                    <Danger
                        form=switch
                        id="disable-account"
                        button="Disable account"
                        consequence=format!("Programs that use {label} are refused at their next message, also in open sessions.")
                        name=label.clone()
                    >
                        <HiddenSlug/>
                        <HiddenId id=id.get_value()/>
                        <Hidden name="to" value="off"/>
                    </Danger>
                }
                    .into_any()
            }}
            <p>{words::REMOVE}</p>
            <Danger
                form=remove
                id="remove-account"
                button="Remove account"
                consequence=format!(
                    "Programs that use {label} cannot sign in any more, and its secrets are destroyed. Its messages stay.",
                )
                name=label.clone()
            >
                <HiddenSlug/>
                <HiddenId id=id.get_value()/>
            </Danger>
        </Card>
    }
}

mod words {
    pub const ROTATE: &str = "To change a secret without an outage, issue a second one. Both work while you give it to your \
        programs one by one; the table below shows who still uses the older. Then revoke that one.";
    pub const NOT_USED: &str = "No program has signed in with this account yet. The lines below are all it needs.";
    pub const DISABLE: &str = "Disabled, it cannot sign in, and open sessions fail at their next message. It can be \
        enabled again.";
    pub const ENABLE: &str = "Enabled, its programs can sign in again with the same secrets.";
    pub const REMOVE: &str = "Removing is for good.";
}
