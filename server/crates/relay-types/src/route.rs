//! Where mail goes next.

use serde::{Deserialize, Serialize};

/// The kind of route of the platform or of a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RouteKind {
    /// To the recipient domain's mail exchangers (RFC 5321 §5).
    Mx,
    /// To one host, which carries it further.
    Smarthost,
    /// Nowhere: the message is shown in the portal.
    Capture,
}

impl RouteKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Mx, Self::Smarthost, Self::Capture];

    /// The stored word, as in the configuration file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mx => "mx",
            Self::Smarthost => "smarthost",
            Self::Capture => "capture",
        }
    }

    /// Reads the stored word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// How a smarthost is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmarthostTls {
    /// STARTTLS when offered, without verifying the certificate. Never with credentials.
    Opportunistic,
    /// STARTTLS, without verifying the certificate. Never with credentials.
    Require,
    /// STARTTLS, certificate verified.
    Starttls,
    /// TLS from the first byte, certificate verified.
    Implicit,
}

impl SmarthostTls {
    /// All modes.
    pub const ALL: [Self; 4] = [Self::Opportunistic, Self::Require, Self::Starttls, Self::Implicit];

    /// The stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Opportunistic => "opportunistic",
            Self::Require => "require",
            Self::Starttls => "starttls",
            Self::Implicit => "implicit",
        }
    }

    /// Whether the certificate is verified, as it must be before a password is sent.
    pub fn verifies(self) -> bool {
        matches!(self, Self::Starttls | Self::Implicit)
    }

    /// Reads the stored word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text)
    }
}

/// A smarthost as shown: without its password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Smarthost {
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// TLS mode.
    pub tls: SmarthostTls,
    /// SASL user name, when it authenticates.
    pub username: Option<String>,
}

/// A project's route as shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Route {
    /// The platform's route, whose kind this is.
    Platform(RouteKind),
    /// Mail exchangers.
    Mx,
    /// Its own smarthost.
    Smarthost(Smarthost),
    /// Capture.
    Capture,
}

/// A route as asked for in a form or file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "kind", deny_unknown_fields)]
pub enum RouteChange {
    /// Follow the platform.
    Platform,
    /// Mail exchangers.
    Mx,
    /// Capture.
    Capture,
    /// A smarthost of the project's own.
    Smarthost {
        /// Host name or address.
        host: String,
        /// TCP port.
        port: u16,
        /// TLS mode.
        tls: SmarthostTls,
        /// SASL user name.
        #[serde(default)]
        username: Option<String>,
        /// SASL password; `None` keeps the one that is stored for this user name.
        #[serde(default)]
        password: Option<String>,
    },
}
