//! DNS health against a real server, Knot as Debian has it, and against servers that no honest person runs: zones for
//! every finding, asked of the authoritative server and of a resolver.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends, and says where")]

#[path = "../reverse_dns/fake.rs"]
mod fake;
#[path = "../reverse_dns/knot.rs"]
#[expect(dead_code, reason = "the tests of reverse DNS use more of it")]
mod knot;
#[path = "../reverse_dns/process.rs"]
mod process;

mod hostile;
mod spf;

use knot::Knot;
use process::free_port;
use relay_dns::{Ask, Facts, Resolver, gather};
use relay_types::Timestamp;

const NOW: Timestamp = Timestamp(1_795_269_482_000);

/// A server with these records under `example`, and those of addresses `192.0.2.x` under their last number.
fn serve(records: &str, reverse: &str) -> Knot {
    let zones = [(knot::FOUR, reverse), ("example", records)];
    Knot::serving("127.0.0.1", free_port(), &["ns1.test."], &zones)
}

/// What a judgement says, asked both ways: both have to come to the same.
async fn judged<T: PartialEq + std::fmt::Debug>(resolver: &Resolver, judge: impl Fn(&Facts) -> T) -> T {
    let (said, _) = gather(resolver, Ask::Authoritative, NOW, &judge).await;
    let (resolved, _) = gather(resolver, Ask::Resolver, NOW, &judge).await;
    assert_eq!(said, resolved);
    said
}
