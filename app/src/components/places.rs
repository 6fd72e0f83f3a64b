//! The places of the portal as data: the sidebar, the palette and the `g` keys are drawn from the same lists.

use crate::{components::icon::Icon, strings::places as words};
use relay_types::{
    project::{ProjectFrame, Slug},
    user::Me,
};

/// A place in the navigation.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// Heading it stands under.
    pub section: &'static str,
    /// Words.
    pub label: &'static str,
    /// Address.
    pub href: String,
    /// Icon.
    pub icon: Icon,
    /// The letter after `g`.
    pub key: char,
    /// Only this address is this place, not those below it.
    pub exact: bool,
}

fn place(section: &'static str, label: &'static str, base: &str, noun: &str, icon: Icon, key: char) -> Place {
    let href = if noun.is_empty() { base.to_owned() } else { format!("{base}/{noun}") };
    Place { section, label, href, icon, key, exact: noun.is_empty() }
}

/// Places of a project.
pub fn project(slug: &Slug) -> Vec<Place> {
    let base = format!("/p/{slug}");
    let at = |section, label, noun: &str, icon, key| place(section, label, &base, noun, icon, key);
    vec![
        at("Send", words::OVERVIEW, "", Icon::Overview, 'o'),
        at("Send", words::MESSAGES, "messages", Icon::Messages, 'm'),
        at("Send", words::REFUSALS, "refusals", Icon::Refusals, 'r'),
        at("Send", words::CAPTURED, "captured", Icon::Captured, 'c'),
        at("Rules", words::SERVICE_ACCOUNTS, "service-accounts", Icon::ServiceAccounts, 'a'),
        at("Rules", words::SENDERS, "senders", Icon::Senders, 's'),
        at("Rules", words::NETWORKS, "networks", Icon::Networks, 'n'),
        at("Rules", words::SUPPRESSIONS, "suppressions", Icon::Suppressions, 'x'),
        at("Rules", words::API_TOKENS, "api-tokens", Icon::ApiTokens, 'i'),
        at("Names", words::ADDRESSES, "addresses", Icon::Addresses, 'd'),
        at("Names", words::TICKETS, "tickets", Icon::Tickets, 'k'),
        at("Project", words::MEMBERS, "members", Icon::Members, 'p'),
        at("Project", words::ACTIVITY, "activity", Icon::Activity, 'h'),
        at("Project", words::SETTINGS, "settings", Icon::Settings, 't'),
    ]
}

/// The number beside a place of a project, and whether it asks for a look.
pub fn count(place: &Place, frame: &ProjectFrame) -> Option<(u64, bool)> {
    let (count, hot) = match place.label {
        words::REFUSALS => (frame.refusals_day, true),
        words::SERVICE_ACCOUNTS => (frame.service_accounts, false),
        words::SENDERS => (frame.senders, false),
        words::NETWORKS => (frame.networks, false),
        words::ADDRESSES => (frame.addresses, false),
        words::TICKETS => (frame.tickets, false),
        words::MEMBERS => (frame.members, false),
        _ => return None,
    };
    (count > 0 || !hot).then_some((count, hot))
}

/// Places of the operator; of the service desk those it may open.
pub fn operator(me: &Me) -> Vec<Place> {
    let at = |section, label, noun: &str, icon, key| place(section, label, "/admin", noun, icon, key);
    let names = [
        at("Names", words::TICKETS, "tickets", Icon::Tickets, 'k'),
        at("Names", words::RANGES, "ranges", Icon::Addresses, 'n'),
        at("Names", words::DNS_BACKENDS, "dns-backends", Icon::DnsBackends, 'd'),
        at("Names", words::SWEEP, "sweep", Icon::Sweep, 's'),
    ];
    if !me.operator {
        return names.into();
    }
    let platform = [
        at("Platform", words::PROJECTS, "projects", Icon::Projects, 'p'),
        at("Platform", words::QUEUE, "queue", Icon::Queue, 'q'),
        at("Platform", words::EGRESS, "egress", Icon::Egress, 'e'),
        at("Platform", words::REFUSALS, "refusals", Icon::Refusals, 'r'),
        at("Platform", words::CAPTURED, "captured", Icon::Captured, 'c'),
        at("Platform", words::LISTENERS, "listeners", Icon::Listeners, 'l'),
        at("Platform", words::NODES, "nodes", Icon::Nodes, 'o'),
        at("Platform", words::USERS, "users", Icon::Members, 'u'),
        at("Platform", words::ACTIVITY, "activity", Icon::Activity, 'h'),
        at("Platform", words::SETTINGS, "settings", Icon::Settings, 't'),
    ];
    names.into_iter().chain(platform).collect()
}

/// The console besides the projects that a person may open: its address and what it is called.
pub fn console_of(me: &Me) -> Option<(&'static str, &'static str)> {
    match (me.operator, me.desk) {
        (true, _) => Some(("/admin", "Platform")),
        (false, true) => Some(("/admin/tickets", "Service desk")),
        _ => None,
    }
}

/// Places of a person outside any project.
pub fn person() -> Vec<Place> {
    vec![
        Place {
            section: "You",
            label: words::PROJECTS,
            href: "/".to_owned(),
            icon: Icon::Projects,
            key: 'p',
            exact: true,
        },
        place("You", words::ACCOUNT, "/account", "", Icon::Person, 'y'),
    ]
}
