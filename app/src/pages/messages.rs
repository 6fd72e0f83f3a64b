//! `/p/:slug/messages`: what the project sent, narrowed by the URL.

use crate::{
    api::messages::{MessageQuery, MessagesPage, load_messages},
    components::{prelude::*, status::message_state},
    strings::places,
};
use leptos::prelude::*;
use relay_types::{
    change::Topic,
    message::{MessageCounts, MessageRow, MessageState},
};

/// Messages.
#[component]
pub fn Messages() -> impl IntoView {
    let slug = use_slug();
    let asked = move || {
        let query = query();
        MessageQuery {
            state: query.text("state"),
            search: query.text("q"),
            account: query.text("account"),
            period: query.text("period"),
            after: query.text("after"),
        }
    };
    let data = Resource::new_blocking(move || (slug.get(), asked()), |(slug, query)| load_messages(slug, query));
    use_live(&[Topic::Messages], move || data.refetch());
    view! {
        <Load resource=data let:page>
            <List slug=slug.get_untracked() page/>
        </Load>
    }
}

#[component]
fn List(slug: String, page: MessagesPage) -> impl IntoView {
    let MessagesPage { rows, counts, accounts, narrowed } = page;
    let nothing_yet = counts.all == 0 && !narrowed;
    let accounts = accounts.into_iter().map(|account| (account.id.to_string(), account.label));
    let accounts = std::iter::once(any()).chain(accounts).collect();
    view! {
        <PageHeader title=places::MESSAGES/>
        {if nothing_yet {
            view! {
                <EmptyState title=words::EMPTY_TITLE text=words::EMPTY>
                    <a class="button primary" href=format!("/p/{slug}/service-accounts")>{words::EMPTY_ACTION}</a>
                </EmptyState>
            }
                .into_any()
        } else {
            view! {
                <Tabs label=words::TABS name="state" choices=tabs(counts)/>
                <Filters own=&["q", "account", "period"]>
                    <SearchField label=words::SEARCH example=words::SEARCH_EXAMPLE/>
                    <Choose name="period" label=words::PERIOD options=periods()/>
                    <Choose name="account" label=words::ACCOUNT options=accounts/>
                </Filters>
                <Rows slug rows=rows.items next=rows.next/>
            }
                .into_any()
        }}
    }
}

#[component]
fn Rows(slug: String, rows: Vec<MessageRow>, next: Option<String>) -> impl IntoView {
    if rows.is_empty() {
        return view! { <EmptyState title=words::NONE_TITLE text=words::NONE/> }.into_any();
    }
    let columns = vec![
        Column::new(words::STATE),
        Column::new(words::SUBJECT),
        Column::new(words::TO),
        Column::new(words::SOURCE),
        Column::new(words::ACCEPTED).right(),
    ];
    let shown = rows.len();
    view! {
        <Table label=places::MESSAGES columns>
            {rows.into_iter().map(|row| view! { <Row href=format!("/p/{slug}/messages/{}", row.id) row/> }).collect_view()}
        </Table>
        <Pager shown next/>
    }
    .into_any()
}

/// One message. Captured mail has the same row.
#[component]
pub fn Row(
    /// Its page.
    href: String,
    /// The message.
    row: MessageRow,
) -> impl IntoView {
    let subject = if row.subject.is_empty() { words::NO_SUBJECT.to_owned() } else { row.subject };
    let to = match row.recipients {
        1 => row.first_recipient.to_string(),
        many => text::count(u64::from(many), "recipient", "recipients"),
    };
    // A reply that says "fine" adds nothing to the state.
    let reply = row
        .last_reply
        .filter(|_| matches!(row.state, MessageState::Deferred | MessageState::Bounced | MessageState::Held));
    view! {
        <tr>
            <Cell label=words::STATE>
                <Status state=message_state(row.state)/>
            </Cell>
            <Cell label=words::SUBJECT>
                <a class="row" href=href>
                    {subject}
                </a>
                <small class="mono">{row.from}</small>
            </Cell>
            <Cell label=words::TO>{to} {reply.map(|reply| view! { <small>{reply}</small> })}</Cell>
            <Cell label=words::SOURCE>{row.source_label}</Cell>
            <Cell label=words::ACCEPTED right=true>
                <Time at=row.accepted_at/>
            </Cell>
        </tr>
    }
}

fn tabs(counts: MessageCounts) -> Vec<Choice> {
    let of = |state| match state {
        MessageState::Queued => counts.queued,
        MessageState::Deferred => counts.deferred,
        MessageState::Held => counts.held,
        MessageState::Delivered => counts.delivered,
        MessageState::Bounced => counts.bounced,
        MessageState::Cancelled => counts.cancelled,
    };
    let each = MessageState::ALL
        .into_iter()
        .map(|state| Choice::new(state.as_str(), message_state(state).1).counted(of(state)));
    std::iter::once(Choice::all("All").counted(counts.all)).chain(each).collect()
}

/// The choice that narrows nothing.
fn any() -> (String, String) {
    (String::new(), words::ANY.to_owned())
}

fn periods() -> Vec<(String, String)> {
    let words = [("1h", "Last hour"), ("24h", "Last 24 hours"), ("7d", "Last 7 days"), ("30d", "Last 30 days")];
    let each = words.map(|(value, words)| (value.to_owned(), words.to_owned()));
    std::iter::once(any()).chain(each).collect()
}

mod words {
    pub const TABS: &str = "Messages by state";
    pub const EMPTY_TITLE: &str = "No message yet";
    pub const EMPTY: &str = "Every message that a program of this project sends is listed here, with its whole story. \
        Make a service account and paste its ready lines into your program.";
    pub const EMPTY_ACTION: &str = "Service accounts";
    pub const NONE_TITLE: &str = "Nothing matches";
    pub const NONE: &str =
        "No message of this project is in this state and matches what you typed. Take a filter away to see more.";
    pub const SEARCH: &str = "Search messages";
    pub const SEARCH_EXAMPLE: &str = "Subject, address, queue id or Message-ID";
    pub const ANY: &str = "any";
    pub const PERIOD: &str = "Accepted";
    pub const ACCOUNT: &str = "Account";
    pub const STATE: &str = "State";
    pub const SUBJECT: &str = "Subject";
    pub const NO_SUBJECT: &str = "(no subject)";
    pub const TO: &str = "To";
    pub const SOURCE: &str = "From program";
    pub const ACCEPTED: &str = "Accepted";
}
