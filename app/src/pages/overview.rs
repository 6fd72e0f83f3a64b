//! `/p/:slug`: how the project's mail goes, what stands in its way, what was refused.

use crate::{
    api::{
        messages::SendTestMessage,
        overview::{LoadOverview, OverviewPage},
    },
    components::{field::Check, prelude::*, status::severity},
    mending::{mend, rule_words},
    strings::places,
    typed,
};
use leptos::prelude::*;
use relay_types::{
    DomainName,
    change::Topic,
    limit::NearLimit,
    overview::{Counts, DomainToMend, NameInQuestion, Period, Readiness},
    refusal::Refusal,
    route::{Route, RouteKind},
    simulator::Simulated,
};

/// Overview.
#[component]
pub fn Overview() -> impl IntoView {
    let slug = use_slug();
    let data = read(move || LoadOverview { slug: slug.get(), period: query().text("period") });
    use_live(&[Topic::Messages, Topic::Refusals, Topic::Names], move || data.refetch());
    view! {
        <Load resource=data let:page>
            <Content slug=slug.get_untracked() page/>
        </Load>
    }
}

#[component]
fn Content(slug: String, page: OverviewPage) -> impl IntoView {
    let OverviewPage { overview, platform_route, usual_sender, simulator, .. } = page;
    let project = use_frame().with_untracked(|frame| frame.project.clone());
    let captures = platform_route == RouteKind::Capture || project.route == Route::Capture;
    let periods = Period::ALL.map(|period| match period {
        // The default stands for itself, so that the plain address is marked.
        Period::Day => Choice { value: None, ..Choice::new("24h", "24 hours") },
        Period::Week => Choice::new("7d", "7 days"),
        Period::Month => Choice::new("30d", "30 days"),
    });
    let readiness = overview.readiness;
    // Before the first message the steps are what matters; after it they are a reminder below the numbers.
    let sent = readiness.first_message;
    let (first_slug, then_slug) = (slug.clone(), slug.clone());
    let testable = use_abilities().manage && readiness.verified_sender;
    let sender = usual_sender.map(|sender| sender.to_string()).unwrap_or_default();
    view! {
        <PageHeader title=places::OVERVIEW>
            <Segments label=words::PERIOD name="period" choices=periods.to_vec()/>
            {testable.then(|| view! { <TestMessage sender simulator/> })}
        </PageHeader>
        {captures
            .then(|| {
                view! {
                    <Notice tone=Tone::Info title=words::CAPTURE link=(format!("/p/{slug}/captured"), words::CAPTURED)>
                        {words::CAPTURE_TEXT}
                    </Notice>
                }
            })}
        {overview.near_limits.into_iter().map(|near| view! { <NearLimitNotice slug=slug.clone() near/> }).views()}
        <NamesInQuestion slug=slug.clone() names=overview.names_in_question/>
        {(!sent).then(|| view! { <Steps slug=first_slug readiness/> })}
        <Numbers slug=slug.clone() period=overview.period totals=overview.totals/>
        <Card title=words::CHART note=words::UTC>
            <Chart bars=overview.bars label=words::CHART/>
        </Card>
        <ToMend slug=slug.clone() domains=overview.domains_to_mend/>
        {sent.then(|| view! { <Steps slug=then_slug readiness/> })}
        <Refused slug refusals=overview.refusals/>
    }
}

/// Names that will be taken unless somebody publishes their forward records again.
#[component]
fn NamesInQuestion(slug: String, names: Vec<NameInQuestion>) -> impl IntoView {
    let Some(first) = names.first() else { return ().into_any() };
    let link = match names.len() {
        1 => (format!("/p/{slug}/addresses/{}", first.id), words::NAME),
        _ => (format!("/p/{slug}/addresses?state=wrong"), words::NAMES),
    };
    let (name, address, until) = (first.name.clone(), first.address.clone(), first.until);
    view! {
        <Notice tone=Tone::Warn title=words::NAME_TITLE link>
            <span class="mono">{name}</span>
            " does not point to "
            <span class="mono">{address}</span>
            ". Without its record the address loses the name "
            <Time at=until/>
            "."
        </Notice>
    }
    .into_any()
}

/// Four fifths of a limit are used, or all of it.
#[component]
fn NearLimitNotice(slug: String, near: NearLimit) -> impl IntoView {
    let (tone, title) = match near.level() {
        100 => (Tone::Bad, words::LIMIT_REACHED),
        _ => (Tone::Warn, words::LIMIT_NEAR),
    };
    let whose = near.account.map_or_else(|| "this project".to_owned(), |label| format!("the service account {label}"));
    let used = format!(
        "{} of {} {} of {whose} are used.",
        text::number(near.used),
        text::number(near.limit.into()),
        near.period.words(),
    );
    view! {
        <Notice tone title link=(format!("/p/{slug}/settings"), words::LIMITS)>
            {used}
        </Notice>
    }
    .into_any()
}

/// A message to oneself, judged as any other of the project, that shows the whole way.
#[component]
fn TestMessage(sender: String, simulator: DomainName) -> impl IntoView {
    let form = use_form::<SendTestMessage>();
    let me = use_me().with_value(|me| me.email.to_string());
    view! {
        <Dialog id="test-message" button=words::TEST kind="primary" title=words::TEST open=form.failed_reply()>
            <p>{words::TEST_TEXT}</p>
            <PostForm form>
                <HiddenSlug/>
                <TextField
                    name="from"
                    label="From"
                    hint="A verified sender of the project."
                    kind="email"
                    value=sender
                    check=typed::check_address as Check
                />
                <TextField name="to" label="To" kind="email" value=me check=typed::check_address as Check/>
                <Submit>{words::TEST_SEND}</Submit>
            </PostForm>
            <details>
                <summary>"Simulated recipients"</summary>
                <p>{words::SIMULATED}</p>
                <ul class="plain">
                    {Simulated::ALL
                        .into_iter()
                        .map(|one| {
                            view! {
                                <li>
                                    <span class="mono">{format!("{}@{simulator}", one.as_str())}</span>
                                    " "
                                    {one.meaning()}
                                </li>
                            }
                        })
                        .views()}
                </ul>
            </details>
        </Dialog>
    }
}

#[component]
fn Numbers(slug: String, period: Period, totals: Counts) -> impl IntoView {
    let all = format!("/p/{slug}/messages?period={}", period.as_str());
    let [delivered, deferred, bounced] =
        ["delivered", "deferred", "bounced"].map(|state| format!("{all}&state={state}"));
    view! {
        <Tiles>
            <Tile label="Accepted" value=totals.accepted note="recipients" href=all/>
            <Tile label="Delivered" tone=Tone::Good value=totals.delivered href=delivered/>
            <Tile label="Deferred" tone=Tone::Warn value=totals.deferred note="attempts" href=deferred/>
            <Tile label="Bounced" tone=Tone::Bad value=totals.bounced href=bounced/>
            <Tile label="Refused" tone=Tone::Bad value=totals.refused note="at the door" href=format!("/p/{slug}/refusals")/>
        </Tiles>
    }
}

/// The steps to the first message; gone once all are done.
#[component]
fn Steps(slug: String, readiness: Readiness) -> impl IntoView {
    let Readiness { way_in, verified_sender, signed_domain, first_message, live } = readiness;
    if way_in && verified_sender && signed_domain && first_message && live {
        return ().into_any();
    }
    let at = |place: &str| format!("/p/{slug}/{place}");
    let steps = [
        (verified_sender, "A verified sender", "an address by link, or a domain by DNS", at("senders"), "Add one"),
        (
            way_in,
            "A service account or a trusted network",
            "so that programs get in",
            at("service-accounts"),
            "Make one",
        ),
        (
            first_message,
            "The first message",
            "paste the ready lines of a service account",
            at("service-accounts"),
            "See the lines",
        ),
        (
            signed_domain,
            "A signed domain",
            "publish its two DKIM records; not needed to begin",
            at("senders"),
            "See domains",
        ),
        (
            live,
            "Out of the sandbox",
            "until then only verified addresses and members get mail",
            at("settings"),
            "See limits",
        ),
    ];
    view! {
        <Card title=words::STEPS flush=true>
            <Items>
                {steps
                    .into_iter()
                    .filter(|(done, ..)| !(*done && first_message))
                    .map(|(done, what, why, href, go)| {
                        if done {
                            view! { <Item tone=Tone::Good note="done">{what}</Item> }.into_any()
                        } else {
                            view! { <Item tone=Tone::Warn note=why link=(href, go)>{what}</Item> }.into_any()
                        }
                    })
                    .views()}
            </Items>
        </Card>
    }
    .into_any()
}

/// Domains whose DNS holds mail back.
#[component]
fn ToMend(slug: String, domains: Vec<DomainToMend>) -> impl IntoView {
    if domains.is_empty() {
        return ().into_any();
    }
    view! {
        <Card title=words::TO_MEND flush=true link=(format!("/p/{slug}/senders"), places::SENDERS)>
            <Items>
                {domains
                    .into_iter()
                    .map(|domain| {
                        let tone = severity(domain.worst).0;
                        let go = (format!("/p/{slug}/domains/{}", domain.id), words::SHOW_RECORDS);
                        view! {
                            <Item tone note=domain.title link=go>
                                {domain.name.to_string()}
                            </Item>
                        }
                    })
                    .views()}
            </Items>
        </Card>
    }
    .into_any()
}

#[component]
fn Refused(slug: String, refusals: Vec<Refusal>) -> impl IntoView {
    if refusals.is_empty() {
        return ().into_any();
    }
    let manage = use_abilities().manage;
    view! {
        <Card title=words::REFUSED flush=true link=(format!("/p/{slug}/refusals"), words::ALL)>
            <Items>
                {refusals
                    .into_iter()
                    .map(|one| {
                        let go = mend(Some(&slug), &one, manage);
                        let note = [one.who, Some(one.client)].into_iter().flatten().collect::<Vec<_>>().join(" · ");
                        let about = one.address.map(|address| view! { " " <span class="mono">{address}</span> });
                        view! {
                            <Item tone=Tone::Bad note link=go>
                                {rule_words(one.rule)}
                                {about}
                                " "
                                <Time at=one.at/>
                            </Item>
                        }
                    })
                    .views()}
            </Items>
        </Card>
    }
    .into_any()
}

mod words {
    pub const LIMIT_REACHED: &str = "A limit is reached; programs are told to wait.";
    pub const LIMIT_NEAR: &str = "A limit is nearly reached.";
    pub const LIMITS: &str = "See limits";
    pub const SIMULATED: &str = "They behave as they are named, also for programs and in the sandbox; nothing of theirs leaves the \
        machine. Anything may stand behind a plus: success+order-42.";
    pub const PERIOD: &str = "Period";
    pub const CAPTURE: &str = "Mail is captured.";
    pub const CAPTURE_TEXT: &str = "Nothing leaves this machine; read here what would have been sent.";
    pub const CAPTURED: &str = "Captured mail";
    pub const NAME_TITLE: &str = "A forward record is missing.";
    pub const NAME: &str = "The record to publish";
    pub const NAMES: &str = "All addresses";
    pub const TO_MEND: &str = "Domains to mend";
    pub const SHOW_RECORDS: &str = "Show the records";
    pub const STEPS: &str = "Steps to good mail";
    pub const CHART: &str = "Mail over time";
    pub const UTC: &str = "times and days in UTC";
    pub const TEST: &str = "Send a test message";
    pub const TEST_TEXT: &str = "It is judged, signed and delivered as any other message of the project, and its page shows \
        the whole way.";
    pub const TEST_SEND: &str = "Send it";
    pub const REFUSED: &str = "Last refusals";
    pub const ALL: &str = "All refusals";
}
