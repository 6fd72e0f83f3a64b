//! The form of the file that `relaykeep apply` reads. Unknown fields are errors.

use anyhow::Context;

use relay_types::{
    Cidr, DomainName, EmailAddress, SenderPattern, Timestamp,
    limit::Limits,
    project::Slug,
    route::RouteChange,
    service_account::{AllowedSenders, ServiceAccount, ServiceAccountSettings},
};
use serde::{Deserialize, Deserializer};
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

/// One project; what is left out stays as it is, and `null` or an empty list takes away what there is.
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
    #[serde(default, deserialize_with = "given")]
    pub limits: Option<Option<LimitsPart>>,
    /// Who hears of bounces and warnings.
    #[serde(default, deserialize_with = "given")]
    pub bounce_contact: Option<Option<EmailAddress>>,
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
    /// Suppressed addresses; those that are on the list stay as they are, and one whose time is over is not put there.
    #[serde(default)]
    pub suppressions: Vec<SuppressionPart>,
    /// Service accounts, found or made by label.
    #[serde(default)]
    pub service_accounts: Vec<ServiceAccountPart>,
}

/// Limits; the one that is left out stays as it is.
#[derive(Deserialize, Clone, Copy)]
#[serde(deny_unknown_fields)]
pub struct LimitsPart {
    #[serde(default, deserialize_with = "given")]
    per_hour: Option<Option<u32>>,
    #[serde(default, deserialize_with = "given")]
    per_day: Option<Option<u32>>,
    #[serde(default, deserialize_with = "given")]
    new_per_day: Option<Option<u32>>,
}

/// A trusted network.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkPart {
    /// Block.
    pub cidr: Cidr,
    /// What it is; the block itself when it is added without.
    pub label: Option<String>,
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

/// A suppressed address.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SuppressionPart {
    /// Address.
    pub address: EmailAddress,
    /// What programs are told.
    pub reason: String,
    /// RFC 3339; for ever without.
    expires_at: Option<String>,
}

impl SuppressionPart {
    /// When it ends.
    pub fn until(&self) -> anyhow::Result<Option<Timestamp>> {
        self.expires_at.as_deref().map(moment).transpose()
    }
}

/// A service account.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceAccountPart {
    label: String,
    /// RFC 3339.
    #[serde(default, deserialize_with = "given")]
    expires_at: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    allowed_cidrs: Option<Option<Vec<Cidr>>>,
    /// `null` and the empty list are all of the project's, as for a new account that does not name it.
    #[serde(default, deserialize_with = "given")]
    allowed_senders: Option<Option<Vec<SenderPattern>>>,
    #[serde(default, deserialize_with = "given")]
    default_sender: Option<Option<EmailAddress>>,
    may_notify: Option<bool>,
    cut_through: Option<bool>,
    #[serde(default, deserialize_with = "given")]
    limits: Option<Option<LimitsPart>>,
}

fn moment(text: &str) -> anyhow::Result<Timestamp> {
    let at = OffsetDateTime::parse(text, &Rfc3339)
        .with_context(|| format!("expires_at {text}: write it as 2027-01-31T00:00:00Z"))?;
    Ok(Timestamp(at.unix_timestamp().saturating_mul(1000)))
}

/// Tells a field that is there and `null` from one that is left out.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(from).map(Some)
}

/// The limits that hold after a file spoke of them.
pub fn limits(part: Option<Option<LimitsPart>>, now: Limits) -> Limits {
    match part {
        None => now,
        Some(None) => Limits::default(),
        Some(Some(part)) => Limits {
            per_hour: part.per_hour.unwrap_or(now.per_hour),
            per_day: part.per_day.unwrap_or(now.per_day),
            new_per_day: part.new_per_day.unwrap_or(now.new_per_day),
        },
    }
}

impl NetworkPart {
    /// The label of the block when it is added.
    pub fn label(&self) -> String {
        self.label.as_deref().map_or_else(|| self.cidr.to_string(), |label| label.trim().to_owned())
    }
}

impl ServiceAccountPart {
    /// The label, as it is stored.
    pub fn label(&self) -> &str {
        self.label.trim()
    }

    /// The settings of an account that is made.
    pub fn of_new(&self) -> anyhow::Result<ServiceAccountSettings> {
        self.over(ServiceAccountSettings {
            label: String::new(),
            expires_at: None,
            allowed_cidrs: Vec::new(),
            allowed_senders: AllowedSenders::All,
            default_sender: None,
            may_notify: false,
            cut_through: false,
            limits: Limits::default(),
        })
    }

    /// The settings of a known account, with what the file says of it.
    pub fn over_known(&self, now: &ServiceAccount) -> anyhow::Result<ServiceAccountSettings> {
        self.over(settings_of(now))
    }

    fn over(&self, now: ServiceAccountSettings) -> anyhow::Result<ServiceAccountSettings> {
        let expires_at = match &self.expires_at {
            None => now.expires_at,
            Some(None) => None,
            Some(Some(text)) => Some(moment(text)?),
        };
        let allowed_senders = match &self.allowed_senders {
            None => now.allowed_senders,
            Some(Some(patterns)) if !patterns.is_empty() => AllowedSenders::Only(patterns.clone()),
            Some(_) => AllowedSenders::All,
        };
        Ok(ServiceAccountSettings {
            label: self.label().to_owned(),
            expires_at,
            allowed_cidrs: self.allowed_cidrs.clone().map_or(now.allowed_cidrs, Option::unwrap_or_default),
            allowed_senders,
            default_sender: self.default_sender.clone().unwrap_or(now.default_sender),
            may_notify: self.may_notify.unwrap_or(now.may_notify),
            cut_through: self.cut_through.unwrap_or(now.cut_through),
            limits: limits(self.limits, now.limits),
        })
    }
}

/// What is set on an account now.
pub fn settings_of(account: &ServiceAccount) -> ServiceAccountSettings {
    ServiceAccountSettings {
        label: account.label.clone(),
        expires_at: account.expires_at,
        allowed_cidrs: account.allowed_cidrs.clone(),
        allowed_senders: account.allowed_senders.clone(),
        default_sender: account.default_sender.clone(),
        may_notify: account.may_notify,
        cut_through: account.cut_through,
        limits: account.limits,
    }
}
