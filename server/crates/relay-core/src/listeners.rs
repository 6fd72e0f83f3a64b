//! The live state of this node's listeners: written by the relay, shown to operators. Of the listeners of other nodes
//! only what must be warned of, which they tell with their signs of life.

use crate::{Actor, Core, Result, nodes};
use relay_types::{
    Cidr, Timestamp,
    listener::{ListenerAuth, ListenerStatus, ListenerTls, legacy_warning},
};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering},
};

/// All listeners of this node.
#[derive(Default)]
pub struct Listeners {
    all: Mutex<Vec<Arc<Listener>>>,
    elsewhere: Mutex<Vec<Elsewhere>>,
}

/// A listener of the configuration that other nodes serve: for what people are told of where to connect.
#[derive(Debug, Clone)]
pub struct Elsewhere {
    /// What it is bound to there.
    pub address: std::net::SocketAddr,
    /// Host name in greeting and Received.
    pub hostname: String,
    /// TLS mode.
    pub tls: ListenerTls,
    /// Auth rule.
    pub auth: ListenerAuth,
}

/// One listener: its facts, and counters the relay moves.
pub struct Listener {
    /// Name from the configuration.
    pub name: String,
    /// What it is bound to.
    pub address: std::net::SocketAddr,
    /// Host name in greeting and Received.
    pub hostname: String,
    /// TLS mode.
    pub tls: ListenerTls,
    /// Auth rule.
    pub auth: ListenerAuth,
    /// Blocks whose programs may sign in without TLS (the legacy profile).
    pub plaintext_auth_from: Vec<Cidr>,
    /// The certificate in use now; none without TLS.
    pub certificate: Mutex<Option<Certificate>>,
    /// Open sessions.
    pub sessions: AtomicU64,
    /// Sessions since start.
    pub sessions_total: AtomicU64,
    /// Messages accepted since start.
    pub accepted_total: AtomicU64,
    /// Refusals since start.
    pub refused_total: AtomicU64,
    /// Last trouble of the listener itself.
    pub last_error: Mutex<Option<String>>,
}

/// What is known of a listener's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Made here for a trial: no client has a reason to trust it.
    pub self_signed: bool,
    /// The last moment it is valid.
    pub ends_at: Timestamp,
    /// Whether it is for the listener's host name (RFC 9525).
    pub names_host: bool,
    /// Why this machine would not trust it, in words; none when it would.
    pub untrusted: Option<String>,
}

impl Listeners {
    /// Adds a listener that was bound.
    pub fn add(&self, listener: Listener) -> Arc<Listener> {
        let listener = Arc::new(listener);
        self.lock().push(listener.clone());
        listener
    }

    /// The listeners of this node.
    pub fn all(&self) -> Vec<Arc<Listener>> {
        self.lock().clone()
    }

    /// Adds a listener that other nodes serve.
    pub fn elsewhere(&self, listener: Elsewhere) {
        self.elsewhere.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(listener);
    }

    /// The warning of each listener of this node that takes secrets in clear (the legacy profile), in words.
    pub(crate) fn plaintext_auth(&self) -> Vec<String> {
        let all = self.lock();
        all.iter().filter_map(|one| legacy_warning(&one.name, &one.plaintext_auth_from)).collect()
    }

    /// Where programs connect: the listeners of this node and of others, and whether a certificate is for trials.
    pub(crate) fn places(&self) -> Vec<(Elsewhere, bool)> {
        let here = self.all().into_iter().map(|one| {
            let hostname = one.hostname.clone();
            (Elsewhere { address: one.address, hostname, tls: one.tls, auth: one.auth }, one.is_self_signed())
        });
        let elsewhere = self.elsewhere.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        here.chain(elsewhere.into_iter().map(|one| (one, false))).collect()
    }

    pub(crate) fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Listener>>> {
        self.all.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// The listeners of this node. Operator only.
pub fn list(core: &Core, actor: &Actor) -> Result<Vec<ListenerStatus>> {
    crate::projects::authorize_operator(actor)?;
    Ok(core.listeners().all().iter().map(|listener| listener.status()).collect())
}

/// The warning of each listener that takes secrets in clear (the legacy profile), in words: of this process and of all
/// nodes that run, each once. Operator only.
pub async fn plaintext_auth(core: &Core, actor: &Actor) -> Result<Vec<String>> {
    let nodes = nodes::list(core, actor).await?;
    let mut warnings = core.listeners().plaintext_auth();
    for warning in nodes.plaintext_auth() {
        if !warnings.contains(warning) {
            warnings.push(warning.clone());
        }
    }
    Ok(warnings)
}

/// Differs when the page of listeners would.
pub(crate) fn digest(core: &Core) -> u64 {
    let all = core.listeners().all();
    let facts = all.iter().map(|listener| {
        let status = listener.status();
        let counts = (status.sessions, status.sessions_total, status.accepted_total, status.refused_total);
        (counts, status.self_signed, status.certificate_ends_at, status.last_error)
    });
    crate::changes::digest(facts.collect::<Vec<_>>())
}

impl Listener {
    /// Whether the certificate in use was made here for a trial.
    pub(crate) fn is_self_signed(&self) -> bool {
        self.certificate().is_some_and(|certificate| certificate.self_signed)
    }

    pub(crate) fn certificate(&self) -> Option<Certificate> {
        self.certificate.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    fn status(&self) -> ListenerStatus {
        let certificate = self.certificate();
        ListenerStatus {
            name: self.name.clone(),
            address: self.address.to_string(),
            hostname: self.hostname.clone(),
            tls: self.tls,
            auth: self.auth,
            self_signed: certificate.as_ref().is_some_and(|certificate| certificate.self_signed),
            certificate_ends_at: certificate.map(|certificate| certificate.ends_at),
            sessions: self.sessions.load(Ordering::Relaxed),
            sessions_total: self.sessions_total.load(Ordering::Relaxed),
            accepted_total: self.accepted_total.load(Ordering::Relaxed),
            refused_total: self.refused_total.load(Ordering::Relaxed),
            last_error: self.last_error.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone(),
        }
    }
}
