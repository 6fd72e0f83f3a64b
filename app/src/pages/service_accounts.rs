//! `/p/:slug/service-accounts`: programs that send.

use crate::{
    api::service_accounts::{AccountsPage, CreateAccount, ListAccounts},
    components::{
        prelude::*,
        service_account::{SecretIssued, SettingsFields, senders_summary},
        status::account_state,
    },
    strings::places,
};
use leptos::prelude::*;
use relay_types::service_account::{AccountState, ServiceAccount};

/// With more accounts than this they can be searched.
const LONG: usize = 12;

/// Service accounts.
#[component]
pub fn ServiceAccounts() -> impl IntoView {
    let slug = use_slug();
    let data = read_again(search, move || ListAccounts { slug: slug.get() });
    view! {
        <Load resource=data let:page>
            <Page page/>
        </Load>
    }
}

#[component]
fn Page(page: AccountsPage) -> impl IntoView {
    let AccountsPage { accounts, usual_sender } = page;
    let sender = StoredValue::new(usual_sender.map(|sender| sender.to_string()).unwrap_or_default());
    let slug = use_slug().get_untracked();
    let manage = use_abilities().manage;
    let form = use_form::<CreateAccount>();
    let issued = form.output();
    let empty = accounts.is_empty();
    let base = format!("/p/{slug}/service-accounts");
    let account = base.clone();
    view! {
        <PageHeader title=places::SERVICE_ACCOUNTS>
            {(!empty).then(|| view! { <CsvLink/> })}
            {(manage && !empty).then(|| view! { <Create form sender=sender.get_value()/> })}
        </PageHeader>
        {move || {
            let account = account.clone();
            issued
                .get()
                .map(|issued| {
                    let href = format!("{account}/{}", issued.id);
                    view! { <SecretIssued title="Service account created" issued leave=(href, "I have kept it")/> }
                })
        }}
        {if empty {
            view! {
                <EmptyState title=words::EMPTY_TITLE text=words::EMPTY>
                    {manage.then(|| view! { <Create form sender=sender.get_value()/> })}
                </EmptyState>
            }
                .into_any()
        } else {
            view! { <List accounts base/> }.into_any()
        }}
    }
}

#[component]
fn List(accounts: Vec<ServiceAccount>, base: String) -> impl IntoView {
    let all = accounts.len();
    let count = |state: AccountState| accounts.iter().filter(|account| account.state == state).count() as u64;
    let choice = |state| Choice::new(AccountState::as_str(state), account_state(state).1).counted(count(state));
    let mut choices = vec![Choice::all("All").counted(all as u64)];
    choices.extend([AccountState::Enabled, AccountState::Disabled, AccountState::Expired].map(choice));
    let query = untrack(query);
    let state = query.text("state");
    let wanted = query.text("q").unwrap_or_default().to_lowercase();
    let mut shown: Vec<ServiceAccount> = accounts
        .into_iter()
        .filter(|account| state.as_deref().is_none_or(|state| account.state.as_str() == state))
        .filter(|account| format!("{} {}", account.label, account.username).to_lowercase().contains(&wanted))
        .collect();
    sort(&mut shown, query.get(SORT), |account, word| match word {
        "account" => Key::text(&account.label),
        "secrets" => Key::number(u64::from(account.secrets)),
        "used" => Key::time(account.last_used_at),
        _ => Key::None,
    });
    view! {
        <Tabs label="State" name="state" choices/>
        {(all > LONG)
            .then(|| {
                view! {
                    <Filters own=&["q"]>
                        <SearchField label="Search service accounts" example="Label or user name"/>
                    </Filters>
                }
            })}
        {if shown.is_empty() {
            view! { <EmptyState title="Nothing matches" text="Take a filter away to see more."/> }.into_any()
        } else {
            view! { <Rows accounts=shown base/> }.into_any()
        }}
    }
}

#[component]
fn Rows(accounts: Vec<ServiceAccount>, base: String) -> impl IntoView {
    let columns = vec![
        Column::new("Account").sorted_by("account"),
        Column::new("State"),
        Column::new("May send as"),
        Column::new("Secrets").sorted_by("secrets"),
        Column::new("Last used").sorted_by("used").right(),
    ];
    view! {
        <Table label="Service accounts" columns>
            {accounts.into_iter().map(|account| view! { <Row account base=base.clone()/> }).views()}
        </Table>
    }
}

#[component]
fn Row(account: ServiceAccount, base: String) -> impl IntoView {
    let used = account.last_used_at;
    let secrets = match account.secrets {
        2 => "2, rotating".to_owned(),
        secrets => secrets.to_string(),
    };
    view! {
        <tr>
            <Cell label="Account">
                <a class="row" href=format!("{base}/{}", account.id)>
                    {account.label}
                </a>
                <small class="mono">{account.username}</small>
            </Cell>
            <Cell label="State">
                <Status state=account_state(account.state)/>
            </Cell>
            <Cell label="May send as">{senders_summary(&account.allowed_senders)}</Cell>
            <Cell label="Secrets">{secrets}</Cell>
            <Cell label="Last used" right=true>
                {used.map(|at| view! { <Time at/> })} {used.is_none().then_some("never")}
            </Cell>
        </tr>
    }
    .into_any()
}

#[component]
fn Create(form: FormHandle<CreateAccount>, sender: String) -> impl IntoView {
    view! {
        <Dialog
            id="new-account"
            button="New service account"
            kind="primary"
            title="New service account"
            open=form.failed_reply()
        >
            <p>{words::CREATE}</p>
            <PostForm form>
                <HiddenSlug/>
                <SettingsFields error=form.error sender/>
                <StepUp/>
                <Submit>"Create and show the secret"</Submit>
            </PostForm>
        </Dialog>
    }
}

mod words {
    pub const EMPTY_TITLE: &str = "No service accounts";
    pub const EMPTY: &str = "A service account is the user name and secret of one program that sends mail. Each has rules of \
        its own: as whom it may send, from where, how much, until when.";
    pub const CREATE: &str =
        "User name and secret are made here. The secret is shown once, with ready lines for your program.";
}
