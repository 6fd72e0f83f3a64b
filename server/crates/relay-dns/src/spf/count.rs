//! What a record costs when nothing in it matches: all its look-ups, whichever address is asked about.
//!
//! An evaluation ends at the first match, so a record with too many look-ups fails for some addresses alone. Whoever
//! mends it needs the whole number.

use super::{
    Question,
    macros::Template,
    names::{family, name, validated},
    record::{Mechanism, Qualifier, Record, is_record},
};
use crate::{
    Facts,
    facts::{Data, Kind},
};
use std::collections::VecDeque;

/// Counting ends here: a hostile record could go on for ever.
const MOST: u32 = 50;
/// More exchangers are an error, and are not asked for.
const EXCHANGERS: usize = 10;

/// The look-ups of a record and of all it includes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cost {
    /// Look-ups that count (RFC 7208 §4.6.4).
    pub lookups: u32,
    /// Of these without an answer.
    pub voids: u32,
    /// What the terms of the domain's own record cost, those that cost something.
    pub terms: Vec<TermCost>,
    /// Terms without an answer, with the domain they stand at.
    pub empty: Vec<(String, String)>,
    /// Terms with `ptr`, with the domain they stand at.
    pub ptr: Vec<(String, String)>,
    /// Terms that let nearly every address in, with the domain they stand at; not the `all` of the domain itself.
    pub open: Vec<(String, String)>,
    /// Terms that lead to no record, to several or to one that cannot be read, with the domain they stand at: an error
    /// for everyone who gets that far (RFC 7208 §5.2).
    pub broken: Vec<(String, String)>,
    /// The domain whose record leads to itself.
    pub circle: Option<String>,
    /// Whether DNS did not answer somewhere, or counting was given up.
    pub is_partial: bool,
}

/// What one term costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TermCost {
    /// As written.
    pub term: String,
    /// With all it leads to.
    pub lookups: u32,
}

/// Counts for the question's domain, with its address in macros and for the family of addresses.
///
/// Level by level, so that a record that branches without end asks for no more than what is counted.
pub fn count(facts: &Facts, question: &Question) -> Cost {
    let question = question.complete();
    let mut counting = Counting { facts, question: &question, cost: Cost::default(), next: VecDeque::new() };
    let own =
        Place { domain: question.domain.clone(), above: Vec::new(), term: String::new(), of: None, lets_in: true };
    counting.next.push_back(own);
    while let Some(place) = counting.next.pop_front() {
        counting.record(&place);
    }
    let mut cost = counting.cost;
    cost.terms.retain(|term| term.lookups > 0);
    cost
}

struct Counting<'a> {
    facts: &'a Facts,
    question: &'a Question,
    cost: Cost,
    /// Records still to be looked at.
    next: VecDeque<Place>,
}

/// A record, and how the way led there.
struct Place {
    domain: String,
    /// The domains on the way, the first one first.
    above: Vec<String>,
    /// The term of the last of them that led here.
    term: String,
    /// The term of the domain's own record that all of it is counted for: an index of [`Cost::terms`].
    of: Option<usize>,
    /// Whether what passes here passes for the domain: not behind `-include`.
    lets_in: bool,
}

impl Counting<'_> {
    fn record(&mut self, place: &Place) {
        let domain = &place.domain;
        if place.above.contains(domain) {
            self.cost.circle.get_or_insert_with(|| domain.clone());
            return;
        }
        let Ok(texts) = self.facts.texts(domain) else {
            self.cost.is_partial = true;
            return;
        };
        let mut records = texts.iter().filter(|text| is_record(text)).map(|text| Record::parse(text));
        let (Some(Ok(record)), None) = (records.next(), records.next()) else {
            self.cost.broken.extend(place.above.last().map(|domain| (domain.clone(), place.term.clone())));
            return;
        };
        for (term, qualifier, mechanism) in record.directives() {
            let wide = match mechanism {
                Mechanism::All => place.of.is_some(),
                Mechanism::Ip(address, length) => *length < if address.is_ipv4() { 8 } else { 12 },
                _ => false,
            };
            let passes = place.lets_in && qualifier == Qualifier::Pass;
            if wide && passes {
                self.cost.open.push((domain.clone(), term.text.clone()));
            }
            match mechanism {
                Mechanism::All => break,
                Mechanism::Ip(..) => {}
                Mechanism::Include(target) => self.follow(place, &term.text, target, passes),
                other => self.hosts(place, &term.text, other),
            }
        }
        if let Some((term, target)) = record.redirect() {
            self.follow(place, &term.text, target, place.lets_in);
        }
    }

    /// Counts a look-up of a term; none when counting is given up, else the term of the domain's own record.
    fn spend(&mut self, place: &Place, term: &str) -> Option<usize> {
        if self.cost.lookups >= MOST {
            self.cost.is_partial = true;
            return None;
        }
        self.cost.lookups += 1;
        let of = place.of.unwrap_or_else(|| {
            self.cost.terms.push(TermCost { term: term.to_owned(), lookups: 0 });
            self.cost.terms.len() - 1
        });
        self.cost.terms[of].lookups += 1;
        Some(of)
    }

    fn follow(&mut self, place: &Place, term: &str, target: &Template, lets_in: bool) {
        let Some(of) = self.spend(place, term) else { return };
        let Some(domain) = name(self.facts, self.question, &place.domain, target) else {
            self.cost.broken.push((place.domain.clone(), term.to_owned()));
            return;
        };
        let above = [&place.above[..], std::slice::from_ref(&place.domain)].concat();
        self.next.push_back(Place { domain, above, term: term.to_owned(), of: Some(of), lets_in });
    }

    /// A mechanism that asks for hosts.
    fn hosts(&mut self, place: &Place, term: &str, mechanism: &Mechanism) {
        if self.spend(place, term).is_none() {
            return;
        }
        let (domain, ip) = (&place.domain, self.question.ip);
        let target = match mechanism {
            Mechanism::A(hosts) | Mechanism::Mx(hosts) => hosts.name.as_ref(),
            Mechanism::Exists(target) => Some(target),
            _ => None,
        };
        let target =
            target.map_or_else(|| Some(domain.clone()), |target| name(self.facts, self.question, domain, target));
        let is_empty = match (mechanism, target) {
            (Mechanism::Ptr(_), _) => {
                self.cost.ptr.push((domain.clone(), term.to_owned()));
                Some(validated(self.facts, ip).1)
            }
            // A name that cannot be is not asked for.
            (_, None) => Some(false),
            (Mechanism::Exists(_), Some(host)) => self.nothing(&host, Kind::A),
            (Mechanism::Mx(_), Some(host)) => self.no_exchanger(&host),
            (_, Some(host)) => self.nothing(&host, family(ip)),
        };
        match is_empty {
            None => self.cost.is_partial = true,
            Some(false) => {}
            Some(true) => {
                self.cost.voids += 1;
                self.cost.empty.push((domain.clone(), term.to_owned()));
            }
        }
    }

    /// Whether a host certainly has no address; none when that is not known.
    fn nothing(&self, host: &str, kind: Kind) -> Option<bool> {
        self.facts.addresses(host, kind).ok().map(|found| found.is_empty())
    }

    fn no_exchanger(&self, domain: &str) -> Option<bool> {
        let exchangers = self.facts.read(domain, Kind::Mx, |data| match data {
            Data::Mx(_, exchange) => Some(exchange.clone()),
            _ => None,
        });
        let exchangers = exchangers.ok()?;
        let hosts: Vec<_> = exchangers
            .iter()
            .flatten()
            .take(EXCHANGERS)
            .map(|host| self.nothing(host, family(self.question.ip)))
            .collect();
        if exchangers.is_empty() {
            return Some(true);
        }
        if hosts.contains(&Some(false)) || hosts.is_empty() {
            return Some(false);
        }
        hosts.into_iter().try_fold(true, |all, host| Some(all && host?))
    }
}
