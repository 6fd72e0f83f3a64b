//! Domains: one project `lab` beside a DNS of the test.

mod access;
mod default_domain;
mod health;
mod keys;
mod proof;
mod races;

use super::*;
use crate::{
    policy::{SenderStanding, judge_sender},
    test_support::{Test, word},
};
use relay_dns::{FixedAnswers, Resolver};
use relay_types::{
    EmailAddress,
    dns_record::{DnsRecord, Found},
    domain::DkimKeyState,
    finding::Severity,
    service_account::AllowedSenders,
};
use std::time::Duration;

struct World {
    test: Test,
    answers: FixedAnswers,
    id: ProjectId,
    project: Slug,
}

fn name(text: &str) -> DomainName {
    DomainName::parse(text).expect(text)
}

impl World {
    async fn new() -> Self {
        let answers = FixedAnswers::new();
        answers.set_mx("lab.example", &[(10, "mx.lab.example")]);
        let test = Test::with_resolver(Resolver::fixed(answers.clone()), |_| {}).await;
        let (id, project) = test.project("lab").await;
        Self { test, answers, id, project }
    }

    async fn add(&self, domain: &str) -> Result<DomainId> {
        add(&self.test.core, &Actor::System, &self.project, name(domain)).await
    }

    async fn detail(&self, id: DomainId) -> DomainDetail {
        get(&self.test.core, &Actor::System, &self.project, id).await.expect("the domain")
    }

    async fn due(&self) -> u64 {
        check_due(&self.test.core, &Actor::System).await.expect("checked")
    }

    /// Moves the clock on and does what is due.
    async fn after(&self, hours: u64) -> u64 {
        self.test.clock.advance(Duration::from_secs(hours * 3_600));
        self.due().await
    }

    async fn may_send(&self, address: &str) -> bool {
        let address = EmailAddress::parse(address).expect(address);
        let standing = judge_sender(&self.test.core, self.id, &AllowedSenders::All, &address).await;
        standing.expect("a verdict") == SenderStanding::Allowed
    }
}

/// Publishes all that a domain needs, but its proof and keys.
fn publish_well(answers: &FixedAnswers, domain: &str) {
    answers.set_mx(domain, &[(10, "mx.lab.example")]);
    answers.set_addresses("mx.lab.example", &["192.0.2.25".parse().expect("an address")]);
}
