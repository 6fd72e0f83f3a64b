//! What the relay is told about its listeners.

use crate::tls::certificates::CertificateFiles;
use relay_smtp::{AuthRule, SessionConfig, TlsOffer};
use relay_types::{
    Cidr,
    listener::{ListenerAuth, ListenerTls},
};
use std::time::Duration;

/// One listener.
#[derive(Debug, Clone)]
pub struct ListenerConfig {
    /// Its name in logs, metrics and pages.
    pub name: String,
    /// The host name in its greeting and in Received fields.
    pub hostname: String,
    /// How it does TLS.
    pub tls: ListenerTls,
    /// Who may send through it.
    pub auth: ListenerAuth,
    /// The legacy profile: from these networks AUTH is offered without TLS. Empty unless someone insists.
    pub plaintext_auth_from: Vec<Cidr>,
    /// Certificates for its TLS, the default one first; none when it has no TLS.
    pub certificates: Vec<CertificateFiles>,
    /// Load balancers that tell the client's address by the PROXY protocol; from them it must come.
    pub proxy_protocol_from: Vec<Cidr>,
}

/// What holds for all listeners.
#[derive(Debug, Clone)]
pub struct SubmissionSettings {
    /// Sessions at the same time, on all listeners.
    pub sessions: usize,
    /// Sessions at the same time from one address.
    pub sessions_per_address: usize,
    /// Octets of messages that are being received at the same time, in all sessions.
    pub content_in_memory: u64,
    /// Largest message in octets.
    pub message_size: u64,
    /// Recipients of one transaction.
    pub recipients: usize,
    /// Transactions of one session.
    pub transactions: usize,
    /// How long mail may be held at most for a later release (RFC 4865); zero: that is not offered.
    pub hold: Duration,
    /// Mistakes that are answered before a session ends.
    pub errors: usize,
    /// How long a client is waited for before the greeting, to see whether it talks early.
    pub greeting_wait: Duration,
    /// The longest wait for a command or for the next part of a message.
    pub idle: Duration,
    /// The longest TLS handshake.
    pub handshake: Duration,
    /// The least octets a second of a message, judged after `slow_start`.
    pub data_rate: u64,
    /// How long a message may come slower than that.
    pub slow_start: Duration,
    /// How long running transactions may go on when the relay stops.
    pub grace: Duration,
    /// How long a session of a cut-through account waits for its next hop.
    pub cut_through: Duration,
    /// How often certificate files are looked at for a renewal.
    pub renewal: Duration,
}

impl Default for SubmissionSettings {
    fn default() -> Self {
        Self {
            sessions: 2000,
            sessions_per_address: 200,
            content_in_memory: 1024 * 1024 * 1024,
            message_size: 50 * 1024 * 1024,
            recipients: 1000,
            transactions: 1000,
            hold: Duration::from_secs(5 * 86_400),
            errors: 20,
            greeting_wait: Duration::from_millis(20),
            idle: Duration::from_secs(300),
            handshake: Duration::from_secs(30),
            data_rate: 100,
            slow_start: Duration::from_secs(60),
            grace: Duration::from_secs(25),
            cut_through: Duration::from_secs(20),
            renewal: Duration::from_secs(30),
        }
    }
}

impl SubmissionSettings {
    /// The settings of a session on a listener, from a network without the legacy profile.
    pub(crate) fn session(&self, listener: &ListenerConfig) -> SessionConfig {
        SessionConfig {
            tls: match listener.tls {
                ListenerTls::None => TlsOffer::None,
                ListenerTls::Starttls => TlsOffer::StartTls,
                ListenerTls::Implicit => TlsOffer::Implicit,
            },
            auth: match listener.auth {
                ListenerAuth::Required => AuthRule::Required,
                ListenerAuth::Networks => AuthRule::Networks,
                ListenerAuth::Either => AuthRule::Either,
            },
            plaintext_auth: false,
            size_limit: self.message_size,
            recipients_limit: self.recipients,
            errors_limit: self.errors,
            transactions_limit: self.transactions,
            ..SessionConfig::new(listener.hostname.clone())
        }
    }
}
