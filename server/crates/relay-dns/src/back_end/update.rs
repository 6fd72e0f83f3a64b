//! Dynamic updates (RFC 2136), signed with TSIG (RFC 8945): one atomic message a change.

use super::{PtrChange, WriteError};
use relay_types::{ZoneName, reverse::TsigAlgorithm};
use std::fmt;
use zeroize::Zeroizing;

/// A name server that takes updates, and the key it knows.
#[derive(Clone)]
pub struct UpdateServer {
    /// `HOST:PORT`; without a port it is 53.
    pub server: String,
    /// Name of the key, as in the server's configuration.
    pub key_name: String,
    /// How updates are signed.
    pub algorithm: TsigAlgorithm,
    /// The secret, decoded from base64.
    pub key: Zeroizing<Vec<u8>>,
}

impl UpdateServer {
    /// The change as an `nsupdate` script.
    pub(super) fn describe(&self, change: &PtrChange) -> String {
        let owner = format!("{}.", change.owner);
        let mut text = format!("server {}\n", self.server.replace(':', " "));
        text += &format!("; signed with {}, {}\n", self.key_name, self.algorithm.as_str());
        text += &format!("zone {}.\nprereq nxrrset {owner} CNAME\n", change.zone);
        if change.before.is_empty() {
            text += &format!("prereq nxrrset {owner} PTR\n");
        }
        for name in &change.before {
            text += &format!("prereq yxrrset {owner} IN PTR {name}.\n");
        }
        text += &format!("update delete {owner} PTR\n");
        if let Some(name) = &change.after {
            text += &format!("update add {owner} {} IN PTR {name}.\n", change.ttl);
        }
        text + "send\n"
    }

    pub(super) async fn test(&self, _zone: &ZoneName) -> Result<String, WriteError> {
        Err(WriteError::Away("not able to send updates yet".to_owned()))
    }

    pub(super) async fn write(&self, _change: &PtrChange) -> Result<(), WriteError> {
        Err(WriteError::Away("not able to send updates yet".to_owned()))
    }
}

/// Everything but the secret.
impl fmt::Debug for UpdateServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpdateServer")
            .field("server", &self.server)
            .field("key_name", &self.key_name)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}
