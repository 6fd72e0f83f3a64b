//! `/admin/…`: the operator's screens.

pub mod activity;
pub mod address;
pub mod captured;
pub mod dns_backends;
pub mod egress;
pub mod egress_address;
pub mod listeners;
pub mod nodes;
pub mod projects;
pub mod queue;
pub mod range;
pub mod ranges;
pub mod refusals;
pub mod settings;
pub mod sweep;
pub mod ticket;
pub mod tickets;
pub mod tls;
pub mod users;
