//! `/p/:slug/suppressions`: addresses the project does not send to any more, with since when, why and until when; from
//! CSV and off the list, one by one or many at once.

use crate::{
    api::suppressions::{
        AddSuppression, ImportSuppressions, LoadSuppressions, RemoveMatchingSuppressions, RemoveSuppressions,
        SuppressionQuery, SuppressionsPage,
    },
    components::{field::Check, job::JobCard, pick_file::PickFile, prelude::*},
    strings::{PROJECT, places},
    typed,
};
use leptos::prelude::*;
use relay_types::{change::Topic, page::Page, suppression::Suppression};
use std::time::Duration;

/// Suppressions.
#[component]
pub fn Suppressions() -> impl IntoView {
    let slug = use_slug();
    let data = read_again(done, move || {
        let query = query();
        let job = query.text("job");
        LoadSuppressions { slug: slug.get(), job, query: SuppressionQuery::read(|name| query.text(name)) }
    });
    use_live(&[Topic::Names], move || data.refetch());
    view! {
        <Load resource=data let:page>
            <List page/>
        </Load>
    }
}

#[component]
fn List(page: SuppressionsPage) -> impl IntoView {
    let query = untrack(query);
    let manage = use_abilities().manage;
    let SuppressionsPage { list, matching, job } = page;
    let search = query.text("q");
    let narrowed = search.is_some() || query.text("after").is_some();
    let nothing_yet = list.items.is_empty() && !narrowed;
    view! {
        <PageHeader title=places::SUPPRESSIONS>
            {(!nothing_yet).then(|| view! { <CsvLink/> })}
            {(manage && !nothing_yet)
                .then(|| {
                    view! {
                        <RemoveMatching search=search.clone() matching/>
                        <Import/>
                        <Add/>
                    }
                })}
        </PageHeader>
        {job.map(|job| view! { <JobCard job/> })}
        {if nothing_yet {
            view! {
                <EmptyState title=words::EMPTY_TITLE text=words::EMPTY>
                    {manage
                        .then(|| {
                            view! {
                                <Add/>
                                <Import/>
                            }
                        })}
                </EmptyState>
            }
                .into_any()
        } else {
            view! {
                <p>{words::EMPTY}</p>
                <Filters own=&["q"]>
                    <SearchField label="Search addresses" example="name or @domain"/>
                </Filters>
                <Rows page=list manage/>
            }
                .into_any()
        }}
    }
}

#[component]
fn Rows(page: Page<Suppression>, manage: bool) -> impl IntoView {
    let Page { items, next } = page;
    if items.is_empty() {
        return view! { <EmptyState title=words::NONE_TITLE text=words::NONE/> }.into_any();
    }
    let shown = items.len();
    let slug = use_slug().get_untracked();
    let mut columns =
        vec![Column::new("Address"), Column::new("Why"), Column::new("Since").right(), Column::new("Until").right()];
    if manage {
        columns.insert(0, Column::new("Choose").unseen());
    }
    let table = move || {
        view! {
            <Table label=places::SUPPRESSIONS columns>
                {items.into_iter().map(|row| view! { <Row slug=slug.clone() row manage/> }).views()}
            </Table>
        }
    };
    view! {
        {if manage { view! { <Chosen shown>{table()}</Chosen> }.into_any() } else { table().into_any() }}
        <Pager shown next/>
    }
    .into_any()
}

/// The form around the list: what can be done with those that are chosen stands above it.
#[component]
fn Chosen(shown: usize, children: Children) -> impl IntoView {
    let form = use_form::<RemoveSuppressions>();
    let here = untrack(query);
    let back = here.with("after", here.get("after"));
    view! {
        <PostForm form>
            <HiddenSlug/>
            <Hidden name="back" value=back/>
            <div class="chosen" role="group" aria-label="With those you choose">
                <ChooseAll name="ids[]" label=format!("Choose all {shown} on this page")/>
                <Submit kind="">"Remove from the list"</Submit>
            </div>
            {children()}
        </PostForm>
    }
}

#[component]
fn Row(slug: String, row: Suppression, manage: bool) -> impl IntoView {
    let message = row.message.map(|id| format!("/p/{slug}/messages/{id}"));
    let (id, address) = (row.id.to_string(), row.address.to_string());
    let name = format!("Choose {address}");
    view! {
        <tr>
            {manage
                .then(|| {
                    view! {
                        <Cell label="Choose">
                            <input type="checkbox" name="ids[]" prop:checked=chosen(&id) value=id aria-label=name/>
                        </Cell>
                    }
                })}
            <Cell label="Address" mono=true>
                {address}
            </Cell>
            <Cell label="Why">
                <span class:mono=message.is_some()>{row.reason}</span>
                <small>
                    {row.kind.title()}
                    {message.map(|href| view! { ": " <a href=href>"the message that was refused"</a> })}
                </small>
            </Cell>
            <Cell label="Since" right=true>
                <Time at=row.since/>
            </Cell>
            <Cell label="Until" right=true>
                {match row.expires_at {
                    // The day that was chosen is the last one.
                    Some(at) => view! { <Time at=at.minus(Duration::from_millis(1))/> }.into_any(),
                    None => view! { <span class="soft">"no end"</span> }.into_any(),
                }}
            </Cell>
        </tr>
    }
    .into_any()
}

/// In the browser: the box of `id` is ticked. A list that comes after it was ticked keeps it so.
fn chosen(id: &str) -> bool {
    let which = format!("input[name='ids[]'][value='{id}']:checked");
    !cfg!(feature = "ssr") && document().query_selector(&which).is_ok_and(|found| found.is_some())
}

#[component]
fn RemoveMatching(search: Option<String>, matching: u64) -> impl IntoView {
    let form = use_form::<RemoveMatchingSuppressions>();
    let slug = use_slug().get_untracked();
    let many = if matching > 10_000 { "More than 10,000".to_owned() } else { text::number(matching) };
    let which = match &search {
        Some(search) => format!("{many} addresses that match {search}"),
        None => format!("{many} addresses, the whole list,"),
    };
    let search = StoredValue::new(search.unwrap_or_default());
    view! {
        <Danger
            form
            id="remove-matching"
            button="Remove all that match"
            consequence=format!(
                "{which} leave the list, on all pages of it. Programs of this project can send there again, at once. Those \
                 whose mail server still says that there is no such mailbox come back one by one.",
            )
            name=slug
            what=PROJECT
        >
            <HiddenSlug/>
            <Hidden name="search" value=search.get_value()/>
        </Danger>
    }
}

#[component]
fn Import() -> impl IntoView {
    let form = use_form::<ImportSuppressions>();
    view! {
        <Dialog id="import" button="Import CSV" title="Import addresses from CSV" open=form.failed_reply()>
            <p>{words::CSV}</p>
            <PostForm form>
                <HiddenSlug/>
                <PickFile into="csv"/>
                <TextareaField name="csv" label="CSV" hint="address,reason,until" mono=true/>
                <Submit>"Import"</Submit>
            </PostForm>
        </Dialog>
    }
}

#[component]
fn Add() -> impl IntoView {
    let form = use_form::<AddSuppression>();
    view! {
        <Dialog
            id="add-suppression"
            button="Add address"
            kind="primary"
            title="Suppress an address"
            open=form.failed_reply()
        >
            <PostForm form>
                <HiddenSlug/>
                <TextField
                    name="address"
                    label="Address"
                    kind="email"
                    hint="Every program of this project is refused when it sends there."
                    check=typed::check_address as Check
                />
                <TextField name="reason" label="Why" hint="Programs are told it, such as: asked for no more mail."/>
                <TextField
                    name="expires_at"
                    label="Last day"
                    kind="date"
                    hint="Empty: until somebody removes it."
                    required=false
                />
                <Submit>"Suppress this address"</Submit>
            </PostForm>
        </Dialog>
    }
}

mod words {
    pub const EMPTY_TITLE: &str = "No address is suppressed";
    pub const EMPTY: &str = "A suppressed address is one this project does not send to any more: its mail server said for good \
        that there is no such mailbox, or a person of the project added it. Programs that send there are refused with 550 \
        5.1.1, since when and why, until its time is over or it is removed from this list.";
    pub const NONE_TITLE: &str = "Nothing matches";
    pub const NONE: &str =
        "No suppressed address begins so. Type the beginning of an address, or @ and a domain for all of it.";
    pub const CSV: &str = "One line an address, with why and the last day (such as 2026-12-31, or empty), or the list as it was \
        downloaded. Addresses that are here already stay as they are. Lines that cannot be taken are listed with the \
        reason; the others hold. Up to 16 MB at once.";
}
