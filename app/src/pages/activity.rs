//! `/p/:slug/activity`: who changed what, newest first.

use crate::{
    api::audit::{ActivityQuery, LoadActivity},
    components::prelude::*,
    strings::places,
};
use leptos::prelude::*;
use relay_types::{
    audit::{AuditEntry, FieldChange},
    page::Page,
};

/// Activity.
#[component]
pub fn Activity() -> impl IntoView {
    let slug = use_slug();
    let asked = || ActivityQuery::read(|name| query().text(name));
    let data = read(move || LoadActivity { slug: slug.get(), query: asked() });
    view! {
        <Load resource=data let:page>
            <Entries page/>
        </Load>
    }
}

/// The whole page; the operator's also says which project.
#[component]
pub fn Entries(
    /// Entries.
    page: Page<AuditEntry>,
    /// With a column for the project.
    #[prop(optional)]
    all: bool,
) -> impl IntoView {
    let query = untrack(query);
    let narrowed = ["who", "what", "period", "after"].into_iter().any(|name| query.get(name).is_some());
    let nothing_yet = page.items.is_empty() && !narrowed;
    view! {
        <PageHeader title=places::ACTIVITY>{(!nothing_yet).then(|| view! { <CsvLink/> })}</PageHeader>
        {if nothing_yet {
            view! { <EmptyState title=words::EMPTY_TITLE text=words::EMPTY/> }.into_any()
        } else {
            view! {
                <Filters own=&["who", "what", "period"]>
                    <SearchField name="who" label=words::WHO example=words::WHO_EXAMPLE/>
                    <Choose name="what" label="What" options=nouns(all, query.get("what"))/>
                    <Choose name="period" label="When" options=periods()/>
                </Filters>
                <List page all/>
            }
                .into_any()
        }}
    }
}

/// What can be changed, as choices; a single action that a link asks for is one more.
fn nouns(all: bool, asked: Option<&str>) -> Vec<(String, String)> {
    let own = |(word, words): &(&str, &str)| ((*word).to_owned(), (*words).to_owned());
    let mut choices: Vec<_> = std::iter::once(any_choice()).chain(NOUNS.iter().map(own)).collect();
    if all {
        choices.extend(PLATFORM_NOUNS.iter().map(own));
    }
    if let Some(asked) = asked.filter(|asked| choices.iter().all(|(word, _)| word != asked)) {
        choices.push((asked.to_owned(), words_of(asked)));
    }
    choices
}

/// The nouns of a project's actions.
const NOUNS: [(&str, &str); 9] = [
    ("message", "Messages"),
    ("service_account", "Service accounts"),
    ("secret", "Secrets"),
    ("sender", "Senders"),
    ("domain", "Domains"),
    ("network", "Networks"),
    ("suppression", "Suppressions"),
    ("member", "Members"),
    ("project", "Project"),
];

/// And those of the platform.
const PLATFORM_NOUNS: [(&str, &str); 3] =
    [("destination", "Queue"), ("user", "Users and sign-in"), ("default_domain", "Default domain")];

#[component]
fn List(page: Page<AuditEntry>, all: bool) -> impl IntoView {
    let Page { items, next } = page;
    if items.is_empty() {
        return view! { <EmptyState title=words::NONE_TITLE text=words::NONE/> }.into_any();
    }
    let shown = items.len();
    let mut columns = vec![Column::new("When"), Column::new("Who"), Column::new("What"), Column::new("Change")];
    if all {
        columns.push(Column::new("Project"));
    }
    view! {
        <Table label=places::ACTIVITY columns>
            {items.into_iter().map(|entry| view! { <Row entry all/> }).views()}
        </Table>
        <Pager shown next/>
    }
    .into_any()
}

/// What people last did to the thing of a page.
#[component]
pub fn History(
    /// The console the page is in: `/p/SLUG` or `/admin`.
    base: String,
    /// Newest first.
    history: Vec<AuditEntry>,
) -> impl IntoView {
    if history.is_empty() {
        return ().into_any();
    }
    let all = (format!("{base}/activity"), words::ALL);
    view! {
        <Card title=words::HISTORY link=all>
            <Timeline>
                {history
                    .into_iter()
                    .map(|entry| {
                        let title = view! { {words_of(&entry.action)} " by " {entry.actor} }.into_any();
                        view! {
                            <Moment tone=Tone::Unknown at=entry.at style=TimeStyle::Relative title>
                                {entry.changes.into_iter().map(change).views()}
                            </Moment>
                        }
                    })
                    .views()}
            </Timeline>
        </Card>
    }
    .into_any()
}

#[component]
fn Row(entry: AuditEntry, all: bool) -> impl IntoView {
    let AuditEntry { id, at, actor, client, action, subject, project, changes } = entry;
    view! {
        <tr id=id.to_string()>
            <Cell label="When">
                <Time at/>
            </Cell>
            <Cell label="Who"><span class="whole">{actor}</span> {client.map(|client| view! { <small class="mono">{client}</small> })}</Cell>
            <Cell label="What">{words_of(&action)} <small class="mono">{subject}</small></Cell>
            <Cell label="Change">{changes.into_iter().map(change).views()}</Cell>
            {all
                .then(|| {
                    view! {
                        <Cell label="Project">
                            {project
                                .map(|slug| {
                                    let href = format!("/p/{slug}/activity");
                                    view! { <a class="whole" href=href>{slug}</a> }
                                })}
                        </Cell>
                    }
                })}
        </tr>
    }
    .into_any()
}

/// `role: member → owner`; what was not there before, or is not there any more, is left out.
fn change(change: FieldChange) -> impl IntoView {
    let FieldChange { field, before, after } = change;
    let arrow = before.is_some().then_some(" → ");
    let gone = after.is_none() && before.is_some();
    view! {
        <div class="change">
            <span class="soft">{field.replace('_', " ")}": "</span>
            {before.map(|before| view! { <del>{before}</del> })}
            {arrow}
            {after.map(|after| view! { <ins>{after}</ins> })}
            {gone.then(|| view! { <span class="soft">"none"</span> })}
        </div>
    }
}

/// Noun and verb as people say it; one that is not in the table is shown as it is kept.
fn words_of(action: &str) -> String {
    match action {
        "address.add" => "Address noted",
        "address.assign" => "Address assigned",
        "address.confirm_applied" => "Zone snippet applied",
        "address.edit" => "Address changed",
        "address.import" => "Import of addresses begun",
        "address.keep_name" => "Keeping of a name changed",
        "address.release" => "Address released",
        "address.remove" => "Address removed",
        "address.roll_back" => "Name rolled back",
        "address.take_name" => "Name taken by the sweep",
        "default_domain.set" => "Default domain set",
        "destination.cancel" => "Everything for a destination cancelled",
        "destination.hold" => "Destination held",
        "destination.release" => "Destination released",
        "destination.retry" => "Destination retried",
        "dns_backend.add" => "DNS back end added",
        "dns_backend.edit" => "DNS back end changed",
        "dns_backend.remove" => "DNS back end removed",
        "domain.add" => "Domain added",
        "domain.lose" => "Domain's proof gone",
        "domain.mark_verified" => "Domain marked verified",
        "domain.remove" => "Domain removed",
        "domain.verify" => "Domain verified",
        "member.invite" => "Member invited",
        "member.join" => "Member joined",
        "member.remove" => "Member removed",
        "member.set_role" => "Role changed",
        "member.withdraw_invitation" => "Invitation withdrawn",
        "message.cancel" => "Message cancelled",
        "message.hold" => "Message held",
        "message.release" => "Message released",
        "message.retry" => "Message retried",
        "network.add" => "Network added",
        "network.remove" => "Network removed",
        "network.rename" => "Network renamed",
        "project.close" => "Project closed",
        "project.create" => "Project created",
        "project.reopen" => "Project reopened",
        "project.rename" => "Project renamed",
        "project.save_general" => "Name or bounce contact changed",
        "project.resume" => "Project resumed",
        "project.set_bounce_contact" => "Bounce contact changed",
        "project.set_limits" => "Limits changed",
        "project.set_route" => "Route changed",
        "project.set_sandbox" => "Sandbox changed",
        "project.suspend" => "Project suspended",
        "platform.pause" => "Platform paused",
        "platform.set_limits" => "Platform's limits changed",
        "platform.resume" => "Platform resumed",
        "range.add" => "Range added",
        "range.edit" => "Range changed",
        "range.remove" => "Range removed",
        "secret.issue" => "Secret issued",
        "secret.revoke" => "Secret revoked",
        "sender.add" => "Sender added",
        "sender.mark_verified" => "Sender marked verified",
        "sender.remove" => "Sender removed",
        "sender.resend" => "Verification link sent again",
        "sender.verify" => "Sender verified",
        "service_account.create" => "Service account created",
        "service_account.disable" => "Service account disabled",
        "service_account.enable" => "Service account enabled",
        "service_account.remove" => "Service account removed",
        "service_account.update" => "Service account changed",
        "suppression.add" => "Address suppressed",
        "suppression.import" => "Suppressions imported",
        "suppression.remove" => "Suppression removed",
        "suppression.remove_many" => "Suppressions removed",
        "sweep.start" => "Sweep begun",
        "ticket.approve" => "Ticket approved",
        "ticket.refuse" => "Ticket refused",
        "ticket.reopen" => "Ticket reopened",
        "ticket.submit" => "Ticket sent",
        "ticket.withdraw" => "Ticket withdrawn",
        "user.change_password" => "Password changed",
        "user.create" => "User made",
        "user.create_operator" => "Operator made at the command line",
        "user.request_password_reset" => "Password reset asked for",
        "user.reset_password" => "Password reset",
        "user.set_desk" => "Service desk changed",
        "user.set_disabled" => "User locked or unlocked",
        "user.set_operator" => "Operator's rights changed",
        "user.set_up" => "Platform set up",
        "user.sign_in" => "Signed in",
        other => other,
    }
    .to_owned()
}

mod words {
    pub const HISTORY: &str = "History";
    pub const ALL: &str = "All activity";
    pub const EMPTY_TITLE: &str = "Nothing was changed yet";
    pub const EMPTY: &str = "Every change a person or the platform makes is kept here: who, from which address, when, and \
        what it was before. Entries are never changed or removed.";
    pub const NONE_TITLE: &str = "Nothing matches";
    pub const NONE: &str = "Nobody made such a change in this time. Take a filter away to see more.";
    pub const WHO: &str = "Search by who";
    pub const WHO_EXAMPLE: &str = "Name or address of who did it";
}
