//! The demonstration's reverse DNS: two ranges written by hand, addresses of the project, and tickets in several states.
//! DNS answers from a table here; once the relay serves, it asks the real one.

use crate::settings::Settings;
use anyhow::Result;
use relay_core::{
    Actor, Clock, Core, addresses, dns_backends, dns_backends::DnsBackendInput, name_changes, ranges, tickets,
};
use relay_dns::{FixedAnswers, Resolver};
use relay_types::{
    Timestamp,
    address::AssignInput,
    project::Slug,
    range::RangeInput,
    ticket::{TicketKind, TicketNumber, TicketRequest},
};
use std::{net::IpAddr, time::Duration};

const FOUR: &str = "192.0.2.0/24";
const SIX: &str = "2001:db8:168::/48";
/// Addresses of the project with what each is for.
const OURS: &[(&str, &str)] = &[
    ("192.0.2.25", "mail server of the portal"),
    ("192.0.2.80", "the portal"),
    ("192.0.2.81", "its programming interface"),
    ("192.0.2.120", "a new machine"),
    ("2001:db8:168:1::/64", "the container network"),
];

/// Fills the inventory and asks for names, in the last half day before `now`.
pub(super) async fn fill(settings: &Settings, now: Timestamp, slug: &Slug) -> Result<()> {
    let (clock, dns) = (Clock::manual(now.minus(Duration::from_secs(12 * 3_600))), FixedAnswers::new());
    let core = &Core::open(settings.core.clone(), Resolver::fixed(dns.clone()), clock.clone()).await?;
    inventory(core, &dns, slug).await?;
    named(core, &clock, &dns, slug).await?;
    clock.advance(Duration::from_secs(9 * 3_600));
    asked(core, &clock, &dns, slug).await
}

async fn inventory(core: &Core, dns: &FixedAnswers, slug: &Slug) -> Result<()> {
    let system = &Actor::System;
    let by_hand = DnsBackendInput {
        label: "zone files of ns1".to_owned(),
        kind: "snippet".to_owned(),
        ..DnsBackendInput::default()
    };
    let backend = dns_backends::add(core, system, by_hand).await?.to_string();
    for (label, block, template) in
        [("Virtual machines", FOUR, "vm{d}.kaj.example"), ("Virtual machines, IPv6", SIX, "{groups}.kaj.example")]
    {
        let range = RangeInput {
            label: label.to_owned(),
            block: block.to_owned(),
            site: "Kajaani".to_owned(),
            template: template.to_owned(),
            backend: backend.clone(),
            ..RangeInput::default()
        };
        ranges::add(core, system, &range).await?;
    }
    let assign = |project: &str, block: &str, note: &str, egress| AssignInput {
        project: project.to_owned(),
        block: block.to_owned(),
        note: note.to_owned(),
        egress,
    };
    addresses::assign(core, system, &assign("", "192.0.2.2", "the relay itself", true)).await?;
    for (block, note) in OURS {
        addresses::assign(core, system, &assign(slug.as_str(), block, note, false)).await?;
        if let Ok(ip) = block.parse::<IpAddr>() {
            let default = format!("vm{}.kaj.example", block.rsplit('.').next().unwrap_or_default());
            dns.set_ptr(ip, &[&default]);
        }
    }
    Ok(())
}

/// Tickets that wait for somebody, and one that was refused.
async fn asked(core: &Core, clock: &Clock, dns: &FixedAnswers, slug: &Slug) -> Result<()> {
    let system = &Actor::System;
    let refused = ask(core, slug, "192.0.2.120", "bank.example", "A shorter name").await?;
    clock.advance(Duration::from_secs(1_800));
    tickets::refuse(core, system, refused, "The domain is not the project's; ask its owner to point it here.").await?;
    let quota = TicketRequest {
        per_day: "20000".to_owned(),
        use_case: "The yearly newsletter goes to all former users.".to_owned(),
        ..TicketRequest::default()
    };
    tickets::open(core, system, slug, TicketKind::Quota, quota, false).await?;
    by_hand_now(core, dns, slug).await?;
    let waits = ask(core, slug, "192.0.2.120", "www.gene-portal.example", "The new home of the portal.").await?;
    let note = "The record is ordered and will be published this week.";
    Ok(tickets::comment(core, system, waits, note, false).await?)
}

/// A name that is done.
async fn named(core: &Core, clock: &Clock, dns: &FixedAnswers, slug: &Slug) -> Result<()> {
    let (ip, name): (IpAddr, _) = ("192.0.2.25".parse()?, "mail.gene-portal.example");
    dns.set_addresses(name, &[ip]);
    let number = ask(core, slug, "192.0.2.25", name, "Two partner sites refuse mail without it.").await?;
    clock.advance(Duration::from_secs(3_600));
    tickets::approve(core, &Actor::System, number).await?;
    name_changes::run_due(core, &Actor::System).await?;
    clock.advance(Duration::from_secs(1_200));
    dns.set_ptr(ip, &[name]);
    if let Some(change) = tickets::get(core, &Actor::System, None, number).await?.change {
        name_changes::confirm_applied(core, &Actor::System, change.id).await?;
    }
    name_changes::run_due(core, &Actor::System).await?;
    Ok(())
}

/// A name that somebody has to apply by hand.
async fn by_hand_now(core: &Core, dns: &FixedAnswers, slug: &Slug) -> Result<()> {
    let name = "api.gene-portal.example";
    dns.set_addresses(name, &["192.0.2.81".parse()?]);
    let number = ask(core, slug, "192.0.2.81", name, "Programs of partners look it up.").await?;
    tickets::approve(core, &Actor::System, number).await?;
    name_changes::run_due(core, &Actor::System).await?;
    Ok(())
}

async fn ask(core: &Core, slug: &Slug, address: &str, name: &str, use_case: &str) -> Result<TicketNumber> {
    let request = TicketRequest {
        address: address.to_owned(),
        name: name.to_owned(),
        use_case: use_case.to_owned(),
        ..TicketRequest::default()
    };
    Ok(tickets::open(core, &Actor::System, slug, TicketKind::SetPtr, request, false).await?)
}
