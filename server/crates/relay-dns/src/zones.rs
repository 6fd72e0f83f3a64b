//! Which zone a name is in, and where that zone's servers are: asked of the resolvers and kept for some minutes.
//!
//! The only part of authoritative questions that believes a resolver. The data itself is never kept.

use crate::{
    manners::Manners,
    name::{to_text, upwards},
    wire::{Question, code_text},
};
use futures_util::future::join_all;
use hickory_proto::{
    op::{Message, ResponseCode},
    rr::{Name, RData, RecordType},
};
use std::{
    collections::{HashMap, HashSet},
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// A zone and its servers are believed for their TTL, but no longer than this.
const LONGEST: Duration = Duration::from_secs(300);
/// So many zones are kept before old ones are forgotten.
const KEPT: usize = 4096;
/// More servers, and more addresses of one, are not asked: no honest zone has them.
const SERVERS: usize = 13;
const ADDRESSES: usize = 4;
/// A resolver may have to ask many servers itself.
const PATIENCE: Duration = Duration::from_secs(5);

/// A zone and the servers its delegation names, in order of their names.
#[derive(Debug)]
pub(crate) struct Zone {
    pub name: Name,
    pub servers: Vec<ZoneServer>,
}

/// One server of a zone, as its host name, and its addresses; none when they could not be found.
#[derive(Debug)]
pub(crate) struct ZoneServer {
    pub host: String,
    pub addresses: Vec<IpAddr>,
}

/// Asks the resolvers of this machine.
pub(crate) struct Zones {
    resolvers: Vec<SocketAddr>,
    kept: Mutex<HashMap<Name, (Instant, Arc<Zone>)>>,
}

impl Zones {
    pub(crate) fn new(resolvers: Vec<SocketAddr>) -> Self {
        Self { resolvers, kept: Mutex::default() }
    }

    pub(crate) fn resolvers(&self) -> &[SocketAddr] {
        &self.resolvers
    }

    /// The zone a name is in; in words why it cannot be found just now.
    pub(crate) async fn of(&self, manners: &Manners, name: &Name) -> Result<Arc<Zone>, String> {
        let mut below: Option<Name> = None;
        for candidate in upwards(name) {
            // What a resolver said of the zone's beginning spares the steps in between.
            if below.as_ref().is_some_and(|apex| candidate != *apex && apex.zone_of(&candidate)) {
                continue;
            }
            if let Some(zone) = self.kept(&candidate) {
                return Ok(zone);
            }
            let answer = self.ask(manners, &candidate, RecordType::NS).await?;
            let (hosts, ttl) = name_servers(&answer, &candidate);
            if !hosts.is_empty() {
                return Ok(self.find_servers(manners, candidate, hosts, ttl).await);
            }
            below = beginning(&answer, &candidate);
        }
        Err("no name servers were found".to_owned())
    }

    /// A zone as a server above it described it in a referral.
    pub(crate) async fn referred(&self, manners: &Manners, name: Name, hosts: Vec<Name>) -> Arc<Zone> {
        self.find_servers(manners, name, hosts, 0).await
    }

    async fn find_servers(&self, manners: &Manners, name: Name, mut hosts: Vec<Name>, ttl: u32) -> Arc<Zone> {
        hosts.sort();
        hosts.dedup();
        hosts.truncate(SERVERS);
        let servers = join_all(hosts.iter().map(async |host| {
            let (four, six) =
                tokio::join!(self.ask(manners, host, RecordType::A), self.ask(manners, host, RecordType::AAAA));
            // IPv4 first: a machine without IPv6 loses no time.
            let mut addresses: Vec<IpAddr> = [four, six].iter().flatten().flat_map(addresses).collect();
            addresses.truncate(ADDRESSES);
            ZoneServer { host: to_text(host), addresses }
        }))
        .await;
        let servers = apart(servers);
        let complete = servers.iter().all(|server| !server.addresses.is_empty());
        let zone = Arc::new(Zone { name: name.clone(), servers });
        if complete {
            let mut kept = self.lock();
            if kept.len() >= KEPT {
                let now = Instant::now();
                kept.retain(|_, (until, _)| *until > now);
            }
            if kept.len() >= KEPT {
                kept.clear();
            }
            kept.insert(name, (Instant::now() + Duration::from_secs(ttl.into()).min(LONGEST), zone.clone()));
        }
        zone
    }

    /// What the first resolver that answers says: certain presence or absence, else why not in words.
    async fn ask(&self, manners: &Manners, name: &Name, kind: RecordType) -> Result<Message, String> {
        let question = Question { name, kind, recursive: true, patience: PATIENCE };
        let mut trouble = "there is no resolver".to_owned();
        for resolver in &self.resolvers {
            match manners.ask(*resolver, &question).await {
                Ok(answer) if is_certain(&answer) => return Ok(answer),
                Ok(answer) => trouble = format!("{resolver} said {}", code_text(answer.metadata.response_code)),
                Err(no_answer) => trouble = format!("{resolver}: {no_answer}"),
            }
        }
        Err(format!("the name servers of {} could not be found: {trouble}", to_text(name)))
    }

    fn kept(&self, name: &Name) -> Option<Arc<Zone>> {
        let kept = self.lock();
        kept.get(name).filter(|(until, _)| *until > Instant::now()).map(|(_, zone)| zone.clone())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Name, (Instant, Arc<Zone>)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether an answer says what is there or that nothing is.
pub(crate) fn is_certain(answer: &Message) -> bool {
    matches!(answer.metadata.response_code, ResponseCode::NoError | ResponseCode::NXDomain)
}

/// The name servers of a zone, from an answer or from a referral, and how long that may be believed.
fn name_servers(answer: &Message, zone: &Name) -> (Vec<Name>, u32) {
    let records = answer.answers.iter().chain(&answer.authorities).filter(|record| record.name == *zone);
    let servers = records.filter_map(|record| match &record.data {
        RData::NS(host) => Some((host.0.clone(), record.ttl)),
        _ => None,
    });
    let (hosts, ttls): (Vec<_>, Vec<_>) = servers.unzip();
    (hosts, ttls.into_iter().min().unwrap_or(0))
}

/// The beginning of the zone a name is in, as the SOA beside an absence says (RFC 2308 §2). Behind an alias the SOA is
/// that of another name.
fn beginning(answer: &Message, name: &Name) -> Option<Name> {
    let aliased = answer.answers.iter().any(|record| matches!(record.data, RData::CNAME(_)));
    let soa = answer.authorities.iter().find(|record| matches!(record.data, RData::SOA(_)))?;
    (!aliased && soa.name != *name && soa.name.zone_of(name)).then(|| soa.name.clone())
}

/// Two names of one server are one server: a zone with thirteen names for the same address must not have it asked
/// thirteen times.
fn apart(servers: Vec<ZoneServer>) -> Vec<ZoneServer> {
    let mut taken = HashSet::new();
    let apart = servers.into_iter().filter_map(|mut server| {
        let known = !server.addresses.is_empty();
        server.addresses.retain(|address| taken.insert(*address));
        (!known || !server.addresses.is_empty()).then_some(server)
    });
    apart.collect()
}

fn addresses(answer: &Message) -> Vec<IpAddr> {
    let all = answer.answers.iter().filter_map(|record| match &record.data {
        RData::A(four) => Some(IpAddr::V4(four.0)),
        RData::AAAA(six) => Some(IpAddr::V6(six.0)),
        _ => None,
    });
    all.filter(|address| !address.is_unspecified() && !address.is_multicast()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_names_of_one_server_are_asked_once() {
        let server = |host: &str, addresses: &[&str]| ZoneServer {
            host: host.to_owned(),
            addresses: addresses.iter().map(|address| address.parse().unwrap()).collect(),
        };
        let servers = vec![
            server("a", &["192.0.2.1", "192.0.2.2"]),
            server("b", &["192.0.2.1"]),
            server("c", &[]),
            server("d", &["192.0.2.2", "192.0.2.3"]),
        ];
        let left: Vec<_> = apart(servers).into_iter().map(|server| (server.host, server.addresses.len())).collect();
        assert_eq!(left, [("a".to_owned(), 2), ("c".to_owned(), 0), ("d".to_owned(), 1)]);
    }
}
