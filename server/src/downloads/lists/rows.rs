//! The columns of each list and how a row fills them. Names of columns are the words of the code; states are the words
//! of URLs. Nothing is here that the page may not show. That a row has as many cells as its list has columns is in the
//! types.

use relay_types::{
    Timestamp,
    audit::{AuditEntry, FieldChange},
    domain::Domain,
    member::{Invitation, Member},
    message::MessageRow,
    network::Network,
    project::ProjectRow,
    queue::QueueDestination,
    refusal::Refusal,
    sender::Sender,
    service_account::{AllowedSenders, ServiceAccount},
    suppression::Suppression,
    user::User,
};
use std::time::Duration;

/// Columns of messages.
pub const MESSAGE: [&str; 9] =
    ["id", "accepted_at", "state", "from", "subject", "first_recipient", "recipients", "source", "last_reply"];

/// A message.
pub fn message(row: MessageRow) -> [String; 9] {
    [
        row.id.to_string(),
        row.accepted_at.rfc3339(),
        row.state.as_str().to_owned(),
        row.from,
        row.subject,
        row.first_recipient.to_string(),
        row.recipients.to_string(),
        row.source_label,
        row.last_reply.unwrap_or_default(),
    ]
}

/// Columns of refusals.
pub const REFUSAL: [&str; 10] =
    ["at", "count", "rule", "who", "client", "helo", "listener", "address", "reply", "cause"];

/// A refusal.
pub fn refusal(row: Refusal) -> [String; 10] {
    [
        row.at.rfc3339(),
        row.count.to_string(),
        row.rule.as_str().to_owned(),
        row.who.unwrap_or_default(),
        row.client,
        row.helo.unwrap_or_default(),
        row.listener,
        row.address.unwrap_or_default(),
        row.reply,
        row.cause.unwrap_or_default(),
    ]
}

/// Columns of activity.
pub const ENTRY: [&str; 7] = ["at", "project", "actor", "client", "action", "subject", "changes"];

/// An audit entry.
pub fn entry(entry: AuditEntry) -> [String; 7] {
    let changes: Vec<String> = entry.changes.into_iter().map(change).collect();
    [
        entry.at.rfc3339(),
        entry.project.unwrap_or_default(),
        entry.actor,
        entry.client.unwrap_or_default(),
        entry.action,
        entry.subject,
        changes.join("; "),
    ]
}

fn change(change: FieldChange) -> String {
    let FieldChange { field, before, after } = change;
    format!("{field}: {} -> {}", before.unwrap_or_default(), after.unwrap_or_default())
}

/// Columns of service accounts.
pub const ACCOUNT: [&str; 14] = [
    "label",
    "username",
    "state",
    "allowed_senders",
    "default_sender",
    "allowed_networks",
    "may_notify",
    "cut_through",
    "limit_per_hour",
    "limit_per_day",
    "secrets",
    "created_at",
    "expires_at",
    "last_used_at",
];

/// A service account.
pub fn account(account: ServiceAccount) -> [String; 14] {
    let senders = match &account.allowed_senders {
        AllowedSenders::All => "all".to_owned(),
        AllowedSenders::Only(patterns) => listed(patterns),
    };
    [
        account.label,
        account.username,
        account.state.as_str().to_owned(),
        senders,
        text(account.default_sender),
        listed(&account.allowed_cidrs),
        account.may_notify.to_string(),
        account.cut_through.to_string(),
        text(account.limits.per_hour),
        text(account.limits.per_day),
        account.secrets.to_string(),
        account.created_at.rfc3339(),
        moment(account.expires_at),
        moment(account.last_used_at),
    ]
}

/// A domain or a single address.
pub enum SenderRow {
    Domain(Domain),
    Address(Sender),
}

/// Columns of senders and domains.
pub const SENDER: [&str; 8] =
    ["kind", "name", "state", "signed", "created_at", "verified_at", "verified_by", "problem"];

/// A domain or a single address.
pub fn sender(row: SenderRow) -> [String; 8] {
    match row {
        SenderRow::Domain(domain) => [
            "domain".to_owned(),
            domain.name.to_string(),
            domain.state.as_str().to_owned(),
            domain.signed.to_string(),
            domain.created_at.rfc3339(),
            moment(domain.verified_at),
            String::new(),
            domain.problem.unwrap_or_default(),
        ],
        SenderRow::Address(sender) => [
            "address".to_owned(),
            sender.address.to_string(),
            sender.state.as_str().to_owned(),
            String::new(),
            sender.created_at.rfc3339(),
            moment(sender.verified_at),
            sender.verified_by.unwrap_or_default(),
            String::new(),
        ],
    }
}

/// Columns of networks.
pub const NETWORK: [&str; 4] = ["block", "label", "created_at", "last_used_at"];

/// A trusted network.
pub fn network(network: Network) -> [String; 4] {
    [network.cidr.to_string(), network.label, network.created_at.rfc3339(), moment(network.last_used_at)]
}

/// Columns of suppressed addresses.
pub const SUPPRESSION: [&str; 6] = ["address", "kind", "since", "until", "reason", "message"];

/// A suppressed address.
///
/// `until` is the last day, as an import takes it.
pub fn suppression(row: Suppression) -> [String; 6] {
    let until = row.expires_at.map(|at| at.minus(Duration::from_millis(1)).date_text());
    let kind = row.kind.as_str().to_owned();
    [row.address.to_string(), kind, row.since.rfc3339(), until.unwrap_or_default(), row.reason, text(row.message)]
}

/// A member, or who is invited.
pub enum MemberRow {
    Member(Member),
    Invited { one: Invitation, ended: bool },
}

/// Columns of members.
pub const MEMBER: [&str; 6] = ["email", "name", "role", "state", "since", "link_ends_at"];

/// A member, or who is invited.
pub fn member(row: MemberRow) -> [String; 6] {
    match row {
        MemberRow::Member(member) => [
            member.email.to_string(),
            member.name,
            member.role.as_str().to_owned(),
            "member".to_owned(),
            member.since.rfc3339(),
            String::new(),
        ],
        MemberRow::Invited { one, ended } => [
            one.email.to_string(),
            String::new(),
            one.role.as_str().to_owned(),
            if ended { "invitation expired" } else { "invited" }.to_owned(),
            one.created_at.rfc3339(),
            one.expires_at.rfc3339(),
        ],
    }
}

/// Columns of projects.
pub const PROJECT: [&str; 10] = [
    "slug",
    "name",
    "state",
    "reason",
    "members",
    "accepted_24h",
    "refused_24h",
    "limit_per_hour",
    "limit_per_day",
    "created_at",
];

/// A project.
pub fn project(row: ProjectRow) -> [String; 10] {
    let ProjectRow { project, members, accepted_day, refused_day } = row;
    let state = project.state().as_str();
    [
        project.slug.to_string(),
        project.name,
        state.to_owned(),
        project.suspended.map(|suspension| suspension.reason).unwrap_or_default(),
        members.to_string(),
        accepted_day.to_string(),
        refused_day.to_string(),
        text(project.limits.per_hour),
        text(project.limits.per_day),
        project.created_at.rfc3339(),
    ]
}

/// Columns of users.
pub const USER: [&str; 7] = ["email", "name", "operator", "locked", "projects", "created_at", "last_sign_in_at"];

/// A user.
pub fn user(user: User) -> [String; 7] {
    [
        user.email.to_string(),
        user.name,
        user.operator.to_string(),
        user.disabled.to_string(),
        user.projects.to_string(),
        user.created_at.rfc3339(),
        moment(user.last_sign_in_at),
    ]
}

/// Columns of the queue by destination.
pub const DESTINATION: [&str; 7] =
    ["destination", "due", "in_flight", "held", "oldest_at", "next_due_at", "last_reply"];

/// A destination.
pub fn destination(row: QueueDestination) -> [String; 7] {
    [
        row.destination,
        row.due.to_string(),
        row.in_flight.to_string(),
        row.held.to_string(),
        row.oldest_at.rfc3339(),
        moment(row.next_due_at),
        row.last_reply.unwrap_or_default(),
    ]
}

/// A moment as text; empty when there is none.
pub fn moment(at: Option<Timestamp>) -> String {
    at.map(Timestamp::rfc3339).unwrap_or_default()
}

fn text(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// Several values in one cell.
fn listed(values: &[impl ToString]) -> String {
    values.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}
