//! The sidebar: switcher on top, places with their counts, the person at the foot. Under 900 pixels it is a drawer,
//! which is a popover of the browser, so it opens without JavaScript.

use crate::{
    api::session::SignOut,
    components::{
        field::Submit,
        form::{PostForm, use_form},
        icon::{Glyph, Icon, Mark},
        places::{self, Place},
        text,
        theme::ThemeToggle,
        views::Views,
    },
    strings,
};
use leptos::{html, prelude::*};
use leptos_router::{components::A, hooks::use_location};
use relay_types::{
    project::{ProjectFrame, ProjectState},
    user::{Me, ProjectLink},
};

/// The bar with the menu button (narrow only) and the sidebar. Children stand below the product's name.
#[component]
pub fn Sidebar(
    /// Who is signed in.
    me: Me,
    /// Places.
    places: Vec<Place>,
    /// The project, for counts.
    frame: Option<RwSignal<ProjectFrame>>,
    /// The switcher.
    children: Children,
) -> impl IntoView {
    let node = NodeRef::<html::Aside>::new();
    let path = use_location().pathname;
    // In the browser a followed link closes the drawer; without JavaScript the new page does.
    Effect::new(move || {
        path.track();
        if let Some(aside) = node.get()
            && aside.matches(":popover-open").unwrap_or(false)
        {
            let _ = aside.hide_popover();
        }
    });
    view! {
        <div class="bar">
            <button type="button" class="button quiet" popovertarget="side" aria-label="Menu">
                <Glyph icon=Icon::Menu/>
            </button>
            <b>{move || frame.map_or(strings::PRODUCT.to_owned(), |frame| frame.with(|f| f.project.name.clone()))}</b>
        </div>
        <aside node_ref=node id="side" class="side" popover="auto">
            <a class="brand" href="/">
                <Mark/>
                {strings::PRODUCT}
            </a>
            {children()}
            <nav class="nav" aria-label="Places">{sections(places, frame)}</nav>
            <Who me/>
        </aside>
    }
}

fn sections(places: Vec<Place>, frame: Option<RwSignal<ProjectFrame>>) -> impl IntoView {
    let mut sections: Vec<(&'static str, Vec<Place>)> = Vec::new();
    for place in places {
        match sections.last_mut() {
            Some((name, list)) if *name == place.section => list.push(place),
            _ => sections.push((place.section, vec![place])),
        }
    }
    sections
        .into_iter()
        .map(|(name, list)| {
            view! {
                <p class="section">{name}</p>
                <ul>{list.into_iter().map(|place| view! { <Entry place frame/> }).views()}</ul>
            }
        })
        .views()
}

#[component]
fn Entry(place: Place, frame: Option<RwSignal<ProjectFrame>>) -> impl IntoView {
    let Place { label, icon, exact, .. } = place;
    let href = place.href.clone();
    let count = move || {
        let (count, hot) = frame?.with(|frame| places::count(&place, frame))?;
        Some(view! { <span class="count" class:hot=hot>{text::number(count)}</span> })
    };
    view! {
        <li>
            <A href exact>
                <Glyph icon/>
                {label}
                {count}
            </A>
        </li>
    }
}

/// Where to go besides this project. A disclosure, so it opens without JavaScript.
#[component]
pub fn Switcher(
    /// Projects of the person.
    projects: Vec<ProjectLink>,
    /// Also offers the operator's or the desk's console: its address and words.
    console: Option<(&'static str, &'static str)>,
    /// The project of this page.
    frame: Option<RwSignal<ProjectFrame>>,
) -> impl IntoView {
    let path = use_location().pathname;
    let node = NodeRef::<html::Details>::new();
    Effect::new(move || {
        path.track();
        if let Some(details) = node.get() {
            details.set_open(false);
        }
    });
    let count = text::count(projects.len() as u64, "project", "projects");
    let name = Signal::derive(move || match frame {
        Some(frame) => frame.with(|frame| frame.project.name.clone()),
        None => "All projects".to_owned(),
    });
    let small = frame.map_or(count, |frame| frame.with_untracked(|frame| frame.project.slug.to_string()));
    let tile = move || name.with(|name| name.chars().next().unwrap_or('·').to_uppercase().to_string());
    view! {
        <details class="switcher" node_ref=node>
            <summary>
                <span class="initial" aria-hidden="true">{tile}</span>
                <span class="names">
                    <b>{name}</b>
                    <small>{small}</small>
                </span>
                <Glyph icon=Icon::Choose/>
            </summary>
            <ul>
                {projects
                    .into_iter()
                    .map(|project| {
                        let href = format!("/p/{}", project.slug);
                        let suspended = project.state == ProjectState::Suspended;
                        view! {
                            <li>
                                <A href>{project.name} {suspended.then_some(" (suspended)")}</A>
                            </li>
                        }
                    })
                    .views()}
                <li class="apart"><A href="/" exact=true>"All projects"</A></li>
                {console
                    .map(|(href, words)| {
                        view! { <li><A href>{words}</A></li> }
                    })}
            </ul>
        </details>
    }
}

/// The person: theme, account, sign out.
#[component]
fn Who(me: Me) -> impl IntoView {
    let sign_out = use_form::<SignOut>();
    let name = if me.name.is_empty() { me.email.to_string() } else { me.name };
    view! {
        <div class="who">
            <ThemeToggle/>
            <PostForm form=sign_out inline=true>
                <Submit kind="quiet">"Sign out"</Submit>
            </PostForm>
            <A href="/account">
                <Glyph icon=Icon::Person/>
                <span>{name}</span>
            </A>
        </div>
    }
}
