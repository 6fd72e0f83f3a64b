//! `check_host()` (RFC 7208 §4 to §6): the terms in their order until one decides, and what was seen on the way.

use super::{
    LOOKUPS, Question, VOIDS,
    macros::{Place, Template},
    names::{family, is_name, is_within, name, validated, value},
    record::{Hosts, Mechanism, Qualifier, Record, SyntaxError, Term, is_record, same_network},
};
use crate::{
    Facts,
    facts::{Data, Kind},
};
use relay_types::spf::{SpfEvaluation, SpfResult, SpfStep};
use std::net::IpAddr;

/// With more exchangers, `mx` is an error (RFC 7208 §4.6.4).
const EXCHANGERS: usize = 10;
/// So much of an explanation is kept: more than fits into a reply.
const EXPLANATION: usize = 500;
/// So many errors of a record are told in a sentence.
const ERRORS: usize = 3;
/// So many steps are told, and those that decided: an honest record has a few dozen, a hostile one thousands.
const STEPS: usize = 300;

/// The result of one record, and why.
struct Verdict {
    result: SpfResult,
    because: String,
    explanation: Option<String>,
}

fn verdict(result: SpfResult, because: String) -> Verdict {
    Verdict { result, because, explanation: None }
}

/// What became of one mechanism.
enum Seen {
    /// It matches; why in one sentence, when another record knows better.
    Match(Option<String>),
    /// It does not, in words.
    No(String),
    /// The evaluation ends here.
    End(Verdict),
}

struct Walk<'a> {
    facts: &'a Facts,
    question: Question,
    lookups: u32,
    voids: u32,
    /// How many `include`s we are in: the explanation of a record there is not the domain's.
    including: u32,
    steps: Vec<SpfStep>,
    /// How many steps are not told.
    untold: u32,
}

pub(super) fn evaluate(facts: &Facts, question: Question) -> SpfEvaluation {
    let mut walk = Walk { facts, question, lookups: 0, voids: 0, including: 0, steps: Vec::new(), untold: 0 };
    let domain = walk.question.domain.clone();
    let verdict = walk.check_host(&domain, 0);
    if walk.untold > 0 {
        let said = format!("{} more terms, which decided nothing", walk.untold);
        walk.step(0, &domain, "", &said, false);
    }
    let Question { ip, domain, sender, helo } = walk.question;
    SpfEvaluation {
        ip,
        domain,
        sender,
        helo,
        result: verdict.result,
        because: verdict.because,
        explanation: verdict.explanation,
        lookups: walk.lookups,
        voids: walk.voids,
        steps: walk.steps,
    }
}

/// The one record of a domain (RFC 7208 §4.4, §4.5), or what the evaluation ends with.
fn select(facts: &Facts, domain: &str) -> Result<String, Verdict> {
    if !is_name(domain) || !domain.contains('.') {
        return Err(verdict(SpfResult::None, format!("{domain} is no name that could have an SPF record")));
    }
    let texts = facts.texts(domain).map_err(|why| {
        verdict(SpfResult::TempError, format!("DNS did not answer about the SPF record of {domain}: {why}"))
    })?;
    let mut records: Vec<String> = texts.into_iter().filter(|text| is_record(text)).collect();
    match records.len() {
        0 => Err(verdict(SpfResult::None, format!("{domain} has no SPF record"))),
        1 => Ok(records.remove(0)),
        more => {
            Err(verdict(SpfResult::PermError, format!("{domain} has {more} SPF records, and only one may be there")))
        }
    }
}

impl Walk<'_> {
    fn check_host(&mut self, domain: &str, depth: u32) -> Verdict {
        let text = match select(self.facts, domain) {
            Ok(text) => text,
            Err(verdict) => {
                self.step(depth, domain, "", &verdict.because, true);
                return verdict;
            }
        };
        let record = match Record::parse(&text) {
            Ok(record) => record,
            Err(errors) => {
                let said = told(&errors);
                self.step(depth, domain, &text, &format!("cannot be read: {said}"), true);
                return verdict(SpfResult::PermError, format!("the SPF record of {domain} cannot be read: {said}"));
            }
        };
        self.step(depth, domain, &text, "the record", false);
        let mut decided = None;
        for (term, qualifier, mechanism) in record.directives() {
            if decided.is_some() {
                let place = self.steps.len();
                self.step(depth, domain, &term.text, "not evaluated", false);
                self.forget(place);
                continue;
            }
            let place = self.steps.len();
            self.step(depth, domain, &term.text, "", false);
            let seen = self.mechanism(domain, depth, term, mechanism);
            let (said, verdict) = match seen {
                Seen::No(said) => (said, None),
                Seen::Match(because) => {
                    let result = result_of(qualifier);
                    let because = because.filter(|_| result == SpfResult::Pass);
                    let own = || format!("{} matched in the record of {domain}", term.text);
                    ("matches".to_owned(), Some(verdict(result, because.unwrap_or_else(own))))
                }
                Seen::End(verdict) => (verdict.because.clone(), Some(verdict)),
            };
            let step = &mut self.steps[place];
            (step.said, step.decided) = (said, verdict.is_some());
            if step.lookups < self.lookups && !matches!(mechanism, Mechanism::Include(_)) {
                step.lookups = self.lookups;
            }
            if verdict.is_none() {
                self.forget(place);
            }
            decided = verdict;
        }
        let redirect = record.redirect();
        let Some(mut verdict) = decided else {
            return match redirect {
                Some((term, target)) => self.redirect(domain, depth, term, target),
                None => verdict(SpfResult::Neutral, format!("no term in the record of {domain} matched")),
            };
        };
        if let Some((term, _)) = redirect {
            self.step(depth, domain, &term.text, "not evaluated", false);
        }
        if verdict.result == SpfResult::Fail && self.including == 0 {
            verdict.explanation = record.exp().and_then(|target| self.explanation(domain, target));
        }
        verdict
    }

    fn step(&mut self, depth: u32, domain: &str, term: &str, said: &str, decided: bool) {
        let (domain, term, said) = (domain.to_owned(), term.to_owned(), said.to_owned());
        self.steps.push(SpfStep { depth, domain, term, said, decided, lookups: self.lookups });
    }

    /// Takes back the steps from this place on when enough are told.
    fn forget(&mut self, place: usize) {
        if place >= STEPS {
            self.steps.truncate(place);
            self.untold += 1;
        }
    }

    fn mechanism(&mut self, domain: &str, depth: u32, term: &Term, mechanism: &Mechanism) -> Seen {
        match mechanism {
            Mechanism::All => return Seen::Match(None),
            Mechanism::Ip(network, length) => return met(same_network(self.question.ip, *network, *length)),
            _ => {}
        }
        if let Some(verdict) = self.spend(domain, term) {
            return Seen::End(verdict);
        }
        if let Some(step) = self.steps.last_mut() {
            step.lookups = self.lookups;
        }
        let template = match mechanism {
            Mechanism::Include(name) | Mechanism::Exists(name) => Some(name),
            Mechanism::A(hosts) | Mechanism::Mx(hosts) => hosts.name.as_ref(),
            Mechanism::Ptr(name) => name.as_ref(),
            Mechanism::All | Mechanism::Ip(..) => None,
        };
        let target = match template {
            None => Some(domain.to_owned()),
            Some(template) => name(self.facts, &self.question, domain, template),
        };
        let Some(target) = target else {
            // A name that cannot be is nowhere (RFC 7208 §4.3): include wants a record there.
            return match mechanism {
                Mechanism::Include(_) => Seen::End(verdict(
                    SpfResult::PermError,
                    format!("{} in the record of {domain} makes no name that could be", term.text),
                )),
                _ => Seen::No("its name cannot be".to_owned()),
            };
        };
        match mechanism {
            Mechanism::Include(_) => self.include(domain, depth, term, &target),
            Mechanism::A(hosts) => self.a(domain, term, hosts, &target),
            Mechanism::Mx(hosts) => self.mx(domain, term, hosts, &target),
            Mechanism::Ptr(_) => self.ptr(domain, term, &target),
            Mechanism::Exists(_) => match self.facts.addresses(&target, Kind::A) {
                Err(why) => silent(domain, term, &target, why),
                Ok(found) if found.is_empty() => self.void(domain, term, format!("{target} has no A record")),
                Ok(_) => Seen::Match(None),
            },
            Mechanism::All | Mechanism::Ip(..) => Seen::No("does not match".to_owned()),
        }
    }

    /// Counts a look-up; the end when it is one too many (RFC 7208 §4.6.4).
    fn spend(&mut self, domain: &str, term: &Term) -> Option<Verdict> {
        self.lookups += 1;
        (self.lookups > LOOKUPS).then(|| {
            let because =
                format!("more than {LOOKUPS} DNS look-ups: {} in the record of {domain} is one too many", term.text);
            verdict(SpfResult::PermError, because)
        })
    }

    /// Counts a term whose name has nothing; the end when it is one too many (RFC 7208 §4.6.4).
    fn void(&mut self, domain: &str, term: &Term, said: String) -> Seen {
        self.voids += 1;
        if self.voids <= VOIDS {
            return Seen::No(said);
        }
        let because = format!(
            "more than {VOIDS} look-ups had no answer: {} in the record of {domain} is one too many",
            term.text
        );
        Seen::End(verdict(SpfResult::PermError, because))
    }

    /// By the table of RFC 7208 §5.2.
    fn include(&mut self, domain: &str, depth: u32, term: &Term, target: &str) -> Seen {
        self.including += 1;
        let inner = self.check_host(target, depth + 1);
        self.including -= 1;
        match inner.result {
            SpfResult::Pass => Seen::Match(Some(inner.because)),
            SpfResult::Fail | SpfResult::SoftFail | SpfResult::Neutral => {
                Seen::No(format!("does not match ({})", inner.result.as_str()))
            }
            SpfResult::TempError | SpfResult::PermError => Seen::End(inner),
            SpfResult::None => Seen::End(verdict(
                SpfResult::PermError,
                format!("{} in the record of {domain} leads to no SPF record", term.text),
            )),
        }
    }

    fn a(&mut self, domain: &str, term: &Term, hosts: &Hosts, target: &str) -> Seen {
        let ip = self.question.ip;
        match self.facts.addresses(target, family(ip)) {
            Err(why) => silent(domain, term, target, why),
            Ok(found) if found.is_empty() => {
                self.void(domain, term, format!("{target} has no {} record", family(ip).as_str()))
            }
            Ok(found) => met(found.into_iter().any(|address| hosts.hold(ip, address))),
        }
    }

    fn mx(&mut self, domain: &str, term: &Term, hosts: &Hosts, target: &str) -> Seen {
        let exchangers = self.facts.read(target, Kind::Mx, |data| match data {
            Data::Mx(_, exchange) => Some(exchange.clone()),
            _ => None,
        });
        let mut exchangers = match exchangers {
            Err(why) => return silent(domain, term, target, why),
            Ok(found) if found.is_empty() => return self.void(domain, term, format!("{target} has no MX record")),
            Ok(found) => found.into_iter().flatten().collect::<Vec<String>>(),
        };
        exchangers.sort();
        exchangers.dedup();
        if exchangers.len() > EXCHANGERS {
            let because = format!(
                "{} in the record of {domain} leads to {} mail exchangers, and {EXCHANGERS} are allowed",
                term.text,
                exchangers.len()
            );
            return Seen::End(verdict(SpfResult::PermError, because));
        }
        let ip = self.question.ip;
        // All are asked for at once, so that a check needs one round for them.
        let found: Vec<_> = exchangers.iter().map(|host| (host, self.facts.addresses(host, family(ip)))).collect();
        let mut any = false;
        for (host, addresses) in found {
            match addresses {
                Err(why) => return silent(domain, term, host, why),
                Ok(addresses) if addresses.iter().any(|address| hosts.hold(ip, *address)) => return Seen::Match(None),
                Ok(addresses) => any |= !addresses.is_empty(),
            }
        }
        if any || exchangers.is_empty() {
            return met(false);
        }
        self.void(domain, term, format!("no exchanger of {target} has a record of type {}", family(ip).as_str()))
    }

    fn ptr(&mut self, domain: &str, term: &Term, target: &str) -> Seen {
        let (names, is_void) = validated(self.facts, self.question.ip);
        if is_void {
            return self.void(domain, term, format!("{} has no PTR record", self.question.ip));
        }
        met(names.iter().any(|name| is_within(name, target)))
    }

    /// RFC 7208 §6.1: the other record decides as if it were this one's; where there is none, that is an error.
    fn redirect(&mut self, domain: &str, depth: u32, term: &Term, target: &Template) -> Verdict {
        let spent = self.spend(domain, term);
        self.step(depth, domain, &term.text, "the record there decides", true);
        if let Some(verdict) = spent {
            return verdict;
        }
        let gone = || format!("{} in the record of {domain} leads to no SPF record", term.text);
        let Some(target) = name(self.facts, &self.question, domain, target) else {
            return verdict(SpfResult::PermError, gone());
        };
        let inner = self.check_host(&target, depth + 1);
        if inner.result == SpfResult::None { verdict(SpfResult::PermError, gone()) } else { inner }
    }

    /// RFC 7208 §6.2: whatever is wrong with it, there is none.
    fn explanation(&self, domain: &str, target: &Template) -> Option<String> {
        let target = name(self.facts, &self.question, domain, target)?;
        let texts = self.facts.texts(&target).ok()?;
        let [text] = texts.as_slice() else { return None };
        let template = Template::parse(text, Place::Explanation).ok()?;
        let asked_at = self.facts.get(&target, Kind::Txt).shown.asked_at.0 / 1000;
        let mut filled = template.fill(|letter| match letter {
            't' => asked_at.to_string(),
            letter => value(self.facts, &self.question, domain, letter),
        });
        if let Some((end, _)) = filled.char_indices().nth(EXPLANATION) {
            filled.truncate(end);
        }
        (!filled.is_empty()).then_some(filled)
    }
}

impl Hosts {
    /// Whether an address is near enough to one of the host's.
    fn hold(&self, ip: IpAddr, address: IpAddr) -> bool {
        same_network(ip, address, if address.is_ipv4() { self.four } else { self.six })
    }
}

/// The first errors of a record.
fn told(errors: &[SyntaxError]) -> String {
    let first: Vec<String> = errors.iter().take(ERRORS).map(ToString::to_string).collect();
    let more = errors.len().saturating_sub(ERRORS);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    format!("{}{more}", first.join("; "))
}

fn met(matches: bool) -> Seen {
    if matches { Seen::Match(None) } else { Seen::No("does not match".to_owned()) }
}

fn silent(domain: &str, term: &Term, target: &str, why: &str) -> Seen {
    let because = format!("DNS did not answer about {target}, for {} in the record of {domain}: {why}", term.text);
    Seen::End(verdict(SpfResult::TempError, because))
}

fn result_of(qualifier: Qualifier) -> SpfResult {
    match qualifier {
        Qualifier::Pass => SpfResult::Pass,
        Qualifier::Fail => SpfResult::Fail,
        Qualifier::SoftFail => SpfResult::SoftFail,
        Qualifier::Neutral => SpfResult::Neutral,
    }
}
