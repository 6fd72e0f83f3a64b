//! Programs that send by SMTP AUTH.

use crate::{Cidr, EmailAddress, Id, SenderPattern, Timestamp, audit::AuditEntry, limit::Limits};
use serde::{Deserialize, Serialize};

/// Marker of [`ServiceAccountId`].
pub enum ServiceAccountKind {}
/// Identifies a service account.
pub type ServiceAccountId = Id<ServiceAccountKind>;
/// Marker of [`SecretId`].
pub enum SecretKind {}
/// Identifies one secret of a service account.
pub type SecretId = Id<SecretKind>;

/// Which of the project's verified senders an account may use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AllowedSenders {
    /// All of them.
    All,
    /// Only those that one of these covers.
    Only(Vec<SenderPattern>),
}

/// Why an account can or cannot sign in now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AccountState {
    /// May send.
    Enabled,
    /// Switched off by a person.
    Disabled,
    /// Past its expiry.
    Expired,
}

impl AccountState {
    /// The word on pages and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
            Self::Expired => "expired",
        }
    }
}

/// A service account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceAccount {
    /// Identifier.
    pub id: ServiceAccountId,
    /// What it is for, in the project's words.
    pub label: String,
    /// Generated SASL user name; `user@realm` with the platform's realm is understood too.
    pub username: String,
    /// Whether it may send now.
    pub state: AccountState,
    /// When it expires: from then on it cannot sign in.
    pub expires_at: Option<Timestamp>,
    /// From where it may sign in; empty means anywhere.
    pub allowed_cidrs: Vec<Cidr>,
    /// As whom it may send.
    pub allowed_senders: AllowedSenders,
    /// The From for client lines and test messages.
    pub default_sender: Option<EmailAddress>,
    /// May use the null reverse-path.
    pub may_notify: bool,
    /// Its programs wait for the next hop's verdict.
    pub cut_through: bool,
    /// Limits of its own.
    pub limits: Limits,
    /// Number of live secrets: one, or two while they are rotated.
    pub secrets: u8,
    /// When it was made.
    pub created_at: Timestamp,
    /// Last successful AUTH.
    pub last_used_at: Option<Timestamp>,
}

/// A secret, without its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret {
    /// Identifier.
    pub id: SecretId,
    /// Its last four characters, to tell two apart.
    pub hint: String,
    /// When it was issued.
    pub created_at: Timestamp,
    /// Last successful AUTH with it.
    pub last_used_at: Option<Timestamp>,
}

/// From where a secret was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceUse {
    /// The client's address.
    pub address: String,
    /// Which secret.
    pub secret_id: SecretId,
    /// Its last four characters; none when it is revoked.
    pub secret_hint: Option<String>,
    /// First and last successful AUTH.
    pub first_used_at: Timestamp,
    /// Last successful AUTH.
    pub last_used_at: Timestamp,
}

/// A service account's page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceAccountDetail {
    /// The account.
    pub account: ServiceAccount,
    /// One or two live secrets, oldest first.
    pub secrets: Vec<Secret>,
    /// Last use per source address, newest first, 100 at most.
    pub sources: Vec<SourceUse>,
    /// What people last did to it, newest first.
    pub history: Vec<AuditEntry>,
}

/// What a form or file says of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceAccountSettings {
    /// What it is for.
    pub label: String,
    /// When it expires: from then on it cannot sign in.
    pub expires_at: Option<Timestamp>,
    /// From where it may sign in; empty means anywhere.
    pub allowed_cidrs: Vec<Cidr>,
    /// As whom it may send.
    pub allowed_senders: AllowedSenders,
    /// The From for client lines and test messages.
    pub default_sender: Option<EmailAddress>,
    /// May use the null reverse-path.
    pub may_notify: bool,
    /// Its programs wait for the next hop's verdict.
    pub cut_through: bool,
    /// Limits of its own.
    pub limits: Limits,
}

/// What ready client lines need: where programs connect. Made from the running listeners.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientAccess {
    /// Host name to connect to.
    pub host: String,
    /// Port of a listener with STARTTLS and AUTH.
    pub starttls_port: Option<u16>,
    /// Port of a listener with implicit TLS and AUTH.
    pub implicit_port: Option<u16>,
    /// Port of a listener for trusted networks.
    pub network_port: Option<u16>,
    /// The certificate was made here for a trial: clients will not trust it by themselves.
    pub self_signed: bool,
}
