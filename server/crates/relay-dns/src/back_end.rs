//! Writing PTR records: one change, and the ways to make it.
//!
//! Never decides whether a change is right or who may make it. Every way compares what is there with what the caller
//! saw before it writes, so that somebody else's change is not overwritten. Secrets are in no text.

mod powerdns;
mod snippet;
mod update;

pub use powerdns::PowerDnsApi;
pub use update::UpdateServer;

use relay_types::ZoneName;

/// Where changes of a reverse zone go.
#[derive(Debug, Clone)]
pub enum BackEnd {
    /// A name server that takes dynamic updates (RFC 2136), signed (RFC 8945).
    Update(UpdateServer),
    /// The HTTP API of a PowerDNS Authoritative Server.
    PowerDns(PowerDnsApi),
    /// A person who edits the zone file by hand.
    Snippet,
}

/// A new set of PTR records at one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PtrChange {
    /// The zone that is written.
    pub zone: ZoneName,
    /// The name that holds the records, in the zone; without trailing dot.
    pub owner: String,
    /// All names the authoritative servers have now.
    pub before: Vec<String>,
    /// The one name that shall be there; none to remove all.
    pub after: Option<String>,
    /// Life of the new record in seconds.
    pub ttl: u32,
}

/// Why a change was not written. Each text says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// The records are not what the caller saw: somebody else changed them. Nothing was written.
    #[error("{text}")]
    Changed {
        /// The names that are there now; none when the server did not say.
        found: Option<Vec<String>>,
        /// In words.
        text: String,
    },
    /// The server does not take it, and will not until something is mended. Nothing was written.
    #[error("{0}")]
    Refused(String),
    /// The server is not reached or not able now; the same again later is safe.
    #[error("{0}")]
    Away(String),
    /// A person applies it: give them [`BackEnd::describe`].
    #[error("This zone is edited by hand: apply the change and confirm it")]
    ByHand,
}

impl BackEnd {
    /// The exact change in the back end's own language: an `nsupdate` script, an API request, lines of a zone file.
    pub fn describe(&self, change: &PtrChange) -> String {
        match self {
            Self::Update(server) => server.describe(change),
            Self::PowerDns(api) => api.describe(change),
            Self::Snippet => snippet::lines(change),
        }
    }

    /// Proves that the back end is reached, takes our key and serves the zone. Changes nothing; says what was seen.
    pub async fn test(&self, zone: &ZoneName) -> Result<String, WriteError> {
        match self {
            Self::Update(server) => server.test(zone).await,
            Self::PowerDns(api) => api.test(zone).await,
            Self::Snippet => Ok(format!("{zone} is edited by hand: there is nothing to reach")),
        }
    }

    /// Writes the change, unless the records are not as in `before`. When they are as in `after` already, that is
    /// success: a change whose answer got lost may be sent again.
    pub async fn write(&self, change: &PtrChange) -> Result<(), WriteError> {
        match self {
            Self::Update(server) => server.write(change).await,
            Self::PowerDns(api) => api.write(change).await,
            Self::Snippet => Err(WriteError::ByHand),
        }
    }
}

impl PtrChange {
    /// Whether these names are what the change leads to.
    fn is_done(&self, found: &[String]) -> bool {
        match &self.after {
            Some(name) => found.len() == 1 && same(&found[0], name),
            None => found.is_empty(),
        }
    }

    /// Whether these names are what the caller saw, in any order.
    fn is_as_before(&self, found: &[String]) -> bool {
        let sorted = |names: &[String]| {
            let mut names: Vec<String> = names.iter().map(|name| plain(name)).collect();
            names.sort();
            names.dedup();
            names
        };
        sorted(found) == sorted(&self.before)
    }

    /// The error that says so.
    fn changed(&self, found: Option<Vec<String>>) -> WriteError {
        let now = match &found {
            Some(names) if names.is_empty() => "has no PTR record now".to_owned(),
            Some(names) => format!("has {} now", names.join(", ")),
            None => "is not as it was".to_owned(),
        };
        let seen =
            if self.before.is_empty() { "none was".to_owned() } else { format!("{} was", self.before.join(", ")) };
        let text = format!(
            "{} {now}, where {seen} expected: somebody else changed it. Nothing was written; look at it and decide again",
            self.owner
        );
        WriteError::Changed { found, text }
    }
}

/// A name as it is compared: lower case, without trailing dot.
fn plain(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

fn same(one: &str, other: &str) -> bool {
    plain(one) == plain(other)
}
