//! `/p/:slug/activity`: who changed what, newest first.

use crate::{api::audit::load_activity, components::prelude::*, strings::places};
use leptos::prelude::*;
use relay_types::{
    audit::{AuditEntry, FieldChange},
    page::Page,
};

/// Activity.
#[component]
pub fn Activity() -> impl IntoView {
    let slug = use_slug();
    let after = || query().text("after");
    let data = Resource::new_blocking(move || (slug.get(), after()), |(slug, after)| load_activity(slug, after));
    view! {
        <Load resource=data let:page>
            <PageHeader title=places::ACTIVITY/>
            <Entries page/>
        </Load>
    }
}

/// The list; the operator's also says which project.
#[component]
pub fn Entries(
    /// Entries.
    page: Page<AuditEntry>,
    /// With a column for the project.
    #[prop(optional)]
    all: bool,
) -> impl IntoView {
    let Page { items, next } = page;
    if items.is_empty() {
        return view! { <EmptyState title=words::EMPTY_TITLE text=words::EMPTY/> }.into_any();
    }
    let shown = items.len();
    let mut columns = vec![Column::new("When"), Column::new("Who"), Column::new("What"), Column::new("Change")];
    if all {
        columns.push(Column::new("Project"));
    }
    view! {
        <Table label=places::ACTIVITY columns>
            {items.into_iter().map(|entry| view! { <Row entry all/> }).collect_view()}
        </Table>
        <Pager shown next/>
    }
    .into_any()
}

/// What people last did to the thing of a page.
#[component]
pub fn History(
    /// The project.
    slug: String,
    /// Newest first.
    history: Vec<AuditEntry>,
) -> impl IntoView {
    if history.is_empty() {
        return ().into_any();
    }
    let all = (format!("/p/{slug}/activity"), words::ALL);
    view! {
        <Card title=words::HISTORY link=all>
            <Timeline>
                {history
                    .into_iter()
                    .map(|entry| {
                        let title = view! { {words_of(&entry.action)} " by " {entry.actor} }.into_any();
                        view! {
                            <Moment tone=Tone::Unknown at=entry.at style=TimeStyle::Relative title>
                                {entry.changes.into_iter().map(change).collect_view()}
                            </Moment>
                        }
                    })
                    .collect_view()}
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
            <Cell label="Change">{changes.into_iter().map(change).collect_view()}</Cell>
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
        "default_domain.set" => "Default domain set",
        "destination.cancel" => "Everything for a destination cancelled",
        "destination.hold" => "Destination held",
        "destination.release" => "Destination released",
        "destination.retry" => "Destination retried",
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
        "project.create" => "Project created",
        "project.rename" => "Project renamed",
        "project.save_general" => "Name or bounce contact changed",
        "project.resume" => "Project resumed",
        "project.set_bounce_contact" => "Bounce contact changed",
        "project.set_limits" => "Limits changed",
        "project.set_route" => "Route changed",
        "project.set_sandbox" => "Sandbox changed",
        "project.suspend" => "Project suspended",
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
        "user.change_password" => "Password changed",
        "user.create" => "User made",
        "user.create_operator" => "Operator made at the command line",
        "user.request_password_reset" => "Password reset asked for",
        "user.reset_password" => "Password reset",
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
}
