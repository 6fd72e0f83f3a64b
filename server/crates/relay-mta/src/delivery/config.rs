//! Settings of delivery, and why it cannot begin.

use relay_types::DomainName;
use std::{path::PathBuf, time::Duration};

/// Settings of delivery.
#[derive(Debug, Clone)]
pub struct DeliveryConfig {
    /// Our name in EHLO.
    pub hostname: DomainName,
    /// Our other names. Mail is never sent to an exchanger that is one of them or less preferred (RFC 5321 §5.1).
    pub own_names: Vec<DomainName>,
    /// Exchangers may be at addresses of this machine: for tests and laboratories.
    pub local_mx: bool,
    /// TCP port of mail exchangers; 25 but in tests.
    pub port: u16,
    /// Transactions at the same time, in all.
    pub workers: usize,
    /// Connections at the same time to one destination.
    pub connections_per_destination: usize,
    /// How long a connection may take to be made.
    pub connect_timeout: Duration,
    /// How long one attempt may take, all hosts and all answers together. Half of the lease is the most that is used.
    pub attempt_limit: Duration,
    /// How long a connection waits for another message.
    pub idle: Duration,
    /// Transactions after which a connection is not used again.
    pub transactions_per_connection: u32,
    /// How long running transactions may go on when the program ends.
    pub grace: Duration,
    /// PEM files of certificate authorities that are trusted besides the system's.
    pub extra_ca: Vec<PathBuf>,
}

impl DeliveryConfig {
    /// The defaults under this name.
    pub fn new(hostname: DomainName) -> Self {
        Self {
            hostname,
            own_names: Vec::new(),
            local_mx: false,
            port: 25,
            workers: 64,
            connections_per_destination: 4,
            connect_timeout: Duration::from_secs(30),
            attempt_limit: Duration::from_secs(30 * 60),
            idle: Duration::from_secs(30),
            transactions_per_connection: 100,
            grace: Duration::from_secs(30),
            extra_ca: Vec::new(),
        }
    }
}

/// Why delivery cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// A file of `extra_ca` cannot be used.
    #[error("{path}: {cause}")]
    Certificate {
        /// Which.
        path: String,
        /// What is wrong with it.
        cause: String,
    },
    /// The TLS library refuses its settings.
    #[error(transparent)]
    Tls(#[from] rustls::Error),
}
