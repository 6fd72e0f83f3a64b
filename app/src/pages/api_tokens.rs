//! `/p/:slug/api-tokens`: programs that ask the HTTP API.

use crate::{
    api::api_tokens::{IssueApiToken, IssuedToken, LoadApiTokens, RevokeApiToken},
    components::prelude::*,
    strings::places,
};
use leptos::prelude::*;
use relay_types::api_token::{ApiScope, ApiToken};

/// API tokens.
#[component]
pub fn ApiTokens() -> impl IntoView {
    let slug = use_slug();
    let data = read_again(search, move || LoadApiTokens { slug: slug.get() });
    let reload = Callback::new(move |()| data.refetch());
    view! {
        <Load resource=data let:tokens>
            <Page tokens reload/>
        </Load>
    }
}

#[component]
fn Page(tokens: Vec<ApiToken>, reload: Callback<()>) -> impl IntoView {
    let slug = use_slug().get_untracked();
    let manage = use_abilities().manage;
    let form = use_form::<IssueApiToken>();
    let issued = form.output();
    let on_leave = Callback::new(move |()| {
        form.forget();
        reload.run(());
    });
    let empty = tokens.is_empty();
    view! {
        <PageHeader title=places::API_TOKENS>{(manage && !empty).then(|| view! { <Issue form/> })}</PageHeader>
        {move || {
            let href = format!("/p/{slug}/api-tokens");
            issued.get().map(|issued| view! { <Shown issued href on_leave/> })
        }}
        {if empty {
            view! {
                <EmptyState title=words::EMPTY_TITLE text=words::EMPTY>
                    {manage.then(|| view! { <Issue form/> })}
                </EmptyState>
            }
                .into_any()
        } else {
            view! { <List tokens manage/> }.into_any()
        }}
    }
}

#[component]
fn List(tokens: Vec<ApiToken>, manage: bool) -> impl IntoView {
    let mut tokens = tokens;
    sort(&mut tokens, untrack(query).get(SORT), |token, word| match word {
        "token" => Key::text(&token.label),
        "used" => Key::time(token.last_used_at),
        _ => Key::None,
    });
    let mut columns = vec![
        Column::new("Token").sorted_by("token").at_first(),
        Column::new("State"),
        Column::new("May"),
        Column::new("Issued"),
        Column::new("Last used").sorted_by("used").right(),
    ];
    if manage {
        columns.push(Column::new("Actions").unseen().right());
    }
    view! {
        <Table label="API tokens" columns>
            {tokens.into_iter().map(|token| view! { <Row token manage/> }).views()}
        </Table>
    }
}

#[component]
fn Row(token: ApiToken, manage: bool) -> impl IntoView {
    let ApiToken { id, label, hint, scopes, created_by, created_at, expires_at, expired, last_used_at } = token;
    let state = if expired { (Tone::Bad, "Expired") } else { (Tone::Good, "Valid") };
    let may = scopes.into_iter().map(ApiScope::title).collect::<Vec<_>>().join(", ");
    let name = label.clone();
    view! {
        <tr>
            <Cell label="Token">
                <b>{label}</b>
                <small class="mono">"…" {hint}</small>
            </Cell>
            <Cell label="State">
                <Status state/>
                {expires_at.map(|at| view! { <small>"ends " <Time at/></small> })}
            </Cell>
            <Cell label="May">{may}</Cell>
            <Cell label="Issued">
                <Time at=created_at/>
                <small>"by " {created_by}</small>
            </Cell>
            <Cell label="Last used" right=true>
                {last_used_at.map(|at| view! { <Time at/> })} {last_used_at.is_none().then_some("never")}
            </Cell>
            {manage
                .then(|| {
                    view! {
                        <Cell label="Actions" right=true>
                            <Revoke id=id.to_string() name/>
                        </Cell>
                    }
                })}
        </tr>
    }
    .into_any()
}

#[component]
fn Revoke(id: String, name: String) -> impl IntoView {
    let form = use_form_for::<RevokeApiToken>("id", &id);
    let input = StoredValue::new(id.clone());
    view! {
        <div class="actions">
            <Danger form id=format!("revoke-{id}") button="Revoke token" consequence=words::REVOKE name>
                <HiddenSlug/>
                <HiddenId id=input.get_value()/>
            </Danger>
        </div>
    }
}

#[component]
fn Issue(form: FormHandle<IssueApiToken>) -> impl IntoView {
    let scopes = ApiScope::ALL.map(|scope| (scope.as_str().to_owned(), scope.title().to_owned())).to_vec();
    view! {
        <Dialog id="new-token" button="New token" kind="primary" title="New API token" open=form.failed_reply()>
            <p>{words::ISSUE}</p>
            <PostForm form>
                <HiddenSlug/>
                <TextField name="label" label="What it is for"/>
                <SelectField name="scope" label="It may" options=scopes/>
                <TextField
                    name="expires_at"
                    label="Last day"
                    hint="Empty: it does not end."
                    kind="date"
                    required=false
                />
                <StepUp/>
                <Submit>"Issue and show the token"</Submit>
            </PostForm>
        </Dialog>
    }
}

/// The token, this once, with a line that tries it.
#[component]
fn Shown(issued: IssuedToken, href: String, on_leave: Callback<()>) -> impl IntoView {
    let IssuedToken { label, token, base } = issued;
    let env = format!("RELAYKEEP_API={base}\nRELAYKEEP_TOKEN={token}\n");
    let line = format!("curl -H \"Authorization: Bearer {token}\" \\\n  \"{base}/dns/report?domain=example.org\"");
    let facts = vec![("For", label), ("API", base), ("Token", token)];
    view! {
        <SecretOnce title="API token issued" facts env leave=(href, "I have kept it") on_leave>
            <Code code=line what="A question to try it"/>
        </SecretOnce>
    }
}

mod words {
    pub const EMPTY_TITLE: &str = "No API tokens";
    pub const EMPTY: &str = "A token lets a program ask the HTTP API in this project's name: how a domain's DNS stands, as JSON. It \
        may do what it was issued for and nothing else, and sends no mail.";
    pub const ISSUE: &str = "The token is made here and shown once. Programs send it as a bearer token.";
    pub const REVOKE: &str = "Programs that use it are refused at their next request.";
}
