//! The way of a name through the use cases, with a real Knot DNS and a real PowerDNS behind them and a clock that is
//! moved by hand: from the request until `dig -x` gives the name, and each way that can end otherwise.
//!
//! The servers are those of `relay-dns`'s own tests, taken from there by path: what starts a server is written once, and
//! a test of one crate cannot be imported by another.

#[path = "../../crates/relay-dns/tests/reverse_dns/knot.rs"]
mod knot;
#[path = "../../crates/relay-dns/tests/reverse_dns/powerdns.rs"]
#[expect(dead_code, reason = "relay-dns's own tests use more of it")]
mod powerdns;
#[path = "../../crates/relay-dns/tests/reverse_dns/process.rs"]
pub mod process;

mod forgetful;
mod trouble;
mod way;
pub mod world;
