//! `/`: the projects of a person; all projects for an operator.

use crate::{
    api::platform::LoadNearLimits,
    components::{platform_limits::NearPlatformLimits, prelude::*, status::project_state},
    strings::{places, role},
};
use leptos::prelude::*;
use relay_types::user::{Me, ProjectLink};

/// Projects.
#[component]
pub fn Projects() -> impl IntoView {
    let Me { email, operator, projects, .. } = use_me().get_value();
    let new = move || operator.then(|| view! { <a class="button primary" href="/admin/projects">"New project"</a> });
    if projects.is_empty() {
        let text = if operator { words::EMPTY_OPERATOR.to_owned() } else { format!("{} {email}.", words::EMPTY) };
        return view! {
            <PageHeader title=places::PROJECTS/>
            {operator.then(|| view! { <OfPlatform/> })}
            <EmptyState title=words::EMPTY_TITLE text>
                {new()}
            </EmptyState>
        }
        .into_any();
    }
    let columns = vec![
        Column::new("Project").sorted_by("name").at_first(),
        Column::new("Your role").sorted_by("role"),
        Column::new("State").sorted_by("state"),
    ];
    let rows = move || {
        let mut rows = projects.clone();
        sort(&mut rows, query().get(SORT), |row, word| match word {
            "name" => Key::text(&row.name),
            "role" => Key::text(row.role.map_or(words::NOT_MEMBER, role)),
            "state" => Key::number(row.state as u64),
            _ => Key::None,
        });
        rows.into_iter().map(|project| view! { <Row project/> }).views()
    };
    view! {
        <PageHeader title=places::PROJECTS>{new()}</PageHeader>
        {operator.then(|| view! { <OfPlatform/> })}
        <Table label=places::PROJECTS columns>
            {rows}
        </Table>
    }
    .into_any()
}

/// What an operator has to know of the platform: who signs in lands here.
#[component]
fn OfPlatform() -> impl IntoView {
    let data = read(|| LoadNearLimits {});
    view! {
        <Load resource=data let:near>
            <NearPlatformLimits near set_at="/admin/settings"/>
        </Load>
    }
}

#[component]
fn Row(project: ProjectLink) -> impl IntoView {
    let ProjectLink { slug, name, role: mine, state } = project;
    view! {
        <tr>
            <Cell label="Project">
                <a class="row" href=format!("/p/{slug}")>
                    {name}
                </a>
                <small class="mono">{slug.to_string()}</small>
            </Cell>
            <Cell label="Your role">{mine.map_or(words::NOT_MEMBER, role)}</Cell>
            <Cell label="State">
                <Status state=project_state(state)/>
            </Cell>
        </tr>
    }
    .into_any()
}

mod words {
    pub const EMPTY_TITLE: &str = "No projects";
    pub const EMPTY: &str = "A project is a group of programs that send under the same rules. You are in none yet: ask an \
        owner of one to invite";
    pub const EMPTY_OPERATOR: &str = "A project is a group of programs that send under the same rules. Make the first \
        one; its owners invite the others.";
    pub const NOT_MEMBER: &str = "Not a member";
}
