//! Server functions, one file a noun: three to eight lines each. They take the actor from the session, call one use case
//! of `relay-core`, and nothing else; authorization is decided there. All are POST.

pub mod addresses;
pub mod admin_users;
pub mod api_tokens;
pub mod audit;
pub mod captured;
pub mod dns_backends;
pub mod domains;
pub mod egress;
pub mod frame;
pub mod invitations;
pub mod listeners;
pub mod members;
pub mod messages;
pub mod networks;
pub mod nodes;
pub mod overview;
pub mod platform;
pub mod projects;
pub mod queue;
pub mod ranges;
pub mod refusals;
pub mod search;
pub mod senders;
pub mod service_accounts;
pub mod session;
pub mod settings;
pub mod suppressions;
pub mod sweep;
pub mod theme;
pub mod tickets;
pub mod users;

/// The project's place in URLs; one that cannot exist is not found.
#[cfg(feature = "ssr")]
pub(crate) fn slug(text: &str) -> Result<relay_types::project::Slug, crate::error::AppError> {
    relay_types::project::Slug::parse(text).map_err(|_| crate::error::AppError::NotFound)
}

/// An identifier from a path or form; one that cannot exist is not found.
#[cfg(feature = "ssr")]
pub(crate) fn id<K>(text: &str) -> Result<relay_types::Id<K>, crate::error::AppError> {
    text.parse().map_err(|_| crate::error::AppError::NotFound)
}
