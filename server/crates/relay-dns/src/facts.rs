//! The facts of one check, and how they are gathered.
//!
//! A judgement is a pure function of [`Facts`]: it asks them for answers as if all were known. What is not there is
//! noted and looks like an answer that failed; [`gather`] asks DNS for it and judges again, until nothing is missing.
//! So a judgement can be tested with a table, and a check asks each question once.

use crate::Resolver;
use futures_util::{StreamExt, stream};
use relay_types::{Timestamp, finding::LookedUp};
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    pin::pin,
    sync::LazyLock,
    time::Duration,
};
use tokio::time::Instant;

/// Questions of one check that are open at a time.
const TOGETHER: usize = 16;
/// A check asks no more questions than this: more than an honest domain needs, and a bound on what a hostile one costs.
const MOST: usize = 400;
/// Nor does it go on for longer than so many rounds of questions that follow from answers.
const ROUNDS: usize = 40;
/// Nor for longer than this, however slow the servers of a domain are: both together are less than a request may take.
const LONGEST_OF_SERVERS: Duration = Duration::from_secs(30);
const LONGEST_OF_RESOLVER: Duration = Duration::from_secs(25);

/// Types of records that are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// IPv4 addresses.
    A,
    /// IPv6 addresses.
    Aaaa,
    /// Certification authorities (RFC 8659).
    Caa,
    /// The alias itself, not what is behind it.
    Cname,
    /// Delegation signer (RFC 4034 §5); asked of resolvers alone, for it is in the zone above.
    Ds,
    /// Mail exchangers.
    Mx,
    /// Name servers.
    Ns,
    /// Names of an address.
    Ptr,
    /// Texts.
    Txt,
}

impl Kind {
    /// As in zone files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Caa => "CAA",
            Self::Cname => "CNAME",
            Self::Ds => "DS",
            Self::Mx => "MX",
            Self::Ns => "NS",
            Self::Ptr => "PTR",
            Self::Txt => "TXT",
        }
    }
}

/// One record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Data {
    /// A or AAAA.
    Address(IpAddr),
    /// CNAME, NS or PTR: in lower case without trailing dot; empty for the root.
    Name(String),
    /// MX; the exchange is none for the null MX (RFC 7505).
    Mx(u16, Option<String>),
    /// TXT: its strings, where octets that are not UTF-8 are replaced.
    Text(Vec<String>),
    /// Anything else, as in zone files.
    Other(String),
}

/// What is known of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// These records, in no order that means anything, sorted.
    Records(Vec<Data>),
    /// Certainly none: whether there is no such name at all.
    Nothing {
        /// NXDOMAIN, as opposed to a name without records of this type.
        no_such_name: bool,
    },
    /// Why nothing is known, in words. Never counts as bad.
    Unknown(String),
}

/// The answer to one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What is known.
    pub known: Known,
    /// Names that aliases led to on the way, in their order.
    pub aliases: Vec<String>,
    /// Whether all authoritative servers that gave a certain answer gave the same.
    pub agreed: bool,
    /// How it was asked and answered, to be shown.
    pub shown: LookedUp,
}

/// Who is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// The authoritative servers, with our resolver beside them: for people who wait for a change to be seen.
    Authoritative,
    /// Our resolver alone, whose answers are kept for their TTL, an absence for five minutes at most: for what is asked
    /// again and again.
    Resolver,
}

/// Answers by question.
#[derive(Debug, Default)]
pub struct Facts {
    answers: BTreeMap<(String, Kind), Answer>,
    missing: RefCell<BTreeSet<(String, Kind)>>,
}

impl Facts {
    /// The answer about a name, in any case, with or without trailing dot. What was not asked yet is
    /// [`Known::Unknown`], and will be asked.
    pub fn get(&self, name: &str, kind: Kind) -> &Answer {
        let question = (key(name), kind);
        self.answers.get(&question).unwrap_or_else(|| {
            self.missing.borrow_mut().insert(question);
            &NOT_ASKED
        })
    }

    /// The texts at a name, each joined (RFC 7208 §3.3, RFC 6376 §3.6.2.2); none when there certainly is none; an error
    /// in words when nothing is known.
    pub fn texts(&self, name: &str) -> Result<Vec<String>, &str> {
        self.read(name, Kind::Txt, |data| match data {
            Data::Text(strings) => Some(strings.concat()),
            _ => None,
        })
    }

    /// The addresses of a host in one family or both, as asked: [`Kind::A`], [`Kind::Aaaa`].
    pub fn addresses(&self, name: &str, kind: Kind) -> Result<Vec<IpAddr>, &str> {
        self.read(name, kind, |data| match data {
            Data::Address(address) => Some(*address),
            _ => None,
        })
    }

    /// What `read` makes of the records; none when there certainly is none; an error in words when nothing is known.
    pub fn read<T>(&self, name: &str, kind: Kind, read: impl Fn(&Data) -> Option<T>) -> Result<Vec<T>, &str> {
        match &self.get(name, kind).known {
            Known::Records(records) => Ok(records.iter().filter_map(read).collect()),
            Known::Nothing { .. } => Ok(Vec::new()),
            Known::Unknown(why) => Err(why),
        }
    }

    /// Puts an answer in, as if it had been asked.
    pub fn insert(&mut self, name: &str, kind: Kind, answer: Answer) {
        self.answers.insert((key(name), kind), answer);
    }

    /// What was asked and answered, by name.
    pub fn shown(&self) -> Vec<LookedUp> {
        self.answers.values().map(|answer| answer.shown.clone()).collect()
    }

    /// Whether a question, as [`LookedUp::question`] names it, was answered or failed.
    pub fn has(&self, question: &str) -> bool {
        self.answers.values().any(|answer| answer.shown.question == question)
    }

    /// How many questions were asked.
    pub fn len(&self) -> usize {
        self.answers.len()
    }

    /// Whether nothing was asked.
    pub fn is_empty(&self) -> bool {
        self.answers.is_empty()
    }
}

/// How a question is named on pages: [`LookedUp::question`].
pub fn question(name: &str, kind: Kind) -> String {
    format!("{} {}", kind.as_str(), key(name))
}

/// Judges, asks for what was missing, and judges again until nothing is.
///
/// Bounded in questions, rounds and time; what is beyond stays [`Known::Unknown`].
pub async fn gather<T>(resolver: &Resolver, ask: Ask, now: Timestamp, judge: impl Fn(&Facts) -> T) -> (T, Facts) {
    gather_watched(resolver, ask, now, judge, |_, _| {}).await
}

/// As [`gather`], and tells after each answer what was judged before it came and what is known now.
pub async fn gather_watched<T>(
    resolver: &Resolver,
    ask: Ask,
    now: Timestamp,
    judge: impl Fn(&Facts) -> T,
    seen: impl Fn(&T, &Facts),
) -> (T, Facts) {
    let mut facts = Facts::default();
    let longest = if ask == Ask::Resolver { LONGEST_OF_RESOLVER } else { LONGEST_OF_SERVERS };
    let until = Instant::now() + longest;
    for _ in 0..ROUNDS {
        let judged = judge(&facts);
        let missing = facts.missing.take();
        let room = MOST.saturating_sub(facts.len());
        if missing.is_empty() || room == 0 {
            return (judged, facts);
        }
        let asked = stream::iter(missing.into_iter().take(room)).map(|(name, kind)| async move {
            let answer = resolver.look_up_until(until, &name, kind, ask, now).await?;
            Some(((name, kind), answer))
        });
        let mut asked = pin!(asked.buffer_unordered(TOGETHER));
        seen(&judged, &facts);
        while let Some(answered) = asked.next().await {
            facts.answers.extend(answered);
            seen(&judged, &facts);
        }
        if Instant::now() >= until {
            break;
        }
    }
    (judge(&facts), facts)
}

fn key(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

static NOT_ASKED: LazyLock<Answer> = LazyLock::new(|| Answer {
    known: Known::Unknown("no time was left to ask".to_owned()),
    aliases: Vec::new(),
    agreed: true,
    shown: LookedUp {
        question: String::new(),
        said: "not asked".to_owned(),
        records: Vec::new(),
        ttl: None,
        servers: Vec::new(),
        resolver: None,
        dig: String::new(),
        asked_at: Timestamp(0),
    },
});

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_check_of_many_names_that_nobody_answers_ends_in_time_and_knows_nothing() {
        // It is there, so that nothing is refused, and says nothing.
        let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let resolver = Resolver::new(&[silent.local_addr().unwrap()]).unwrap();
        for (ask, longest) in [(Ask::Authoritative, LONGEST_OF_SERVERS), (Ask::Resolver, LONGEST_OF_RESOLVER)] {
            let began = Instant::now();
            let judge = |facts: &Facts| {
                let known = (0..300).filter(|n| facts.texts(&format!("m{n}.example")).is_ok());
                known.count()
            };
            let (known, facts) = gather(&resolver, ask, Timestamp(0), judge).await;
            assert_eq!(known, 0);
            assert!(began.elapsed() < longest + Duration::from_secs(1), "{ask:?} took {:?}", began.elapsed());
            assert_eq!(facts.texts("m299.example"), Err("no time was left to ask"));
        }
    }
}
