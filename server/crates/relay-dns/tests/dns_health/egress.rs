//! Zones for every finding about egress addresses, and a list that says all that lists say.

use crate::{judged, knot, of, process::free_port};
use knot::Knot;
use relay_dns::judge::{blocklist::Blocklist, egress};
use relay_types::finding::{Finding, Severity::*};

/// By the last number of the address.
const REVERSE: &str = "
10 PTR mx10.example.
11 PTR nowhere.example.
12 PTR elsewhere.example.
13 PTR a.example.
13 PTR mx13.example.
14 PTR host-192-0-2-14.dsl.isp.example.
15 PTR vm15.example.
";
const FORWARD: &str = "
mx10 A 192.0.2.10
elsewhere A 192.0.2.99
mx13 A 192.0.2.13
host-192-0-2-14.dsl.isp A 192.0.2.14
vm15 A 192.0.2.15
mx15 A 192.0.2.15
*.hijacked A 127.0.0.2
";
const ZEN: &str = "zen.spamhaus.org";
const LIST: &str = r#"
2.0.0.127 A 127.0.0.2
10.2.0.192 A 127.0.0.2
10.2.0.192 A 127.0.0.10
10.2.0.192 TXT "Listed, see the page of the list"
12.2.0.192 A 127.255.255.252
13.2.0.192 A 127.255.255.254
14.2.0.192 A 127.255.255.255
15.2.0.192 A 203.0.113.1
"#;

fn serve() -> Knot {
    let zones = [(knot::FOUR, REVERSE), (ZEN, LIST), ("example", FORWARD)];
    Knot::serving("127.0.0.1", free_port(), &["ns1.test."], &zones)
}

async fn findings(knot: &Knot, number: u8, ehlo: &str) -> Vec<Finding> {
    let lists = [ZEN, "hijacked.example", "gone.example"].map(Blocklist::of);
    let address = format!("192.0.2.{number}").parse().unwrap();
    judged(&knot.resolver(), |facts| egress::judge(facts, address, ehlo, &lists)).await
}

#[tokio::test]
async fn every_finding_has_a_zone() {
    let knot = serve();
    let zen = "blocklist.zen.spamhaus.org";
    for (number, ehlo, check, outcome, severity) in [
        (10, "mx10.example", "ptr.present", "found", Good),
        (10, "mx10.example", "ptr.fcrdns", "pass", Good),
        (10, "mx10.example", "ptr.generic", "own_name", Good),
        (10, "mx10.example", "ehlo.name", "good", Good),
        (9, "mx10.example", "ptr.present", "missing", Error),
        (11, "mx10.example", "ptr.fcrdns", "fail", Error),
        (12, "mx10.example", "ptr.fcrdns", "fail", Error),
        (13, "mx13.example", "ptr.present", "several", Note),
        (13, "mx13.example", "ptr.fcrdns", "pass", Good),
        (14, "mx10.example", "ptr.generic", "generic", Warning),
        (14, "mx10.example", "ehlo.name", "elsewhere", Warning),
        (14, "nowhere.example", "ehlo.name", "no_address", Warning),
        (15, "mx15.example", "ehlo.name", "another_name", Note),
        (9, "mx10.example", zen, "not_listed", Good),
        (10, "mx10.example", zen, "listed", Error),
        (12, "mx10.example", zen, "unknown", Unknown),
        (13, "mx10.example", zen, "unknown", Unknown),
        (14, "mx10.example", zen, "unknown", Unknown),
        (15, "mx10.example", zen, "unknown", Unknown),
        (9, "mx10.example", "blocklist.hijacked.example", "unknown", Unknown),
        (9, "mx10.example", "blocklist.gone.example", "unknown", Unknown),
    ] {
        let findings = findings(&knot, number, ehlo).await;
        assert_eq!(of(&findings, check), Some((outcome, severity)), "{number} {ehlo}: {findings:#?}");
    }
    let listed = findings(&knot, 10, "mx10.example").await;
    let listed = listed.iter().find(|finding| finding.check == zen).unwrap();
    assert_eq!(listed.details.last().map(String::as_str), Some("The list says: Listed, see the page of the list"));
    assert!(listed.link.as_ref().is_some_and(|link| link.url.ends_with("192.0.2.10")), "{listed:#?}");
}
