//! What a listener says about its sessions.

use relay_types::Timestamp;

/// Octets that the parameters offered here may add to a MAIL line: SIZE 26 (RFC 1870 §3), BODY 17 (RFC 6152 §2),
/// SMTPUTF8 10 (RFC 6531 §3.4), AUTH 500 (RFC 4954 §3), RET 9 and ENVID 107 (RFC 3461 §5.4), REQUIRETLS 11 (RFC 8689
/// §2), HOLDUNTIL 34 (RFC 4865 §4).
pub(super) const MAIL_LINE_EXTRA: usize = 26 + 17 + 10 + 500 + 9 + 107 + 11 + 34;
/// Octets that they may add to a RCPT line: NOTIFY 28 and ORCPT 507 (RFC 3461 §5.4).
pub(super) const RCPT_LINE_EXTRA: usize = 28 + 507;

/// How a listener does TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsOffer {
    /// Not at all.
    None,
    /// On request (RFC 3207).
    StartTls,
    /// From the first octet (RFC 8314).
    Implicit,
}

/// Who may give mail to a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthRule {
    /// Only who has authenticated.
    Required,
    /// Only trusted networks; AUTH is not offered.
    Networks,
    /// Both.
    Either,
}

/// The settings of a session; every limit is kept by the machine.
#[derive(Debug, Clone)]
pub struct SessionConfig {
    /// The name in the greeting, in EHLO and of `<postmaster>`.
    pub host_name: String,
    /// TLS.
    pub tls: TlsOffer,
    /// Who may give mail.
    pub auth: AuthRule,
    /// The legacy profile: AUTH is offered without TLS. Off unless a listener says so.
    pub plaintext_auth: bool,
    /// Most octets of a message, in the SIZE keyword and for real.
    pub size_limit: u64,
    /// Most recipients judged in a transaction; at least 100 (RFC 5321 §4.5.3.1.8).
    pub recipients_limit: usize,
    /// Most octets of a command line with its CRLF (RFC 5321 §4.5.3.1.4); MAIL and RCPT may have their parameters more.
    pub command_line_limit: usize,
    /// Most octets of a line of an AUTH exchange (RFC 4954 §4.6).
    pub auth_line_limit: usize,
    /// Mistakes that are answered before the session ends.
    pub errors_limit: usize,
    /// Transactions in a session.
    pub transactions_limit: usize,
    /// FUTURERELEASE is offered to this many seconds and this moment (RFC 4865); the driver says it for each session.
    pub hold_limit: Option<(u64, Timestamp)>,
}

impl SessionConfig {
    /// A listener for programs that authenticate over STARTTLS, with the usual limits.
    pub fn new(host_name: impl Into<String>) -> Self {
        Self {
            host_name: host_name.into(),
            tls: TlsOffer::StartTls,
            auth: AuthRule::Required,
            plaintext_auth: false,
            size_limit: 50 * 1024 * 1024,
            recipients_limit: 1000,
            command_line_limit: 512,
            auth_line_limit: 12_288,
            errors_limit: 20,
            transactions_limit: 1000,
            hold_limit: None,
        }
    }
}
