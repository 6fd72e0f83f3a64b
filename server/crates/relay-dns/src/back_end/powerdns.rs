//! The HTTP API of a PowerDNS Authoritative Server: one PATCH a change.

use super::{PtrChange, WriteError};
use relay_types::ZoneName;
use std::fmt;
use zeroize::Zeroizing;

/// A PowerDNS API and its key.
#[derive(Clone)]
pub struct PowerDnsApi {
    /// Base of the API: `https://ns.example.org:8081`.
    pub url: String,
    /// Which server behind the API: `localhost` for all but proxies.
    pub server_id: String,
    /// Value of `X-API-Key`.
    pub api_key: Zeroizing<String>,
}

impl PowerDnsApi {
    pub(super) fn describe(&self, _change: &PtrChange) -> String {
        String::new()
    }

    pub(super) async fn test(&self, _zone: &ZoneName) -> Result<String, WriteError> {
        Err(WriteError::Away("not able to ask PowerDNS yet".to_owned()))
    }

    pub(super) async fn write(&self, _change: &PtrChange) -> Result<(), WriteError> {
        Err(WriteError::Away("not able to ask PowerDNS yet".to_owned()))
    }
}

/// Everything but the secret.
impl fmt::Debug for PowerDnsApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PowerDnsApi")
            .field("url", &self.url)
            .field("server_id", &self.server_id)
            .finish_non_exhaustive()
    }
}
