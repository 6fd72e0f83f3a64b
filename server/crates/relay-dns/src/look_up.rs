//! One question for [`crate::facts`], asked of the authoritative servers and of our resolver, and how it is shown.

mod shown;

use crate::{
    authority::{ALIASES, Authority, Followed, Heard, Said, absence},
    facts::{Answer, Ask, Data, Kind, Known, question},
    name::{from_text, to_text},
    wire::{Question, code_text},
    zones::is_certain,
};
use hickory_proto::rr::{Name, RData, RecordType};
use relay_types::{Timestamp, finding::LookedUp, reverse::ServerAnswer};
use shown::{dig, shown_records, words};
use std::{cmp::Reverse, net::SocketAddr, time::Duration};

/// How long a resolver is waited for, each of two times: it may have to ask many servers itself.
const PATIENCE: Duration = Duration::from_secs(5);
/// An answer with more records is not judged: some domains have a hundred texts, none has so many.
const RECORDS: usize = 500;
/// So many octets are kept of a text, and so many of its strings.
const LONGEST: usize = 4096;
const STRINGS: usize = 256;
/// What stands where a text is cut off: no record holds it, so that nothing cut is taken for a whole.
const CUT: &str = "\u{2026}";

/// What one resolver says of a name.
pub(crate) struct AtResolver {
    pub records: Vec<RData>,
    pub aliases: Vec<Name>,
    pub no_such_name: bool,
    pub ttl: Option<u32>,
}

impl Authority {
    /// Asks as `ask` says.
    pub(crate) async fn look_up(&self, name: &str, kind: Kind, ask: Ask, asked_at: Timestamp) -> Answer {
        let Some(owner) = from_text(name) else {
            return no_such(name, kind, asked_at);
        };
        if ask == Ask::Resolver || kind == Kind::Ds {
            let asking =
                async { of_resolver(name, kind, self.at_any_resolver(&owner, record_type(kind)).await, asked_at) };
            return match ask {
                Ask::Resolver => self.kept.get(name, kind, asked_at, asking).await,
                Ask::Authoritative => asking.await,
            };
        }
        let kinds = [record_type(kind)];
        let (followed, beside) =
            tokio::join!(self.follow(&owner, &kinds), self.at_any_resolver(&owner, record_type(kind)));
        of_servers(name, kind, followed, beside, asked_at)
    }

    /// The first of our resolvers that gives a certain answer, and which it was.
    async fn at_any_resolver(&self, name: &Name, kind: RecordType) -> Result<(String, AtResolver), String> {
        let mut trouble = "there is no resolver".to_owned();
        for resolver in self.zones.resolvers() {
            match self.at_resolver(*resolver, name.clone(), kind).await {
                Ok(said) => return Ok((resolver.to_string(), said)),
                Err(why) => trouble = why,
            }
        }
        Err(trouble)
    }

    /// What one resolver says. Where it stops at an alias, as authoritative servers do in a laboratory, it is asked on.
    pub(crate) async fn at_resolver(
        &self,
        resolver: SocketAddr,
        mut name: Name,
        kind: RecordType,
    ) -> Result<AtResolver, String> {
        let mut all = AtResolver { records: Vec::new(), aliases: Vec::new(), no_such_name: false, ttl: None };
        for _ in 0..=ALIASES {
            let question = Question { name: &name, kind, recursive: true, patience: PATIENCE };
            let answer = self.manners.ask(resolver, &question).await.map_err(|error| format!("{resolver}: {error}"))?;
            if !is_certain(&answer) {
                return Err(format!("{resolver} said {}", code_text(answer.metadata.response_code)));
            }
            let found = answer.answers.iter().filter(|record| record.record_type() == kind);
            all.records = found.map(|record| record.data.clone()).collect();
            let lives = answer.answers.iter().map(|record| record.ttl).chain(all.ttl);
            all.ttl = if all.records.is_empty() { lives.chain(absence(&answer)).min() } else { lives.min() };
            all.no_such_name = answer.metadata.response_code == hickory_proto::op::ResponseCode::NXDomain;
            let mut aliases: Vec<(&Name, &Name)> = answer
                .answers
                .iter()
                .filter_map(|record| match &record.data {
                    RData::CNAME(target) if kind != RecordType::CNAME => Some((&record.name, &target.0)),
                    _ => None,
                })
                .collect();
            let (mut end, before) = (name.clone(), all.aliases.len());
            while let Some(next) = aliases.iter().position(|(from, _)| **from == end) {
                end = aliases.swap_remove(next).1.clone();
                all.aliases.push(end.clone());
            }
            let followed = all.aliases.len() - before;
            if all.aliases.len() > ALIASES || (followed > 0 && end == name && all.records.is_empty()) {
                break;
            }
            if !all.records.is_empty() || followed == 0 {
                return Ok(all);
            }
            // A server that serves the alias's zone alone says what it knows of the end, also that it does not exist
            // (RFC 2317 leads through such zones); asking on is harmless where the resolver followed the alias itself.
            name = end;
        }
        Err(format!("{resolver}: more than {ALIASES} aliases in a row"))
    }
}

/// A name that DNS cannot hold (a label of more than 63 octets) certainly has no record.
pub(crate) fn no_such(name: &str, kind: Kind, asked_at: Timestamp) -> Answer {
    answer(name, kind, Known::Nothing { no_such_name: true }, Vec::new(), None, asked_at)
}

/// An answer without servers; [`of_servers`] and others add what they know.
pub(crate) fn answer(
    name: &str,
    kind: Kind,
    known: Known,
    aliases: Vec<String>,
    ttl: Option<u32>,
    asked_at: Timestamp,
) -> Answer {
    let records = shown_records(&known);
    let shown = LookedUp {
        question: question(name, kind),
        said: words(&known, kind),
        dig: dig(name, kind, &known, &aliases, ttl),
        records,
        ttl,
        servers: Vec::new(),
        resolver: None,
        asked_at,
    };
    Answer { known, aliases, agreed: true, shown }
}

fn of_resolver(name: &str, kind: Kind, said: Result<(String, AtResolver), String>, asked_at: Timestamp) -> Answer {
    match said {
        Err(why) => answer(name, kind, Known::Unknown(why), Vec::new(), None, asked_at),
        Ok((resolver, said)) => {
            let known = known(said.records, said.no_such_name);
            let aliases = said.aliases.iter().map(to_text).collect();
            let mut answer = answer(name, kind, known, aliases, said.ttl, asked_at);
            answer.shown.resolver = Some(beside(resolver, &answer.known, kind));
            answer.shown.dig = format!("; asked the resolver {}\n{}", server_of(&answer), answer.shown.dig);
            answer
        }
    }
}

fn of_servers(
    name: &str,
    kind: Kind,
    followed: Followed,
    resolver: Result<(String, AtResolver), String>,
    asked_at: Timestamp,
) -> Answer {
    let said: Vec<(&Heard, Known)> = followed.servers.iter().map(|heard| (heard, known_of(heard))).collect();
    let mut certain = said.iter().filter(|(_, known)| !matches!(known, Known::Unknown(_)));
    let agreed = certain.clone().all(|(_, known)| certain.clone().next().is_some_and(|(_, first)| same(first, known)));
    // Where they differ, a change is on its way: what somebody has already is what it will be, and what most have is
    // what most are told.
    let alike = |known: &Known| certain.clone().filter(|(_, other)| other == known).count();
    let records = certain.clone().filter(|(_, known)| matches!(known, Known::Records(_)));
    let with = records.min_by_key(|(_, known)| Reverse(alike(known)));
    let best = with.or_else(|| certain.next()).filter(|_| followed.certain);
    let trouble = || {
        let why = said.iter().find_map(|(heard, known)| match known {
            Known::Unknown(why) => Some(format!("{}: {why}", heard.server)),
            _ => None,
        });
        why.unwrap_or_else(|| "no server gave an answer".to_owned())
    };
    let known = best.map_or_else(|| Known::Unknown(trouble()), |(_, known)| known.clone());
    let ttl = followed.ttls().min();
    let aliases = followed.aliases.iter().map(|(target, _)| to_text(target)).collect();
    let mut answer = answer(name, kind, known, aliases, ttl, asked_at);
    answer.agreed = agreed;
    if let Some((heard, _)) = best {
        answer.shown.dig = format!("; asked {}\n{}", heard.server, answer.shown.dig);
    }
    answer.shown.servers = said
        .iter()
        .map(|(heard, known)| ServerAnswer {
            server: heard.server.clone(),
            said: words(known, kind),
            records: shown_records(known),
            temporary: matches!(known, Known::Unknown(_)),
        })
        .collect();
    answer.shown.resolver = Some(match resolver {
        Ok((server, said)) => {
            let mut beside = beside(server, &self::known(said.records, said.no_such_name), kind);
            beside.said.extend(said.ttl.map(|ttl| format!(", kept for {ttl} s more")));
            beside
        }
        Err(why) => ServerAnswer { server: "resolver".to_owned(), said: why, records: Vec::new(), temporary: true },
    });
    answer
}

/// Whether two servers say the same: that there is nothing may be said in two ways.
fn same(one: &Known, other: &Known) -> bool {
    one == other || matches!((one, other), (Known::Nothing { .. }, Known::Nothing { .. }))
}

fn beside(server: String, known: &Known, kind: Kind) -> ServerAnswer {
    ServerAnswer { server, said: words(known, kind), records: shown_records(known), temporary: false }
}

fn server_of(answer: &Answer) -> &str {
    answer.shown.resolver.as_ref().map_or("", |resolver| &resolver.server)
}

fn known_of(heard: &Heard) -> Known {
    match heard.said.last() {
        Some(Said::Records(records, _)) => known(records.clone(), false),
        Some(Said::Nothing { no_such_name, .. }) => Known::Nothing { no_such_name: *no_such_name },
        Some(Said::Alias(target, _)) => Known::Unknown(format!("an alias of {}", to_text(target))),
        Some(Said::Referral(zone, _)) => Known::Unknown(format!("the servers of {} know", to_text(zone))),
        Some(Said::Unknown(why)) => Known::Unknown(why.clone()),
        None => Known::Unknown("not asked".to_owned()),
    }
}

fn known(records: Vec<RData>, no_such_name: bool) -> Known {
    if records.is_empty() {
        return Known::Nothing { no_such_name };
    }
    if records.len() > RECORDS {
        return Known::Unknown(format!("{} records at one name, and at most {RECORDS} are read", records.len()));
    }
    let mut records: Vec<Data> = records.iter().map(data).collect();
    records.sort();
    // A set of records has each once (RFC 2181 §5).
    records.dedup();
    Known::Records(records)
}

fn data(record: &RData) -> Data {
    match record {
        RData::A(four) => Data::Address(four.0.into()),
        RData::AAAA(six) => Data::Address(six.0.into()),
        RData::CNAME(name) => Data::Name(to_text(&name.0)),
        RData::NS(name) => Data::Name(to_text(&name.0)),
        RData::PTR(name) => Data::Name(to_text(&name.0)),
        RData::MX(mx) => Data::Mx(mx.preference, (!mx.exchange.is_root()).then(|| to_text(&mx.exchange))),
        RData::TXT(txt) => Data::Text(strings(&txt.txt_data)),
        other => Data::Other(other.to_string()),
    }
}

/// The strings of a text to a bound: a record may have 64 KB.
fn strings(octets: &[Box<[u8]>]) -> Vec<String> {
    let (mut strings, mut left) = (Vec::new(), LONGEST);
    for string in octets {
        if strings.len() == STRINGS || string.len() > left {
            let kept = string.get(..left).filter(|_| strings.len() < STRINGS).unwrap_or_default();
            strings.push(format!("{}{CUT}", String::from_utf8_lossy(kept)));
            return strings;
        }
        left -= string.len();
        strings.push(String::from_utf8_lossy(string).into_owned());
    }
    strings
}

fn record_type(kind: Kind) -> RecordType {
    match kind {
        Kind::A => RecordType::A,
        Kind::Aaaa => RecordType::AAAA,
        Kind::Caa => RecordType::CAA,
        Kind::Cname => RecordType::CNAME,
        Kind::Ds => RecordType::DS,
        Kind::Mx => RecordType::MX,
        Kind::Ns => RecordType::NS,
        Kind::Ptr => RecordType::PTR,
        Kind::Txt => RecordType::TXT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_whole_up_to_the_bound_and_marked_beyond() {
        let of = |lengths: &[usize]| {
            let octets: Vec<Box<[u8]>> = lengths.iter().map(|length| vec![b'a'; *length].into()).collect();
            let strings = strings(&octets);
            (strings.len(), strings.concat().len(), strings.concat().ends_with(CUT))
        };
        let full = [&[255; 16][..], &[16]].concat();
        assert_eq!(of(&full), (17, 4096, false));
        assert_eq!(of(&[&full[..], &[1]].concat()), (18, 4096 + 3, true));
        assert_eq!(of(&[&full[..16], &[17]].concat()), (17, 4096 + 3, true));
        assert_eq!(of(&[&full[..], &[0]].concat()), (18, 4096, false));
        assert_eq!(of(&[0; 256]), (256, 0, false));
        assert_eq!(of(&[0; 257]), (257, 3, true));
        assert_eq!(of(&[]), (0, 0, false));
    }
}
