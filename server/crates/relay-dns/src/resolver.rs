//! One shared, caching resolver with the answers mail needs: MX, addresses, TXT.

use relay_types::DomainName;
use std::net::{IpAddr, SocketAddr};

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

/// The resolver. Cheap to clone; clones share the cache.
#[derive(Clone)]
pub struct Resolver {}

impl Resolver {
    /// Asks these servers, or the system's when there are none.
    pub fn new(nameservers: &[SocketAddr]) -> Result<Self, DnsError> {
        todo!()
    }
    /// All MX records; `NoRecord` when there is none.
    pub async fn mx(&self, domain: &DomainName) -> Result<Vec<MxRecord>, DnsError> {
        todo!()
    }
    /// AAAA and A of a host, AAAA first; `NoRecord` when it has neither.
    pub async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, DnsError> {
        todo!()
    }
    /// All TXT records at a name, each with its strings joined; not from the cache when `fresh`.
    pub async fn txt(&self, name: &str, fresh: bool) -> Result<Vec<String>, DnsError> {
        todo!()
    }
}
