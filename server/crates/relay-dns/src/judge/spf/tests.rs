//! Every judgement of SPF as a table, and every advice as text.

mod egress;
mod record;
mod terms;

use super::{Finding, Ours, SpfResult, Subject, judge};
use crate::test_zone::{judged, shown};
use relay_types::{
    DomainName,
    finding::Severity::{self, *},
};

/// The relay's own record, and a provider's.
const RELAY: &str = "spf.relay.example TXT v=spf1 ip4:192.0.2.10 ip6:2001:db8::10 -all\n\
                     spf.provider.example TXT v=spf1 ip4:198.51.100.0/24 -all\n";

fn ours(egress: &[&str], include: Option<&str>) -> Ours {
    Ours {
        egress: egress.iter().map(|ip| ip.parse().unwrap()).collect(),
        ehlo: "relay.example".to_owned(),
        spf_include: include.map(|name| DomainName::parse(name).unwrap()),
    }
}

fn with_include() -> Ours {
    ours(&["192.0.2.10", "2001:db8::10"], Some("spf.relay.example"))
}

fn without_include() -> Ours {
    ours(&["192.0.2.10", "2001:db8::10"], None)
}

fn subject() -> Subject {
    Subject {
        domain: DomainName::parse("d.example").unwrap(),
        keys: Vec::new(),
        proof: None,
        delegated_to: None,
        next_selectors: Vec::new(),
    }
}

fn findings(zone: &str, ours: &Ours) -> Vec<Finding> {
    judged(&format!("{RELAY}{zone}"), |facts| judge(facts, &subject(), ours)).0
}

fn found(zone: &str, ours: &Ours, check: &str) -> Finding {
    let all = findings(zone, ours);
    let names: Vec<_> = all.iter().map(|finding| finding.check.clone()).collect();
    all.into_iter().find(|finding| finding.check == check).unwrap_or_else(|| panic!("{check} in {names:?} of {zone}"))
}

/// A record, the finding of a check, and what it proposes.
fn check(record: &str, check: &str, outcome: &str, severity: Severity, publish: Option<&str>) {
    check_zone(&format!("d.example TXT {record}"), &with_include(), check, outcome, severity, publish);
}

fn check_zone(zone: &str, ours: &Ours, check: &str, outcome: &str, severity: Severity, publish: Option<&str>) {
    let found = found(zone, ours, check);
    assert_eq!((found.outcome.as_str(), found.severity), (outcome, severity), "{zone}\n{found:#?}");
    let proposed =
        found.changes.iter().find(|change| change.name == "d.example").and_then(|change| change.publish.as_deref());
    assert_eq!(proposed, publish, "{zone}\n{found:#?}");
}

#[test]
fn every_advice_is_plain() {
    let includes: String = (0..10).map(|i| format!("include:i{i}.example ")).collect();
    let records: String = (0..10).map(|i| format!("i{i}.example TXT v=spf1 -all\n")).collect();
    let mut text = String::new();
    for (zone, ours) in [
        (
            "d.example TXT v=spf1 mx/24 a:h.example exists:%{i}.x.example include:spf.relay.example ?ip4:198.51.100.1 -ip6:2001:db8:9::/48 ~all x=y exp=e.example\nd.example MX 5 h.example\nh.example A 198.51.100.1",
            with_include(),
        ),
        ("d.example FAILS SERVFAIL", with_include()),
        ("d.example TXT other", with_include()),
        ("d.example TXT other", without_include()),
        ("d.example TXT other", ours(&[], None)),
        ("d.example TXT \"v=spf1 mx -all\"", with_include()),
        ("d.example TXT v=spf1 mx -all\nd.example TXT v=spf1 a ~all", with_include()),
        ("d.example TXT v=spf1 ipv4:198.51.100.1 what -all", with_include()),
        ("d.example TXT v=spf1 ip4=192.0.2.10 -all", without_include()),
        ("d.example TXT v=spf1 ip4:198.51.100.1 ~all", with_include()),
        ("d.example TXT v=spf1 ip4:198.51.100.1 -all", without_include()),
        ("d.example TXT v=spf1 include:gone.example ?all", with_include()),
        ("d.example TXT v=spf1 +all ptr", with_include()),
        (
            "d.example TXT v=spf1 include:spf.relay.example include:x.example\nx.example TXT v=spf1 ip4:0.0.0.0/1",
            with_include(),
        ),
        (
            "d.example TXT v=spf1 include:spf.relay.example a:silent.example redirect=spf.provider.example\nsilent.example FAILS SERVFAIL",
            with_include(),
        ),
        ("d.example TXT v=spf1 a:silent.example -all\nsilent.example FAILS SERVFAIL", with_include()),
        (
            "d.example TXT v=spf1 include:spf.other.example -all\nspf.other.example TXT v=spf1 -all",
            ours(&["192.0.2.10"], Some("spf.other.example")),
        ),
        ("d.example TXT v=spf1 include:spf.relay.example a:g1.example a:g2.example mx -all", with_include()),
        (
            "d.example TXT v=spf1 include:spf.relay.example include:x.example -all\nx.example TXT v=spf1 include:d.example",
            with_include(),
        ),
        (&format!("{records}d.example TXT v=spf1 {includes}-all"), with_include()),
        (&format!("{records}d.example TXT v=spf1 {includes}include:spf.relay.example -all"), with_include()),
        ("d.example TXT v=spf1 -all", ours(&[], None)),
    ] {
        text += &format!("==== {}\n", zone.lines().find(|line| line.starts_with("d.example")).unwrap());
        text += &findings(zone, &ours).iter().map(shown).collect::<Vec<_>>().join("\n");
        text.push('\n');
    }
    insta::assert_snapshot!(text);
}
