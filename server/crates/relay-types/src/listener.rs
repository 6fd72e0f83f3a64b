//! Listeners as the operator sees them.

use crate::{Cidr, Timestamp};
use serde::{Deserialize, Serialize};

/// TLS of a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ListenerTls {
    /// STARTTLS is offered.
    Starttls,
    /// TLS from the first byte (RFC 8314).
    Implicit,
    /// None.
    None,
}

impl ListenerTls {
    /// In words, as the start prints it and pages show it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Starttls => "STARTTLS",
            Self::Implicit => "TLS from the first byte",
            Self::None => "No TLS",
        }
    }
}

/// Who may send through a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ListenerAuth {
    /// Only service accounts.
    Required,
    /// Only trusted networks.
    Networks,
    /// Both.
    Either,
}

impl ListenerAuth {
    /// In words, as the start prints it and pages show it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Required => "Service accounts",
            Self::Networks => "Trusted networks",
            Self::Either => "Service accounts and trusted networks",
        }
    }
}

/// What is said for as long as secrets may be sent in clear: on pages, and by `relaykeep check`.
pub fn legacy_warning(name: &str, networks: &[Cidr]) -> Option<String> {
    let (last, others) = networks.split_last()?;
    let others: Vec<_> = others.iter().map(ToString::to_string).collect();
    let networks = if others.is_empty() { last.to_string() } else { format!("{} and {last}", others.join(", ")) };
    Some(format!("Listener {name} takes secrets in clear from {networks}"))
}

/// A listener and its live state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListenerStatus {
    /// Name from the configuration.
    pub name: String,
    /// Address and port it is bound to.
    pub address: String,
    /// Host name in greeting and Received.
    pub hostname: String,
    /// TLS mode.
    pub tls: ListenerTls,
    /// Auth rule.
    pub auth: ListenerAuth,
    /// The certificate was made here for a trial.
    pub self_signed: bool,
    /// When the certificate ends.
    pub certificate_ends_at: Option<Timestamp>,
    /// Open sessions now.
    pub sessions: u64,
    /// Sessions since start.
    pub sessions_total: u64,
    /// Messages accepted since start.
    pub accepted_total: u64,
    /// Refusals since start.
    pub refused_total: u64,
    /// Last trouble of the listener itself.
    pub last_error: Option<String>,
}
