//! `relaykeep apply FILE`: makes what a YAML file says true. Idempotent: a second run changes nothing and issues
//! nothing. It adds and changes; it never removes what the file does not name.
//!
//! The whole file is judged first. Should the work end half-way all the same, what was done stays, is reported, and the
//! next run does the rest. A secret that was issued by a run which died before its report is replaced by the next.

mod file;
mod judge;

use anyhow::{Context, Result};
use file::{File, ProjectPart};
use relay_core::{
    Actor, Core, Error, IssuedSecret, domains, networks, projects, senders, service_accounts, suppressions,
};
use relay_types::{EmailAddress, project::Slug, sender::Verification, service_account::ServiceAccountId};
use serde::Serialize;
use std::{collections::HashMap, io::Write, path::Path};

/// A secret that was issued, printed once on stdout.
#[derive(Serialize)]
pub struct Issued {
    project: Slug,
    label: String,
    username: String,
    secret: String,
    #[serde(skip)]
    account: ServiceAccountId,
}

/// What a run did, as JSON on stdout.
#[derive(Serialize, Default)]
pub struct Report {
    /// Secrets of the service accounts that were made.
    pub issued: Vec<Issued>,
    /// How many things were made or changed.
    pub changed: usize,
}

/// Applies a file as the machine's administrator.
///
/// The report is written also when something could not be done: what was issued before is told once, now or never.
pub async fn run(core: &Core, path: &Path, output: &mut impl Write) -> Result<()> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let place = || format!("in {}", path.display());
    let file: File = serde_norway::from_str(&text).with_context(place)?;
    judge::judge(core, &file).await.with_context(place)?;
    let (report, outcome) = work(core, &file).await;
    if outcome.is_ok() || report.changed > 0 {
        let text = serde_json::to_string_pretty(&report)?;
        let written = writeln!(output, "{text}").and_then(|()| output.flush());
        written.with_context(|| {
            let names: Vec<_> = report.issued.iter().map(|issued| issued.username.as_str()).collect();
            match names.as_slice() {
                [] => "the report cannot be written; what the file says is done".to_owned(),
                names => {
                    format!("the report cannot be written; the next run issues new secrets for {}", names.join(", "))
                }
            }
        })?;
        told(core, &report).await?;
    }
    outcome.with_context(place)
}

/// Its secrets are known now, and stay.
async fn told(core: &Core, report: &Report) -> Result<()> {
    let accounts: Vec<_> = report.issued.iter().map(|issued| issued.account).collect();
    Ok(service_accounts::told(core, &Actor::System, &accounts).await?)
}

/// Does what a judged file says; what was done before an error is in the report.
async fn work(core: &Core, file: &File) -> (Report, Result<()>) {
    let mut run = Run { core, report: Report::default() };
    let outcome = run.file(file).await;
    (run.report, outcome)
}

struct Run<'a> {
    core: &'a Core,
    report: Report,
}

impl Run<'_> {
    async fn file(&mut self, file: &File) -> Result<()> {
        if let Some(name) = &file.default_domain {
            let now = domains::default_domain(self.core, &Actor::System).await?;
            if now.is_none_or(|now| now.domain.name != *name) {
                let set = domains::set_default_domain(self.core, &Actor::System, name.clone()).await;
                set.context("default_domain")?;
                self.report.changed += 1;
            }
        }
        for project in &file.projects {
            self.project(project).await.with_context(|| format!("project {}", project.slug))?;
        }
        Ok(())
    }

    async fn project(&mut self, part: &ProjectPart) -> Result<()> {
        let (core, actor, slug) = (self.core, &Actor::System, &part.slug);
        let project = match projects::frame(core, actor, slug).await {
            Ok(frame) => frame.project,
            Err(Error::NotFound) => {
                let name = part.name.as_deref().unwrap_or(slug.as_str());
                projects::create(core, actor, name, slug.clone(), part.sandbox.unwrap_or(true)).await?;
                self.report.changed += 1;
                projects::frame(core, actor, slug).await?.project
            }
            Err(error) => return Err(error.into()),
        };
        if let Some(name) = &part.name {
            self.changed(projects::rename(core, actor, slug, name).await?);
        }
        if let Some(sandbox) = part.sandbox {
            self.changed(projects::set_sandbox(core, actor, slug, sandbox).await?);
        }
        let limits = file::limits(part.limits, project.limits);
        self.changed(projects::set_limits(core, actor, slug, limits).await.context("limits")?);
        if let Some(contact) = &part.bounce_contact {
            let set = projects::set_bounce_contact(core, actor, slug, contact.clone()).await;
            self.changed(set.context("bounce_contact")?);
        }
        if let Some(route) = &part.route {
            self.changed(projects::set_route(core, actor, slug, route.clone()).await.context("route")?);
        }
        self.networks(part).await?;
        self.domains(part).await?;
        self.senders(part).await?;
        self.suppressions(part).await?;
        self.service_accounts(part).await
    }

    fn changed(&mut self, changed: bool) {
        self.report.changed += usize::from(changed);
    }

    async fn networks(&mut self, part: &ProjectPart) -> Result<()> {
        let known = networks::list(self.core, &Actor::System, &part.slug).await?;
        for wanted in &part.networks {
            let place = || format!("network {}", wanted.cidr);
            match known.iter().find(|network| network.cidr == wanted.cidr) {
                None => {
                    networks::add(self.core, &Actor::System, &part.slug, wanted.cidr, &wanted.label())
                        .await
                        .with_context(place)?;
                }
                Some(network) if wanted.label.is_some() && network.label != wanted.label() => {
                    networks::rename(self.core, &Actor::System, &part.slug, network.id, &wanted.label())
                        .await
                        .with_context(place)?;
                }
                Some(_) => continue,
            }
            self.report.changed += 1;
        }
        Ok(())
    }

    async fn domains(&mut self, part: &ProjectPart) -> Result<()> {
        let known = domains::list(self.core, &Actor::System, &part.slug).await?;
        for wanted in &part.domains {
            let found = known.iter().find(|domain| domain.name == wanted.name);
            let name = wanted.name.clone();
            if wanted.verified && found.is_none_or(|domain| domain.state != Verification::Verified) {
                domains::mark_verified(self.core, &Actor::System, &part.slug, name)
                    .await
                    .with_context(|| format!("domain {}", wanted.name))?;
            } else if found.is_none() {
                domains::add(self.core, &Actor::System, &part.slug, name)
                    .await
                    .with_context(|| format!("domain {}", wanted.name))?;
            } else {
                continue;
            }
            self.report.changed += 1;
        }
        Ok(())
    }

    async fn suppressions(&mut self, part: &ProjectPart) -> Result<()> {
        for wanted in &part.suppressions {
            let (address, until) = (wanted.address.to_string(), wanted.until()?);
            if until.is_some_and(|at| at <= self.core.now()) {
                continue;
            }
            match suppressions::add(self.core, &Actor::System, &part.slug, &address, &wanted.reason, until).await {
                Ok(_) => self.report.changed += 1,
                Err(Error::Conflict { .. }) => {}
                Err(error) => return Err(error).with_context(|| format!("suppression {address}")),
            }
        }
        Ok(())
    }

    async fn senders(&mut self, part: &ProjectPart) -> Result<()> {
        let known = senders::list(self.core, &Actor::System, &part.slug).await?;
        let known: HashMap<String, _> = known.iter().map(|sender| (sender.address.key(), sender)).collect();
        let domains = domains::list(self.core, &Actor::System, &part.slug).await?;
        let covered = |address: &EmailAddress| {
            domains.iter().any(|one| one.name == *address.domain() && one.state == Verification::Verified)
        };
        for wanted in &part.senders {
            let address = wanted.address.to_string();
            let found = known.get(&wanted.address.key());
            if wanted.verified && found.is_none_or(|sender| sender.state != Verification::Verified) {
                senders::mark_verified(self.core, &Actor::System, &part.slug, &address)
                    .await
                    .with_context(|| format!("sender {address}"))?;
            } else if found.is_none() && !covered(&wanted.address) {
                senders::add(self.core, &Actor::System, &part.slug, &address)
                    .await
                    .with_context(|| format!("sender {address}"))?;
            } else {
                continue;
            }
            self.report.changed += 1;
        }
        Ok(())
    }

    async fn service_accounts(&mut self, part: &ProjectPart) -> Result<()> {
        let known = service_accounts::list(self.core, &Actor::System, &part.slug).await?;
        let untold = service_accounts::untold(self.core, &Actor::System, &part.slug).await?;
        for wanted in &part.service_accounts {
            let place = || format!("service account {}", wanted.label());
            match known.iter().find(|account| account.label == wanted.label()) {
                None => {
                    let settings = wanted.of_new().with_context(place)?;
                    let made = service_accounts::create_untold(self.core, &Actor::System, &part.slug, settings).await;
                    let (id, secret) = made.with_context(place)?;
                    let made = service_accounts::get(self.core, &Actor::System, &part.slug, id).await;
                    // The secret is told whatever happens; the name is on the account's page too.
                    let username = made.map(|made| made.account.username).unwrap_or_default();
                    self.issued(part, wanted.label(), id, username, &secret);
                }
                Some(account) => {
                    if untold.contains(&account.id) {
                        let secret =
                            service_accounts::issue_untold(self.core, &Actor::System, &part.slug, account.id).await;
                        let secret = secret.with_context(place)?;
                        self.issued(part, wanted.label(), account.id, account.username.clone(), &secret);
                        self.report.changed += 1;
                    }
                    let settings = wanted.over_known(account).with_context(place)?;
                    if settings == file::settings_of(account) {
                        continue;
                    }
                    service_accounts::update(self.core, &Actor::System, &part.slug, account.id, settings)
                        .await
                        .with_context(place)?;
                }
            }
            self.report.changed += 1;
        }
        Ok(())
    }

    fn issued(
        &mut self,
        part: &ProjectPart,
        label: &str,
        account: ServiceAccountId,
        username: String,
        secret: &IssuedSecret,
    ) {
        let (project, label, secret) = (part.slug.clone(), label.to_owned(), secret.reveal().to_owned());
        self.report.issued.push(Issued { project, label, username, secret, account });
    }
}

#[cfg(test)]
mod tests;
