//! Answers set by hand, for tests of everything that asks DNS. Never asks the network.

use crate::{
    DnsError, MxRecord, TxtAnswer,
    facts::{Answer, Data, Kind, Known},
    look_up,
};
use relay_types::{
    Timestamp,
    reverse::{ForwardFound, PtrFound, ServerAnswer},
    reverse_name::reverse_name,
};
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Life of every answer, and of every absence.
const TTL: u32 = 300;

/// A table of answers. Clones share it, so that a test can change an answer while the code under test runs.
///
/// A name that is not in the table does not exist ([`DnsError::NoRecord`]).
#[derive(Debug, Clone, Default)]
pub struct FixedAnswers {
    tables: Arc<Mutex<Tables>>,
}

#[derive(Debug, Default)]
struct Tables {
    mx: HashMap<String, Vec<MxRecord>>,
    addresses: HashMap<String, Vec<IpAddr>>,
    txt: HashMap<String, Vec<String>>,
    ptr: HashMap<String, Vec<String>>,
    aliases: HashMap<String, Vec<String>>,
    other: HashMap<(String, Kind), Vec<String>>,
    silent: HashMap<String, String>,
}

impl FixedAnswers {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the MX records of a domain, each a preference and a host; `"."` is the null MX (RFC 7505).
    pub fn set_mx(&self, domain: &str, records: &[(u16, &str)]) -> &Self {
        let records = records
            .iter()
            .map(|&(preference, host)| MxRecord { preference, exchange: (host != ".").then(|| key(host)) })
            .collect();
        self.tables().mx.insert(key(domain), records);
        self
    }

    /// Sets the addresses of a host, in the order they are answered.
    pub fn set_addresses(&self, host: &str, addresses: &[IpAddr]) -> &Self {
        self.tables().addresses.insert(key(host), addresses.to_vec());
        self
    }

    /// Sets the TXT records at a name.
    pub fn set_txt(&self, name: &str, texts: &[&str]) -> &Self {
        self.tables().txt.insert(key(name), texts.iter().map(|&text| text.to_owned()).collect());
        self
    }

    /// Sets the PTR records of an address; none removes them. [`FixedAnswers::set_temporary_failure`] of its
    /// [`relay_types::reverse_name::reverse_name`] makes questions about it fail.
    pub fn set_ptr(&self, address: IpAddr, names: &[&str]) -> &Self {
        let names = names.iter().map(|&name| key(name)).collect();
        self.tables().ptr.insert(reverse_name(address), names);
        self
    }

    /// Makes a name an alias of another (CNAME), which [`crate::Resolver::look_up`] follows.
    pub fn set_alias(&self, name: &str, target: &str) -> &Self {
        self.tables().aliases.insert(key(name), vec![key(target)]);
        self
    }

    /// Sets records of a type that has no table of its own (CAA, DS, NS), as in zone files.
    pub fn set_other(&self, name: &str, kind: Kind, records: &[&str]) -> &Self {
        self.tables().other.insert((key(name), kind), records.iter().map(|&record| record.to_owned()).collect());
        self
    }

    /// Makes every question about this name fail for now, until [`FixedAnswers::forget`].
    pub fn set_temporary_failure(&self, name: &str, cause: &str) -> &Self {
        self.tables().silent.insert(key(name), cause.to_owned());
        self
    }

    /// Forgets everything about a name: it does not exist.
    pub fn forget(&self, name: &str) -> &Self {
        let name = key(name);
        let mut tables = self.tables();
        tables.mx.remove(&name);
        tables.addresses.remove(&name);
        tables.txt.remove(&name);
        tables.ptr.remove(&name);
        tables.silent.remove(&name);
        tables.aliases.remove(&name);
        tables.other.retain(|(of, _), _| *of != name);
        drop(tables);
        self
    }

    pub(crate) fn mx(&self, domain: &str) -> Result<Vec<MxRecord>, DnsError> {
        self.of(domain, |tables| &tables.mx)
    }

    pub(crate) fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, DnsError> {
        self.of(host, |tables| &tables.addresses)
    }

    /// As told for five minutes, also when there is none.
    pub(crate) fn txt(&self, name: &str) -> Result<TxtAnswer, DnsError> {
        let texts = match self.of(name, |tables| &tables.txt) {
            Err(DnsError::NoRecord) => Vec::new(),
            texts => texts?,
        };
        Ok(TxtAnswer { texts, ttl: Some(TTL) })
    }

    /// As told for five minutes, also when there is none. Aliases are followed eight times.
    pub(crate) fn look_up(&self, name: &str, kind: Kind, asked_at: Timestamp) -> Answer {
        let (mut owner, mut aliases) = (key(name), Vec::new());
        while kind != Kind::Cname
            && aliases.len() < 8
            && let Ok(target) = self.of(&owner, |tables| &tables.aliases)
        {
            owner.clone_from(&target[0]);
            aliases.push(owner.clone());
        }
        let known = match self.records(&owner, kind) {
            Ok(records) => Known::Records(records),
            Err(DnsError::Temporary(cause)) => Known::Unknown(cause),
            Err(DnsError::NoRecord) => Known::Nothing { no_such_name: !self.is_known(&owner) },
        };
        look_up::answer(name, kind, known, aliases, Some(TTL), asked_at)
    }

    fn records(&self, name: &str, kind: Kind) -> Result<Vec<Data>, DnsError> {
        let names = |names: Vec<String>| names.into_iter().map(Data::Name).collect();
        let mut records: Vec<Data> = match kind {
            Kind::A | Kind::Aaaa => {
                let addresses = self.addresses(name)?.into_iter().filter(|one| one.is_ipv4() == (kind == Kind::A));
                addresses.map(Data::Address).collect()
            }
            Kind::Mx => self.mx(name)?.into_iter().map(|mx| Data::Mx(mx.preference, mx.exchange)).collect(),
            Kind::Txt => self.of(name, |tables| &tables.txt)?.into_iter().map(|text| Data::Text(vec![text])).collect(),
            Kind::Ptr => names(self.of(name, |tables| &tables.ptr)?),
            Kind::Cname => names(self.of(name, |tables| &tables.aliases)?),
            Kind::Caa | Kind::Ds | Kind::Ns => {
                let tables = self.tables();
                if let Some(cause) = tables.silent.get(&key(name)) {
                    return Err(DnsError::Temporary(cause.clone()));
                }
                let of_name = tables.other.get(&(key(name), kind)).into_iter().flatten();
                of_name.map(|text| Data::Other(text.clone())).collect()
            }
        };
        records.sort();
        if records.is_empty() { Err(DnsError::NoRecord) } else { Ok(records) }
    }

    /// Whether anything is at this name.
    fn is_known(&self, name: &str) -> bool {
        let tables = self.tables();
        let named = [&tables.txt, &tables.ptr, &tables.aliases];
        tables.mx.contains_key(name)
            || tables.addresses.contains_key(name)
            || named.iter().any(|table| table.contains_key(name))
            || tables.other.keys().any(|(of, _)| of == name)
    }

    pub(crate) fn forward(&self, host: &str, asked_at: Timestamp) -> ForwardFound {
        let answer = self.addresses(host);
        let servers = vec![server_answer(&answer)];
        let mut addresses = answer.unwrap_or_default();
        addresses.sort();
        ForwardFound {
            name: key(host),
            addresses,
            zone: parent(host),
            ttl: Some(TTL),
            certain: !servers[0].temporary,
            servers,
            asked_at,
        }
    }

    pub(crate) fn ptr(&self, address: IpAddr, asked_at: Timestamp) -> PtrFound {
        let owner = reverse_name(address);
        let answer = self.of(&owner, |tables| &tables.ptr);
        let servers = vec![server_answer(&answer)];
        let mut names = answer.unwrap_or_default();
        names.sort();
        PtrFound {
            address,
            zone: parent(&owner),
            owner,
            alias: false,
            names,
            ttl: Some(TTL),
            agreed: true,
            certain: !servers[0].temporary,
            servers,
            asked_at,
        }
    }

    pub(crate) fn ptr_at_resolvers(&self, address: IpAddr) -> Result<(Vec<String>, Option<u32>), DnsError> {
        match self.of(&reverse_name(address), |tables| &tables.ptr) {
            Err(DnsError::NoRecord) => Ok((Vec::new(), Some(TTL))),
            names => Ok((names?, Some(TTL))),
        }
    }

    fn of<T: Clone>(
        &self,
        name: &str,
        table: impl Fn(&Tables) -> &HashMap<String, Vec<T>>,
    ) -> Result<Vec<T>, DnsError> {
        let tables = self.tables();
        let name = key(name);
        if let Some(cause) = tables.silent.get(&name) {
            return Err(DnsError::Temporary(cause.clone()));
        }
        match table(&tables).get(&name) {
            Some(records) if !records.is_empty() => Ok(records.clone()),
            _ => Err(DnsError::NoRecord),
        }
    }

    /// A test that panicked while it held the table does not spoil the others.
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

fn server_answer<T: ToString>(answer: &Result<Vec<T>, DnsError>) -> ServerAnswer {
    let server = "fixed answers".to_owned();
    match answer {
        Ok(found) => {
            let records: Vec<String> = found.iter().map(ToString::to_string).collect();
            ServerAnswer { server, said: records.join(", "), records, temporary: false }
        }
        Err(error) => ServerAnswer {
            server,
            said: error.to_string(),
            records: Vec::new(),
            temporary: matches!(error, DnsError::Temporary(_)),
        },
    }
}

fn parent(name: &str) -> String {
    key(name).split_once('.').map_or_else(String::new, |(_, parent)| parent.to_owned())
}
