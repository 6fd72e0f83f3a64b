//! Rows as stored: one file a table, private to this crate. A context owns its tables; others call its functions.

// People
pub(crate) mod audit;
pub(crate) mod invitation;
pub(crate) mod member;
pub(crate) mod node;
pub(crate) mod one_time_link;
pub(crate) mod project;
pub(crate) mod session;
pub(crate) mod setting;
pub(crate) mod throttled;
pub(crate) mod user;

// Rules
pub(crate) mod api_token;
pub(crate) mod counted;
pub(crate) mod dkim_key;
pub(crate) mod domain;
pub(crate) mod known_recipient;
pub(crate) mod limit_warning;
pub(crate) mod network;
pub(crate) mod refusal;
pub(crate) mod sender;
pub(crate) mod service_account;
pub(crate) mod service_account_secret;
pub(crate) mod service_account_source;
pub(crate) mod suppression;

// DNS health
pub(crate) mod finding_change;
pub(crate) mod report;

// Reverse DNS
pub(crate) mod address;
pub(crate) mod address_range;
pub(crate) mod dns_backend;
pub(crate) mod egress;
pub(crate) mod job;
pub(crate) mod name_change;
pub(crate) mod ticket;
pub(crate) mod ticket_entry;

// Mail
pub(crate) mod arriving;
pub(crate) mod event;
pub(crate) mod message;
pub(crate) mod message_content;
pub(crate) mod mta_sts;
pub(crate) mod recipient;
pub(crate) mod tls_session;
pub(crate) mod untold_bounce;
