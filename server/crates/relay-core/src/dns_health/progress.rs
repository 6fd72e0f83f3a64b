//! How far the checks are that people wait for on this node. Nothing of it is kept.

use crate::Core;
use relay_dns::Facts;
use relay_types::finding::{Report, Step};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};
use uuid::Uuid;

/// Of each domain that is being checked.
#[derive(Default)]
pub(crate) struct Progress(Mutex<HashMap<Uuid, Vec<Step>>>);

impl Progress {
    /// How far the check of a domain is; none when none goes on here.
    pub(crate) fn of(&self, domain: Uuid) -> Option<Vec<Step>> {
        self.lock().get(&domain).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, Vec<Step>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A check that somebody waits for; it is over when this is dropped.
pub(crate) struct Watched<'a> {
    core: &'a Core,
    domain: Uuid,
}

impl<'a> Watched<'a> {
    /// Begins.
    pub(crate) fn new(core: &'a Core, domain: Uuid) -> Self {
        core.progress.lock().insert(domain, Vec::new());
        Self { core, domain }
    }

    /// Notes how far it is.
    pub(crate) fn seen(&self, report: &Report, facts: &Facts) {
        let mut steps = BTreeMap::new();
        for finding in &report.findings {
            let answered = finding.asked.iter().all(|question| facts.has(question));
            *steps.entry(finding.subject).or_insert(true) &= answered;
        }
        let steps = steps.into_iter().map(|(subject, done)| Step { subject, done }).collect();
        self.core.progress.lock().insert(self.domain, steps);
    }
}

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        self.core.progress.lock().remove(&self.domain);
    }
}
