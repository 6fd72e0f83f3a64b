//! The four frames around a page: a project's console, the operator's, a person's, and the pages outside.
//!
//! A frame loads who is signed in (and the project) before its page is rendered, so a page may rely on `use_frame` and
//! `use_me`. The use cases decide again whatever a page leaves out.

use crate::{
    api::frame::{Console, LoadConsole, LoadMe},
    components::{
        keys::{Jump, Keys},
        live::{follow_live, provide_live},
        load::{BareError, Load, read},
        notice::Notice,
        places::{self, Place},
        sidebar::{Sidebar, Switcher},
        status::Tone,
        time::Time,
    },
    error::AppError,
    wire::ask,
};
use leptos::{prelude::*, task::spawn_local};
use leptos_router::{
    components::Outlet,
    hooks::{use_location, use_params_map, use_query_map},
};
use relay_types::{
    change::Topic,
    project::{Abilities, ProjectFrame, Slug},
    user::Me,
};
use std::time::Duration;

/// The counts of the sidebar follow changes at most this often.
const COUNTS_APART: Duration = Duration::from_secs(5);

/// The project around this page. Counts follow every navigation.
pub fn use_frame() -> RwSignal<ProjectFrame> {
    expect_context()
}

/// The person who is signed in.
pub fn use_me() -> StoredValue<Me> {
    expect_context()
}

/// What the person may do in the project of this page.
pub fn use_abilities() -> Abilities {
    use_frame().with_untracked(|frame| frame.abilities)
}

/// The project's place in URLs, from this page's own. Tracks it.
pub fn use_slug() -> Memo<String> {
    use_param("slug")
}

/// A parameter of this page's path, empty when it has none.
pub fn use_param(name: &'static str) -> Memo<String> {
    let params = use_params_map();
    Memo::new(move |_| params.with(|params| params.get(name).unwrap_or_default()))
}

/// `/p/:slug/…`
#[component]
pub fn ProjectLayout() -> impl IntoView {
    let slug = use_slug();
    let console = read(move || LoadConsole { slug: slug.get() });
    view! { <Load resource=console around=true let:console><ProjectConsole console/></Load> }
}

#[component]
fn ProjectConsole(console: Console) -> impl IntoView {
    let Console { me, frame } = console;
    let places = places::project(&frame.project.slug);
    let slug = frame.project.slug.clone();
    let frame = RwSignal::new(frame);
    provide_context(frame);
    provide_context(StoredValue::new(me.clone()));
    provide_live(Some(slug.to_string()));
    refresh(slug, frame);
    view! {
        <Around me places frame>
            {move || {
                let suspension = frame.with(|frame| frame.project.suspended.clone())?;
                Some(view! {
                    <Notice tone=Tone::Bad title=words::SUSPENDED>
                        {suspension.reason} " " {words::SINCE} " " <Time at=suspension.since/> "."
                    </Notice>
                })
            }}
            <Outlet/>
        </Around>
    }
}

/// In the browser: counts are read again at every navigation and after everything that was done.
fn refresh(slug: Slug, frame: RwSignal<ProjectFrame>) {
    let (path, query) = (use_location().pathname, use_query_map());
    let inside = format!("/p/{slug}");
    let read = move || {
        let slug = slug.to_string();
        spawn_local(async move {
            if let Ok(console) = ask(LoadConsole { slug }).await {
                frame.try_set(console.frame);
            }
        });
    };
    follow_live(&[Topic::Refusals, Topic::Names], COUNTS_APART, read.clone());
    Effect::new(move |before: Option<(String, Option<String>)>| {
        let now = (path.get(), query.with(|query| query.get("done")));
        if now.0.starts_with(&inside) && before.is_some_and(|before| before != now) {
            read();
        }
        now
    });
}

/// `/admin/…`
#[component]
pub fn OperatorLayout() -> impl IntoView {
    let me = read(|| LoadMe {});
    view! {
        <Load resource=me around=true let:me>
            {if me.desk || me.operator {
                view! { <OperatorConsole me/> }.into_any()
            } else {
                view! { <BareError error=AppError::Forbidden/> }.into_any()
            }}
        </Load>
    }
}

#[component]
fn OperatorConsole(me: Me) -> impl IntoView {
    provide_live(None);
    let places = places::operator(&me);
    view! { <PlainConsole me places/> }
}

/// `/` and `/account`
#[component]
pub fn PersonLayout() -> impl IntoView {
    let me = read(|| LoadMe {});
    view! {
        <Load resource=me around=true let:me>
            <PlainConsole me places=places::person()/>
        </Load>
    }
}

#[component]
fn PlainConsole(me: Me, places: Vec<Place>) -> impl IntoView {
    provide_context(StoredValue::new(me.clone()));
    view! {
        <Around me places>
            <Outlet/>
        </Around>
    }
}

#[component]
fn Around(
    me: Me,
    places: Vec<Place>,
    #[prop(optional, into)] frame: Option<RwSignal<ProjectFrame>>,
    children: Children,
) -> impl IntoView {
    let console = places::console_of(&me);
    let jumps = me
        .projects
        .iter()
        .map(|project| Jump {
            href: format!("/p/{}", project.slug),
            text: project.name.clone(),
            kind: "Project".to_owned(),
        })
        .chain(console.map(|(href, text)| Jump {
            href: href.to_owned(),
            text: text.to_owned(),
            kind: "Operator".to_owned(),
        }))
        .collect();
    view! {
        <div class="console">
            <Sidebar me=me.clone() places=places.clone() frame>
                <Switcher projects=me.projects.clone() console frame/>
            </Sidebar>
            <main id="content" class="main" tabindex="-1">
                <div class="stack">{children()}</div>
            </main>
        </div>
        <Keys places jumps/>
    }
    .into_any()
}

/// Pages for people who are not signed in, and links from mail: one card in the middle.
#[component]
pub fn OutsideLayout() -> impl IntoView {
    view! {
        <main id="content" class="outside" tabindex="-1">
            <a class="brand" href="/">
                <crate::components::icon::Mark/>
                {crate::strings::PRODUCT}
            </a>
            <div class="card"><div class="pad"><Outlet/></div></div>
            <crate::components::theme::ThemeToggle/>
        </main>
    }
}

mod words {
    pub const SUSPENDED: &str = "This project is suspended: its mail is refused.";
    pub const SINCE: &str = "Since";
}
