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

mod advice;
mod dkim;
mod dmarc;
mod egress;
mod hostile;
mod kept;
mod records;
mod servers;
mod spf;

use knot::Knot;
use process::free_port;
use relay_dns::{
    Ask, Facts, Resolver, gather,
    judge::{OurKey, Subject},
};
use relay_types::Timestamp;

use relay_types::{
    DomainName,
    domain::DkimAlgorithm,
    finding::{Finding, Severity},
};

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

/// A domain without keys and proof.
fn plain(domain: &str) -> Subject {
    Subject {
        domain: DomainName::parse(domain).unwrap(),
        keys: Vec::new(),
        proof: None,
        delegated_to: None,
        next_selectors: Vec::new(),
    }
}

/// A key of ours that signs.
fn key(selector: &str, algorithm: DkimAlgorithm, value: &str) -> OurKey {
    OurKey { selector: selector.to_owned(), algorithm, value: value.to_owned(), signs: true, retiring: false }
}

/// What a check came to.
fn of<'a>(findings: &'a [Finding], check: &str) -> Option<(&'a str, Severity)> {
    findings.iter().find(|finding| finding.check == check).map(|finding| (finding.outcome.as_str(), finding.severity))
}

/// An RSA key of 2048 bits, and one of Ed25519 (RFC 8463 §A.2).
const RSA: &str = include_str!("../../src/dkim/rsa2048.txt").trim_ascii_end();
const ED25519: &str = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

/// A text as zone files have it, in strings of 255 octets.
fn strings(text: &str) -> String {
    let octets: Vec<char> = text.chars().collect();
    let strings =
        octets.chunks(255).map(|part| format!("\"{}\"", part.iter().collect::<String>().replace('"', "\\\"")));
    strings.collect::<Vec<_>>().join(" ")
}
