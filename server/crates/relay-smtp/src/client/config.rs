//! What a client session is told: who we are, how much TLS it takes, and what it shall send.

use relay_types::{
    DomainName, EmailAddress, ReversePath,
    terms::{Addressee, MessageTerms},
};
use zeroize::Zeroizing;

/// Settings of one connection to one next hop.
#[derive(Debug)]
pub struct ClientConfig {
    /// Our name in EHLO.
    pub name: DomainName,
    /// How much TLS is taken.
    pub tls: TlsPolicy,
    /// Used after verified TLS only; without it the host is unusable.
    pub credentials: Option<ClientCredentials>,
}

/// What is done about TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsPolicy {
    /// In the clear, even when STARTTLS is offered: the handshake failed before under `Opportunistic`.
    Never,
    /// STARTTLS when offered, in the clear otherwise (RFC 7435).
    Opportunistic,
    /// STARTTLS or nothing; any certificate will do.
    Encrypted,
    /// STARTTLS or nothing; the driver verifies the certificate.
    Required,
    /// TLS was made and verified by the driver before the greeting (RFC 8314 §3.3).
    Implicit,
}

/// SASL user name and password (RFC 4616). Has no readable `Debug`.
#[derive(Clone)]
pub struct ClientCredentials {
    /// Authentication identity.
    pub username: String,
    /// Its password.
    pub password: Zeroizing<String>,
}

impl std::fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ClientCredentials")
    }
}

/// One mail transaction: envelope and the facts of the content that the envelope declares.
#[derive(Debug, Clone)]
pub struct Transaction {
    /// Reverse-path.
    pub reverse_path: ReversePath,
    /// Forward-paths; at least one. RFC 5321 §4.5.3.1.8 lets a server stop at 100.
    pub recipients: Vec<Addressee>,
    /// Octets of the content, before dots are stuffed (RFC 1870 §5).
    pub size: u64,
    /// The content has octets above 127.
    pub eight_bit: bool,
    /// The content needs SMTPUTF8; an address that needs it is noticed by itself.
    pub smtputf8: bool,
    /// What was asked about it.
    pub terms: MessageTerms,
}

impl Transaction {
    /// Whether the next hop must offer SMTPUTF8 (RFC 6531 §3.2).
    pub fn needs_smtputf8(&self) -> bool {
        self.smtputf8
            || self.reverse_path.address().is_some_and(EmailAddress::needs_smtputf8)
            || self.recipients.iter().any(|recipient| recipient.address.needs_smtputf8())
    }
}
