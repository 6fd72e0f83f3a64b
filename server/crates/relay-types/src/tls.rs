//! TLS with other mail servers: what is asked for, by whom, and what came of it.

use crate::{DomainName, Timestamp};
use serde::{Deserialize, Serialize};

/// What the operator, or a route, asks of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TlsRule {
    /// TLS when it is offered, with any certificate; in the clear otherwise (RFC 7435).
    #[default]
    Opportunistic,
    /// TLS with any certificate, or no delivery.
    Require,
    /// TLS with a certificate that is trusted and names the host, or no delivery.
    Verify,
}

impl TlsRule {
    /// All rules, the weakest first.
    pub const ALL: [Self; 3] = [Self::Opportunistic, Self::Require, Self::Verify];

    /// The word in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Opportunistic => "opportunistic",
            Self::Require => "require",
            Self::Verify => "verify",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.as_str() == text)
    }

    /// What it means, for pages.
    pub fn words(self) -> &'static str {
        match self {
            Self::Opportunistic => "TLS when offered, any certificate",
            Self::Require => "TLS always, any certificate",
            Self::Verify => "TLS always, certificate checked",
        }
    }
}

/// The mode of an MTA-STS policy (RFC 8461 §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StsMode {
    /// Mail that cannot be delivered as the policy says waits.
    Enforce,
    /// Mail is delivered all the same; failures are counted.
    Testing,
    /// The domain has no policy any more.
    None,
}

impl StsMode {
    /// All modes.
    pub const ALL: [Self; 3] = [Self::Enforce, Self::Testing, Self::None];

    /// The word of the policy.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Testing => "testing",
            Self::None => "none",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text)
    }
}

/// Who asked for the TLS of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TlsReason {
    /// Nobody: it is welcome.
    #[default]
    Nobody,
    /// A rule of the operator or of the route.
    Rule(TlsRule),
    /// The recipient domain's MTA-STS policy.
    MtaSts(StsMode),
}

impl TlsReason {
    /// `MTA-STS enforce`, `the rule verify`; none when nobody asked.
    pub fn words(self) -> Option<String> {
        match self {
            Self::Nobody => None,
            Self::Rule(rule) => Some(format!("the rule {}", rule.as_str())),
            Self::MtaSts(mode) => Some(format!("MTA-STS {}", mode.as_str())),
        }
    }
}

/// The TLS that an attempt was made with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsResult {
    /// `TLS 1.3`.
    pub version: String,
    /// `TLS_AES_256_GCM_SHA384`.
    pub cipher: String,
    /// Why the certificate is none that this machine trusts for that host; none when it is.
    pub unverified: Option<String>,
    /// Who asked for it.
    pub reason: TlsReason,
}

/// What is kept of an attempt's TLS: the result, or the words that were kept before there was one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum AttemptTls {
    /// The result.
    Result(TlsResult),
    /// `TLS 1.3, verified`.
    Words(String),
}

impl AttemptTls {
    /// One short line.
    pub fn words(&self) -> String {
        match self {
            Self::Words(words) => words.clone(),
            Self::Result(TlsResult { version, cipher, unverified, reason }) => {
                let verified = match unverified {
                    None => "verified".to_owned(),
                    Some(why) => format!("not verified: {why}"),
                };
                let reason = reason.words().map(|who| format!(", asked for by {who}")).unwrap_or_default();
                format!("{version} ({cipher}), {verified}{reason}")
            }
        }
    }
}

/// How a session with a mail server of a domain came out, in the words of RFC 8460 §4.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TlsOutcome {
    /// TLS as the policy asks; without a policy, any TLS.
    Success,
    /// No STARTTLS was offered.
    StarttlsNotSupported,
    /// The certificate does not name the host.
    CertificateHostMismatch,
    /// The certificate has ended.
    CertificateExpired,
    /// No authority that this machine knows issued the certificate.
    CertificateNotTrusted,
    /// The handshake failed for another reason, or no exchanger is in the policy.
    ValidationFailure,
    /// The policy could not be fetched.
    StsPolicyFetchError,
    /// The policy is none.
    StsPolicyInvalid,
    /// The policy host's certificate is not trusted.
    StsWebpkiInvalid,
}

impl TlsOutcome {
    /// All outcomes.
    pub const ALL: [Self; 9] = [
        Self::Success,
        Self::StarttlsNotSupported,
        Self::CertificateHostMismatch,
        Self::CertificateExpired,
        Self::CertificateNotTrusted,
        Self::ValidationFailure,
        Self::StsPolicyFetchError,
        Self::StsPolicyInvalid,
        Self::StsWebpkiInvalid,
    ];

    /// The stored word, as in a report.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::StarttlsNotSupported => "starttls-not-supported",
            Self::CertificateHostMismatch => "certificate-host-mismatch",
            Self::CertificateExpired => "certificate-expired",
            Self::CertificateNotTrusted => "certificate-not-trusted",
            Self::ValidationFailure => "validation-failure",
            Self::StsPolicyFetchError => "sts-policy-fetch-error",
            Self::StsPolicyInvalid => "sts-policy-invalid",
            Self::StsWebpkiInvalid => "sts-webpki-invalid",
        }
    }

    /// Reads the stored word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text)
    }
}

/// Sessions with a domain's mail servers in the last days, as the operator sees them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsSessions {
    /// The recipient domain.
    pub domain: DomainName,
    /// Its MTA-STS policy as it is kept now, and until when.
    pub policy: Option<(StsMode, Timestamp)>,
    /// Sessions that went as they should.
    pub successes: u64,
    /// Others, by how they failed.
    pub failures: Vec<(TlsOutcome, u64)>,
}

/// What the operator asks of TLS, and how it went.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TlsOverview {
    /// For domains that have no rule of their own.
    pub rule: TlsRule,
    /// Rules of single domains.
    pub rules: Vec<(DomainName, TlsRule)>,
    /// Domains, those with failures first, 100 at most.
    pub sessions: Vec<TlsSessions>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_before_is_still_read() {
        let old: AttemptTls = serde_json::from_str("\"TLS 1.3, verified\"").unwrap();
        assert_eq!(old.words(), "TLS 1.3, verified");
        let new = AttemptTls::Result(TlsResult {
            version: "TLS 1.3".to_owned(),
            cipher: "TLS_AES_256_GCM_SHA384".to_owned(),
            unverified: Some("it has ended".to_owned()),
            reason: TlsReason::MtaSts(StsMode::Testing),
        });
        let text = serde_json::to_string(&new).unwrap();
        let read: AttemptTls = serde_json::from_str(&text).unwrap();
        assert_eq!(read, new);
        assert_eq!(
            read.words(),
            "TLS 1.3 (TLS_AES_256_GCM_SHA384), not verified: it has ended, asked for by MTA-STS testing"
        );
    }

    #[test]
    fn words_are_read_as_they_are_written() {
        for rule in TlsRule::ALL {
            assert_eq!(TlsRule::parse(rule.as_str()), Some(rule));
        }
        for mode in StsMode::ALL {
            assert_eq!(StsMode::parse(mode.as_str()), Some(mode));
        }
        for outcome in TlsOutcome::ALL {
            assert_eq!(TlsOutcome::parse(outcome.as_str()), Some(outcome));
            assert_eq!(serde_json::to_string(&outcome).unwrap(), format!("{:?}", outcome.as_str()));
        }
    }
}
