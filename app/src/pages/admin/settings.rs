//! `/admin/settings`: the platform as it is configured, and the default domain that signs for it.

use crate::{
    api::platform::{
        CheckDefaultDomain, LoadPlatform, PausePlatform, PlatformFacts, PlatformPage, ReplaceDefaultDomain,
        ResumePlatform, RotateDefaultKeys, SavePlatformLimits, SetDefaultDomain,
    },
    components::{
        dkim_key::Key,
        field::Check,
        platform_limits::NearPlatformLimits,
        prelude::*,
        report::{Answers, Findings, Predictions},
    },
    pages::admin::listeners::LegacyWarnings,
    strings::places,
    typed,
};
use leptos::prelude::*;
use relay_types::{
    domain::DomainDetail,
    finding::{History, Report},
    limit::LimitUse,
    platform::Pause,
};
use std::time::Duration;

/// Settings.
#[component]
pub fn AdminSettings() -> impl IntoView {
    let data = read_again(search, || LoadPlatform {});
    view! {
        <Load resource=data let:page>
            <Page page/>
        </Load>
    }
}

#[component]
fn Page(page: PlatformPage) -> impl IntoView {
    let PlatformPage { facts, default_domain, legacy, pause, usage } = page;
    view! {
        <PageHeader title=places::SETTINGS/>
        {(facts.route == "capture")
            .then(|| view! { <Notice tone=Tone::Info title=words::CAPTURES_TITLE>{words::CAPTURES}</Notice> })}
        <LegacyWarnings warnings=legacy/>
        <TakingMail pause/>
        <PlatformLimits usage/>
        <DefaultDomain domain=default_domain/>
        {facts.delegation.clone().map(|below| view! { <Delegation below/> })}
        <Configured facts/>
    }
}

#[component]
fn TakingMail(pause: Option<Pause>) -> impl IntoView {
    let (stop, go_on) = (use_form::<PausePlatform>(), use_form::<ResumePlatform>());
    match pause {
        None => view! {
            <Card title="Taking mail">
                <p>{words::TAKING}</p>
                <Danger form=stop id="pause-platform" button="Pause platform" consequence=words::PAUSE name="pause">
                    <TextField name="reason" label="Reason" hint=words::REASON/>
                </Danger>
            </Card>
        }
        .into_any(),
        Some(Pause { reason, since }) => view! {
            <Notice tone=Tone::Bad title=words::PAUSED_TITLE>
                {words::PAUSED} " " <Time at=since/> ". " {words::PAUSED_REASON} " " {reason}
            </Notice>
            <PostForm form=go_on inline=true>
                <Submit>"Resume platform"</Submit>
            </PostForm>
        }
        .into_any(),
    }
}

#[component]
fn PlatformLimits(usage: LimitUse) -> impl IntoView {
    let form = use_form::<SavePlatformLimits>();
    let near = usage.near();
    let field = |name, label, hint: &'static str, limit: Option<u32>| {
        let value = limit.map_or_else(String::new, |limit| limit.to_string());
        view! { <TextField name label hint required=false value check=typed::check_limit as Check/> }
    };
    let LimitUse { limits, last_hour, last_day, .. } = usage;
    let used = format!("{} in the last hour, {} in the last 24.", text::number(last_hour), text::number(last_day));
    view! {
        <NearPlatformLimits near/>
        <Card title="Limits" note="recipients accepted, all projects">
            <p>{used}</p>
            <PostForm form>
                {field("per_hour", "Recipients in an hour", words::NO_LIMIT, limits.per_hour)}
                {field("per_day", "Recipients in a day", words::NO_LIMIT, limits.per_day)}
                {field("new_per_day", "New recipients of a project in a day", words::NEW, limits.new_per_day)}
                <Submit kind="">"Save limits"</Submit>
            </PostForm>
        </Card>
    }
}

/// Keys that projects' domains point to by aliases: their records are ours to publish.
#[component]
fn Delegation(below: String) -> impl IntoView {
    view! {
        <Card title="Delegated DKIM keys">
            <p>{words::DELEGATION} " " <code>{below}</code> ". " {words::DELEGATION_MORE}</p>
            <p>
                <a class="button" href="/admin/dkim.zone" download="dkim.zone">
                    "Download zone lines"
                </a>
            </p>
        </Card>
    }
}

fn tls_words((rule, others): (String, usize)) -> String {
    match others {
        0 => rule,
        others => format!("{rule}; own rules of {}", text::count(others as u64, "domain", "domains")),
    }
}

fn removed(kept: Option<Duration>) -> String {
    kept.map_or_else(|| "never".to_owned(), |kept| format!("{} after it was accepted, when it is done", length(kept)))
}

#[component]
fn Configured(facts: PlatformFacts) -> impl IntoView {
    let rows = [
        ("Host name", facts.hostname, "hostname"),
        ("Portal", facts.public_url, "portal.public_url"),
        ("Portal's mail from", facts.mail_from, "portal.mail_from"),
        ("Database", facts.database, "database.url"),
        ("Route", facts.route, "delivery.route"),
        ("TLS with mail exchangers", tls_words(facts.tls), "delivery.tls"),
        ("Largest message", text::size(facts.message_size), "smtp.message_size"),
        (
            "In the sandbox",
            format!("{} an hour", text::count(facts.sandbox_per_hour.into(), "recipient", "recipients")),
            "security.sandbox_per_hour",
        ),
        ("Waits between attempts", waits(&facts.retry), "delivery.retry"),
        ("Bounces after", length(facts.lifetime), "delivery.lifetime"),
        ("Delay is told after", length(facts.delay_warning), "delivery.delay_warning"),
        ("Content is removed", removed(facts.content_kept), "retention.content"),
        ("Messages are removed", removed(facts.history_kept), "retention.history"),
    ];
    view! {
        <Card title="As configured" flush=true>
            <p class="pad">{words::CONFIGURED} " " <code>"relaykeep config"</code> " " {words::CONFIGURED_MORE}</p>
            <Table
                label="Settings of the configuration file"
                columns=vec![Column::new("Setting"), Column::new("Value"), Column::new("Key")]
            >
                {rows
                    .into_iter()
                    .map(|(term, value, key)| {
                        view! {
                            <tr>
                                <Cell label="Setting">{term}</Cell>
                                <Cell label="Value">{value}</Cell>
                                <Cell label="Key" mono=true>
                                    {key}
                                </Cell>
                            </tr>
                        }
                    })
                    .views()}
            </Table>
        </Card>
    }
}

#[component]
fn DefaultDomain(domain: Option<DomainDetail>) -> impl IntoView {
    view! {
        <Card title="Default domain">
            <p>{words::DEFAULT_DOMAIN}</p>
            {match domain {
                None => view! { <SetDomain/> }.into_any(),
                Some(detail) => view! { <Current detail/> }.into_any(),
            }}
        </Card>
    }
}

#[component]
fn SetDomain() -> impl IntoView {
    let form = use_form::<SetDefaultDomain>();
    view! {
        <PostForm form>
            <DomainField/>
            <Submit>"Set default domain"</Submit>
        </PostForm>
    }
}

#[component]
fn DomainField() -> impl IntoView {
    view! {
        <TextField
            name="name"
            label="Domain"
            hint="Usually the organisation's own, such as example.org."
            mono=true
            check=typed::check_domain as Check
        />
    }
}

#[component]
fn Replace(name: String) -> impl IntoView {
    let form = use_form::<ReplaceDefaultDomain>();
    view! {
        <Danger
            form
            id="replace-default-domain"
            button="Replace default domain"
            consequence=format!("The keys of {name} are destroyed, and mail from it is not signed by the platform any more.")
            name=name
        >
            <DomainField/>
        </Danger>
    }
}

#[component]
fn Current(detail: DomainDetail) -> impl IntoView {
    let DomainDetail { domain, keys, report, histories, .. } = detail;
    let check = use_form::<CheckDefaultDomain>();
    let rotate = use_form::<RotateDefaultKeys>();
    let pending = check.pending;
    let asked = domain.checked_at;
    let name = domain.name.to_string();
    let shown = name.clone();
    let signed = if domain.signed { (Tone::Good, "Signed") } else { (Tone::Warn, "Not signed yet") };
    view! {
        <Facts>
            <Fact term="Domain" mono=true>
                {shown}
            </Fact>
            <Fact term="Its mail">
                <Status state=signed/>
            </Fact>
            <Fact term="DNS asked">
                {asked.map(|at| view! { <Time at/> })} {asked.is_none().then_some("not yet")}
            </Fact>
        </Facts>
        {domain.problem.map(|problem| view! { <Notice tone=Tone::Info title="The last look at DNS.">{problem}</Notice> })}
        <div class="actions">
            <PostForm form=check inline=true>
                <Submit>{move || if pending.get() { "Asking DNS" } else { "Check now" }}</Submit>
            </PostForm>
            <PostForm form=rotate inline=true>
                <Submit kind="">"Rotate keys"</Submit>
            </PostForm>
            <Replace name/>
        </div>
        <p class="soft">{words::PUBLISH}</p>
        {keys.into_iter().map(|key| view! { <Key key_=key/> }).views()}
        {report.map(|report| view! { <Health report histories/> })}
    }
}

/// What DNS says of the default domain, put away until it is wanted.
#[component]
fn Health(report: Report, histories: Vec<History>) -> impl IntoView {
    let (answers, predictions) = (report.answers.clone(), report.predictions.clone());
    let mend = match report.to_mend() {
        0 => "nothing to mend".to_owned(),
        number => format!("{number} to mend"),
    };
    view! {
        <details>
            <summary>"DNS health: " {mend}</summary>
            <div class="stack">
                <Findings report histories/>
                <Predictions predictions/>
                <Answers answers/>
            </div>
        </details>
    }
}

/// `1 min, 5 min, then every 4 h`
fn waits(schedule: &[Duration]) -> String {
    let Some((last, first)) = schedule.split_last() else { return "none".to_owned() };
    let mut parts: Vec<String> = first.iter().copied().map(length).collect();
    parts.push(format!("{}every {}", if first.is_empty() { "" } else { "then " }, length(*last)));
    parts.join(", ")
}

fn length(length: Duration) -> String {
    text::duration(u64::try_from(length.as_millis()).unwrap_or(u64::MAX))
}

mod words {
    pub const NO_LIMIT: &str = "Empty: no limit.";
    pub const NEW: &str = "For projects without one of their own. Empty: no limit.";
    pub const DELEGATION: &str = "Domains whose aliases lead here need no new records when their keys are rotated. Publish \
        these lines in the zone of";
    pub const DELEGATION_MORE: &str = "Publish them again after each rotation and when a domain is added; each domain's page \
        says whether its keys are seen.";
    pub const TAKING: &str = "Programs hand in mail by the rules of their projects. A pause holds for every project and \
        every node within two seconds, also in open sessions.";
    pub const PAUSE: &str = "Every program is told 421 4.3.2 with your reason at its next message, and tries again later. \
        What was accepted already is delivered.";
    pub const REASON: &str = "Programs read it in the reply: plain characters on one line.";
    pub const PAUSED_TITLE: &str = "The platform is paused.";
    pub const PAUSED: &str = "No mail is taken since";
    pub const PAUSED_REASON: &str = "Programs read:";
    pub const CAPTURES_TITLE: &str = "All mail is captured.";
    pub const CAPTURES: &str =
        "It is shown in the portal and nothing leaves this machine, until delivery.route is mx or smarthost.";
    pub const CONFIGURED: &str =
        "Read from the configuration file at start. To change it, change the file and start again;";
    pub const CONFIGURED_MORE: &str = "prints every key with its meaning.";
    pub const DEFAULT_DOMAIN: &str = "Mail whose From is in this domain is signed with keys of the platform, whichever \
        project sends it, the portal's own mail included. Projects verify single addresses in it.";
    pub const PUBLISH: &str = "Publish both records where the domain's DNS is kept. Each key begins to sign when its record \
        is seen there, and stops when it is gone.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schedule_reads_well() {
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        assert_eq!(waits(&[minutes(1), minutes(5), minutes(240)]), "1 min, 5 min, then every 4 h");
        assert_eq!(waits(&[minutes(5)]), "every 5 min");
        assert_eq!(waits(&[]), "none");
    }
}
