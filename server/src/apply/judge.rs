//! The whole file, judged before anything is done: what would be refused half-way is refused first. It reads, and
//! changes nothing.

use super::file::{self, File, ProjectPart};
use anyhow::{Context, Result, bail, ensure};
use relay_core::{Actor, Core, Error, domains, networks, projects, senders, service_accounts, suppressions};
use relay_types::{domain::Domain, limit::Limits, sender::Sender, service_account::ServiceAccount};
use std::{collections::HashSet, fmt::Display, hash::Hash};

/// What a project has now; nothing when it is not there yet.
#[derive(Default)]
struct Known {
    limits: Limits,
    domains: Vec<Domain>,
    senders: Vec<Sender>,
    accounts: Vec<ServiceAccount>,
}

/// Judges a file.
pub async fn judge(core: &Core, file: &File) -> Result<()> {
    once("project", file.projects.iter().map(|part| part.slug.to_string()))?;
    networks_apart(file)?;
    for part in &file.projects {
        project(core, part).await.with_context(|| format!("project {}", part.slug))?;
    }
    Ok(())
}

/// Each thing is named once: of two the second would be found as the first has just made it.
fn once<T: Display + Hash + Eq + Clone>(what: &str, names: impl Iterator<Item = T>) -> Result<()> {
    let mut seen = HashSet::new();
    for name in names {
        ensure!(seen.insert(name.clone()), "{what} {name} is there twice");
    }
    Ok(())
}

fn networks_apart(file: &File) -> Result<()> {
    let all: Vec<_> = file.projects.iter().flat_map(|part| part.networks.iter().map(move |one| (part, one))).collect();
    for (place, (part, one)) in all.iter().enumerate() {
        let (first, last) = one.cidr.bounds();
        for (other_part, other) in &all[..place] {
            let (other_first, other_last) = other.cidr.bounds();
            if part.slug != other_part.slug && first <= other_last && other_first <= last {
                let (a, b) = (&other_part.slug, &part.slug);
                bail!("network {} of project {a} and {} of {b} share addresses", other.cidr, one.cidr);
            }
        }
    }
    Ok(())
}

async fn project(core: &Core, part: &ProjectPart) -> Result<()> {
    once("network", part.networks.iter().map(|one| one.cidr.to_string()))?;
    once("domain", part.domains.iter().map(|one| one.name.to_string()))?;
    once("sender", part.senders.iter().map(|one| one.address.key()))?;
    once("suppression", part.suppressions.iter().map(|one| one.address.key()))?;
    once("service account", part.service_accounts.iter().map(|one| one.label().to_owned()))?;
    let (system, slug) = (&Actor::System, &part.slug);
    let known = known(core, part).await?;
    let wanted = projects::Wanted {
        name: part.name.as_deref(),
        limits: file::limits(part.limits, known.limits),
        route: part.route.clone(),
    };
    projects::judge(core, system, slug, wanted).await?;
    for one in &part.suppressions {
        let place = || format!("suppression {}", one.address);
        // One that has ended was right when it was written.
        let until = one.until().with_context(place)?.filter(|&at| at > core.now());
        let judged = suppressions::judge(core, system, &one.address.to_string(), &one.reason, until);
        judged.with_context(place)?;
    }
    for one in &part.networks {
        let judged = networks::judge(core, system, slug, one.cidr, &one.label()).await;
        judged.with_context(|| format!("network {}", one.cidr))?;
    }
    for one in part.domains.iter().filter(|one| !one.verified) {
        if known.domains.iter().all(|known| known.name != one.name) {
            domains::judge(core, system, &one.name).await.with_context(|| format!("domain {}", one.name))?;
        }
    }
    for one in part.senders.iter().filter(|one| !one.verified) {
        let domain = one.address.domain();
        let is_there = known.senders.iter().any(|known| known.address.key() == one.address.key());
        let mut named = part.domains.iter().map(|one| &one.name).chain(known.domains.iter().map(|one| &one.name));
        if !is_there && named.all(|name| name != domain) {
            domains::judge(core, system, domain).await.with_context(|| format!("sender {}", one.address))?;
        }
    }
    for one in &part.service_accounts {
        let place = || format!("service account {}", one.label());
        match known.accounts.iter().find(|account| account.label == one.label()) {
            Some(account) => service_accounts::judge(one.over_known(account).with_context(place)?),
            None => service_accounts::judge_new(core, one.of_new().with_context(place)?),
        }
        .with_context(place)?;
    }
    Ok(())
}

async fn known(core: &Core, part: &ProjectPart) -> Result<Known> {
    let (system, slug) = (&Actor::System, &part.slug);
    let limits = match projects::frame(core, system, slug).await {
        Ok(frame) => frame.project.limits,
        Err(Error::NotFound) => return Ok(Known::default()),
        Err(error) => return Err(error.into()),
    };
    Ok(Known {
        limits,
        domains: domains::list(core, system, slug).await?,
        senders: senders::list(core, system, slug).await?,
        accounts: service_accounts::list(core, system, slug).await?,
    })
}
