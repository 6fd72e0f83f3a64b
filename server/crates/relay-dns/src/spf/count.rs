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

/// Counting ends here: a hostile record could go on for ever.
const MOST: u32 = 50;

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
pub fn count(facts: &Facts, question: &Question) -> Cost {
    let question = question.complete();
    let mut cost = Cost::default();
    let domain = question.domain.clone();
    Counting { facts, question: &question, cost: &mut cost, lets_in: true }.record(&domain, &[], "");
    cost
}

struct Counting<'a> {
    facts: &'a Facts,
    question: &'a Question,
    cost: &'a mut Cost,
    /// Whether what passes here passes for the domain: not behind `-include`.
    lets_in: bool,
}

impl Counting<'_> {
    /// The record of a domain, to which a term of the one before led.
    fn record(&mut self, domain: &str, above: &[String], term: &str) {
        if above.iter().any(|other| other == domain) {
            self.cost.circle.get_or_insert_with(|| domain.to_owned());
            return;
        }
        let Ok(texts) = self.facts.texts(domain) else {
            self.cost.is_partial = true;
            return;
        };
        let mut records = texts.iter().filter(|text| is_record(text)).map(|text| Record::parse(text));
        let (Some(Ok(record)), None) = (records.next(), records.next()) else {
            self.cost.broken.extend(above.last().map(|domain| (domain.clone(), term.to_owned())));
            return;
        };
        let above = [above, &[domain.to_owned()]].concat();
        for (term, qualifier, mechanism) in record.directives() {
            let is_all = *mechanism == Mechanism::All;
            let wide = match mechanism {
                Mechanism::All => above.len() > 1,
                Mechanism::Ip(address, length) => *length < if address.is_ipv4() { 8 } else { 12 },
                _ => false,
            };
            if wide && qualifier == Qualifier::Pass && self.lets_in {
                self.cost.open.push((domain.to_owned(), term.text.clone()));
            }
            if is_all {
                break;
            }
            if self.cost.lookups >= MOST {
                self.cost.is_partial = true;
                return;
            }
            let before = self.cost.lookups;
            let lets_in = self.lets_in;
            self.lets_in &= qualifier == Qualifier::Pass;
            self.mechanism(domain, &above, &term.text, mechanism);
            self.lets_in = lets_in;
            self.spent(&above, &term.text, before);
        }
        if let Some((term, target)) = record.redirect() {
            let before = self.cost.lookups;
            self.cost.lookups += 1;
            self.follow(domain, &above, &term.text, target);
            self.spent(&above, &term.text, before);
        }
    }

    fn spent(&mut self, above: &[String], term: &str, before: u32) {
        let lookups = self.cost.lookups - before;
        if above.len() == 1 && lookups > 0 {
            self.cost.terms.push(TermCost { term: term.to_owned(), lookups });
        }
    }

    fn follow(&mut self, domain: &str, above: &[String], term: &str, target: &Template) {
        if self.cost.lookups >= MOST {
            self.cost.is_partial = true;
        } else if let Some(target) = name(self.facts, self.question, domain, target) {
            self.record(&target, above, term);
        }
    }

    fn mechanism(&mut self, domain: &str, above: &[String], term: &str, mechanism: &Mechanism) {
        let own = |template: &Option<Template>| match template {
            None => Some(domain.to_owned()),
            Some(template) => name(self.facts, self.question, domain, template),
        };
        let ip = self.question.ip;
        let is_empty = match mechanism {
            Mechanism::All | Mechanism::Ip(..) => return,
            Mechanism::Include(target) => {
                self.cost.lookups += 1;
                return self.follow(domain, above, term, target);
            }
            Mechanism::Ptr(_) => {
                self.cost.ptr.push((domain.to_owned(), term.to_owned()));
                Some(validated(self.facts, ip).1)
            }
            Mechanism::A(hosts) => own(&hosts.name).and_then(|host| self.nothing(&host, family(ip))),
            Mechanism::Exists(target) => {
                name(self.facts, self.question, domain, target).and_then(|host| self.nothing(&host, Kind::A))
            }
            Mechanism::Mx(hosts) => own(&hosts.name).and_then(|host| self.no_exchanger(&host)),
        };
        self.cost.lookups += 1;
        match is_empty {
            None => self.cost.is_partial = true,
            Some(false) => {}
            Some(true) => {
                self.cost.voids += 1;
                self.cost.empty.push((domain.to_owned(), term.to_owned()));
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
        let hosts: Vec<_> =
            exchangers.iter().flatten().map(|host| self.nothing(host, family(self.question.ip))).collect();
        if exchangers.is_empty() {
            return Some(true);
        }
        if hosts.contains(&Some(false)) || hosts.is_empty() {
            return Some(false);
        }
        hosts.into_iter().try_fold(true, |all, host| Some(all && host?))
    }
}
