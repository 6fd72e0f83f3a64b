//! One look at a domain: everything is asked and judged at once, and states follow from the same answers.

use super::Watched;
use crate::Core;
use relay_dns::{
    Ask, Facts,
    facts::{Kind, Known},
    gather_watched,
    judge::{self, Ours, Subject},
};
use relay_types::{dns_record::Found, finding::Report};

/// What was seen of a domain.
pub(crate) struct Seen {
    /// How it was judged.
    pub(crate) report: Report,
    facts: Facts,
}

/// Asks and judges. Where authoritative servers cannot be reached at all, as behind some firewalls, the resolver is asked.
pub(crate) async fn look(core: &Core, subject: &Subject, ours: &Ours, ask: Ask) -> Seen {
    look_watched(core, subject, ours, ask, None).await
}

/// As [`look`], for somebody who watches.
pub(crate) async fn look_watched(
    core: &Core,
    subject: &Subject,
    ours: &Ours,
    ask: Ask,
    watched: Option<&Watched<'_>>,
) -> Seen {
    let seen = look_once(core, subject, ours, ask, watched).await;
    if ask == Ask::Authoritative && !seen.is_certain_of(subject) {
        let beside = look_once(core, subject, ours, Ask::Resolver, watched).await;
        if beside.is_certain_of(subject) {
            return beside;
        }
    }
    seen
}

async fn look_once(core: &Core, subject: &Subject, ours: &Ours, ask: Ask, watched: Option<&Watched<'_>>) -> Seen {
    let now = core.now();
    let judge = |facts: &Facts| {
        // Asked whatever the judgements ask: the states of the proof and of the keys follow from these.
        names(subject).for_each(|name| drop(facts.texts(&name)));
        if subject.delegated_to.is_some() {
            key_names(subject).for_each(|name| drop(facts.read(&name, Kind::Cname, |_| Some(()))));
        }
        judge::domain(facts, subject, ours, now)
    };
    let seen = |report: &Report, facts: &Facts| watched.into_iter().for_each(|watched| watched.seen(report, facts));
    let (report, facts) = gather_watched(core.resolver(), ask, now, judge, seen).await;
    Seen { report, facts }
}

fn names(subject: &Subject) -> impl Iterator<Item = String> {
    subject.proof.iter().map(|(name, _)| name.clone()).chain(key_names(subject))
}

fn key_names(subject: &Subject) -> impl Iterator<Item = String> {
    subject.keys.iter().map(|key| crate::dkim_keys::record_name(&key.selector, subject.domain.as_str()))
}

impl Seen {
    /// The texts at a name that was looked at; none is an answer, the error says why nothing is known.
    pub(crate) fn texts(&self, name: &str) -> Result<Found, String> {
        let answer = self.facts.get(name, Kind::Txt);
        let values = self.facts.texts(name).map_err(str::to_owned)?;
        let servers: Vec<String> = match &answer.shown.servers[..] {
            [] => answer.shown.resolver.iter().map(|resolver| resolver.server.clone()).collect(),
            servers => servers.iter().map(|server| server.server.clone()).collect(),
        };
        Ok(Found { values, ttl: answer.shown.ttl, resolvers: servers, asked_at: answer.shown.asked_at })
    }

    /// Whether every server that was asked gives the same texts at a name.
    pub(crate) fn agreed(&self, name: &str) -> bool {
        self.facts.get(name, Kind::Txt).agreed
    }

    /// Whether anything is known of the names that states follow from, or else of the domain itself.
    fn is_certain_of(&self, subject: &Subject) -> bool {
        let known = |name: &str, kind| !matches!(self.facts.get(name, kind).known, Known::Unknown(_));
        names(subject).any(|name| known(&name, Kind::Txt)) || known(subject.domain.as_str(), Kind::Mx)
    }
}
