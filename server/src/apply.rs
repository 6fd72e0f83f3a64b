//! `relaykeep apply FILE`: makes what a YAML file says true. Idempotent: a second run changes nothing and issues
//! nothing. It adds and changes; it never removes what the file does not name.

mod file;

use anyhow::{Context, Result};
use file::{File, ProjectPart};
use relay_core::{Actor, Core, Error, domains, networks, projects, senders, service_accounts};
use relay_types::{project::Slug, sender::Verification, service_account::ServiceAccountSettings};
use serde::Serialize;
use std::{collections::HashMap, io::Write, path::Path};

/// A secret that was issued, printed once on stdout.
#[derive(Serialize)]
pub struct Issued {
    project: Slug,
    label: String,
    username: String,
    secret: String,
}

/// What a run did, as JSON on stdout.
#[derive(Serialize)]
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
    let file: File = serde_norway::from_str(&text).with_context(|| format!("in {}", path.display()))?;
    let mut run = Run { core, issued: Vec::new(), changed: 0 };
    let done = run.file(&file).await;
    let report = Report { issued: run.issued, changed: run.changed };
    if done.is_ok() || report.changed > 0 {
        let text = serde_json::to_string_pretty(&report)?;
        let written = writeln!(output, "{text}").and_then(|()| output.flush());
        written.with_context(|| {
            let names: Vec<_> = report.issued.iter().map(|issued| issued.username.as_str()).collect();
            match names.as_slice() {
                [] => "the report cannot be written; what the file says is done".to_owned(),
                names => format!("the report cannot be written; issue new secrets for {}", names.join(", ")),
            }
        })?;
    }
    done
}

struct Run<'a> {
    core: &'a Core,
    issued: Vec<Issued>,
    changed: usize,
}

impl Run<'_> {
    async fn file(&mut self, file: &File) -> Result<()> {
        if let Some(name) = &file.default_domain {
            let now = domains::default_domain(self.core, &Actor::System).await?;
            if now.is_none_or(|now| now.domain.name != *name) {
                domains::set_default_domain(self.core, &Actor::System, name.clone()).await.context("default_domain")?;
                self.changed += 1;
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
                self.changed += 1;
                projects::frame(core, actor, slug).await?.project
            }
            Err(error) => return Err(error.into()),
        };
        if let Some(name) = part.name.as_ref().filter(|name| **name != project.name) {
            projects::rename(core, actor, slug, name).await?;
            self.changed += 1;
        }
        if let Some(sandbox) = part.sandbox.filter(|sandbox| *sandbox != project.sandbox) {
            projects::set_sandbox(core, actor, slug, sandbox).await?;
            self.changed += 1;
        }
        if let Some(limits) = part.limits.filter(|limits| *limits != project.limits) {
            projects::set_limits(core, actor, slug, limits).await.context("limits")?;
            self.changed += 1;
        }
        if part.bounce_contact.is_some() && part.bounce_contact != project.bounce_contact {
            projects::set_bounce_contact(core, actor, slug, part.bounce_contact.clone())
                .await
                .context("bounce_contact")?;
            self.changed += 1;
        }
        if let Some(route) = &part.route {
            // A stored password cannot be read back to compare it, so a route with one is always set again.
            if !file::is_route(route, &project.route) {
                projects::set_route(core, actor, slug, route.clone()).await.context("route")?;
                self.changed += 1;
            }
        }
        self.networks(part).await?;
        self.domains(part).await?;
        self.senders(part).await?;
        self.service_accounts(part).await
    }

    async fn networks(&mut self, part: &ProjectPart) -> Result<()> {
        let known = networks::list(self.core, &Actor::System, &part.slug).await?;
        for wanted in &part.networks {
            let place = || format!("network {}", wanted.cidr);
            match known.iter().find(|network| network.cidr == wanted.cidr) {
                None => {
                    networks::add(self.core, &Actor::System, &part.slug, wanted.cidr, &wanted.label)
                        .await
                        .with_context(place)?;
                }
                Some(network) if network.label != wanted.label => {
                    networks::rename(self.core, &Actor::System, &part.slug, network.id, &wanted.label)
                        .await
                        .with_context(place)?;
                }
                Some(_) => continue,
            }
            self.changed += 1;
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
            self.changed += 1;
        }
        Ok(())
    }

    async fn senders(&mut self, part: &ProjectPart) -> Result<()> {
        let known = senders::list(self.core, &Actor::System, &part.slug).await?;
        let known: HashMap<String, _> = known.iter().map(|sender| (sender.address.key(), sender)).collect();
        for wanted in &part.senders {
            let address = wanted.address.to_string();
            let found = known.get(&wanted.address.key());
            if wanted.verified && found.is_none_or(|sender| sender.state != Verification::Verified) {
                senders::mark_verified(self.core, &Actor::System, &part.slug, &address)
                    .await
                    .with_context(|| format!("sender {address}"))?;
            } else if found.is_none() {
                senders::add(self.core, &Actor::System, &part.slug, &address)
                    .await
                    .with_context(|| format!("sender {address}"))?;
            } else {
                continue;
            }
            self.changed += 1;
        }
        Ok(())
    }

    async fn service_accounts(&mut self, part: &ProjectPart) -> Result<()> {
        let known = service_accounts::list(self.core, &Actor::System, &part.slug).await?;
        for wanted in &part.service_accounts {
            let settings = wanted.settings()?;
            let place = || format!("service account {}", settings.label);
            match known.iter().find(|account| account.label == settings.label) {
                None => {
                    let (id, secret) =
                        service_accounts::create(self.core, &Actor::System, &part.slug, settings.clone())
                            .await
                            .with_context(place)?;
                    let made = service_accounts::get(self.core, &Actor::System, &part.slug, id).await?;
                    self.issued.push(Issued {
                        project: part.slug.clone(),
                        label: settings.label,
                        username: made.account.username,
                        secret: secret.reveal().to_owned(),
                    });
                }
                Some(account) => {
                    let now = ServiceAccountSettings {
                        label: account.label.clone(),
                        expires_at: account.expires_at,
                        allowed_cidrs: account.allowed_cidrs.clone(),
                        allowed_senders: account.allowed_senders.clone(),
                        default_sender: account.default_sender.clone(),
                        may_notify: account.may_notify,
                        limits: account.limits,
                    };
                    if now == settings {
                        continue;
                    }
                    service_accounts::update(self.core, &Actor::System, &part.slug, account.id, settings.clone())
                        .await
                        .with_context(place)?;
                }
            }
            self.changed += 1;
        }
        Ok(())
    }
}
