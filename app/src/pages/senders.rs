//! `/p/:slug/senders`: the domains and single addresses a project may send as.

use crate::{
    api::{
        domains::AddDomain,
        senders::{AddSender, LoadSenders, RemoveSender, ResendLink, SendersPage, VerifySender},
    },
    components::{
        field::Check,
        prelude::*,
        report::Predictions,
        status::{Health, verification},
    },
    next::encode,
    strings::{ADDRESS, places},
    typed,
};
use leptos::prelude::*;
use relay_types::{
    domain::Domain,
    sender::{Sender, Verification},
};

/// With more addresses than this they can be searched and told apart by state.
const LONG: usize = 12;

/// Senders.
#[component]
pub fn Senders() -> impl IntoView {
    let slug = use_slug();
    let data = read_again(search, move || LoadSenders { slug: slug.get(), predict: query().text("predict") });
    view! {
        <Load resource=data let:page>
            <Page page/>
        </Load>
    }
}

#[component]
fn Page(page: SendersPage) -> impl IntoView {
    let SendersPage { senders, domains, predictions } = page;
    let manage = use_abilities().manage;
    let lost = domains.iter().filter(|domain| domain.state == Verification::Lost).count();
    let none = senders.is_empty() && domains.is_empty();
    view! {
        <PageHeader title=places::SENDERS>
            {(!none).then(|| view! { <CsvLink/> })} {(manage && !none).then(|| view! { <Add/> })}
        </PageHeader>
        {none
            .then(|| {
                view! {
                    <EmptyState title=words::EMPTY_TITLE text=words::EMPTY>
                        {manage.then(|| view! { <Add/> })}
                    </EmptyState>
                }
            })}
        {(lost > 0)
            .then(|| {
                view! {
                    <Notice tone=Tone::Bad title="A domain has lost its proof.">
                        "Mail from it is refused. Its page shows the record to publish again."
                    </Notice>
                }
            })}
        {(!none)
            .then(|| {
                view! {
                    <Predictions predictions/>
                    <Domains domains/>
                    <Addresses senders manage/>
                }
            })}
    }
}

/// What adds a domain, and what adds an address.
#[component]
fn Add() -> impl IntoView {
    view! {
        <AddSenderForm/>
        <AddDomainForm/>
    }
}

#[component]
fn Domains(domains: Vec<Domain>) -> impl IntoView {
    let slug = use_slug().get_untracked();
    let none = domains.is_empty();
    let mut domains = domains;
    sort(&mut domains, untrack(query).get(SORT), |domain, word| match word {
        "domain" => Key::text(domain.name.to_string()),
        "state" => Key::text(verification(domain.state).1),
        "signature" => Key::number(u64::from(domain.signed)),
        "health" => Key::number(domain.worst.map_or(0, |worst| worst as u64 + 1)),
        "asked" => Key::time(domain.checked_at),
        _ => Key::None,
    });
    view! {
        <Card title="Domains" note=text::count(domains.len() as u64, "domain", "domains") flush=true>
            <p class="pad">{words::DOMAINS}</p>
            {(!none)
                .then(|| {
                    view! {
                        <Table
                            label="Domains"
                            columns=vec![
                                Column::new("Domain").sorted_by("domain"),
                                Column::new("State").sorted_by("state"),
                                Column::new("Signature").sorted_by("signature"),
                                Column::new("DNS").sorted_by("health"),
                                Column::new("DNS asked").sorted_by("asked").right(),
                            ]
                        >
                            {domains
                                .into_iter()
                                .map(|domain| view! { <DomainRow domain slug=slug.clone()/> })
                                .views()}
                        </Table>
                    }
                })}
        </Card>
    }
}

#[component]
fn DomainRow(domain: Domain, slug: String) -> impl IntoView {
    let signed = if domain.signed { (Tone::Good, "Signed") } else { (Tone::Warn, "Not signed yet") };
    let asked = domain.checked_at;
    view! {
        <tr>
            <Cell label="Domain">
                <a class="row" href=format!("/p/{slug}/domains/{}", domain.id)>
                    {domain.name.to_string()}
                </a>
                {domain.problem.map(|problem| view! { <small>{problem}</small> })}
            </Cell>
            <Cell label="State">
                <Status state=verification(domain.state)/>
            </Cell>
            <Cell label="Signature">
                <Status state=signed/>
            </Cell>
            <Cell label="DNS">
                <Health worst=domain.worst to_mend=domain.to_mend/>
            </Cell>
            <Cell label="DNS asked" right=true>
                {asked.map(|at| view! { <Time at/> })} {asked.is_none().then_some("not yet")}
            </Cell>
        </tr>
    }
    .into_any()
}

#[component]
fn AddDomainForm() -> impl IntoView {
    let form = use_form::<AddDomain>();
    view! {
        <Dialog id="add-domain" button="Add domain" kind="primary" title="Add a domain" open=form.failed_reply()>
            <p>{words::DOMAINS}</p>
            <PostForm form>
                <HiddenSlug/>
                <TextField
                    name="name"
                    label="Domain"
                    hint="Its page then has the records to publish."
                    check=typed::check_domain as Check
                />
                <div class="actions">
                    <Submit>"Add and show the records"</Submit>
                    <AsVerified/>
                </div>
            </PostForm>
        </Dialog>
    }
}

#[component]
fn Addresses(senders: Vec<Sender>, manage: bool) -> impl IntoView {
    let all = senders.len();
    view! {
        <Card title="Addresses" note=text::count(all as u64, "address", "addresses") flush=true>
            <div class="pad">
                <p>{words::ADDRESSES}</p>
                {(all > LONG).then(|| view! { <Narrow senders=senders.clone()/> })}
            </div>
            {(all > 0).then(|| view! { <AddressTable senders manage/> })}
        </Card>
    }
}

#[component]
fn AddSenderForm() -> impl IntoView {
    let form = use_form::<AddSender>();
    // A refusal leads here with the address it was about.
    let refused = led_to();
    let open = refused.is_some() || form.failed_reply();
    view! {
        <Dialog id="add-address" button="Add address" title="Add an address" open>
            <p>{words::ADDRESSES}</p>
            <PostForm form>
                <HiddenSlug/>
                <TextField
                    name="address"
                    label="Address"
                    kind="email"
                    value=refused.unwrap_or_default()
                    hint="It gets a link; whoever reads its mail confirms it."
                    check=typed::check_address as Check
                />
                <div class="actions">
                    <Submit>"Send the link"</Submit>
                    <AsVerified/>
                </div>
            </PostForm>
        </Dialog>
    }
}

/// Adds it without its proof, for operators: also where no mail arrives and no DNS answers.
#[component]
fn AsVerified() -> impl IntoView {
    use_abilities().operate.then(|| view! { <Submit kind="quiet" named=("verified", "on")>"Add as verified"</Submit> })
}

/// Search and tabs of a long list.
#[component]
fn Narrow(senders: Vec<Sender>) -> impl IntoView {
    let count = |state| senders.iter().filter(|sender| sender.state == state).count() as u64;
    view! {
        <Filters own=&["q"]>
            <SearchField label="Search addresses" example="noreply@"/>
        </Filters>
        <Tabs
            label="State"
            name="state"
            choices=vec![
                Choice::all("All").counted(senders.len() as u64),
                Choice::new("verified", "Verified").counted(count(Verification::Verified)),
                Choice::new("pending", "Pending").counted(count(Verification::Pending)),
                Choice::new("lost", "Lost").counted(count(Verification::Lost)),
            ]
        />
    }
}

#[component]
fn AddressTable(senders: Vec<Sender>, manage: bool) -> impl IntoView {
    let query = untrack(query);
    let state = query.get("state").and_then(Verification::parse);
    let wanted = query.text("q").unwrap_or_default().to_lowercase();
    let mut shown: Vec<Sender> = senders
        .into_iter()
        .filter(|sender| state.is_none_or(|state| sender.state == state))
        .filter(|sender| sender.address.to_string().to_lowercase().contains(&wanted))
        .collect();
    if shown.is_empty() {
        return view! { <p class="pad">"No address matches."</p> }.into_any();
    }
    sort(&mut shown, query.get(SORT), |sender, word| match word {
        "address" => Key::text(sender.address.to_string()),
        "address-state" => Key::text(verification(sender.state).1),
        "address-added" => Key::time(sender.created_at),
        _ => Key::None,
    });
    let mut columns = vec![
        Column::new("Address").sorted_by("address"),
        Column::new("State").sorted_by("address-state"),
        Column::new("Added").sorted_by("address-added").right(),
    ];
    if manage {
        columns.push(Column::new("Actions").unseen().right());
    }
    view! {
        <Table label="Addresses" columns>
            {shown.into_iter().map(|sender| view! { <AddressRow sender manage/> }).views()}
        </Table>
    }
    .into_any()
}

#[component]
fn AddressRow(sender: Sender, manage: bool) -> impl IntoView {
    let slug = use_slug().get_untracked();
    let predict = format!("/p/{slug}/senders?predict={}", encode(&sender.address.to_string()));
    let (actions, address, state, added) =
        (sender.clone(), sender.address.to_string(), verification(sender.state), sender.created_at);
    view! {
        <tr>
            <Cell label="Address" mono=true>
                {address}
                <small>
                    <a href=predict>"If you send now"</a>
                </small>
            </Cell>
            <Cell label="State">
                <Status state/>
                <How sender/>
            </Cell>
            <Cell label="Added" right=true>
                <Time at=added/>
            </Cell>
            {manage
                .then(|| {
                    view! {
                        <Cell label="Actions" right=true>
                            <AddressActions sender=actions/>
                        </Cell>
                    }
                })}
        </tr>
    }
    .into_any()
}

/// How the proof came, or where it stands.
#[component]
fn How(sender: Sender) -> impl IntoView {
    let (text, at) = match (sender.state, sender.verified_at, sender.link_sent_at) {
        (Verification::Verified, Some(at), _) => {
            let by = match sender.verified_by.as_deref() {
                None => "by its link ".to_owned(),
                Some("system") => "by the administrator ".to_owned(),
                Some(who) => format!("by {who} "),
            };
            (by, Some(at))
        }
        (Verification::Pending, _, Some(at)) => ("link sent ".to_owned(), Some(at)),
        (Verification::Pending, _, None) => ("no link was sent yet".to_owned(), None),
        (Verification::Lost, ..) => ("send a new link to prove it again".to_owned(), None),
        (Verification::Verified, None, _) => return ().into_any(),
    };
    view! { <small>{text} {at.map(|at| view! { <Time at/> })}</small> }.into_any()
}

#[component]
fn AddressActions(sender: Sender) -> impl IntoView {
    let id = sender.id.to_string();
    let operate = use_abilities().operate;
    let resend = use_form_for::<ResendLink>("id", &id);
    let verify = use_form_for::<VerifySender>("id", &id);
    let remove = use_form_for::<RemoveSender>("id", &id);
    let open = sender.state != Verification::Verified;
    let (input, address) = (StoredValue::new(id.clone()), StoredValue::new(sender.address.to_string()));
    view! {
        <div class="actions">
            {open
                .then(|| {
                    view! {
                        <PostForm form=resend inline=true>
                            <HiddenSlug/>
                            <HiddenId id=input.get_value()/>
                            <Submit kind="quiet">"Send link again" <Unseen text=address.get_value()/></Submit>
                        </PostForm>
                    }
                })}
            {(open && operate)
                .then(|| {
                    view! {
                        <PostForm form=verify inline=true>
                            <HiddenSlug/>
                            <HiddenId id=input.get_value()/>
                            <Hidden name="address" value=address.get_value()/>
                            <Submit kind="quiet">"Mark verified" <Unseen text=address.get_value()/></Submit>
                        </PostForm>
                    }
                })}
            <Danger
                form=remove
                id=format!("remove-{id}")
                button="Remove address"
                consequence=format!(
                    "No program of this project can send as {} then, unless its domain is verified. The next message with it \
                     is refused.",
                    sender.address,
                )
                name=address.get_value()
                what=ADDRESS
            >
                <HiddenSlug/>
                <HiddenId id=input.get_value()/>
            </Danger>
        </div>
    }
}

mod words {
    pub const EMPTY_TITLE: &str = "Nothing to send as yet";
    pub const EMPTY: &str = "Programs may send only as addresses this project has proven to be its own. Prove a whole \
        domain by a record in its DNS, or a single address by a link that is mailed to it.";
    pub const DOMAINS: &str = "Every address in a verified domain may be used, and its mail is signed with keys of its own. \
        Needs access to the domain's DNS.";
    pub const ADDRESSES: &str = "For a single mailbox in a domain that somebody else runs.";
}
