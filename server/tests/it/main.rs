//! All integration tests of the server, as one binary, so that it is linked once.
//!
//! Each module is an area; this file holds nothing but their names.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends, and says where")]

mod api;
mod architecture;
mod bounces;
mod clients;
mod cut_through;
mod durability;
mod egress;
mod extensions;
mod harness;
mod links;
mod listeners;
mod lists;
mod live;
mod mta_sts;
mod nodes;
mod operations;
mod races;
mod refusals;
mod reverse_dns;
mod signing;
mod simulator;
mod submission;
