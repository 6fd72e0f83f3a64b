//! `/account`: who one is, password, theme, projects.

use crate::{
    api::users::ChangePassword,
    components::{prelude::*, status::project_state, theme::ThemeToggle},
    strings::{PASSWORD_HINT, places, role},
};
use leptos::prelude::*;
use relay_types::{
    project::ProjectState,
    user::{Me, ProjectLink},
};

/// Your account.
#[component]
pub fn Account() -> impl IntoView {
    let Me { email, name, operator, projects, .. } = use_me().get_value();
    let named = !name.is_empty();
    view! {
        <PageHeader title=places::ACCOUNT/>
        <div class="halves">
            <Card title="You">
                <Facts>
                    {named.then(|| view! { <Fact term="Name">{name}</Fact> })}
                    <Fact term="Signs in as" mono=true>
                        {email.to_string()}
                    </Fact>
                    {operator.then(|| view! { <Fact term="Operator">{words::OPERATOR}</Fact> })}
                </Facts>
            </Card>
            <Card title="Theme">
                <p>{words::THEME}</p>
                <ThemeToggle worded=true/>
            </Card>
        </div>
        <Password/>
        <Mine projects/>
    }
}

#[component]
fn Password() -> impl IntoView {
    let form = use_form::<ChangePassword>();
    view! {
        <Card title="Password">
            <p>{words::ENDS}</p>
            <PostForm form>
                <TextField
                    name="current_password"
                    label="Current password"
                    kind="password"
                    autocomplete="current-password"
                />
                <TextField
                    name="new_password"
                    label="New password"
                    hint=PASSWORD_HINT
                    kind="password"
                    autocomplete="new-password"
                />
                <Submit>"Change password"</Submit>
            </PostForm>
        </Card>
    }
}

#[component]
fn Mine(projects: Vec<ProjectLink>) -> impl IntoView {
    let mine: Vec<_> = projects.into_iter().filter_map(|project| Some((project.role?, project))).collect();
    if mine.is_empty() {
        return ().into_any();
    }
    view! {
        <Card title="Your projects" flush=true link=("/", "All projects")>
            <Items>
                {mine
                    .into_iter()
                    .map(|(mine, project)| {
                        view! {
                            <Item
                                tone=project_state(project.state).0
                                note=role(mine)
                                link=(format!("/p/{}", project.slug), "Open")
                            >
                                {project.name}
                                {(project.state != ProjectState::Active).then(|| format!(" ({})", project.state.as_str()))}
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
    pub const OPERATOR: &str = "sees every project and the platform";
    pub const THEME: &str = "Light, dark, or as the system has it. This browser remembers it.";
    pub const ENDS: &str = "A new password signs you out everywhere but here, and a notice goes to your address.";
}
