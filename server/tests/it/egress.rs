//! Egress addresses and domains against a real authoritative server and real mail exchangers: names, blocklists, port 25.

use crate::{
    harness::{Dns, Sink, free_port},
    reverse_dns::world::World,
};
use relay_core::{Actor, config::PlatformRoute, domains, egress};
use relay_dns::Resolver;
use relay_mta::DeliveryConfig;
use relay_types::finding::{Report, Severity};

/// Mail of it leaves through a translation of addresses, as far as the relay can see: this machine does not have it.
const ADDRESS: &str = "193.166.2.25";

async fn report(records: &str, port: u16) -> Report {
    let dns = Dns::start(records);
    let address: std::net::SocketAddr = dns.address().parse().unwrap();
    let resolver = Resolver::new(&[address]).unwrap().with_authoritative_port(address.port());
    let world = World::configured(resolver, |config| {
        config.route = PlatformRoute::Mx;
        config.egress.probe = Some("other.test".parse().unwrap());
        config.egress.blocklists = vec!["bl.test".parse().unwrap()];
    })
    .await;
    let id = egress::add(&world.core, &Actor::System, ADDRESS, "mx1.relay.test").await.unwrap();
    egress::check_now(&world.core, &Actor::System, id).await.unwrap();
    let config = DeliveryConfig { port, local_mx: true, ..DeliveryConfig::new("relay.test".parse().unwrap()) };
    let checked = relay_mta::egress::check_due(&world.core, &Actor::System, &config).await.unwrap();
    assert_eq!(checked, 1);
    egress::get(&world.core, &Actor::System, id).await.unwrap().report.unwrap()
}

fn outcome<'a>(report: &'a Report, check: &str) -> (&'a str, Severity) {
    let found = report.findings.iter().find(|finding| finding.check == check);
    let finding = found.unwrap_or_else(|| panic!("no {check} in {:#?}", report.findings));
    (&finding.outcome, finding.severity)
}

const NAMED: &str = "ns. A 127.0.0.1\n\
    other.test. MX 10 sink.test.\nsink.test. A 127.0.0.1\n\
    25.2.166.193.in-addr.arpa. PTR mx1.relay.test.\nmx1.relay.test. A 193.166.2.25\n\
    2.0.0.127.bl.test. A 127.0.0.2\n";

#[tokio::test(flavor = "multi_thread")]
async fn row_3_12_port_25_of_others_is_open_when_an_exchanger_greets() {
    let sink = Sink::start();
    let report = report(NAMED, sink.port).await;
    assert_eq!(outcome(&report, "port25"), ("open", Severity::Good), "{:#?}", report.findings);
    for check in ["ptr.present", "ptr.fcrdns", "ptr.generic", "ehlo.name", "blocklist.bl.test"] {
        assert_eq!(outcome(&report, check).1, Severity::Good, "{:#?}", report.findings);
    }
    assert!(report.answers.iter().any(|answer| answer.dig.contains("mx1.relay.test.")), "{:#?}", report.answers);
}

#[tokio::test(flavor = "multi_thread")]
async fn row_3_12_a_port_that_is_closed_is_said_with_the_host_and_the_cause() {
    let report = report(NAMED, free_port()).await;
    let finding = report.findings.iter().find(|finding| finding.check == "port25").unwrap();
    assert_eq!((finding.outcome.as_str(), finding.severity), ("closed", Severity::Error));
    assert!(finding.effect.contains("sink.test") && finding.effect.contains("refused"), "{}", finding.effect);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exchanger_that_cannot_be_looked_up_is_unknown_and_never_closed() {
    let report = report("ns. A 127.0.0.1\nother.test. MX 10 nowhere.test.\n", free_port()).await;
    assert_eq!(outcome(&report, "port25"), ("unknown", Severity::Unknown));
}

/// How a project's domain stands whose exchanger is at `port`, while the exchangers of others are at 25 of this machine.
async fn reach(records: &str, port: u16) -> (String, Severity) {
    let dns = Dns::start(records);
    let address: std::net::SocketAddr = dns.address().parse().unwrap();
    let resolver = Resolver::new(&[address]).unwrap().with_authoritative_port(address.port());
    let world = World::configured(resolver, |config| {
        config.route = PlatformRoute::Mx;
        config.egress.probe = Some("other.test".parse().unwrap());
    })
    .await;
    let name = "lab.test".parse().unwrap();
    let id = domains::mark_verified(&world.core, &Actor::System, &world.project, name).await.unwrap();
    let config = DeliveryConfig { port, local_mx: true, ..DeliveryConfig::new("relay.test".parse().unwrap()) };
    assert_eq!(relay_mta::reach::check_due(&world.core, &Actor::System, &config).await.unwrap(), 1);
    assert_eq!(
        relay_mta::reach::check_due(&world.core, &Actor::System, &config).await.unwrap(),
        0,
        "not at once again"
    );
    let report = domains::check(&world.core, &Actor::System, &world.project, id).await.unwrap().report.unwrap();
    let (outcome, severity) = outcome(&report, "mx.reach");
    (outcome.to_owned(), severity)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domains_own_mail_server_is_silent_only_when_others_greet() {
    let sink = Sink::start();
    let others = "ns. A 127.0.0.1\nother.test. MX 10 sink.test.\nsink.test. A 127.0.0.1\n";
    // Nobody listens at 127.0.0.2.
    let gone = format!("{others}lab.test. MX 10 mail.lab.test.\nmail.lab.test. A 127.0.0.2\n");
    let here = format!("{others}lab.test. MX 10 mail.lab.test.\nmail.lab.test. A 127.0.0.1\n");
    assert_eq!(reach(&here, sink.port).await, ("greeted".to_owned(), Severity::Good));
    assert_eq!(reach(&gone, sink.port).await, ("silent".to_owned(), Severity::Warning));
    assert_eq!(reach(&gone, free_port()).await, ("unknown".to_owned(), Severity::Unknown));
}
