//! One shared, caching resolver with the answers mail needs: MX, addresses, TXT.
//!
//! Names are asked as they are (fully qualified), never with a search list. What comes back is untrusted text.

use crate::{
    authority::Authority,
    facts::{Answer, Ask, Kind},
    fixed::FixedAnswers,
    kept::Kept,
    manners::Manners,
    zones::Zones,
};
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Name, RData, Record, RecordType};
use hickory_resolver::{
    TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ProtocolConfig, ResolverConfig, ResolverOpts},
    lookup::Lookup,
    net::{self, NetError, NoRecords, runtime::TokioRuntimeProvider},
    system_conf::read_system_conf,
};
use relay_types::{
    DomainName, Timestamp,
    reverse::{ForwardFound, PtrFound},
};
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

/// How long one server is waited for, and how often it is asked.
const TIMEOUT: Duration = Duration::from_secs(5);
const TRIES: usize = 2;
/// No question takes longer, however many servers or aliases are in the way.
const LONGEST: Duration = Duration::from_secs(20);
/// A record made a moment ago is found soon: its absence is remembered for five minutes at most.
const LONGEST_ABSENCE: Duration = Duration::from_secs(300);

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DnsError {
    /// The name does not exist (NXDOMAIN) or has no record of that type: a certain answer.
    #[error("no such record")]
    NoRecord,
    /// SERVFAIL, time-out, refused: nothing is known. Never counts as bad.
    #[error("DNS does not answer: {0}")]
    Temporary(String),
}

/// One MX record (RFC 5321 §5.1). The exchange is `None` for the null MX (RFC 7505).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MxRecord {
    /// Lower is preferred.
    pub preference: u16,
    /// Host name in lower case without trailing dot.
    pub exchange: Option<String>,
}

/// What is at a name in TXT records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TxtAnswer {
    /// Each record with its strings joined; none when there certainly is none.
    pub texts: Vec<String>,
    /// Seconds for which the answer, or the absence (RFC 2308 §5), may be kept; none when the answer did not say.
    pub ttl: Option<u32>,
}

/// The resolver. Cheap to clone; clones share the cache.
#[derive(Clone)]
pub struct Resolver {
    source: Source,
}

#[derive(Clone)]
enum Source {
    Network(Arc<Network>),
    Fixed(FixedAnswers),
}

struct Network {
    cached: TokioResolver,
    /// Keeps nothing: a person who waits for a record to appear asks through this one.
    uncached: TokioResolver,
    servers: Vec<String>,
    authority: Authority,
}

impl Resolver {
    /// Asks these servers, or the system's when there are none.
    ///
    /// Must be called inside a tokio runtime. Without a readable `/etc/resolv.conf` the server on this machine is
    /// asked, as resolv.conf(5) says.
    pub fn new(nameservers: &[SocketAddr]) -> Result<Self, DnsError> {
        let config = if nameservers.is_empty() {
            read_system_conf().map_or_else(
                |error| {
                    tracing::warn!(%error, "the system's DNS configuration cannot be read; asking 127.0.0.1");
                    servers(&[SocketAddr::from((Ipv4Addr::LOCALHOST, 53))])
                },
                |(config, _)| config,
            )
        } else {
            servers(nameservers)
        };
        let servers = config.name_servers().iter().map(server_text).collect();
        let places = config.name_servers().iter().map(place).collect();
        let authority = Authority { zones: Zones::new(places), manners: Manners::new(), kept: Kept::new(), port: 53 };
        let network =
            Network { cached: build(config.clone(), None)?, uncached: build(config, Some(0))?, servers, authority };
        Ok(Self { source: Source::Network(Arc::new(network)) })
    }

    /// Asks authoritative servers on this port instead of 53: for tests and laboratories. To be said before the
    /// resolver is cloned.
    #[must_use]
    pub fn with_authoritative_port(mut self, port: u16) -> Self {
        if let Source::Network(network) = &mut self.source
            && let Some(network) = Arc::get_mut(network)
        {
            network.authority.port = port;
        }
        self
    }

    /// Answers from a table and never asks the network: for tests.
    pub fn fixed(answers: FixedAnswers) -> Self {
        Self { source: Source::Fixed(answers) }
    }

    /// The servers that are asked, as `192.0.2.53`, or `192.0.2.53:5353` when the port is not 53. The library does not
    /// say which of them gave an answer. None for fixed answers.
    pub fn servers(&self) -> &[String] {
        match &self.source {
            Source::Fixed(_) => &[],
            Source::Network(network) => &network.servers,
        }
    }

    /// All MX records; `NoRecord` when there is none.
    pub async fn mx(&self, domain: &DomainName) -> Result<Vec<MxRecord>, DnsError> {
        let network = match &self.source {
            Source::Fixed(answers) => return answers.mx(domain.as_str()),
            Source::Network(network) => network,
        };
        look_up(&network.cached, domain.as_str(), RecordType::MX, |record| match &record.data {
            RData::MX(mx) => Some(MxRecord { preference: mx.preference, exchange: host_text(&mx.exchange) }),
            _ => None,
        })
        .await
    }

    /// AAAA and A of a host, AAAA first; `NoRecord` when it has neither.
    ///
    /// When one of the two questions has an answer, the other's failure does not matter.
    pub async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, DnsError> {
        let network = match &self.source {
            Source::Fixed(answers) => return answers.addresses(host),
            Source::Network(network) => network,
        };
        let (six, four) = tokio::join!(
            look_up(&network.cached, host, RecordType::AAAA, address),
            look_up(&network.cached, host, RecordType::A, address)
        );
        both(six, four)
    }

    /// All TXT records at a name, never from the cache: who looks at a record wants to know what is there now.
    ///
    /// An absence is an answer here; the error is always `Temporary`. Octets that are not UTF-8 are replaced.
    pub async fn txt(&self, name: &str) -> Result<TxtAnswer, DnsError> {
        let network = match &self.source {
            Source::Fixed(answers) => return answers.txt(name),
            Source::Network(network) => network,
        };
        let answer = match ask(&network.uncached, name, RecordType::TXT).await {
            Ok(answer) => answer,
            Err(Trouble::Absent(ttl)) => return Ok(TxtAnswer { texts: Vec::new(), ttl }),
            Err(Trouble::Unknown(cause)) => return Err(DnsError::Temporary(cause)),
        };
        let texts = answer.answers().iter().filter_map(|record| match &record.data {
            RData::TXT(txt) => Some(String::from_utf8_lossy(&txt.txt_data.concat()).into_owned()),
            _ => None,
        });
        // An alias on the way may be kept for a shorter time than what it leads to.
        Ok(TxtAnswer { texts: texts.collect(), ttl: answer.answers().iter().map(|record| record.ttl).min() })
    }

    /// What each authoritative server says of a host's addresses, never from a cache. Aliases are followed.
    ///
    /// Takes a minute at most. Failures are in the answer: see [`ForwardFound::certain`].
    pub async fn forward(&self, host: &DomainName, now: Timestamp) -> ForwardFound {
        match &self.source {
            Source::Fixed(answers) => answers.forward(host.as_str(), now),
            Source::Network(network) => network.authority.forward(host, now).await,
        }
    }

    /// What each authoritative server says of an address's PTR records, never from a cache. Aliases of classless
    /// delegation (RFC 2317) are followed.
    ///
    /// Takes a minute at most. Failures are in the answer: see [`PtrFound::certain`].
    pub async fn ptr(&self, address: IpAddr, now: Timestamp) -> PtrFound {
        match &self.source {
            Source::Fixed(answers) => answers.ptr(address, now),
            Source::Network(network) => network.authority.ptr(address, now).await,
        }
    }

    /// One question of a check, asked as `ask` says. Aliases are followed, but for [`Kind::Cname`].
    ///
    /// Takes a minute at most. Failures are in the answer.
    pub async fn look_up(&self, name: &str, kind: Kind, ask: Ask, now: Timestamp) -> Answer {
        match &self.source {
            Source::Fixed(answers) => answers.look_up(name, kind, now),
            Source::Network(network) => network.authority.look_up(name, kind, ask, now).await,
        }
    }

    /// As [`Self::look_up`]; none when there is no answer by then.
    pub(crate) async fn look_up_until(
        &self,
        until: tokio::time::Instant,
        name: &str,
        kind: Kind,
        ask: Ask,
        now: Timestamp,
    ) -> Option<Answer> {
        match &self.source {
            Source::Fixed(answers) => Some(answers.look_up(name, kind, now)),
            Source::Network(_) if tokio::time::Instant::now() >= until => None,
            Source::Network(network) => {
                let asking = network.authority.look_up(name, kind, ask, now);
                tokio::time::timeout_at(until, asking).await.ok()
            }
        }
    }

    /// The names the resolvers give for an address, of all resolvers together, sorted; and for how many seconds the
    /// one that keeps its answer longest will. None when there is certainly no PTR record; the error is `Temporary`.
    pub async fn ptr_at_resolvers(&self, address: IpAddr) -> Result<(Vec<String>, Option<u32>), DnsError> {
        match &self.source {
            Source::Fixed(answers) => answers.ptr_at_resolvers(address),
            Source::Network(network) => network.authority.ptr_at_resolvers(address).await,
        }
    }
}

fn servers(addresses: &[SocketAddr]) -> ResolverConfig {
    let server = |address: &SocketAddr| {
        let connections = [ProtocolConfig::Udp, ProtocolConfig::Tcp].map(|protocol| {
            let mut connection = ConnectionConfig::new(protocol);
            connection.port = address.port();
            connection
        });
        NameServerConfig::new(address.ip(), true, connections.into())
    };
    ResolverConfig::from_name_servers(addresses.iter().map(server).collect())
}

fn place(server: &NameServerConfig) -> SocketAddr {
    SocketAddr::new(server.ip, server.connections.first().map_or(53, |connection| connection.port))
}

fn server_text(server: &NameServerConfig) -> String {
    match server.connections.first().map(|connection| connection.port) {
        None | Some(53) => server.ip.to_string(),
        Some(port) => SocketAddr::new(server.ip, port).to_string(),
    }
}

fn build(config: ResolverConfig, cache_size: Option<u64>) -> Result<TokioResolver, DnsError> {
    let mut options = ResolverOpts::default();
    options.timeout = TIMEOUT;
    options.attempts = TRIES;
    options.try_tcp_on_error = true;
    options.negative_max_ttl = Some(LONGEST_ABSENCE);
    if let Some(size) = cache_size {
        options.cache_size = size;
    }
    TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        .with_options(options)
        .build()
        .map_err(|error| DnsError::Temporary(error.to_string()))
}

async fn look_up<T>(
    resolver: &TokioResolver,
    name: &str,
    kind: RecordType,
    read: impl Fn(&Record) -> Option<T>,
) -> Result<Vec<T>, DnsError> {
    let answer = ask(resolver, name, kind).await.map_err(|trouble| match trouble {
        Trouble::Absent(_) => DnsError::NoRecord,
        Trouble::Unknown(cause) => DnsError::Temporary(cause),
    })?;
    let found: Vec<T> = answer.answers().iter().filter_map(read).collect();
    if found.is_empty() { Err(DnsError::NoRecord) } else { Ok(found) }
}

/// Why there are no records.
enum Trouble {
    /// There are none, and for how many seconds that may be believed.
    Absent(Option<u32>),
    /// Nothing is known.
    Unknown(String),
}

async fn ask(resolver: &TokioResolver, name: &str, kind: RecordType) -> Result<Lookup, Trouble> {
    // A name that cannot be written in DNS (a label of more than 63 octets) certainly has no record.
    let mut name = Name::from_ascii(name).map_err(|_| Trouble::Absent(None))?;
    name.set_fqdn(true);
    match tokio::time::timeout(LONGEST, resolver.lookup(name, kind)).await {
        Err(_) => Err(Trouble::Unknown(format!("no answer in {} s", LONGEST.as_secs()))),
        Ok(answer) => answer.map_err(judge),
    }
}

/// Certain is only what a server said with NXDOMAIN or with an empty NOERROR.
fn judge(error: NetError) -> Trouble {
    match error {
        NetError::Dns(net::DnsError::NoRecordsFound(NoRecords {
            response_code: ResponseCode::NXDomain | ResponseCode::NoError,
            negative_ttl,
            ..
        })) => Trouble::Absent(negative_ttl),
        other => Trouble::Unknown(other.to_string()),
    }
}

fn address(record: &Record) -> Option<IpAddr> {
    match &record.data {
        RData::A(four) => Some(IpAddr::V4(four.0)),
        RData::AAAA(six) => Some(IpAddr::V6(six.0)),
        _ => None,
    }
}

fn both(six: Result<Vec<IpAddr>, DnsError>, four: Result<Vec<IpAddr>, DnsError>) -> Result<Vec<IpAddr>, DnsError> {
    match (six, four) {
        (Ok(mut six), Ok(four)) => {
            six.extend(four);
            Ok(six)
        }
        (Ok(found), Err(_)) | (Err(_), Ok(found)) => Ok(found),
        (Err(DnsError::NoRecord), Err(DnsError::NoRecord)) => Err(DnsError::NoRecord),
        (Err(temporary @ DnsError::Temporary(_)), Err(_)) | (Err(_), Err(temporary)) => Err(temporary),
    }
}

/// Lower case, without the trailing dot; none for the root.
fn host_text(name: &Name) -> Option<String> {
    if name.is_root() {
        return None;
    }
    Some(name.to_ascii().trim_end_matches('.').to_ascii_lowercase())
}

#[cfg(test)]
mod tests;
