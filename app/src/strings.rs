//! Words that more than one page uses: places, roles, states of buttons, toasts.
//!
//! To add a language, these are the places to translate: this file; each page's own texts, in its views and in the
//! `mod words` at its end; the components' own (`status`, `chart`, `client_lines`, `dialog`, `keys`, `sidebar`, `text`,
//! `time`); `mending` and `error`; what a field says of a wrong value, made by the parsers of `relay-types` and by `typed`;
//! and the reasons of `Invalid` and `Conflict`, made by the use cases of `relay-core`. What programs read (SMTP replies,
//! notifications, the log) stays English.

use crate::components::text;
use relay_types::{member::Role, message::Source};

/// Name of the product.
pub const PRODUCT: &str = "Relaykeep";
/// Label of copy buttons.
pub const COPY: &str = "Copy";
/// Label of a copy button for two seconds after it worked.
pub const COPIED: &str = "Copied";
/// Label of a copy button for two seconds after it could only select the text.
pub const SELECTED: &str = "Press Ctrl-C";
/// Label of buttons and links that leave things as they are.
pub const CANCEL: &str = "Cancel";
/// Label of the input that confirms a dangerous act.
pub const NAME: &str = "Name";
/// The same, when it is an address.
pub const ADDRESS: &str = "The address";
/// The label of an input for a project's place in URLs.
pub const PROJECT: &str = "The project's place in URLs";
/// Title of the summary above a form that was not taken.
pub const NOT_DONE: &str = "This was not done.";
/// While data is on its way; seen only with slow networks.
pub const LOADING: &str = "Loading";
/// Shown when the browser's side cannot start.
pub const BOOT_FAILED: &str =
    "Some conveniences could not start in this browser. Everything still works; reload to try again.";
/// First link of every page.
pub const SKIP: &str = "Skip to content";

/// Below an input for a new password.
pub const PASSWORD_HINT: &str = "12 characters at least; four words that do not belong together are good.";

/// A role as pages write it.
pub fn role(role: Role) -> &'static str {
    match role {
        Role::Owner => "Owner",
        Role::Member => "Member",
        Role::Viewer => "Viewer",
    }
}

/// Where a message came from, by name.
pub fn source(source: &Source) -> String {
    match source {
        Source::ServiceAccount { label, .. } | Source::Network { label, .. } => label.clone(),
        Source::Portal => "the portal".to_owned(),
        Source::System => PRODUCT.to_owned(),
    }
}

/// The setting that removes content, and what it was then.
pub fn retention_of_content(kept_seconds: u64) -> String {
    let kept = text::duration(kept_seconds.saturating_mul(1_000));
    format!("retention.content keeps the content of mail that is done for {kept}")
}

/// What a role may do, in a sentence.
pub fn may(role: Role) -> &'static str {
    match role {
        Role::Owner => "Everything a member may; also members, route, name and bounce contact.",
        Role::Member => "Service accounts, senders, networks, suppressions; retries, holds and cancels messages.",
        Role::Viewer => "Sees everything but secrets, changes nothing.",
    }
}

/// Places of the portal, as in the navigation.
pub mod places {
    /// `/p/:slug`
    pub const OVERVIEW: &str = "Overview";
    /// `/p/:slug/messages`
    pub const MESSAGES: &str = "Messages";
    /// `/p/:slug/captured` and `/admin/captured`
    pub const CAPTURED: &str = "Captured mail";
    /// `/p/:slug/refusals`
    pub const REFUSALS: &str = "Refusals";
    /// `/p/:slug/service-accounts`
    pub const SERVICE_ACCOUNTS: &str = "Service accounts";
    /// `/p/:slug/senders`
    pub const SENDERS: &str = "Senders";
    /// `/p/:slug/networks`
    pub const NETWORKS: &str = "Networks";
    /// `/p/:slug/suppressions`
    pub const SUPPRESSIONS: &str = "Suppressions";
    /// `/p/:slug/addresses`
    pub const ADDRESSES: &str = "Reverse DNS";
    /// `/p/:slug/tickets` and `/admin/tickets`
    pub const TICKETS: &str = "Tickets";
    /// `/admin/ranges`
    pub const RANGES: &str = "Ranges";
    /// `/admin/dns-backends`
    pub const DNS_BACKENDS: &str = "DNS back ends";
    /// `/admin/sweep`
    pub const SWEEP: &str = "Sweep";
    /// `/p/:slug/members`
    pub const MEMBERS: &str = "Members";
    /// `/p/:slug/activity` and `/admin/activity`
    pub const ACTIVITY: &str = "Activity";
    /// `/p/:slug/settings` and `/admin/settings`
    pub const SETTINGS: &str = "Settings";
    /// `/` and `/admin/projects`
    pub const PROJECTS: &str = "Projects";
    /// `/admin/queue`
    pub const QUEUE: &str = "Queue";
    /// `/admin/egress`
    pub const EGRESS: &str = "Egress";
    /// `/p/:slug/api-tokens`
    pub const API_TOKENS: &str = "API tokens";
    /// `/admin/listeners`
    pub const LISTENERS: &str = "Listeners";
    /// `/admin/nodes`
    pub const NODES: &str = "Nodes";
    /// `/admin/users`
    pub const USERS: &str = "Users";
    /// `/account`
    pub const ACCOUNT: &str = "Your account";
}

/// What was done, for the toast after a form: `?done=CODE.MOMENT` in the URL, set by `ssr::done`. A code that is not in this
/// table shows nothing, so a link cannot put words into our mouth.
pub fn done(code: &str) -> Option<&'static str> {
    Some(match code {
        "saved" => "Saved",
        "set-up" => "Relaykeep is set up",
        "project-created" => "Project created",
        "project-suspended" => "Project suspended",
        "platform-paused" => "Platform paused",
        "platform-resumed" => "Mail is taken again",
        "project-resumed" => "Project resumed",
        "account-created" => "Service account created",
        "account-enabled" => "Service account enabled",
        "account-disabled" => "Service account disabled",
        "account-removed" => "Service account removed",
        "secret-revoked" => "Secret revoked",
        "sender-added" => "Sender added; the verification link is on its way",
        "sender-removed" => "Sender removed",
        "sender-verified" => "Sender verified",
        "link-sent" => "A new link is on its way",
        "domain-added" => "Domain added",
        "domain-removed" => "Domain removed",
        "domain-verified" => "Domain verified",
        "keys-rotated" => "New keys made; publish their records",
        "egress-added" => "Egress address listed; it is checked now",
        "egress-removed" => "Egress address removed",
        "egress-asked" => "It is checked now",
        "token-revoked" => "API token revoked",
        "domain-checked" => "DNS was asked again",
        "network-added" => "Network added",
        "network-renamed" => "Network renamed",
        "network-removed" => "Network removed",
        "suppression-added" => "Address suppressed",
        "suppressions-removed" => "Addresses removed; mail to them is taken again",
        "suppressions-importing" => "Import begun",
        "project-closed" => "Project closed",
        "project-reopened" => "Project reopened",
        "ticket-sent" => "Sent; it is checked now",
        "ticket-written" => "Kept as a draft",
        "ticket-commented" => "Sent",
        "ticket-withdrawn" => "Ticket withdrawn",
        "ticket-reopened" => "Taken up again",
        "ticket-looked" => "DNS was asked again",
        "ticket-approved" => "Ticket approved",
        "ticket-waits" => "The name does not point there any more; the ticket waits again",
        "tickets-approved" => "All chosen tickets are approved",
        "ticket-refused" => "Ticket refused",
        "ticket-assigned" => "Ticket assigned",
        "change-confirmed" => "Confirmed; it is read back now",
        "change-rolled-back" => "The names before are being put back",
        "address-checked" => "DNS was asked again",
        "address-released" => "Address released",
        "address-assigned" => "Address assigned",
        "range-added" => "Range added",
        "range-removed" => "Range removed",
        "import-started" => "The import has begun",
        "backend-added" => "DNS back end added",
        "backend-removed" => "DNS back end removed",
        "backend-tested" => "Tested",
        "sweep-started" => "The sweep has begun",
        "name-kept" => "The name is kept",
        "name-not-kept" => "The name goes when its grace is over",
        "node-forgotten" => "The node is forgotten",
        "destination-retried" => "All of it will be tried at once",
        "destination-held" => "All of it is held",
        "destination-released" => "All of it is released",
        "message-retried" => "It will be tried at once",
        "message-held" => "Held",
        "message-released" => "Released",
        "message-cancelled" => "Cancelled",
        "messages-retried" => "Those that were waiting will be tried at once",
        "messages-held" => "Those that were waiting are held",
        "messages-released" => "Those that were held are released",
        "messages-cancelled" => "Those that were waiting or held are cancelled",
        "test-sent" => "Test message accepted",
        "member-invited" => "Invitation sent",
        "member-changed" => "Role changed",
        "member-removed" => "Member removed",
        "invitation-withdrawn" => "Invitation withdrawn",
        "invitation-accepted" => "Welcome to the project",
        "password-changed" => "Password changed",
        "signed-out" => "You are signed out",
        "user-changed" => "User changed",
        "default-domain-set" => "Default domain set; publish its records",
        _ => return None,
    })
}
