//! `/p/:slug/domains/:id`: whether a domain's mail is going to arrive, what to change in its DNS, and the records that
//! prove it and sign its mail.

mod check;
mod make_dmarc;

use crate::{
    api::domains::{LoadDomain, RemoveDomain, RotateKeys, VerifyDomain},
    components::{
        dkim_key::Key,
        prelude::*,
        report::{Answers, Findings, LastDays, Predictions},
        status::verification,
    },
    pages::activity::History,
    strings::places,
};
use check::Check;
use leptos::prelude::*;
use make_dmarc::MakeDmarc;
use relay_types::{
    Timestamp,
    dns_record::DnsRecord,
    domain::{self, DkimKey, DkimKeyState, DomainDetail},
    finding::Report,
    sender::Verification,
};

/// One domain.
#[component]
pub fn Domain() -> impl IntoView {
    let (slug, id) = (use_slug(), use_param("id"));
    let done = use_done_at(id);
    let data = read_again(done, move || LoadDomain { slug: slug.get(), id: id.get() });
    view! {
        <Load resource=data let:detail>
            <Page detail/>
        </Load>
    }
}

#[component]
fn Page(detail: DomainDetail) -> impl IntoView {
    let DomainDetail { domain, challenge, keys, history, report, histories, next_check_at, .. } = detail;
    let slug = use_slug().get_untracked();
    let abilities = use_abilities();
    let id = domain.id.to_string();
    let checked = id.clone();
    let bad = report.as_ref().map_or(0, Report::to_mend);
    let judged = report.is_some();
    let server = report.as_ref().and_then(first_server);
    let predictions = report.as_ref().map(|report| report.predictions.clone()).unwrap_or_default();
    let answers = report.as_ref().map(|report| report.answers.clone()).unwrap_or_default();
    let (findings, shown) = (histories.clone(), domain.clone());
    view! {
        <PageHeader
            title=domain.name.to_string()
            crumb=(format!("/p/{slug}/senders"), places::SENDERS)
            status=verification(domain.state)
            to_mend=bad
        >
            {domain
                .checked_at
                .map(|at| view! { <small>"asked " {server.unwrap_or_else(|| "DNS".to_owned())} " " <Time at/></small> })}
            {abilities.manage.then(|| view! { <Check id=checked/> })}
        </PageHeader>
        {(bad == 0 || !is_good(&shown, &keys)).then(|| view! { <Standing domain=shown waiting=waiting(&keys)/> })}
        <div class="cols">
            <div class="stack">
                {report.map(|report| view! { <Findings report histories=findings/> })}
                {challenge.map(|record| view! { <Challenge record state=domain.state open=!judged/> })}
                <Keys keys id rotates=abilities.manage open=!judged/>
                <MakeDmarc domain=domain.name.to_string()/>
                <Answers answers/>
                <History base=format!("/p/{slug}") history/>
            </div>
            <div class="stack">
                <Predictions predictions/>
                <LastDays histories/>
                <DomainFacts domain=domain.clone() next_check_at/>
                {abilities.manage.then(|| view! { <Actions domain operate=abilities.operate/> })}
            </div>
        </div>
    }
}

/// The authoritative server that was asked first.
fn first_server(report: &Report) -> Option<String> {
    let server = report.answers.iter().find_map(|answer| answer.servers.first())?.server.clone();
    Some(server.split_once(' ').map_or(server.clone(), |(name, _)| name.to_owned()))
}

/// Verified, and every key signs.
fn is_good(domain: &domain::Domain, keys: &[DkimKey]) -> bool {
    domain.state == Verification::Verified && domain.problem.is_none() && domain.signed && waiting(keys) == 0
}

/// Keys that do not sign.
fn waiting(keys: &[DkimKey]) -> usize {
    keys.iter().filter(|key| matches!(key.state, DkimKeyState::Pending | DkimKeyState::Missing)).count()
}

/// What the state means, in words, with what to do.
#[component]
fn Standing(domain: domain::Domain, waiting: usize) -> impl IntoView {
    let missing = domain.problem.is_some();
    let (tone, title, text) = match (domain.state, domain.signed) {
        (Verification::Verified, _) if missing => (Tone::Warn, words::MISSING_TITLE, words::MISSING),
        (Verification::Pending, _) => (Tone::Warn, words::PENDING_TITLE, words::PENDING),
        (Verification::Lost, _) => (Tone::Bad, words::LOST_TITLE, words::LOST),
        (Verification::Verified, false) => (Tone::Warn, words::UNSIGNED_TITLE, words::UNSIGNED),
        (Verification::Verified, true) if waiting > 0 => (Tone::Info, words::HALF_TITLE, words::HALF),
        (Verification::Verified, true) => (Tone::Good, words::GOOD_TITLE, words::GOOD),
    };
    view! {
        <Notice tone title>
            {text}
            {domain.problem.map(|problem| view! { <p>{words::LAST_LOOK} {problem}</p> })}
        </Notice>
    }
}

/// Open until there is a report: its findings have what has to be changed.
#[component]
fn Challenge(record: DnsRecord, state: Verification, open: bool) -> impl IntoView {
    let text = if state == Verification::Verified { words::KEEP_CHALLENGE } else { words::PUBLISH_CHALLENGE };
    view! {
        <details class="card" open=open>
            <summary>"Proof that the domain is yours"</summary>
            <div class="pad">
                <p>{text}</p>
                <Record record/>
            </div>
        </details>
    }
}

#[component]
fn Keys(keys: Vec<DkimKey>, id: String, rotates: bool, open: bool) -> impl IntoView {
    let of = |state| keys.iter().filter(move |key| key.state == state).count();
    let (signing, retiring) = (of(DkimKeyState::Active), of(DkimKeyState::Retiring));
    let current = keys.len() - retiring;
    let rotates = rotates && retiring == 0 && signing > 0 && waiting(&keys) == 0;
    view! {
        <details class="card" open=open>
            <summary>
                "Signatures (DKIM) "
                <small>{format!("{signing} of {current} keys sign")}</small>
            </summary>
            <div class="pad">
                <p>{words::KEYS}</p>
                {keys.into_iter().map(|key| view! { <Key key_=key/> }).views()}
                {rotates.then(|| view! { <Rotate id/> })}
            </div>
        </details>
    }
}

/// New keys beside those that sign.
#[component]
fn Rotate(id: String) -> impl IntoView {
    let form = use_form::<RotateKeys>();
    view! {
        <section class="part">
            <h3>"New keys"</h3>
            <p>{words::ROTATE}</p>
            <PostForm form inline=true>
                <HiddenSlug/>
                <HiddenId id/>
                <Submit kind="">"Rotate keys"</Submit>
            </PostForm>
        </section>
    }
}

#[component]
fn DomainFacts(domain: domain::Domain, next_check_at: Option<Timestamp>) -> impl IntoView {
    let signed = if domain.signed { (Tone::Good, "Signed") } else { (Tone::Warn, "Not signed") };
    let asked = domain.checked_at;
    view! {
        <Card title="Facts">
            <Facts>
                <Fact term="Domain">
                    <Status state=verification(domain.state)/>
                </Fact>
                <Fact term="Mail">
                    <Status state=signed/>
                </Fact>
                {domain
                    .verified_at
                    .map(|at| {
                        view! {
                            <Fact term="Verified">
                                <Time at/>
                            </Fact>
                        }
                    })}
                <Fact term="DNS asked">
                    {asked.map(|at| view! { <Time at/> })} {asked.is_none().then_some("not yet")}
                </Fact>
                {next_check_at
                    .map(|at| {
                        view! {
                            <Fact term="Asked next">
                                <Time at/>
                            </Fact>
                        }
                    })}
                <Fact term="Added">
                    <Time at=domain.created_at/>
                </Fact>
            </Facts>
        </Card>
    }
}

#[component]
fn Actions(domain: domain::Domain, operate: bool) -> impl IntoView {
    let verify = use_form::<VerifyDomain>();
    let remove = use_form::<RemoveDomain>();
    let (id, name) = (StoredValue::new(domain.id.to_string()), domain.name.to_string());
    let verifiable = operate && domain.state != Verification::Verified;
    view! {
        <Card title="What can be done">
            {verifiable
                .then(|| {
                    view! {
                        <p>"As operator you can vouch for it without the record."</p>
                        <PostForm form=verify>
                            <HiddenSlug/>
                            <HiddenId id=id.get_value()/>
                            <Submit kind="">"Mark verified"</Submit>
                        </PostForm>
                    }
                })}
            <p>{words::REMOVE}</p>
            <Danger
                form=remove
                id="remove-domain"
                button="Remove domain"
                consequence=format!(
                    "No program of this project can send as an address in {name} then, unless the address itself is \
                     verified, and the keys are destroyed: added again, the domain gets new ones.",
                )
                name=name.clone()
            >
                <HiddenSlug/>
                <HiddenId id=id.get_value()/>
            </Danger>
        </Card>
    }
}

mod words {
    pub const LAST_LOOK: &str = "At the last look: ";
    pub const PENDING_TITLE: &str = "Not verified yet.";
    pub const PENDING: &str = "Publish the record below where the domain's DNS is kept, then check. Until it is seen, no \
        mail is accepted from this domain. DNS is also asked by itself from time to time.";
    pub const LOST_TITLE: &str = "The proof is gone.";
    pub const LOST: &str = "The record that proved this domain is not in DNS any more, so mail from it is refused. \
        Publish the same record again and check: it is good at once, with the same keys.";
    pub const MISSING_TITLE: &str = "The proof could not be seen.";
    pub const MISSING: &str = "The domain still works. Publish the record below again, as it was, so that it goes on.";
    pub const UNSIGNED_TITLE: &str = "Mail from this domain is not signed yet.";
    pub const UNSIGNED: &str = "It is accepted and delivered, but receivers trust signed mail more, and some take nothing \
        else. Publish the two DKIM records below; signing begins when they are seen.";
    pub const HALF_TITLE: &str = "Mail is signed, with one of two keys.";
    pub const HALF: &str = "Publish the other record too: receivers that know only that algorithm can check it then.";
    pub const GOOD_TITLE: &str = "Verified and signed.";
    pub const GOOD: &str = "Programs of this project may send as any address in this domain.";
    pub const PUBLISH_CHALLENGE: &str = "Only who runs the domain's DNS can publish this record. It proves nothing else and \
        changes nothing for mail or web.";
    pub const KEEP_CHALLENGE: &str = "Leave it where it is: it is looked up again from time to time, and without it mail \
        from this domain is refused.";
    pub const KEYS: &str = "The keys were made here and never leave the relay. Each begins to sign when its record is seen \
        in DNS, and stops when the record is gone.";
    pub const ROTATE: &str = "Makes two keys under new selectors. Those that sign go on until the records of the new ones are \
        seen; then the new ones sign, and the old ones stay in DNS until nothing that they signed is on its way.";
    pub const REMOVE: &str = "Removing is for domains this project has given up.";
}
