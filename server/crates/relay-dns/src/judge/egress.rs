//! Whether the world takes mail from an address: its names (RFC 8601 §2.7.3), the EHLO name, and blocklists.

use super::blocklist::Blocklist;
use crate::Facts;
use relay_types::finding::Finding;
use std::net::IpAddr;

/// `ptr.present`, `ptr.fcrdns`, `ptr.generic`, `ehlo.name`, and `blocklist.ZONE` for each list.
pub fn judge(_facts: &Facts, _address: IpAddr, _ehlo: &str, _lists: &[Blocklist]) -> Vec<Finding> {
    Vec::new()
}
