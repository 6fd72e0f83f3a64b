//! Refusals that are gathered now, in bounded memory.

use super::NewRefusal;
use crate::{Actor, Core, tables::refusal};
use relay_types::{Timestamp, id, refusal::Rule};
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::Notify;
use uuid::Uuid;

/// Equal refusals within this time are one row.
const SPAN: Duration = Duration::from_secs(60);
/// Past this many groups, refusals are told apart by project and rule alone.
const MOST: usize = 8_192;
/// The same, for one project (or for those of no project, which anyone on the network can cause).
const MOST_OF_ONE: usize = 512;

/// Client, who, address, cause.
type Particulars = (IpAddr, Option<String>, Option<String>, Option<&'static str>);

/// What makes two refusals equal; without a client it stands for all of the project and rule.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    project: Option<Uuid>,
    rule: Rule,
    of: Option<Particulars>,
}

struct Group {
    row: refusal::Model,
    /// Since the last write.
    unwritten: u32,
}

#[derive(Default)]
struct Open {
    groups: HashMap<Key, Group>,
    of_project: HashMap<Option<Uuid>, usize>,
    /// Ended with something to write.
    ended: Vec<Group>,
}

/// The open groups of this node.
#[derive(Default)]
pub(crate) struct Groups {
    open: Mutex<Open>,
    /// Woken when there is something to write.
    pub(super) wake: Notify,
}

impl Groups {
    /// See [`super::code_for`].
    pub(super) fn code_for(&self, core: &Core, refusal: &NewRefusal) -> String {
        let now = core.now();
        let mut open = self.lock();
        let key = open.key(refusal);
        if open.groups.get(&key).is_none_or(|group| has_ended(group, now)) {
            let id = Uuid::now_v7();
            let code = encode(&core.sealing.sign("refusal-code", id.as_bytes()));
            open.begin(key, new_row(id, code.clone(), refusal, now));
            return code;
        }
        open.groups.get(&key).map(|group| group.row.code.clone()).unwrap_or_default()
    }

    /// See [`super::record`].
    pub(super) fn record(&self, core: &Core, refusal: &NewRefusal, code: &str, reply: &str) {
        let mut open = self.lock();
        let key = open.key(refusal);
        // The group may have ended since its code was given: it goes on as a group with that code.
        if open.groups.get(&key).is_none_or(|group| group.row.code != code) {
            open.begin(key.clone(), new_row(Uuid::now_v7(), code.to_owned(), refusal, core.now()));
        }
        if let Some(group) = open.groups.get_mut(&key) {
            if group.row.reply.is_empty() {
                group.row.reply = clean(reply, 1_000);
            }
            group.unwritten = group.unwritten.saturating_add(1);
        }
        drop(open);
        self.wake.notify_one();
    }

    /// Rows to write, with the number of refusals since the last time; forgets groups that ended.
    pub(super) fn take(&self, now: Timestamp) -> Vec<refusal::Model> {
        let mut open = self.lock();
        let mut rows = Rows::default();
        for group in open.ended.drain(..) {
            rows.add(counted(&group));
        }
        for group in open.groups.values_mut().filter(|group| group.unwritten > 0) {
            rows.add(counted(group));
            group.unwritten = 0;
        }
        open.groups.retain(|_, group| !has_ended(group, now));
        let mut of_project = HashMap::new();
        for key in open.groups.keys().filter(|key| key.of.is_some()) {
            *of_project.entry(key.project).or_default() += 1;
        }
        open.of_project = of_project;
        rows.0
    }

    /// Takes back rows that could not be written.
    pub(super) fn put_back(&self, rows: Vec<refusal::Model>) {
        let mut open = self.lock();
        let room = MOST.saturating_sub(open.ended.len());
        open.ended.extend(
            rows.into_iter().take(room).map(|row| Group { unwritten: u32::try_from(row.count).unwrap_or(0), row }),
        );
        drop(open);
        self.wake.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    /// The refusal's own key, or the coarse one when there are too many.
    fn key(&self, refusal: &NewRefusal) -> Key {
        let (project, _) = belongs_to(&refusal.actor);
        let who = refusal.who();
        let of = Some((refusal.client, who, refusal.address.clone(), refusal.cause));
        let fine = Key { project, rule: refusal.rule, of };
        let full = self.groups.len() >= MOST || self.of_project.get(&project).is_some_and(|&n| n >= MOST_OF_ONE);
        if full && !self.groups.contains_key(&fine) { Key { of: None, ..fine } } else { fine }
    }

    fn begin(&mut self, key: Key, mut row: refusal::Model) {
        if key.of.is_none() {
            // It stands for many, of which the first client is the example.
            row.who = None;
            row.address = None;
            row.cause = None;
            row.source_id = None;
        } else if !self.groups.contains_key(&key) {
            *self.of_project.entry(key.project).or_default() += 1;
        }
        let before = self.groups.insert(key, Group { row, unwritten: 0 });
        if let Some(group) = before.filter(|group| group.unwritten > 0 && self.ended.len() < MOST) {
            self.ended.push(group);
        }
    }
}

impl NewRefusal {
    fn who(&self) -> Option<String> {
        match &self.actor {
            Actor::ServiceAccount { label, .. }
            | Actor::TrustedNetwork { label, .. }
            | Actor::ApiToken { label, .. } => Some(label.clone()),
            Actor::User { email, .. } => Some(email.to_string()),
            Actor::Anonymous { .. } | Actor::System => self.username.as_deref().map(|name| clean(name, 100)),
        }
    }
}

fn belongs_to(actor: &Actor) -> (Option<Uuid>, Option<Uuid>) {
    match actor {
        Actor::ServiceAccount { id, project_id, .. } => (Some(project_id.uuid()), Some(id.uuid())),
        Actor::TrustedNetwork { id, project_id, .. } => (Some(project_id.uuid()), Some(id.uuid())),
        Actor::Anonymous { .. } | Actor::User { .. } | Actor::ApiToken { .. } | Actor::System => (None, None),
    }
}

fn new_row(id: Uuid, code: String, refusal: &NewRefusal, now: Timestamp) -> refusal::Model {
    let (project_id, source_id) = belongs_to(&refusal.actor);
    refusal::Model {
        id,
        project_id,
        code,
        at: now.0,
        count: 0,
        rule: refusal.rule.as_str().to_owned(),
        client: refusal.client.to_canonical().to_string(),
        helo: refusal.helo.as_deref().map(|helo| clean(helo, 255)),
        listener: clean(&refusal.listener, 100),
        who: refusal.who(),
        source_id,
        address: refusal.address.as_deref().map(|address| clean(address, 400)),
        reply: String::new(),
        cause: refusal.cause.map(str::to_owned),
    }
}

/// Rows of one statement, each code once: PostgreSQL refuses to change a row twice (`ON CONFLICT`). A code comes twice
/// when a write failed and its group went on, or when it went on under the code of the minute before.
#[derive(Default)]
struct Rows(Vec<refusal::Model>, HashMap<String, usize>);

impl Rows {
    fn add(&mut self, row: refusal::Model) {
        match self.1.get(&row.code) {
            Some(&place) => self.0[place].count = self.0[place].count.saturating_add(row.count),
            None => {
                self.1.insert(row.code.clone(), self.0.len());
                self.0.push(row);
            }
        }
    }
}

fn counted(group: &Group) -> refusal::Model {
    refusal::Model { count: i32::try_from(group.unwritten).unwrap_or(i32::MAX), ..group.row.clone() }
}

fn has_ended(group: &Group, now: Timestamp) -> bool {
    now.since(Timestamp(group.row.at)) >= SPAN
}

/// What a client sent, fit for a page and for PostgreSQL's text, which holds no NUL.
fn clean(text: &str, most: usize) -> String {
    text.chars().take(most).map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// The first 40 bits as 8 characters.
fn encode(octets: &[u8; 32]) -> String {
    let bits = octets[..5].iter().fold(0u64, |bits, &octet| (bits << 8) | u64::from(octet));
    (0..8).rev().map(|i| char::from(id::ALPHABET[((bits >> (5 * i)) & 31) as usize])).collect()
}

/// A code as typed by hand: any case, look-alikes read as what they stand for.
pub(super) fn canonical_code(typed: &str) -> String {
    id::read_typed(&typed.chars().take(16).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_back_as_it_may_be_typed() {
        let code = encode(&[0x08; 32]);
        assert_eq!(code.len(), 8);
        assert_eq!(canonical_code(&code.to_lowercase()), code);
        assert_eq!(canonical_code("oil-oil0"), "0110110");
    }

    #[test]
    fn what_a_client_sent_is_made_fit() {
        assert_eq!(clean("a\0b\r\nc", 4), "a\u{fffd}b\u{fffd}");
    }
}
