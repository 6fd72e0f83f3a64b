//! `/admin/dns-backends`: what writes reverse zones: add, edit, test.

use crate::{
    api::dns_backends::{
        AddDnsBackend, BackendForm, EditDnsBackend, LoadDnsBackends, RemoveDnsBackend, TestDnsBackend,
    },
    components::prelude::*,
    strings::places,
};
use leptos::prelude::*;
use relay_types::{
    dns_backend::{BackendKind, BackendSettings, BackendTest, DnsBackend},
    reverse::TsigAlgorithm,
};

/// DNS back ends.
#[component]
pub fn AdminDnsBackends() -> impl IntoView {
    let data = read_again(done, || LoadDnsBackends {});
    view! {
        <Load resource=data let:backends>
            <Page backends/>
        </Load>
    }
}

#[component]
fn Page(backends: Vec<DnsBackend>) -> impl IntoView {
    let operator = use_me().with_value(|me| me.operator);
    view! {
        <PageHeader title=places::DNS_BACKENDS>{operator.then(|| view! { <Add/> })}</PageHeader>
        {if backends.is_empty() {
            view! { <EmptyState title=words::EMPTY_TITLE text=words::EMPTY/> }.into_any()
        } else {
            backends.into_iter().map(|backend| view! { <One backend operator/> }).views().into_any()
        }}
    }
}

#[component]
fn One(backend: DnsBackend, operator: bool) -> impl IntoView {
    let DnsBackend { label, settings, ranges, tested, .. } = backend.clone();
    let facts = match settings.clone() {
        BackendSettings::Update { server, key_name, algorithm } => {
            vec![("Server", server), ("Key", key_name), ("Algorithm", algorithm.as_str().to_owned())]
        }
        BackendSettings::PowerDns { url, server_id } => vec![("API", url), ("Server", server_id)],
        BackendSettings::Snippet => Vec::new(),
    };
    let used: Vec<String> = ranges.into_iter().map(|(label, zone)| format!("{label} ({zone})")).collect();
    let used = if used.is_empty() { "no range yet".to_owned() } else { used.join(", ") };
    view! {
        <Card title=label note=settings.kind().words()>
            <Facts>
                {facts.into_iter().map(|(term, text)| view! { <Fact term mono=true>{text}</Fact> }).views()}
                <Fact term="Writes">{used}</Fact>
                <Fact term="Last test">
                    <Tested tested/>
                </Fact>
            </Facts>
            {operator.then(|| view! { <Actions backend/> })}
        </Card>
    }
    .into_any()
}

#[component]
fn Tested(tested: Option<BackendTest>) -> impl IntoView {
    let Some(BackendTest { zone, good, said, at }) = tested else { return "never".into_any() };
    let state = if good { (Tone::Good, "Works") } else { (Tone::Bad, "Fails") };
    view! {
        <Status state/>
        " · "
        <span class="mono">{zone}</span>
        " · "
        <Time at/>
        <p class="said">{said}</p>
    }
    .into_any()
}

#[component]
fn Actions(backend: DnsBackend) -> impl IntoView {
    let id = backend.id.to_string();
    let test = use_form_for::<TestDnsBackend>("id", &id);
    let edit = use_form_for::<EditDnsBackend>("id", &id);
    let remove = use_form_for::<RemoveDnsBackend>("id", &id);
    let zone = backend.ranges.first().map(|(_, zone)| zone.clone()).unwrap_or_default();
    let (form, label) = (form_of(&backend), backend.label);
    let (shown, form) = (StoredValue::new(id.clone()), StoredValue::new(form));
    view! {
        <PostForm form=test inline=true>
            <HiddenId id=shown.get_value()/>
            <TextField name="zone" label="Zone to test" hint="Nothing in it is changed." value=zone mono=true/>
            <Submit kind="">"Test"</Submit>
        </PostForm>
        <div class="actions">
            <Dialog id=format!("edit-{id}") button="Edit" title="Edit the back end" open=edit.failed_reply() about=label.clone()>
                <PostForm form=edit>
                    <HiddenId id=shown.get_value()/>
                    <Fields form=form.get_value() kept=true/>
                    <StepUp/>
                    <Submit>"Save"</Submit>
                </PostForm>
            </Dialog>
            <Danger
                form=remove
                id=format!("remove-{id}")
                button="Remove"
                consequence="No range may use it, and its secret is forgotten."
                name=label
            >
                <HiddenId id=shown.get_value()/>
            </Danger>
        </div>
    }
}

fn form_of(backend: &DnsBackend) -> BackendForm {
    let mut form = BackendForm {
        label: backend.label.clone(),
        kind: backend.settings.kind().as_str().to_owned(),
        ..BackendForm::default()
    };
    match backend.settings.clone() {
        BackendSettings::Update { server, key_name, algorithm } => {
            (form.server, form.key_name, form.algorithm) = (server, key_name, algorithm.as_str().to_owned());
        }
        BackendSettings::PowerDns { url, server_id } => (form.url, form.server_id) = (url, server_id),
        BackendSettings::Snippet => {}
    }
    form
}

/// One dialog for each kind: only its own inputs are asked for.
#[component]
fn Add() -> impl IntoView {
    BackendKind::ALL.into_iter().map(|kind| view! { <AddOne kind/> }).views()
}

#[component]
fn AddOne(kind: BackendKind) -> impl IntoView {
    let word = kind.as_str();
    let form = use_form_for::<AddDnsBackend>("kind", word);
    let (button, look) = match kind {
        BackendKind::Update => ("Add DNS update", "primary"),
        BackendKind::PowerDns => ("Add PowerDNS", ""),
        BackendKind::Snippet => ("Add by hand", ""),
    };
    let filled = BackendForm { kind: word.to_owned(), ..BackendForm::default() };
    let filled = StoredValue::new(filled);
    view! {
        <Dialog id=format!("add-{word}") button kind=look title=kind.words() open=form.failed_reply()>
            <PostForm form>
                <Fields form=filled.get_value()/>
                <StepUp/>
                <Submit>"Add"</Submit>
            </PostForm>
        </Dialog>
    }
}

#[component]
fn Fields(form: BackendForm, #[prop(optional)] kept: bool) -> impl IntoView {
    let BackendForm { label, kind, server, key_name, algorithm, url, server_id } = form;
    let kind = BackendKind::parse(&kind).unwrap_or(BackendKind::Snippet);
    let algorithms = TsigAlgorithm::ALL.map(|one| (one.as_str().to_owned(), one.as_str().to_owned())).to_vec();
    let hint = if kept { "Empty to keep the one there is." } else { "Kept sealed, and never shown again." };
    let secret = move |label| {
        view! { <TextField name="secret" label hint kind="password" autocomplete="off" required=!kept/> }
    };
    view! {
        <Hidden name="kind" value=kind.as_str()/>
        <TextField name="label" label="Label" value=label/>
        {match kind {
            BackendKind::Update => {
                view! {
                    <TextField
                        name="server"
                        label="Primary server"
                        hint="HOST or HOST:PORT; it takes updates for the zone."
                        value=server
                        mono=true
                    />
                    <TextField name="key_name" label="Name of the TSIG key" value=key_name mono=true/>
                    <SelectField name="algorithm" label="Algorithm" options=algorithms value=algorithm/>
                    {secret("Secret of the key, in base64")}
                }
                    .into_any()
            }
            BackendKind::PowerDns => {
                view! {
                    <TextField
                        name="url"
                        label="Address of the API"
                        hint="Such as https://dns.example.org:8081."
                        value=url
                        mono=true
                    />
                    <TextField
                        name="server_id"
                        label="Server in the API"
                        hint="Empty for localhost."
                        value=server_id
                        required=false
                        mono=true
                    />
                    {secret("API key")}
                }
                    .into_any()
            }
            BackendKind::Snippet => view! { <p class="soft">{words::SNIPPET}</p> }.into_any(),
        }}
    }
}

mod words {
    pub const EMPTY_TITLE: &str = "Nothing writes reverse zones yet";
    pub const EMPTY: &str = "A DNS back end writes the PTR records that are approved: by DNS update with a key, by the API of \
        PowerDNS, or as lines that somebody applies by hand and confirms. Each range says which one writes its zone.";
    pub const SNIPPET: &str = "The exact lines stand on the ticket's page. Somebody applies them to the zone and confirms; then \
        the servers are asked.";
}
