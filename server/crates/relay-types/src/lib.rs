//! The words of the product: value types with their rules, and the facts that cross from the use cases to the portal.
//!
//! Everything here builds for the browser: no I/O, no async, no clock. What a page shows is a type of this crate,
//! filled by `relay-core`; it is never a database row. Value types (`EmailAddress`, `DomainName`, `Cidr`, …) can only
//! be made by their parsers, so the browser and the server judge input by the same rules.

#![warn(missing_docs)]

pub mod address;
pub mod api_token;
pub mod audit;
pub mod bounce_class;
pub mod change;
pub mod cidr;
pub mod client_lines;
pub mod dmarc;
pub mod dns_backend;
pub mod dns_record;
pub mod domain;
pub mod domain_name;
pub mod egress;
pub mod email_address;
pub mod finding;
pub mod id;
pub mod job;
pub mod limit;
pub mod listener;
pub mod member;
pub mod message;
pub mod name_change;
pub mod network;
pub mod node;
pub mod overview;
pub mod page;
pub mod platform;
pub mod prediction;
pub mod project;
pub mod queue;
pub mod range;
pub mod refusal;
pub mod reply;
pub mod reverse;
pub mod reverse_name;
pub mod route;
pub mod search;
pub mod sender;
pub mod sender_pattern;
pub mod service_account;
pub mod simulator;
pub mod spf;
pub mod suppression;
pub mod sweep;
pub mod terms;
pub mod ticket;
pub mod timestamp;
pub mod tls;
mod unicode;
pub mod user;

pub use cidr::{Cidr, CidrError};
pub use domain_name::{DomainName, DomainNameError};
pub use email_address::{AddressError, EmailAddress, ReversePath};
pub use id::Id;
pub use reverse_name::{ZoneName, ZoneNameError};
pub use sender_pattern::{SenderPattern, SenderPatternError};
pub use timestamp::Timestamp;
