//! The demonstration's DNS health: domains in several states with the history of a month, and an egress address. DNS
//! answers from a table here, and the judgements are the real ones; once the relay serves, it asks the real DNS.

use crate::settings::Settings;
use anyhow::Result;
use relay_core::{
    Actor, Clock, Core, domains,
    egress::{self, Port25},
};
use relay_dns::{FixedAnswers, Resolver};
use relay_types::{
    DomainName, Timestamp,
    domain::{DomainDetail, DomainId},
    project::Slug,
};
use std::{net::IpAddr, time::Duration};

const DAY: Duration = Duration::from_secs(86_400);
/// Where the demonstration's relay sends from; `names` has it in the inventory.
const EGRESS: &str = "192.0.2.2";
/// Its name, which is also that of the SPF record that lists it.
const RELAY: &str = "relay.demo.example";
/// SPF stopped including the relay this many days ago.
const BROKEN: u32 = 9;

/// Fills what DNS said in the last 29 days before `now`.
pub(super) async fn fill(settings: &Settings, now: Timestamp, slug: &Slug) -> Result<()> {
    let (clock, dns) = (Clock::manual(now.minus(DAY * 29)), FixedAnswers::new());
    let core = &Core::open(settings.core.clone(), Resolver::fixed(dns.clone()), clock.clone()).await?;
    sends_from(core, &dns).await?;
    let broken = verified(core, slug, "gene-portal.example").await?;
    let good = verified(core, slug, "protein-atlas.example").await?;
    let silent = verified(core, slug, "sequencer.example").await?;
    for name in ["gene-portal.example", "protein-atlas.example", "sequencer.example"] {
        takes_mail(&dns, name)?;
    }
    for id in [broken, good, silent] {
        publish(&dns, &domains::get(core, &Actor::System, slug, id).await?, true);
    }
    for day in (0..29).rev() {
        clock.advance(DAY);
        if day == BROKEN {
            publish(&dns, &domains::get(core, &Actor::System, slug, broken).await?, false);
        }
        if day == 0 {
            dns.set_temporary_failure("_dmarc.sequencer.example", "no answer in 5 s");
        }
        for id in [broken, good, silent] {
            domains::check(core, &Actor::System, slug, id).await?;
        }
    }
    // Just added: nothing is published.
    takes_mail(&dns, "new-lab.example")?;
    let new = domains::add(core, &Actor::System, slug, DomainName::parse("new-lab.example")?).await?;
    domains::check(core, &Actor::System, slug, new).await?;
    for claimed in egress::claim_due(core, &Actor::System).await? {
        let port = Port25::Open("mx1.uni.example".to_owned());
        egress::record(core, &Actor::System, &claimed, port).await?;
    }
    Ok(())
}

/// The relay's own names.
async fn sends_from(core: &Core, dns: &FixedAnswers) -> Result<()> {
    let address: IpAddr = EGRESS.parse()?;
    let listed = egress::list(core, &Actor::System).await?.addresses;
    let id = match listed.iter().find(|egress| egress.address == address) {
        Some(egress) => egress.id,
        None => egress::add(core, &Actor::System, EGRESS, RELAY).await?,
    };
    egress::set_ehlo(core, &Actor::System, id, RELAY).await?;
    dns.set_ptr(address, &[RELAY]);
    dns.set_addresses(RELAY, &[address]);
    for list in ["zen.spamhaus.org", "bl.spamcop.net", "b.barracudacentral.org", "psbl.surriel.com"] {
        // The entry by which a list shows that it answers (RFC 5782 §5).
        dns.set_addresses(&format!("2.0.0.127.{list}"), &["127.0.0.2".parse()?]);
    }
    Ok(())
}

async fn verified(core: &Core, slug: &Slug, name: &str) -> Result<DomainId> {
    Ok(domains::mark_verified(core, &Actor::System, slug, DomainName::parse(name)?).await?)
}

fn takes_mail(dns: &FixedAnswers, name: &str) -> Result<()> {
    let host = format!("mail.{name}");
    dns.set_mx(name, &[(10, &host)]);
    dns.set_addresses(&host, &["192.0.2.10".parse()?]);
    dns.set_addresses(name, &["192.0.2.80".parse()?]);
    Ok(())
}

/// All records of a domain; SPF with or without this relay.
fn publish(dns: &FixedAnswers, detail: &DomainDetail, includes: bool) {
    let name = detail.domain.name.as_str();
    for record in detail.keys.iter().map(|key| &key.record).chain(&detail.challenge) {
        dns.set_txt(&record.name, &[&record.value]);
    }
    let ours = if includes { format!(" ip4:{EGRESS}") } else { String::new() };
    dns.set_txt(name, &[&format!("v=spf1 mx ip4:192.0.2.10{ours} ~all")]);
    dns.set_txt(&format!("_dmarc.{name}"), &[&format!("v=DMARC1; p=quarantine; rua=mailto:dmarc@{name}")]);
}
