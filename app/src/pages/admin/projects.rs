//! `/admin/projects`: all projects, with what they did today; made, suspended and resumed here.

use crate::{
    api::projects::{CreateProject, LoadProjects, ProjectsPage},
    components::{field::Check, platform_limits::NearPlatformLimits, prelude::*, status::project_state},
    next::encode,
    pages::settings::{Resume, Suspend},
    strings::places,
    typed,
};
use leptos::prelude::*;
use relay_types::project::{ProjectRow, ProjectState};

/// The page the forms are on.
const PAGE: &str = "/admin/projects";

/// Projects.
#[component]
pub fn AdminProjects() -> impl IntoView {
    let data = read_again(search, || LoadProjects {});
    view! {
        <Load resource=data let:page>
            <Page page/>
        </Load>
    }
}

#[component]
fn Page(page: ProjectsPage) -> impl IntoView {
    let ProjectsPage { projects: rows, near_limits } = page;
    let none = rows.is_empty();
    view! {
        <PageHeader title=places::PROJECTS>
            {(!none).then(|| view! { <CsvLink of=PAGE/> })}
            {(!none).then(|| view! { <NewProject/> })}
        </PageHeader>
        <NearPlatformLimits near=near_limits set_at="/admin/settings"/>
        {if none {
            view! {
                <EmptyState title=words::EMPTY_TITLE text=words::EMPTY>
                    <NewProject/>
                </EmptyState>
            }
                .into_any()
        } else {
            view! { <List rows/> }.into_any()
        }}
    }
}

#[component]
fn List(rows: Vec<ProjectRow>) -> impl IntoView {
    let choices = tabs(&rows);
    let query = untrack(query);
    let state = query.get("state").and_then(ProjectState::parse);
    let wanted = query.text("q").unwrap_or_default().to_lowercase();
    let mut shown: Vec<ProjectRow> = rows
        .into_iter()
        .filter(|row| state.is_none_or(|state| row.project.state() == state))
        .filter(|row| row.project.name.to_lowercase().contains(&wanted) || row.project.slug.as_str().contains(&wanted))
        .collect();
    sort(&mut shown, query.get(SORT), |row, word| match word {
        "name" => Key::text(&row.project.name),
        "members" => Key::number(row.members),
        "accepted" => Key::number(row.accepted_day),
        "refused" => Key::number(row.refused_day),
        _ => Key::None,
    });
    let (to, cidr) = (query.text("to"), query.text("cidr"));
    let asked = match to.as_deref() {
        Some("networks") => Some(match &cidr {
            Some(cidr) => {
                format!("Choose the project to which {cidr} belongs; its networks open with the address filled in.")
            }
            None => "Choose the project to which the address belongs; its networks open.".to_owned(),
        }),
        Some("service-accounts") => {
            Some("Choose the project whose program it is; its service accounts open.".to_owned())
        }
        _ => None,
    };
    let below = match (asked.is_some(), to.as_deref(), cidr) {
        (true, Some("networks"), Some(cidr)) => format!("/networks?new={}", encode(&cidr)),
        (true, Some(to), _) => format!("/{to}"),
        _ => String::new(),
    };
    view! {
        {asked.map(|asked| view! { <Notice tone=Tone::Info title=asked link=(PAGE, "All projects")/> })}
        <Tabs label="State" name="state" choices/>
        <Filters own=&["q"]>
            <SearchField label="Search projects" example="Name or slug"/>
        </Filters>
        {if shown.is_empty() {
            view! { <EmptyState title="Nothing matches" text="No project matches. Take a filter away to see more."/> }
                .into_any()
        } else {
            view! { <Rows rows=shown below/> }.into_any()
        }}
    }
}

fn tabs(rows: &[ProjectRow]) -> Vec<Choice> {
    let each = ProjectState::ALL.into_iter().map(|state| {
        let count = rows.iter().filter(|row| row.project.state() == state).count();
        Choice::new(state.as_str(), project_state(state).1).counted(count as u64)
    });
    std::iter::once(Choice::all("All").counted(rows.len() as u64)).chain(each).collect()
}

#[component]
fn Rows(rows: Vec<ProjectRow>, below: String) -> impl IntoView {
    let columns = vec![
        Column::new("Project").sorted_by("name").at_first(),
        Column::new("State"),
        Column::new("Members").sorted_by("members").right(),
        Column::new("Accepted, 24 h").sorted_by("accepted").right(),
        Column::new("Refused, 24 h").sorted_by("refused").right(),
        Column::new("Actions").unseen().right(),
    ];
    view! {
        <Table label="Projects" columns>
            {rows.into_iter().map(|row| view! { <Row row below=below.clone()/> }).views()}
        </Table>
    }
}

#[component]
fn Row(row: ProjectRow, below: String) -> impl IntoView {
    let ProjectRow { project, members, accepted_day, refused_day } = row;
    let slug = project.slug.to_string();
    let base = format!("/p/{slug}");
    let refusals = format!("{base}/refusals");
    let state = project.state();
    let shown = slug.clone();
    let actions = if state == ProjectState::Suspended {
        view! { <Resume slug back=PAGE.to_owned()/> }.into_any()
    } else {
        view! { <Suspend slug back=PAGE.to_owned()/> }.into_any()
    };
    let reason = project.suspended.map(|suspension| suspension.reason);
    view! {
        <tr>
            <Cell label="Project">
                <a class="row" href=format!("{base}{below}")>
                    {project.name}
                </a>
                <small class="mono">{shown}</small>
            </Cell>
            <Cell label="State">
                <Status state=project_state(state)/>
                {reason.map(|reason| view! { <small>{reason}</small> })}
            </Cell>
            <Cell label="Members" right=true>
                {text::number(members)}
            </Cell>
            <Cell label="Accepted, 24 h" right=true>
                {text::number(accepted_day)}
            </Cell>
            <Cell label="Refused, 24 h" right=true>
                {if refused_day > 0 {
                    view! { <a href=refusals>{text::number(refused_day)}</a> }.into_any()
                } else {
                    "0".into_any()
                }}
            </Cell>
            <Cell label="Actions" right=true>
                <div class="actions">{actions}</div>
            </Cell>
        </tr>
    }
    .into_any()
}

#[component]
fn NewProject() -> impl IntoView {
    let form = use_form::<CreateProject>();
    view! {
        <Dialog
            id="new-project"
            button="New project"
            kind="primary"
            title="New project"
            open=form.failed_reply()
        >
            <SlugFollows name="name" slug="slug">
                <PostForm form>
                    <TextField name="name" label="Name" hint="As people call it, such as: Bioinformatics."/>
                    <TextField
                        name="slug"
                        label="Place in URLs"
                        hint=words::SLUG
                        mono=true
                        required=false
                        check=typed::check_slug as Check
                    />
                    <RadioField
                        name="mode"
                        label="To begin with"
                        value="sandbox"
                        options=vec![
                            ("sandbox", "Sandbox", words::SANDBOX),
                            ("active", "Active", "Mail may go to anyone from the first message on."),
                        ]
                    />
                    <Submit>"Create project"</Submit>
                </PostForm>
            </SlugFollows>
        </Dialog>
    }
}

mod words {
    pub const EMPTY_TITLE: &str = "No projects";
    pub const EMPTY: &str = "A project is a group of people with its own accounts, senders, networks, limits and messages; \
        nothing is shared between projects. Make the first one, then invite its owner.";
    pub const SLUG: &str = "Lower-case letters, digits and hyphens. Empty: made from the name. It cannot be changed.";
    pub const SANDBOX: &str = "Only its members and verified senders can get mail, until an operator takes it out.";
}
