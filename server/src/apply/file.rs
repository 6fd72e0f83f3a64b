//! The form of the file that `relaykeep apply` reads. Unknown fields are errors.

use anyhow::{Context, Result};
use relay_types::{
    Cidr, DomainName, EmailAddress, SenderPattern, Timestamp,
    limit::Limits,
    project::Slug,
    route::{Route, RouteChange},
    service_account::{AllowedSenders, ServiceAccountSettings},
};
use serde::Deserialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// The whole file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// The operator's domain: mail whose header From is in it is signed with the operator's keys.
    #[serde(default)]
    pub default_domain: Option<DomainName>,
    /// Projects.
    #[serde(default)]
    pub projects: Vec<ProjectPart>,
}

/// One project; what is left out stays as it is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProjectPart {
    /// Its place in URLs; the project is found or made by it.
    pub slug: Slug,
    /// Its name; the slug when a project is made without one.
    pub name: Option<String>,
    /// Sandbox; true when a project is made without it.
    pub sandbox: Option<bool>,
    /// Limits.
    pub limits: Option<Limits>,
    /// Who hears of bounces and warnings.
    pub bounce_contact: Option<EmailAddress>,
    /// Route.
    pub route: Option<RouteChange>,
    /// Trusted networks.
    #[serde(default)]
    pub networks: Vec<NetworkPart>,
    /// Domains.
    #[serde(default)]
    pub domains: Vec<DomainPart>,
    /// Sender addresses.
    #[serde(default)]
    pub senders: Vec<SenderPart>,
    /// Service accounts, found or made by label.
    #[serde(default)]
    pub service_accounts: Vec<ServiceAccountPart>,
}

/// A trusted network.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkPart {
    /// Block.
    pub cidr: Cidr,
    /// What it is.
    #[serde(default)]
    pub label: String,
}

/// A domain.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DomainPart {
    /// Name.
    pub name: DomainName,
    /// Mark it verified without the record.
    #[serde(default)]
    pub verified: bool,
}

/// A sender address.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SenderPart {
    /// Address.
    pub address: EmailAddress,
    /// Mark it verified without the link.
    #[serde(default)]
    pub verified: bool,
}

/// A service account.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceAccountPart {
    label: String,
    /// RFC 3339.
    #[serde(default)]
    expires_at: Option<String>,
    #[serde(default)]
    allowed_cidrs: Vec<Cidr>,
    /// All of the project's when left out.
    #[serde(default)]
    allowed_senders: Option<Vec<SenderPattern>>,
    #[serde(default)]
    default_sender: Option<EmailAddress>,
    #[serde(default)]
    may_notify: bool,
    #[serde(default)]
    limits: Limits,
}

impl ServiceAccountPart {
    /// As the use cases take it.
    pub fn settings(&self) -> Result<ServiceAccountSettings> {
        let expires_at = match &self.expires_at {
            None => None,
            Some(text) => {
                let at = OffsetDateTime::parse(text, &Rfc3339)
                    .with_context(|| format!("expires_at {text}: write it as 2027-01-31T00:00:00Z"))?;
                Some(Timestamp(at.unix_timestamp().saturating_mul(1000)))
            }
        };
        Ok(ServiceAccountSettings {
            label: self.label.clone(),
            expires_at,
            allowed_cidrs: self.allowed_cidrs.clone(),
            allowed_senders: self.allowed_senders.clone().map_or(AllowedSenders::All, AllowedSenders::Only),
            default_sender: self.default_sender.clone(),
            may_notify: self.may_notify,
            limits: self.limits,
        })
    }
}

/// Whether a project's route already is what is asked for. A route with a password never is: it cannot be compared.
pub fn is_route(wanted: &RouteChange, now: &Route) -> bool {
    match (wanted, now) {
        (RouteChange::Platform, Route::Platform(_))
        | (RouteChange::Mx, Route::Mx)
        | (RouteChange::Capture, Route::Capture) => true,
        (RouteChange::Smarthost { host, port, tls, username, password }, Route::Smarthost(now)) => {
            password.is_none() && *host == now.host && *port == now.port && *tls == now.tls && *username == now.username
        }
        _ => false,
    }
}
