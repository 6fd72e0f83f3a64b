//! What the use cases need to know of the configuration. Read once at start.

use crate::{Actor, Core, Result, projects};
use relay_dns::mta_sts::Access;
use relay_types::{
    DomainName, EmailAddress,
    route::{RouteKind, SmarthostTls},
    suppression::SuppressionKind,
    tls::TlsRule,
};
use std::{path::PathBuf, time::Duration};

/// Settings of the use cases.
#[derive(Debug, Clone)]
pub struct CoreConfig {
    /// `sqlite://path` or `postgres://…`.
    pub database_url: String,
    /// Base of links in mails and replies, without a trailing slash.
    pub public_url: String,
    /// Our name: in DSN, Message-ID, EHLO.
    pub hostname: DomainName,
    /// `user@realm` is understood for this realm.
    pub realm: DomainName,
    /// From of portal mail.
    pub mail_from: EmailAddress,
    /// Holds 32 octets of the sealing key; made with mode 0600 when missing.
    pub secret_key_file: PathBuf,
    /// The platform's route.
    pub route: PlatformRoute,
    /// Largest message in octets.
    pub message_size: u64,
    /// Waits between attempts; the last one repeats.
    pub retry_schedule: Vec<Duration>,
    /// After this a message that is still waiting bounces.
    pub queue_lifetime: Duration,
    /// After this the reverse-path is told of the delay, once.
    pub delay_warning: Duration,
    /// How long a worker may keep a recipient before another may take it.
    pub lease: Duration,
    /// Argon2 verifications at the same time.
    pub hashing_parallelism: usize,
    /// Limits of the whole platform for a new project.
    pub sandbox_per_hour: u32,
    /// Reverse DNS: the desk and the sweep.
    pub reverse_dns: ReverseDnsConfig,
    /// What egress addresses are judged by.
    pub egress: EgressConfig,
    /// What domains' records are judged by.
    pub dns_health: DnsHealthConfig,
    /// How long mail is kept.
    pub retention: crate::retention::Retention,
    /// Mail to this domain is simulated: nothing of it leaves the machine.
    pub simulator_domain: DomainName,
    /// How long addresses stay suppressed.
    pub suppressions: SuppressionConfig,
    /// What is asked of TLS with other mail servers.
    pub tls: TlsConfig,
}

/// How long an address stays suppressed, by what put it onto the list; none for as long as nobody removes it. What a
/// person adds stays until the day that person chose.
#[derive(Debug, Clone)]
pub struct SuppressionConfig {
    /// There is no such mailbox.
    pub no_mailbox: Option<Duration>,
    /// The mailbox is switched off.
    pub disabled: Option<Duration>,
    /// The domain takes no mail.
    pub no_mail: Option<Duration>,
    /// A complaint.
    pub complaint: Option<Duration>,
}

impl SuppressionConfig {
    /// Of a kind.
    pub fn life(&self, kind: SuppressionKind) -> Option<Duration> {
        match kind {
            SuppressionKind::NoMailbox => self.no_mailbox,
            SuppressionKind::Disabled => self.disabled,
            SuppressionKind::NoMail => self.no_mail,
            SuppressionKind::Complaint => self.complaint,
            SuppressionKind::Manual => None,
        }
    }
}

impl Default for SuppressionConfig {
    fn default() -> Self {
        let days = |days: u64| Some(Duration::from_secs(days * 86_400));
        Self { no_mailbox: days(90), disabled: days(14), no_mail: days(30), complaint: None }
    }
}

/// Settings of TLS with other mail servers.
#[derive(Debug, Clone, Default)]
pub struct TlsConfig {
    /// For mail to domains that have no rule of their own.
    pub rule: TlsRule,
    /// Rules of single recipient domains.
    pub rules: Vec<(DomainName, TlsRule)>,
    /// How hosts of MTA-STS policies are reached.
    pub mta_sts: Access,
}

impl TlsConfig {
    /// The rule for mail that goes to the exchangers of this domain.
    pub fn rule_for(&self, domain: &DomainName) -> TlsRule {
        self.rules.iter().find(|(known, _)| known == domain).map_or(self.rule, |(_, rule)| *rule)
    }
}

/// Settings of egress addresses.
#[derive(Debug, Clone, Default)]
pub struct EgressConfig {
    /// A domain whose mail exchangers are greeted to see whether port 25 of others can be reached; none for not trying.
    pub probe: Option<DomainName>,
    /// Zones of blocklists, in the order they are shown.
    pub blocklists: Vec<DomainName>,
}

/// Settings of DNS health.
#[derive(Debug, Clone, Default)]
pub struct DnsHealthConfig {
    /// The domain whose SPF record lists the addresses mail leaves from.
    pub spf_include: Option<DomainName>,
    /// The domain below which the operator publishes DKIM keys, for domains that delegate theirs by an alias.
    pub delegation_domain: Option<DomainName>,
}

/// Settings of tickets and of the sweep.
#[derive(Debug, Clone)]
pub struct ReverseDnsConfig {
    /// Hears of each new ticket; without it the operators do.
    pub desk: Option<EmailAddress>,
    /// Until when the desk should have answered.
    pub answer_within: Duration,
    /// How long a name may miss its forward record.
    pub grace: Duration,
    /// How long the names of a closed project stay.
    pub closed_grace: Duration,
    /// The hour (UTC) of the nightly sweep, 0 to 23.
    pub sweep_hour: u8,
}

impl Default for ReverseDnsConfig {
    fn default() -> Self {
        let days = |days: u64| Duration::from_secs(days * 86_400);
        Self { desk: None, answer_within: days(2), grace: days(14), closed_grace: days(30), sweep_hour: 2 }
    }
}

/// The platform's route.
#[derive(Debug, Clone)]
pub enum PlatformRoute {
    /// Mail exchangers.
    Mx,
    /// One host for everything.
    Smarthost(SmarthostAccess),
    /// Nowhere.
    Capture,
}

impl PlatformRoute {
    /// Its kind.
    pub fn kind(&self) -> RouteKind {
        match self {
            Self::Mx => RouteKind::Mx,
            Self::Smarthost(_) => RouteKind::Smarthost,
            Self::Capture => RouteKind::Capture,
        }
    }
}

/// How to reach a smarthost, with its password. Never shown.
#[derive(Clone)]
pub struct SmarthostAccess {
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// TLS mode.
    pub tls: SmarthostTls,
    /// SASL user name and password.
    pub credentials: Option<(String, zeroize::Zeroizing<String>)>,
    /// It may not be this machine itself: a project's owner chose it, not the machine's.
    pub others_only: bool,
}

impl std::fmt::Debug for SmarthostAccess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{} ({})", self.host, self.port, self.tls.as_str())
    }
}

/// What the configuration says of the platform. Operator only.
pub fn of_platform<'a>(core: &'a Core, actor: &Actor) -> Result<&'a CoreConfig> {
    projects::authorize_operator(actor)?;
    Ok(core.config())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::{Test, word};

    #[tokio::test]
    async fn only_operators_read_the_configuration() {
        let test = Test::new().await;
        let (id, slug) = test.project("acme").await;
        let cast = test.cast(id, &slug).await;
        for actor in [&cast.owner, &cast.outsider, &cast.service_account] {
            assert_eq!(word(&of_platform(&test.core, actor)), "Forbidden");
        }
        assert_eq!(word(&of_platform(&test.core, &cast.anonymous)), "SignedOut");
        assert!(of_platform(&test.core, &cast.operator).is_ok());
    }
}
