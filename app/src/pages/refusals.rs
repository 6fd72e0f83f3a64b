//! `/p/:slug/refusals`: what was refused at the door, each with the way to mend it.

use crate::{
    api::refusals::{LoadRefusals, RefusalQuery, RefusalsPage},
    components::prelude::*,
    mending::{mend, rule_words},
    strings::places,
};
use leptos::prelude::*;
use relay_types::{
    change::Topic,
    refusal::{Refusal, Rule},
};

/// Refusals.
#[component]
pub fn Refusals() -> impl IntoView {
    let slug = use_slug();
    let asked = || RefusalQuery::read(|name| query().text(name));
    let data = read(move || LoadRefusals { slug: slug.get(), query: asked() });
    use_live(&[Topic::Refusals], move || data.refetch());
    view! {
        <Load resource=data let:page>
            <List slug=slug.get_untracked() page/>
        </Load>
    }
}

#[component]
fn List(slug: String, page: RefusalsPage) -> impl IntoView {
    let RefusalsPage { rows, counts } = page;
    let query = untrack(query);
    let narrowed = query.text("rule").is_some() || query.text("q").is_some();
    let nothing_yet = rows.items.is_empty() && counts.is_empty() && !narrowed;
    view! {
        <PageHeader title=places::REFUSALS>{(!nothing_yet).then(|| view! { <CsvLink/> })}</PageHeader>
        {if nothing_yet {
            view! { <EmptyState title=words::EMPTY_TITLE text=words::EMPTY/> }.into_any()
        } else {
            view! {
                <Tabs label=words::TABS name="rule" choices=tabs(counts)/>
                <Filters own=&["q"]>
                    <SearchField label=words::SEARCH example=words::SEARCH_EXAMPLE/>
                </Filters>
                <Rows slug=Some(slug) rows=rows.items next=rows.next/>
            }
                .into_any()
        }}
    }
}

/// A table of refusals; the operator's list of those without a project has the same.
#[component]
pub fn Rows(
    /// The project; none in the operator's list.
    slug: Option<String>,
    /// Refusals.
    rows: Vec<Refusal>,
    /// Cursor of the next page.
    next: Option<String>,
) -> impl IntoView {
    if rows.is_empty() {
        return view! { <EmptyState title=words::NONE_TITLE text=words::NONE/> }.into_any();
    }
    let columns = vec![
        Column::new(words::RULE),
        Column::new(words::REPLY),
        Column::new(words::CLIENT),
        Column::new(words::WHEN).right(),
        Column::new(words::MEND).unseen(),
    ];
    let shown = rows.len();
    view! {
        <Table label=places::REFUSALS columns>
            {rows.into_iter().map(|row| view! { <Row slug=slug.clone() row/> }).views()}
        </Table>
        <Pager shown next/>
    }
    .into_any()
}

#[component]
fn Row(slug: Option<String>, row: Refusal) -> impl IntoView {
    let manage = slug.is_none() || use_abilities().manage;
    let go = mend(slug.as_deref(), &row, manage);
    let own = format!("/s/{}", row.code);
    let client = match &row.helo {
        Some(helo) => format!("{} ({helo})", row.client),
        None => row.client.clone(),
    };
    let times = (row.count > 1).then(|| text::count(u64::from(row.count), "time", "times"));
    view! {
        <tr id=row.id.to_string()>
            <Cell label=words::RULE>
                <a href=own>{rule_words(row.rule)}</a> {row.address.map(|address| view! { <small class="mono">{address}</small> })}
            </Cell>
            <Cell label=words::REPLY mono=true>
                {row.reply} {row.cause.map(|cause| view! { <small>{words::CAUSE} {cause}</small> })}
            </Cell>
            <Cell label=words::CLIENT>
                {row.who.map(|who| view! { <span>{who}</span> })} <small>{client} " · " {row.listener}</small>
            </Cell>
            <Cell label=words::WHEN right=true>
                <Time at=row.at/>
                {times.map(|times| view! { <small>{times}</small> })}
            </Cell>
            <Cell label=words::MEND right=true>
                <div class="actions"><a class="button quiet" href=go.href>{go.text}</a></div>
            </Cell>
        </tr>
    }
}

fn tabs(counts: Vec<(Rule, u64)>) -> Vec<Choice> {
    let all = counts.iter().map(|(_, count)| count).sum();
    let each = counts.into_iter().map(|(rule, count)| Choice::new(rule.as_str(), rule_words(rule)).counted(count));
    std::iter::once(Choice::all("All").counted(all)).chain(each).collect()
}

mod words {
    pub const TABS: &str = "Refusals of the last seven days by rule";
    pub const EMPTY_TITLE: &str = "Nothing was refused";
    pub const EMPTY: &str = "When the relay refuses a program of this project, the exact reply stands here, with the rule and \
        the page that mends it. The same refusal within a minute is one row with a count.";
    pub const NONE_TITLE: &str = "Nothing matches";
    pub const NONE: &str = "No refusal matches. Take a filter away to see more.";
    pub const SEARCH: &str = "Search refusals";
    pub const SEARCH_EXAMPLE: &str = "Address, client or account";
    pub const RULE: &str = "Rule";
    pub const REPLY: &str = "Reply";
    pub const CAUSE: &str = "The program was not told why: ";
    pub const CLIENT: &str = "Who and from where";
    pub const WHEN: &str = "When";
    pub const MEND: &str = "Mend";
}
