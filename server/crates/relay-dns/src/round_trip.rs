//! From a host to its addresses and from an address to its names, as the authoritative servers say.

use crate::{
    DnsError,
    authority::{Authority, Followed, Heard, Said},
    name::{from_text, to_text},
};
use futures_util::future::join_all;
use hickory_proto::rr::{Name, RData, RecordType};
use relay_types::{
    DomainName, Timestamp,
    reverse::{ForwardFound, PtrFound, ServerAnswer},
    reverse_name::reverse_name,
};
use std::{
    collections::BTreeSet,
    net::{IpAddr, SocketAddr},
};

/// So many records of one server are put into words.
const SHOWN: usize = 10;

impl Authority {
    pub(crate) async fn forward(&self, host: &DomainName, asked_at: Timestamp) -> ForwardFound {
        // A DomainName is short enough for DNS; if it ever were not, the root certainly has no address.
        let name = from_text(host.as_str()).unwrap_or_default();
        let found = self.follow(&name, &[RecordType::A, RecordType::AAAA]).await;
        let servers: Vec<ServerAnswer> =
            found.servers.iter().map(|heard| answer_of(heard, "no A or AAAA record")).collect();
        let addresses: BTreeSet<IpAddr> =
            servers.iter().flat_map(|server| &server.records).filter_map(|text| text.parse().ok()).collect();
        ForwardFound {
            name: host.to_string(),
            addresses: addresses.into_iter().collect(),
            zone: found.zone.as_ref().map(to_text).unwrap_or_default(),
            ttl: found.ttls().min(),
            servers,
            certain: found.certain,
            asked_at,
        }
    }

    pub(crate) async fn ptr(&self, address: IpAddr, asked_at: Timestamp) -> PtrFound {
        let name = from_text(&reverse_name(address)).unwrap_or_default();
        let found = self.follow(&name, &[RecordType::PTR]).await;
        let servers: Vec<ServerAnswer> = found.servers.iter().map(|heard| answer_of(heard, "no PTR record")).collect();
        let sets: Vec<BTreeSet<&String>> =
            servers.iter().filter(|server| !server.temporary).map(|server| server.records.iter().collect()).collect();
        let agreed = found.certain && sets.windows(2).all(|pair| pair[0] == pair[1]);
        let names: BTreeSet<String> = sets.into_iter().flatten().cloned().collect();
        PtrFound {
            address: address.to_canonical(),
            owner: to_text(&found.owner),
            alias: found.owner != name,
            names: names.into_iter().collect(),
            zone: found.zone.as_ref().map(to_text).unwrap_or_default(),
            ttl: found.ttls().max(),
            servers,
            agreed,
            certain: found.certain,
            asked_at,
        }
    }

    /// What our resolvers say, all together.
    pub(crate) async fn ptr_at_resolvers(&self, address: IpAddr) -> Result<(Vec<String>, Option<u32>), DnsError> {
        let name = from_text(&reverse_name(address)).unwrap_or_default();
        let answers =
            join_all(self.zones.resolvers().iter().map(|resolver| self.ptr_at(*resolver, name.clone()))).await;
        let (said, trouble): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
        let (mut names, mut longest, mut heard) = (BTreeSet::new(), None, false);
        for (found, ttl) in said.into_iter().flatten() {
            heard = true;
            names.extend(found);
            longest = longest.max(ttl);
        }
        if !heard {
            let trouble: Vec<String> = trouble.into_iter().filter_map(Result::err).collect();
            return Err(DnsError::Temporary(trouble.join("; ")));
        }
        Ok((names.into_iter().collect(), longest))
    }

    async fn ptr_at(&self, resolver: SocketAddr, name: Name) -> Result<(Vec<String>, Option<u32>), String> {
        let said = self.at_resolver(resolver, name, RecordType::PTR).await?;
        Ok((said.records.iter().filter_map(text).collect(), said.ttl))
    }
}

impl Followed {
    /// Lives of all that was said on the way.
    pub(crate) fn ttls(&self) -> impl Iterator<Item = u32> {
        let here = self.servers.iter().flat_map(|heard| &heard.said).filter_map(|said| match said {
            Said::Records(_, ttl) | Said::Alias(_, ttl) => Some(*ttl),
            Said::Nothing { ttl, .. } => *ttl,
            _ => None,
        });
        here.chain(self.aliases.iter().map(|(_, ttl)| *ttl))
    }
}

/// What a server said, in words and as records.
fn answer_of(heard: &Heard, nothing: &str) -> ServerAnswer {
    let all = || heard.said.iter();
    let records: BTreeSet<String> = all()
        .filter_map(|said| match said {
            Said::Records(records, _) => Some(records),
            _ => None,
        })
        .flatten()
        .filter_map(text)
        .collect();
    let records: Vec<String> = records.into_iter().collect();
    let trouble = all().find_map(|said| match said {
        Said::Alias(target, _) => Some(format!("an alias of {}", to_text(target))),
        Said::Referral(zone, _) => Some(format!("the servers of {} know", to_text(zone))),
        Said::Unknown(why) => Some(why.clone()),
        _ => None,
    });
    let mut parts: Vec<String> = Vec::new();
    if !records.is_empty() {
        let more = records.len().saturating_sub(SHOWN);
        let shown = records[..records.len() - more].join(", ");
        parts.push(if more > 0 { format!("{shown} and {more} more") } else { shown });
    }
    parts.extend(trouble);
    if parts.is_empty() {
        let no_such_name = all().any(|said| matches!(said, Said::Nothing { no_such_name: true, .. }));
        parts.push(if no_such_name { "no such name (NXDOMAIN)".to_owned() } else { nothing.to_owned() });
    }
    ServerAnswer { server: heard.server.clone(), said: parts.join("; "), temporary: !heard.is_certain(), records }
}

/// An address or a name, as stored.
fn text(data: &RData) -> Option<String> {
    match data {
        RData::A(four) => Some(four.0.to_string()),
        RData::AAAA(six) => Some(six.0.to_string()),
        RData::PTR(name) => Some(name_or_root(&name.0)),
        _ => None,
    }
}

fn name_or_root(name: &Name) -> String {
    if name.is_root() { ".".to_owned() } else { to_text(name) }
}
