//! What each authoritative server of a name says, asked without recursion and never from a cache.
//!
//! Follows aliases (RFC 1034 §3.6.2; in the reverse tree RFC 2317) from zone to zone and referrals downwards, both a
//! bounded number of times. Certain is only what a server says with authority (AA).

use crate::{
    kept::Kept,
    manners::Manners,
    mx::leads_back,
    wire::{Question, code_text},
    zones::{Zone, Zones, is_certain},
};
use futures_util::future::join_all;
use hickory_proto::{
    op::{Message, ResponseCode},
    rr::{Name, RData, RecordType},
};
use std::{net::SocketAddr, sync::Arc, time::Duration};

/// More aliases in a row are not followed.
pub(crate) const ALIASES: usize = 8;
const REFERRALS: usize = 4;
/// How long a server is waited for, each of two times.
const PATIENCE: Duration = Duration::from_secs(3);
/// However many aliases and servers are in the way.
const LONGEST: Duration = Duration::from_secs(60);

/// Asks authoritative servers.
pub(crate) struct Authority {
    pub zones: Zones,
    pub manners: Manners,
    pub kept: Kept,
    /// Where they listen: 53.
    pub port: u16,
}

/// Where a name led, and what was said there.
pub(crate) struct Followed {
    pub owner: Name,
    /// None when it could not be found.
    pub zone: Option<Name>,
    pub servers: Vec<Heard>,
    /// Whether the servers that gave a certain answer agree on aliases, and there is at least one.
    pub certain: bool,
    /// The aliases on the way: what each led to, and its life in seconds.
    pub aliases: Vec<(Name, u32)>,
}

/// What one server said to each question.
pub(crate) struct Heard {
    pub server: String,
    pub said: Vec<Said>,
}

/// What one server said to one question.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Said {
    Records(Vec<RData>, u32),
    Alias(Name, u32),
    /// Certainly nothing: whether there is no such name at all, and for how long that may be believed.
    Nothing {
        no_such_name: bool,
        ttl: Option<u32>,
    },
    /// Another zone further down knows.
    Referral(Name, Vec<Name>),
    Unknown(String),
}

impl Authority {
    /// Follows a name to where its records are. Takes a minute at most.
    pub(crate) async fn follow(&self, name: &Name, kinds: &[RecordType]) -> Followed {
        let mut state =
            Followed { owner: name.clone(), zone: None, servers: Vec::new(), certain: false, aliases: Vec::new() };
        if tokio::time::timeout(LONGEST, self.walk(&mut state, kinds)).await.is_err() {
            state.certain = false;
            state.servers = vec![Heard::unknown("DNS", format!("no answer in {} s", LONGEST.as_secs()))];
        }
        state
    }

    async fn walk(&self, state: &mut Followed, kinds: &[RecordType]) {
        loop {
            let zone = match self.zones.of(&self.manners, &state.owner).await {
                Ok(zone) => zone,
                Err(trouble) => {
                    (state.zone, state.certain) = (None, false);
                    state.servers = vec![Heard::unknown("resolver", trouble)];
                    return;
                }
            };
            let (zone, heard) = self.descend(zone, &state.owner, kinds).await;
            state.zone = Some(zone.name.clone());
            state.servers = heard;
            let Some((target, ttl)) = state.alias() else {
                state.certain = state.is_certain();
                return;
            };
            if state.aliases.len() == ALIASES {
                for heard in &mut state.servers {
                    heard.said.push(Said::Unknown(format!("more than {ALIASES} aliases in a row")));
                }
                state.certain = false;
                return;
            }
            state.aliases.push((target.clone(), ttl));
            state.owner = target;
        }
    }

    /// Asks all servers of a zone, and those of a zone below as long as one refers to it.
    async fn descend(&self, mut zone: Arc<Zone>, name: &Name, kinds: &[RecordType]) -> (Arc<Zone>, Vec<Heard>) {
        for _ in 0..REFERRALS {
            let heard = self.ask_all(&zone, name, kinds).await;
            let referral = heard.iter().flat_map(|heard| &heard.said).find_map(|said| match said {
                Said::Referral(below, hosts) if *below != zone.name && zone.name.zone_of(below) => {
                    Some((below.clone(), hosts.clone()))
                }
                _ => None,
            });
            let Some((below, hosts)) = referral else { return (zone, heard) };
            zone = self.zones.referred(&self.manners, below, hosts).await;
        }
        let heard = self.ask_all(&zone, name, kinds).await;
        (zone, heard)
    }

    async fn ask_all(&self, zone: &Zone, name: &Name, kinds: &[RecordType]) -> Vec<Heard> {
        let servers = zone.servers.iter().map(async |server| {
            let mut heard = Heard::unknown(&server.host, "its address could not be found".to_owned());
            for address in &server.addresses {
                if self.port == 53 && leads_back(*address) {
                    let why = format!("not asked: {address} is no address of a server of others");
                    heard = Heard::unknown(&server.host, why);
                    continue;
                }
                let address = SocketAddr::new(*address, self.port);
                heard = self.ask_one(&server.host, address, name, kinds).await;
                if !heard.said.iter().any(|said| matches!(said, Said::Unknown(_))) {
                    break;
                }
            }
            heard
        });
        join_all(servers).await
    }

    async fn ask_one(&self, host: &str, address: SocketAddr, name: &Name, kinds: &[RecordType]) -> Heard {
        let place = if address.port() == 53 { address.ip().to_string() } else { address.to_string() };
        let mut heard = Heard { server: format!("{host} ({place})"), said: Vec::new() };
        for kind in kinds {
            let question = Question { name, kind: *kind, recursive: false, patience: PATIENCE };
            match self.manners.ask(address, &question).await {
                Ok(answer) => heard.said.push(judge(&answer, name, *kind)),
                Err(no_answer) => {
                    // Who is silent to one question need not be waited for at the next.
                    heard.said.push(Said::Unknown(no_answer.to_string()));
                    break;
                }
            }
        }
        heard
    }
}

impl Heard {
    fn unknown(server: &str, why: String) -> Self {
        Self { server: server.to_owned(), said: vec![Said::Unknown(why)] }
    }

    pub(crate) fn is_certain(&self) -> bool {
        self.said.iter().all(|said| matches!(said, Said::Records(..) | Said::Nothing { .. }))
    }
}

impl Followed {
    /// The one alias that all who know something name; none when there is none or they differ.
    fn alias(&self) -> Option<(Name, u32)> {
        let known =
            || self.servers.iter().flat_map(|heard| &heard.said).filter(|said| !matches!(said, Said::Unknown(_)));
        let mut known_aliases = known().map(|said| match said {
            Said::Alias(target, ttl) => Some((target, *ttl)),
            _ => None,
        });
        let (target, ttl) = known_aliases.next()??;
        known_aliases.all(|alias| alias.is_some_and(|(other, _)| other == target)).then(|| (target.clone(), ttl))
    }

    fn is_certain(&self) -> bool {
        let aliased = |heard: &Heard| heard.said.iter().any(|said| matches!(said, Said::Alias(..)));
        self.servers.iter().any(Heard::is_certain) && !self.servers.iter().any(aliased)
    }
}

/// Reads an answer of an authoritative server.
fn judge(answer: &Message, name: &Name, kind: RecordType) -> Said {
    let code = answer.metadata.response_code;
    if !is_certain(answer) {
        return Said::Unknown(match code {
            ResponseCode::Refused => "refused (REFUSED)".to_owned(),
            ResponseCode::ServFail => "its own failure (SERVFAIL)".to_owned(),
            other => format!("not answered ({})", code_text(other)),
        });
    }
    if !answer.metadata.authoritative {
        return referral(answer, name).unwrap_or_else(|| Said::Unknown("it does not serve the zone".to_owned()));
    }
    let here = || answer.answers.iter().filter(|record| record.name == *name);
    let found: Vec<_> = here().filter(|record| record.record_type() == kind).collect();
    if let Some(ttl) = found.iter().map(|record| record.ttl).min() {
        return Said::Records(found.into_iter().map(|record| record.data.clone()).collect(), ttl);
    }
    let alias = here().find_map(|record| match &record.data {
        RData::CNAME(target) => Some(Said::Alias(target.0.clone(), record.ttl)),
        _ => None,
    });
    alias.unwrap_or_else(|| Said::Nothing { no_such_name: code == ResponseCode::NXDomain, ttl: absence(answer) })
}

fn referral(answer: &Message, name: &Name) -> Option<Said> {
    let is_ns = |data: &RData| matches!(data, RData::NS(_));
    let below = answer.authorities.iter().find(|record| is_ns(&record.data) && record.name.zone_of(name))?.name.clone();
    let hosts =
        answer.authorities.iter().filter(|record| record.name == below).filter_map(|record| match &record.data {
            RData::NS(host) => Some(host.0.clone()),
            _ => None,
        });
    let hosts = hosts.collect();
    Some(Said::Referral(below, hosts))
}

/// For how many seconds an absence may be believed (RFC 2308 §5).
pub(crate) fn absence(answer: &Message) -> Option<u32> {
    answer.authorities.iter().find_map(|record| match &record.data {
        RData::SOA(soa) => Some(soa.minimum.min(record.ttl)),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{name::from_text, zones::ZoneServer};

    #[tokio::test]
    async fn a_zone_that_says_it_is_served_by_this_machine_is_not_asked_here() {
        let authority =
            Authority { zones: Zones::new(Vec::new()), manners: Manners::new(), kept: Kept::new(), port: 53 };
        for address in ["127.0.0.1", "127.8.9.10", "169.254.169.254", "0.1.2.3", "::1", "::ffff:127.0.0.1", "fe80::1"] {
            let host = "ns.d.example".to_owned();
            let servers = vec![ZoneServer { host, addresses: vec![address.parse().unwrap()] }];
            let name = from_text("d.example").unwrap();
            let zone = Zone { name: name.clone(), servers };
            let heard = authority.ask_all(&zone, &name, &[RecordType::TXT]).await;
            let [Said::Unknown(why)] = heard[0].said.as_slice() else { panic!("{address} was believed") };
            assert!(why.starts_with("not asked: "), "{address}: {why}");
        }
        assert!(!leads_back("10.0.0.53".parse().unwrap()) && !leads_back("192.0.2.53".parse().unwrap()));
    }
}
