//! `/p/:slug/messages`: what the project sent, narrowed by the URL.

use crate::{
    api::messages::{ChangeMessages, LoadMessages, MessageQuery, MessagesPage},
    components::{prelude::*, query::AFTER, status::message_state},
    strings::places,
};
use leptos::prelude::*;
use relay_types::{
    change::Topic,
    message::{MessageCounts, MessageList, MessageRow, MessageState},
};

/// Messages.
#[component]
pub fn Messages() -> impl IntoView {
    let slug = use_slug();
    let asked = || MessageQuery::read(|name| query().text(name));
    // Read again after what was done to chosen ones.
    let data = read_again(done, move || LoadMessages { slug: slug.get(), query: asked() });
    // Not while messages are being chosen: they would move away under the pointer.
    let follow = move || {
        if !some_chosen() {
            data.refetch();
        }
    };
    use_live(&[Topic::Messages], follow);
    view! {
        <Load resource=data let:page>
            <Page slug=slug.get_untracked() page/>
        </Load>
    }
}

#[component]
fn Page(slug: String, page: MessagesPage) -> impl IntoView {
    let MessagesPage { list: MessageList { rows, counts, searched_since }, accounts, narrowed } = page;
    let nothing_yet = counts.is_some_and(|counts| counts.all == 0) && !narrowed;
    let accounts = accounts.into_iter().map(|account| (account.id.to_string(), account.label));
    let accounts = std::iter::once(any_choice()).chain(accounts).collect();
    view! {
        <PageHeader title=places::MESSAGES>{(!nothing_yet).then(|| view! { <CsvLink/> })}</PageHeader>
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
                {searched_since
                    .map(|at| {
                        view! {
                            <p class="soft">
                                {words::SEARCHED} " " <Time at/> ". " {words::SEARCHED_NOT}
                            </p>
                        }
                    })}
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
    let waiting = rows.iter().filter(|row| waits(row.state)).count();
    let choose = use_abilities().manage && waiting > 0;
    let shown = rows.len();
    let list = view! { <List slug rows choose/> };
    let list = if choose { view! { <Chosen waiting>{list}</Chosen> }.into_any() } else { list.into_any() };
    view! {
        {list}
        <Pager shown next/>
    }
    .into_any()
}

#[component]
fn List(slug: String, rows: Vec<MessageRow>, choose: bool) -> impl IntoView {
    let mut columns = vec![
        Column::new(words::STATE),
        Column::new(words::SUBJECT),
        Column::new(words::TO),
        Column::new(words::SOURCE),
        Column::new(words::ACCEPTED).right(),
    ];
    if choose {
        columns.insert(0, Column::new(words::CHOOSE).unseen());
    }
    let href = move |row: &MessageRow| format!("/p/{slug}/messages/{}", row.id);
    view! {
        <Table label=places::MESSAGES columns>
            {rows.into_iter().map(|row| view! { <Row href=href(&row) choose row/> }).views()}
        </Table>
    }
}

/// In the browser: a box is ticked.
fn some_chosen() -> bool {
    ticked("")
}

/// In the browser: the box of the message `id` is ticked. A list that was asked for before it was ticked, and comes
/// after, keeps it so.
fn chosen(id: &str) -> bool {
    !cfg!(feature = "ssr") && ticked(&format!("[value='{id}']"))
}

fn ticked(which: &str) -> bool {
    document().query_selector(&format!("input[name='ids[]']{which}:checked")).is_ok_and(|found| found.is_some())
}

/// Something can still be done about it.
fn waits(state: MessageState) -> bool {
    matches!(state, MessageState::Queued | MessageState::Deferred | MessageState::Held)
}

/// The form around a list in which messages can be chosen: what can be done with them stands above it.
#[component]
fn Chosen(waiting: usize, children: Children) -> impl IntoView {
    let form = use_form::<ChangeMessages>();
    let here = untrack(query);
    let back = here.with(AFTER, here.get(AFTER));
    view! {
        <PostForm form>
            <HiddenSlug/>
            <Hidden name="back" value=back/>
            <div class="chosen" role="group" aria-label=words::CHOSEN>
                <ChooseAll name="ids[]" label=format!("{} {waiting}", words::CHOOSE_ALL)/>
                <span class="soft">{words::CHOSEN}</span>
                <Submit kind="" named=("wish", "retry")>{words::RETRY}</Submit>
                <Submit kind="" named=("wish", "hold")>{words::HOLD}</Submit>
                <Submit kind="" named=("wish", "release")>{words::RELEASE}</Submit>
                <Dialog id="cancel-chosen" button=words::CANCEL kind="danger" title=words::CANCEL_TITLE>
                    <p>{words::CANCEL_TEXT}</p>
                    <Submit kind="danger" named=("wish", "cancel")>{words::CANCEL}</Submit>
                </Dialog>
            </div>
            {children()}
        </PostForm>
    }
}

/// One message. Captured mail has the same row.
#[component]
pub fn Row(
    /// Its page.
    href: String,
    /// The message.
    row: MessageRow,
    /// With a box to choose it by, where something can be done about it.
    #[prop(optional)]
    choose: bool,
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
    let (id, name) = (row.id.to_string(), format!("{} {subject}", words::CHOOSE));
    let choice = waits(row.state).then(|| {
        view! { <input type="checkbox" name="ids[]" prop:checked=chosen(&id) value=id aria-label=name/> }
    });
    view! {
        <tr>
            {choose.then(|| view! { <Cell label=words::CHOOSE>{choice}</Cell> })}
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

fn tabs(counts: Option<MessageCounts>) -> Vec<Choice> {
    let of = |counts: MessageCounts, state| match state {
        MessageState::Queued => counts.queued,
        MessageState::Deferred => counts.deferred,
        MessageState::Held => counts.held,
        MessageState::Delivered => counts.delivered,
        MessageState::Bounced => counts.bounced,
        MessageState::Cancelled => counts.cancelled,
    };
    let counted = |choice: Choice, count: Option<u64>| match count {
        Some(count) => choice.counted_to(count, MessageCounts::MOST),
        None => choice,
    };
    let all = counted(Choice::all("All"), counts.map(|counts| counts.all));
    let each = MessageState::ALL.into_iter().map(|state| {
        counted(Choice::new(state.as_str(), message_state(state).1), counts.map(|counts| of(counts, state)))
    });
    std::iter::once(all).chain(each).collect()
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
    pub const PERIOD: &str = "Accepted";
    pub const ACCOUNT: &str = "Account";
    pub const STATE: &str = "State";
    pub const SUBJECT: &str = "Subject";
    pub const NO_SUBJECT: &str = "(no subject)";
    pub const TO: &str = "To";
    pub const SOURCE: &str = "From program";
    pub const ACCEPTED: &str = "Accepted";
    pub const SEARCHED: &str =
        "Subject and sender were searched in the newest 100,000 messages only, those accepted since";
    pub const SEARCHED_NOT: &str = "A queue id, a Message-ID and the address of a recipient are found in all of them.";
    pub const CHOOSE: &str = "Choose";
    pub const CHOOSE_ALL: &str = "Choose all";
    pub const CHOSEN: &str = "With those you choose:";
    pub const RETRY: &str = "Try now";
    pub const HOLD: &str = "Hold";
    pub const RELEASE: &str = "Release";
    pub const CANCEL: &str = "Cancel delivery";
    pub const CANCEL_TITLE: &str = "Cancel what still waits?";
    pub const CANCEL_TEXT: &str = "Recipients of the chosen messages that wait or are held get nothing, and nobody is told. \
        What was delivered stays delivered. This cannot be undone.";
}
