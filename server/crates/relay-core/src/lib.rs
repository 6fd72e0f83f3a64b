//! The use cases of Relaykeep, grouped by noun. The portal, the HTTP API and the SMTP relay are thin callers of these
//! functions; each takes who is asking before anything else.
//!
//! This is the only crate that knows SQL. It chooses no SMTP reply and no HTTP status: its errors and rejections are
//! translated at the edges.
#![warn(missing_docs)]

pub mod actor;
pub mod clock;
pub mod config;
pub mod core;
pub mod error;

pub mod backup;
mod commit;
mod csv;
mod db;
mod due;
mod hashing;
mod key_check;
mod label;
mod one_time_links;
mod prune;
mod rules;
mod sealing;
mod secrets;
mod tables;
#[cfg(test)]
pub(crate) mod test_support;
mod throttle;
mod uses;
mod written_to;

// What pages that are open ask
pub mod changes;
pub mod search;

// People
pub mod audit;
pub mod members;
pub mod portal_mail;
pub mod projects;
pub mod sessions;
pub mod sign_in;
pub mod users;

// Rules
pub mod api_tokens;
pub mod dkim_keys;
pub mod dns_health;
pub mod domains;
pub mod findings;
pub mod limits;
pub mod networks;
pub mod nodes;
pub mod platform;
pub mod policy;
pub mod refusals;
pub mod retention;
pub mod routes;
pub mod senders;
pub mod service_accounts;
pub mod suppressions;

// Reverse DNS
pub mod addresses;
pub mod dns_backends;
pub mod egress;
pub mod jobs;
pub mod name_changes;
pub mod ranges;
pub mod sweep;
pub mod tickets;

// Mail
pub mod bounce;
pub mod captured;
pub mod dsn;
pub mod listeners;
pub mod messages;
pub mod mta_sts;
pub mod overview;
pub mod queue;
pub mod retry;
pub mod submission;
pub mod tls_sessions;

pub use crate::{
    actor::{Access, Actor},
    clock::Clock,
    config::CoreConfig,
    core::Core,
    db::Schema,
    error::{Error, Result},
    secrets::IssuedSecret,
};
