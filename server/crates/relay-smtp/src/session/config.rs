//! What a listener says about its sessions.

/// Octets that the parameters offered here may add to a MAIL line: SIZE 26 (RFC 1870 §3), BODY 17 (RFC 6152 §2),
/// SMTPUTF8 10 (RFC 6531 §3.4), AUTH 500 (RFC 4954 §3).
pub(super) const MAIL_LINE_EXTRA: usize = 26 + 17 + 10 + 500;

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
    /// Most octets of a command line with its CRLF (RFC 5321 §4.5.3.1.4); a MAIL line may have its parameters more.
    pub command_line_limit: usize,
    /// Most octets of a line of an AUTH exchange (RFC 4954 §4.6).
    pub auth_line_limit: usize,
    /// Mistakes that are answered before the session ends.
    pub errors_limit: usize,
    /// Transactions in a session.
    pub transactions_limit: usize,
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
        }
    }
}
