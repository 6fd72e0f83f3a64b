//! `/p/:slug/suppressions`: addresses the project does not send to any more, with since when and why.

use crate::{
    api::suppressions::{AddSuppression, LoadSuppressions, RemoveSuppression, SuppressionQuery},
    components::{field::Check, prelude::*},
    strings::{ADDRESS, places},
    typed,
};
use leptos::prelude::*;
use relay_types::{page::Page, suppression::Suppression};

/// Suppressions.
#[component]
pub fn Suppressions() -> impl IntoView {
    let slug = use_slug();
    let asked = || SuppressionQuery::read(|name| query().text(name));
    let data = read_again(done, move || LoadSuppressions { slug: slug.get(), query: asked() });
    view! {
        <Load resource=data let:page>
            <List page/>
        </Load>
    }
}

#[component]
fn List(page: Page<Suppression>) -> impl IntoView {
    let query = untrack(query);
    let manage = use_abilities().manage;
    let narrowed = query.text("q").is_some() || query.text("after").is_some();
    let nothing_yet = page.items.is_empty() && !narrowed;
    view! {
        <PageHeader title=places::SUPPRESSIONS>
            {(!nothing_yet).then(|| view! { <CsvLink/> })} {(manage && !nothing_yet).then(|| view! { <Add/> })}
        </PageHeader>
        {if nothing_yet {
            view! {
                <EmptyState title=words::EMPTY_TITLE text=words::EMPTY>
                    {manage.then(|| view! { <Add/> })}
                </EmptyState>
            }
                .into_any()
        } else {
            view! {
                <p>{words::EMPTY}</p>
                <Filters own=&["q"]>
                    <SearchField label="Search addresses" example="name@"/>
                </Filters>
                <Rows page manage/>
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
    let mut columns = vec![Column::new("Address"), Column::new("Why"), Column::new("Since").right()];
    if manage {
        columns.push(Column::new("Actions").unseen().right());
    }
    view! {
        <Table label=places::SUPPRESSIONS columns>
            {items.into_iter().map(|row| view! { <Row slug=slug.clone() row manage/> }).views()}
        </Table>
        <Pager shown next/>
    }
    .into_any()
}

#[component]
fn Row(slug: String, row: Suppression, manage: bool) -> impl IntoView {
    let actions = row.clone();
    let message = row.message.map(|id| format!("/p/{slug}/messages/{id}"));
    view! {
        <tr>
            <Cell label="Address" mono=true>
                {row.address.to_string()}
            </Cell>
            <Cell label="Why">
                <span class:mono=message.is_some()>{row.reason}</span>
                {message.map(|href| view! { <small><a href=href>"The message that was refused"</a></small> })}
            </Cell>
            <Cell label="Since" right=true>
                <Time at=row.since/>
            </Cell>
            {manage
                .then(|| {
                    view! {
                        <Cell label="Actions" right=true>
                            <Remove suppression=actions/>
                        </Cell>
                    }
                })}
        </tr>
    }
    .into_any()
}

#[component]
fn Remove(suppression: Suppression) -> impl IntoView {
    let (id, address) = (suppression.id.to_string(), suppression.address.to_string());
    let remove = use_form_for::<RemoveSuppression>("id", &id);
    let input = StoredValue::new(id.clone());
    view! {
        <div class="actions">
            <Danger
                form=remove
                id=format!("remove-{id}")
                button="Remove address"
                consequence=format!(
                    "Programs of this project can send to {address} again, at once. If its mail server still says that there is \
                     no such mailbox, the address comes back onto the list.",
                )
                name=address.clone()
                what=ADDRESS
            >
                <HiddenSlug/>
                <HiddenId id=input.get_value()/>
            </Danger>
        </div>
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
                <Submit>"Suppress this address"</Submit>
            </PostForm>
        </Dialog>
    }
}

mod words {
    pub const EMPTY_TITLE: &str = "No address is suppressed";
    pub const EMPTY: &str = "A suppressed address is one this project does not send to any more: its mail server said for good \
        that there is no such mailbox, or a person of the project added it. Programs that send there are refused with 550 \
        5.1.1, since when and why, until it is removed from this list.";
    pub const NONE_TITLE: &str = "Nothing matches";
    pub const NONE: &str = "No suppressed address matches. Take the search away to see all.";
}
