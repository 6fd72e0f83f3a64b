//! Narrowing a list: tabs with counts, a search field, choices, the pager, and the list as CSV. All are links and GET
//! forms, so the state is in the URL.

use crate::{
    components::{
        icon::{Glyph, Icon},
        query::{AFTER, query},
        text,
        views::Views,
    },
    typed::PERIODS,
};
use leptos::{html, prelude::*};
use leptos_router::hooks::use_navigate;
use wasm_bindgen::JsCast;

/// A tab or segment: one value of a parameter.
#[derive(Debug, Clone)]
pub struct Choice {
    /// The parameter's value; none takes it out of the URL (all, the default).
    pub value: Option<&'static str>,
    /// Words.
    pub text: &'static str,
    /// How many rows it has, when that is known, as it is shown.
    pub count: Option<String>,
}

impl Choice {
    /// The value that takes the parameter out of the URL.
    pub fn all(text: &'static str) -> Self {
        Self { value: None, text, count: None }
    }

    /// One value.
    pub fn new(value: &'static str, text: &'static str) -> Self {
        Self { value: Some(value), text, count: None }
    }

    /// With the number of rows.
    pub fn counted(mut self, count: u64) -> Self {
        self.count = Some(text::number(count));
        self
    }

    /// With the number of rows, where counting stopped at `most`.
    pub fn counted_to(self, count: u64, most: u64) -> Self {
        if count < most {
            return self.counted(count);
        }
        Self { count: Some(format!("{}+", text::number(most - 1))), ..self }
    }
}

/// Counted tabs above a list.
#[component]
pub fn Tabs(
    /// What the tabs choose, for screen readers.
    label: &'static str,
    /// The parameter they set.
    name: &'static str,
    /// The tabs.
    choices: Vec<Choice>,
) -> impl IntoView {
    view! { <nav class="tabs" aria-label=label>{links(name, choices)}</nav> }
}

/// A few choices side by side, such as the period of a chart.
#[component]
pub fn Segments(
    /// What they choose, for screen readers.
    label: &'static str,
    /// The parameter they set.
    name: &'static str,
    /// The choices.
    choices: Vec<Choice>,
) -> impl IntoView {
    view! { <nav class="segments" aria-label=label>{links(name, choices)}</nav> }
}

fn links(name: &'static str, choices: Vec<Choice>) -> impl IntoView {
    choices
        .into_iter()
        .map(|Choice { value, text, count }| {
            let here = move || (query().get(name) == value).then_some("page");
            view! {
                <a href=move || query().with(name, value) aria-current=here>
                    {text}
                    {count.map(|count| view! { " " <span class="count">{count}</span> })}
                </a>
            }
        })
        .views()
}

/// The filter bar: a GET form to this same page. Children are `SearchField` and `Choose`. `own` names their
/// parameters; everything else in the URL is kept.
#[component]
pub fn Filters(
    /// Parameters of the children.
    own: &'static [&'static str],
    /// Inputs.
    children: Children,
) -> impl IntoView {
    let query = untrack(query);
    let action = query.with("", None);
    let action = action.split('?').next().unwrap_or("/").to_owned();
    let (navigate, path) = (use_navigate(), action.clone());
    // In the browser: no reload, and nothing in the URL that is not set.
    let on_submit = move |event: web_sys::SubmitEvent| {
        if let Some(set) = set_inputs(&event) {
            event.prevent_default();
            navigate(&format!("{path}{set}"), Default::default());
        }
    };
    view! {
        <form method="get" action=action class="filters" role="search" on:submit=on_submit>
            {query
                .others(own)
                .into_iter()
                .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
                .views()}
            {children()}
            <button class="button" type="submit">
                "Show"
            </button>
        </form>
    }
}

/// The query string of a form's inputs that are not empty.
fn set_inputs(event: &web_sys::SubmitEvent) -> Option<String> {
    let form = event.target()?.dyn_into::<web_sys::HtmlFormElement>().ok()?;
    let inputs = web_sys::FormData::new_with_form(&form).ok()?;
    let pairs = String::from(web_sys::UrlSearchParams::new_with_str_sequence_sequence(&inputs).ok()?.to_string());
    let set: Vec<&str> = pairs.split('&').filter(|pair| !pair.ends_with('=') && !pair.is_empty()).collect();
    Some(if set.is_empty() { String::new() } else { format!("?{}", set.join("&")) })
}

/// Free text. `/` puts the cursor into the first one of a page.
#[component]
pub fn SearchField(
    /// Parameter.
    #[prop(default = "q")]
    name: &'static str,
    /// What can be found, for screen readers and as an example.
    label: &'static str,
    /// An example.
    #[prop(default = "")]
    example: &'static str,
) -> impl IntoView {
    let value = untrack(query).text(name);
    let input = NodeRef::<html::Input>::new();
    when_queried(name, move |now| {
        if let Some(input) = input.try_get_untracked().flatten() {
            input.set_value(&now);
        }
    });
    view! {
        <label class="search">
            <span class="unseen">{label}</span>
            <Glyph icon=Icon::Search/>
            <input
                node_ref=input
                type="search"
                name=name
                value=value
                placeholder=example
                data-search=""
                autocomplete="off"
            />
        </label>
    }
}

/// Calls `set` with the parameter when the query has changed: what was typed is no attribute, and would stay after Back.
/// Not when the page is merely read again, because somebody may be typing.
fn when_queried(name: &'static str, set: impl Fn(String) + 'static) {
    Effect::new(move |before: Option<String>| {
        let now = query().text(name).unwrap_or_default();
        if before.is_some_and(|before| before != now) {
            set(now.clone());
        }
        now
    });
}

/// A choice among a few: values with their words. The empty value stands for any.
#[component]
pub fn Choose(
    /// Parameter.
    name: &'static str,
    /// What is chosen.
    label: &'static str,
    /// Values and words.
    options: Vec<(String, String)>,
) -> impl IntoView {
    let now = untrack(query).text(name).unwrap_or_default();
    let select = NodeRef::<html::Select>::new();
    when_queried(name, move |now| {
        if let Some(select) = select.try_get_untracked().flatten() {
            select.set_value(&now);
        }
    });
    view! {
        <label class="choose">
            <span>{label}</span>
            <select node_ref=select name=name>
                {options
                    .into_iter()
                    .map(|(value, text)| {
                        let selected = value == now;
                        view! { <option value=value selected=selected>{text}</option> }
                    })
                    .views()}
            </select>
        </label>
    }
}

/// The choice of `Choose` that narrows nothing.
pub fn any_choice() -> (String, String) {
    (String::new(), "any".to_owned())
}

/// Choices of a period, for `Choose`.
pub fn periods() -> Vec<(String, String)> {
    let each = PERIODS.map(|(word, words, _)| (word.to_owned(), words.to_owned()));
    std::iter::once(any_choice()).chain(each).collect()
}

/// In the header of a list: the list as CSV, narrowed as the page is, from its first row.
#[component]
pub fn CsvLink(
    /// The list's own path, where the page has another.
    #[prop(optional)]
    of: Option<&'static str>,
) -> impl IntoView {
    let href = move || {
        let here = query().with("", None);
        let (path, rest) = here.split_once('?').unwrap_or((here.as_str(), ""));
        let path = of.unwrap_or(path);
        let mark = if rest.is_empty() { "" } else { "?" };
        format!("{path}.csv{mark}{rest}")
    };
    // `download` also keeps the router away from it.
    view! {
        <a class="button" href=href download="" aria-label="Download this list as CSV">
            <Glyph icon=Icon::Download/>
            "CSV"
        </a>
    }
}

/// Below a list: how many rows, newest again, and older. `next` is `Page::next`.
#[component]
pub fn Pager(
    /// How many rows are shown.
    shown: usize,
    /// Cursor of the next page.
    next: Option<String>,
    /// The rows are in the order of their names, not of their age.
    #[prop(optional)]
    by_name: bool,
) -> impl IntoView {
    let (order, first, on) = if by_name { ("", "First", "Next") } else { (", newest first", "Newest", "Older") };
    let query = untrack(query);
    let newest = query.get(AFTER).is_some().then(|| query.with(AFTER, None));
    let older = next.map(|cursor| query.with(AFTER, Some(&cursor)));
    view! {
        <nav class="pager" aria-label="Pages">
            <span>{text::count(shown as u64, "row", "rows")} {if newest.is_some() { "" } else { order }}</span>
            {newest.map(|href| view! { <a class="button" href=href>{first}</a> })}
            {older.map(|href| view! { <a class="button" rel="next" href=href>{on}</a> })}
        </nav>
    }
}
