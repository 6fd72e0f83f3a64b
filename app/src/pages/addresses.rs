//! `/p/:slug/addresses`: the project's addresses with the names they have and the names they should have.

use crate::{
    api::addresses::{AddressQuery, LoadAddresses},
    components::{prelude::*, status::fcrdns_state},
    strings::places,
};
use leptos::prelude::*;
use relay_types::{
    address::{Address, AddressState},
    change::Topic,
    page::Page,
};

/// Addresses.
#[component]
pub fn Addresses() -> impl IntoView {
    let slug = use_slug();
    let asked = || AddressQuery::read(|name| query().text(name));
    let data = read_again(done, move || LoadAddresses { slug: slug.get(), query: asked() });
    use_live(&[Topic::Names], move || data.refetch());
    view! {
        <Load resource=data let:page>
            <List slug=slug.get_untracked() page/>
        </Load>
    }
}

#[component]
fn List(slug: String, page: Page<Address>) -> impl IntoView {
    let query = untrack(query);
    let narrowed = ["q", "state", "after"].into_iter().any(|name| query.text(name).is_some());
    let nothing_yet = page.items.is_empty() && !narrowed;
    let base = format!("/p/{slug}");
    let ask = (use_abilities().manage && !nothing_yet).then(|| format!("{base}/tickets?new=set-ptr"));
    let losing = page.items.iter().find(|row| row.loses_name_at.is_some()).cloned();
    view! {
        <PageHeader title=places::ADDRESSES>
            {(!nothing_yet).then(|| view! { <CsvLink/> })}
            {ask.map(|href| view! { <a class="button primary" href=href>"Ask for a name"</a> })}
        </PageHeader>
        {losing
            .map(|row| {
                let link = (format!("{base}/addresses/{}", row.id), "Show what is missing");
                view! {
                    <Notice tone=Tone::Warn title=words::LOSING link>
                        <span class="mono">{row.wanted.unwrap_or_default()}</span>
                        " is taken from " {row.address} " " {row.loses_name_at.map(|at| view! { <Time at/> })} "."
                    </Notice>
                }
            })}
        {if nothing_yet {
            view! { <EmptyState title=words::EMPTY_TITLE text=words::EMPTY/> }.into_any()
        } else {
            view! {
                <AddressTabs/>
                <AddressRows base=format!("{base}/addresses") page/>
            }
                .into_any()
        }}
    }
}

/// Tabs and search, for the project and for a range.
#[component]
pub fn AddressTabs() -> impl IntoView {
    let each = AddressState::ALL.map(|state| {
        let text = match state {
            AddressState::Named => "With a name of its own",
            AddressState::Default => "With the default",
            AddressState::Wrong => "In question",
        };
        Choice::new(state.as_str(), text)
    });
    let choices = std::iter::once(Choice::all("All")).chain(each).collect();
    view! {
        <Tabs label="Addresses by name" name="state" choices/>
        <Filters own=&["q"]>
            <SearchField label="Search addresses and names" example="192.0.2, name"/>
        </Filters>
    }
}

/// The rows; `base` is the path of an address's page without its id. On the desk's pages each row says whose it is.
#[component]
pub fn AddressRows(base: String, page: Page<Address>, #[prop(optional)] whose: bool) -> impl IntoView {
    let Page { items, next } = page;
    if items.is_empty() {
        return view! { <EmptyState title=words::NONE_TITLE text=words::NONE/> }.into_any();
    }
    let shown = items.len();
    let mut columns = vec![
        Column::new("FCrDNS"),
        Column::new("Address"),
        Column::new("Name now"),
        Column::new("Name wanted"),
        Column::new("Looked at").right(),
    ];
    if whose {
        columns.insert(2, Column::new("Project"));
    }
    view! {
        <Table label=places::ADDRESSES columns>
            {items.into_iter().map(|row| view! { <Row href=format!("{base}/{}", row.id) row whose/> }).views()}
        </Table>
        <Pager shown next by_name=true/>
    }
    .into_any()
}

#[component]
fn Row(href: String, row: Address, whose: bool) -> impl IntoView {
    let kind = [(row.prefix, "prefix"), (row.egress, "the relay sends from it")];
    let kind: Vec<&str> = kind.into_iter().filter(|(is, _)| *is).map(|(_, words)| words).collect();
    let found = match row.found {
        None => String::new(),
        Some(names) if names.is_empty() => "none".to_owned(),
        Some(names) => names.join(", "),
    };
    let project = row.project.map(|project| project.name).unwrap_or_default();
    let (wanted, default) = (row.wanted, row.default);
    view! {
        <tr>
            <Cell label="FCrDNS">
                {row.fcrdns.map(|result| view! { <Status state=fcrdns_state(result)/> })}
                {row.loses_name_at.map(|at| view! { <small>"loses its name " <Time at/></small> })}
            </Cell>
            <Cell label="Address">
                <a class="row mono" href=href>
                    {row.address}
                </a>
                {(!kind.is_empty()).then(|| view! { <small>{kind.join(" · ")}</small> })}
                {row.ticket.map(|number| view! { <small>{format!("T-{number} is open for it")}</small> })}
            </Cell>
            {whose.then(|| view! { <Cell label="Project">{project}</Cell> })}
            <Cell label="Name now" mono=true>
                {found}
            </Cell>
            <Cell label="Name wanted" mono=true>
                {match (wanted, default) {
                    (Some(name), _) => name.into_any(),
                    (None, Some(default)) => view! { <span class="soft">{default} " (default)"</span> }.into_any(),
                    (None, None) => ().into_any(),
                }}
            </Cell>
            <Cell label="Looked at" right=true>
                {row.checked_at.map(|at| view! { <Time at/> })}
            </Cell>
        </tr>
    }
    .into_any()
}

mod words {
    pub const LOSING: &str = "A name is about to be taken.";
    pub const EMPTY_TITLE: &str = "No address of this project is known";
    pub const EMPTY: &str = "Addresses that belong to this project are listed here with their names in DNS, and a name can be \
        asked for each. The operator assigns them; if one is missing, ask whoever runs the platform.";
    pub const NONE_TITLE: &str = "Nothing matches";
    pub const NONE: &str = "No address is under this tab and matches. Take a filter away to see more.";
}
