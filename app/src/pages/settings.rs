//! `/p/:slug/settings`: name and bounce contact, route, limits, sandbox, state. Owners change the first two, operators
//! the rest; everyone sees.

mod closing;
mod route;

use crate::{
    api::{
        projects::{ResumeProject, SuspendProject},
        settings::{LoadSettings, SaveGeneral, SaveLimits, SetSandbox, SettingsPage},
    },
    components::{field::Check, prelude::*, status::project_state},
    strings::places,
    typed,
};
use closing::Closing;
use leptos::prelude::*;
use relay_types::{
    limit::{LimitUse, Limits},
    project::{Project, ProjectState, Suspension},
};
use route::RouteCard;

/// Settings.
#[component]
pub fn Settings() -> impl IntoView {
    let slug = use_slug();
    let data = read_again(search, move || LoadSettings { slug: slug.get() });
    view! {
        <Load resource=data let:page>
            <Page page/>
        </Load>
    }
}

#[component]
fn Page(page: SettingsPage) -> impl IntoView {
    let SettingsPage { project, usage, platform_route, sandbox_per_hour } = page;
    let abilities = use_abilities();
    let (slug, administer, operate) = (project.slug.to_string(), abilities.administer, abilities.operate);
    let (limits, sandbox, state) = (project.limits, project.sandbox, project.state());
    let closed_at = project.closed_at;
    view! {
        <PageHeader title=places::SETTINGS/>
        {(!administer)
            .then(|| {
                let link = (format!("/p/{slug}/members"), "Who the owners are");
                view! { <Notice tone=Tone::Info title="Only owners change settings." link>"You see them as they are."</Notice> }
            })}
        <div class="cols">
            <div class="stack">
                <General project=project.clone() administer/>
                <RouteCard route=project.route.clone() platform_route administer/>
            </div>
            <div class="stack">
                <State slug=slug.clone() state suspended=project.suspended operate=operate && closed_at.is_none()/>
                <Sandbox slug=slug.clone() sandbox sandbox_per_hour operate/>
                <LimitsCard usage own=limits sandbox operate/>
                <Closing slug closed_at administer operate/>
            </div>
        </div>
    }
}

#[component]
fn General(project: Project, administer: bool) -> impl IntoView {
    let form = use_form::<SaveGeneral>();
    let contact = project.bounce_contact.map(|address| address.to_string());
    if !administer {
        return view! {
            <Card title="General">
                <Facts>
                    <Fact term="Name">{project.name}</Fact>
                    <Fact term="Bounce contact">{contact.unwrap_or_else(|| "the owners".to_owned())}</Fact>
                    <Fact term="Made">
                        <Time at=project.created_at/>
                    </Fact>
                </Facts>
            </Card>
        }
        .into_any();
    }
    view! {
        <Card title="General">
            <PostForm form>
                <HiddenSlug/>
                <TextField name="name" label="Name" value=project.name/>
                <TextField
                    name="bounce_contact"
                    label="Bounce contact"
                    hint=words::CONTACT
                    kind="email"
                    required=false
                    value=contact.unwrap_or_default()
                    check=typed::check_address as Check
                />
                <Submit>"Save"</Submit>
            </PostForm>
        </Card>
    }
    .into_any()
}

/// Whether the project may send at all.
#[component]
fn State(slug: String, state: ProjectState, suspended: Option<Suspension>, operate: bool) -> impl IntoView {
    let back = format!("/p/{slug}/settings");
    let text = match state {
        ProjectState::Active => words::ACTIVE,
        ProjectState::Sandbox => words::IN_SANDBOX,
        ProjectState::Suspended => words::SUSPENDED,
    };
    view! {
        <Card title="State">
            <p>
                <Status state=project_state(state)/>
            </p>
            {suspended
                .map(|suspension| {
                    view! {
                        <p>{suspension.reason} " " <small>"Since " <Time at=suspension.since/></small></p>
                    }
                })}
            <p class="soft">{text}</p>
            {operate
                .then(|| {
                    if state == ProjectState::Suspended {
                        view! { <Resume slug back/> }.into_any()
                    } else {
                        view! { <Suspend slug back/> }.into_any()
                    }
                })}
        </Card>
    }
}

/// Stops a project from sending; on this page and in the operator's list.
#[component]
pub fn Suspend(
    /// The project.
    slug: String,
    /// The page the form is on.
    back: String,
) -> impl IntoView {
    let form = use_form_for::<SuspendProject>("slug", &slug);
    view! {
        <Danger
            form
            id=format!("suspend-{slug}")
            button="Suspend project"
            consequence="Its programs are refused at their next message, also in open sessions, with the reason you give. \
                         What was accepted already is delivered."
            name=slug.clone()
        >
            <Hidden name="slug" value=slug.clone()/>
            <Hidden name="back" value=back/>
            <TextField name="reason" label="Reason" hint=words::REASON/>
        </Danger>
    }
}

/// Lets a project send again.
#[component]
pub fn Resume(
    /// The project.
    slug: String,
    /// The page the form is on.
    back: String,
) -> impl IntoView {
    let form = use_form_for::<ResumeProject>("slug", &slug);
    view! {
        <PostForm form inline=true>
            <Hidden name="slug" value=slug/>
            <Hidden name="back" value=back/>
            <Submit kind="">"Resume"</Submit>
        </PostForm>
    }
}

#[component]
fn Sandbox(slug: String, sandbox: bool, sandbox_per_hour: u32, operate: bool) -> impl IntoView {
    let form = use_form::<SetSandbox>();
    let (state, to, button, consequence) = match sandbox {
        true => ((Tone::Warn, "In the sandbox"), "off", "Take out of the sandbox", words::OUT),
        false => ((Tone::Good, "Not in the sandbox"), "on", "Put into the sandbox", words::INTO),
    };
    let text = if sandbox {
        format!(
            "Only verified senders of this project and its members can get mail, at most {} an hour. It is for trying \
             things out without anyone outside being mailed by mistake.",
            text::count(sandbox_per_hour.into(), "recipient", "recipients"),
        )
    } else {
        "Mail may go to anyone, within the limits.".to_owned()
    };
    view! {
        <Card title="Sandbox">
            <p>
                <Status state/>
            </p>
            <p class="soft">{text}</p>
            {(sandbox && !operate).then(|| view! { <p class="soft">{words::ASK_OUT}</p> })}
            {operate
                .then(|| {
                    view! {
                        <Danger form id="sandbox" button consequence name=slug>
                            <HiddenSlug/>
                            <Hidden name="to" value=to/>
                        </Danger>
                    }
                })}
        </Card>
    }
}

#[component]
fn LimitsCard(usage: LimitUse, own: Limits, sandbox: bool, operate: bool) -> impl IntoView {
    let form = use_form::<SaveLimits>();
    let LimitUse { limits, last_hour, last_day, new_day } = usage;
    let typed = |limit: Option<u32>| limit.map_or_else(String::new, |limit| limit.to_string());
    let hint = if sandbox { words::OWN_LIMITS } else { words::NO_LIMIT };
    view! {
        <Card title="Limits" note="recipients accepted">
            <Used label="Last hour" used=last_hour limit=limits.per_hour/>
            <Used label="Last 24 hours" used=last_day limit=limits.per_day/>
            {limits
                .new_per_day
                .map(|limit| view! { <Used label="New recipients, last 24 hours" used=new_day limit=Some(limit)/> })}
            <p class="soft">{words::LIMITS}</p>
            {operate
                .then(|| {
                    view! {
                        <PostForm form>
                            <HiddenSlug/>
                            <TextField
                                name="per_hour"
                                label="Recipients in an hour"
                                hint
                                required=false
                                value=typed(own.per_hour)
                                check=typed::check_limit as Check
                            />
                            <TextField
                                name="per_day"
                                label="Recipients in a day"
                                required=false
                                value=typed(own.per_day)
                                check=typed::check_limit as Check
                            />
                            <TextField
                                name="new_per_day"
                                label="New recipients in a day"
                                hint=words::NEW
                                required=false
                                value=typed(own.new_per_day)
                                check=typed::check_limit as Check
                            />
                            <Submit kind="">"Save limits"</Submit>
                        </PostForm>
                    }
                })}
        </Card>
    }
}

/// How much of a limit is used.
#[component]
fn Used(label: &'static str, used: u64, limit: Option<u32>) -> impl IntoView {
    let words = match limit {
        Some(limit) => format!("{} of {}", text::number(used), text::number(limit.into())),
        None => format!("{}, no limit", text::number(used)),
    };
    view! {
        <div class="used">
            <div class="between">
                <span>{label}</span>
                <span>{words}</span>
            </div>
            {limit.map(|limit| view! { <progress value=used.to_string() max=limit.to_string() aria-label=label></progress> })}
        </div>
    }
}

mod words {
    pub const CONTACT: &str = "Hears of bounces that no sender is told of, by one mail an hour at most, and of warnings about domains. \
        Empty: the owners hear of them.";
    pub const ACTIVE: &str = "Its programs may send.";
    pub const IN_SANDBOX: &str = "Its programs may send, in the sandbox.";
    pub const OUT: &str = "From the next message on, mail of this project may go to anyone, within its limits.";
    pub const INTO: &str = "From the next message on, also in open sessions, its programs are refused for every recipient \
        but its verified senders and members. What was accepted already is delivered.";
    pub const SUSPENDED: &str = "Its programs are refused with this reason until an operator resumes the project.";
    pub const REASON: &str = "The project reads it here, and its programs in the SMTP reply.";
    pub const ASK_OUT: &str = "Ask an operator of the platform to take the project out of the sandbox.";
    pub const LIMITS: &str =
        "Over a limit nothing is lost: programs are told to wait (451) and try again by themselves.";
    pub const NEW: &str = "Those the project has not written to before. Empty: as the platform has it.";
    pub const NO_LIMIT: &str = "Empty: no limit.";
    pub const OWN_LIMITS: &str = "Empty: no limit of its own. In the sandbox the smaller one holds.";
}
