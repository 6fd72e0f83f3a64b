//! Reverse DNS against real servers: Knot and PowerDNS as Debian has them, and servers of a few lines where no honest
//! server does what a test needs.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends, and says where")]

mod api;
mod fake;
mod forward;
mod hostile;
#[expect(dead_code, reason = "the tests of the way of a name use more of it")]
mod knot;
mod powerdns;
mod process;
mod ptr;
mod update;

use relay_types::Timestamp;

const NOW: Timestamp = Timestamp(1_795_269_482_000);
