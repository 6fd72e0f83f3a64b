//! The settings, read and judged. A key ([`KEYS`]) is read from a flag, else from the environment, else from the
//! configuration file, else it has its default.
//!
//! `portal.listen` is `--portal-listen`, `RELAYKEEP_PORTAL_LISTEN`, or `listen` under `[portal]` in the file.

mod delivery;
mod environment;
mod file;
mod keys;
mod listener;
mod manual;
mod value;

pub use keys::KEYS;
pub use listener::ListenerSettings;
pub use manual::print as print_manual;

use anyhow::{Context, Result, bail};
use clap::{Arg, ArgMatches};
use relay_core::{
    CoreConfig,
    config::{DnsHealthConfig, EgressConfig, ReverseDnsConfig, SuppressionConfig},
    retention::Retention,
};
use relay_types::{Cidr, DomainName, EmailAddress, node::Role};
use std::{net::SocketAddr, ops::RangeInclusive, path::PathBuf, time::Duration};
use value::{Origin, Values};

/// Nothing smaller may be refused for its size (RFC 5321 §4.5.3.1.7).
const SMALLEST_LARGEST: u64 = 64 * 1024;
/// Less than a second is no wait; a program waits for some minutes at most, and we for its verdict no longer than that.
const LASTING_CUT_THROUGH: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(60);
/// Of waits and leases: a second is the clock's grain, and nothing waits longer than a year.
const LASTING: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(365 * 86_400);

/// All settings, read and judged.
pub struct Settings {
    /// Folder of everything that is kept.
    pub data_dir: PathBuf,
    /// What this process does.
    pub roles: Vec<Role>,
    /// Migrate at start.
    pub migrate: bool,
    /// Name of this relay.
    pub hostname: DomainName,
    /// Portal.
    pub portal: PortalSettings,
    /// Blocks that may read /metrics.
    pub metrics_allow: Vec<Cidr>,
    /// SMTP listeners.
    pub listeners: Vec<ListenerSettings>,
    /// Most recipients in a transaction.
    pub smtp_recipients: usize,
    /// How long mail may be held at most for a later release.
    pub smtp_hold: Duration,
    /// How long sessions of cut-through accounts wait for the next hop.
    pub cut_through: Duration,
    /// Most sessions at a time.
    pub smtp_sessions: usize,
    /// Most sessions at a time from one address.
    pub smtp_sessions_per_address: usize,
    /// Resolvers; empty for the system's.
    pub nameservers: Vec<SocketAddr>,
    /// Where authoritative servers listen.
    pub authoritative_port: u16,
    /// TCP port of mail exchangers.
    pub delivery_port: u16,
    /// Exchangers may be at addresses of this machine.
    pub delivery_local_mx: bool,
    /// PEM file of further authorities.
    pub extra_ca: Option<PathBuf>,
    /// Most deliveries at a time.
    pub delivery_workers: usize,
    /// Most connections at a time to one destination.
    pub delivery_per_destination: usize,
    /// Log filter.
    pub log_level: String,
    /// Log as JSON.
    pub log_json: bool,
    /// Grace time at shutdown.
    pub shutdown_grace: Duration,
    /// What the use cases need.
    pub core: CoreConfig,
}

/// Settings of the portal.
pub struct PortalSettings {
    /// Address and port.
    pub listen: SocketAddr,
    /// Base of links, without a trailing slash.
    pub public_url: String,
    /// Folder with the browser files.
    pub site_dir: PathBuf,
    /// Blocks whose X-Forwarded-For is believed.
    pub trusted_proxies: Vec<Cidr>,
    /// Requests of one caller of the HTTP API in a minute.
    pub api_per_minute: u32,
}

/// The arguments every command that reads the configuration takes.
pub fn arguments() -> Vec<Arg> {
    let file =
        Arg::new("config").long("config").value_name("FILE").env(environment::CONFIG).help("Configuration file (TOML)");
    let listener =
        Arg::new("listener").long("listener").value_name("KEY=VALUE,…").action(clap::ArgAction::Append).help(
            "A listener, such as name=submission,listen=127.0.0.1:2587,tls=starttls,auth=required; may be given again",
        );
    let keys = KEYS.iter().map(|key| {
        Arg::new(key.name).long(key.name.replace(['.', '_'], "-")).value_name("VALUE").help(key.meaning).hide(true)
    });
    [file, listener].into_iter().chain(keys).collect()
}

impl Settings {
    /// Whether this process does this.
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Reads flags, environment and file, and judges them.
    pub fn read(matches: &ArgMatches) -> Result<Self> {
        let (mut values, mut listeners) = match matches.get_one::<String>("config") {
            Some(path) => file::read(std::path::Path::new(path))?,
            None => (Values::default(), Vec::new()),
        };
        environment::judge(std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()))?;
        for key in KEYS {
            let variable = environment::name_of(key.name);
            if let Ok(text) = std::env::var(&variable) {
                values.set(key.name, text, Origin::Environment(variable));
            }
            if let Some(text) = matches.get_one::<String>(key.name) {
                values.set(key.name, text.clone(), Origin::Flag);
            }
        }
        let flags: Vec<String> = match matches.get_many::<String>("listener") {
            Some(given) => given.cloned().collect(),
            None => std::env::var(environment::LISTENER)
                .ok()
                .map(|all| all.split(';').map(str::to_owned).collect())
                .unwrap_or_default(),
        };
        if !flags.is_empty() {
            listeners = flags.iter().map(|text| ListenerSettings::from_flag(text)).collect::<Result<_>>()?;
        }
        Self::judge(&values, listeners)
    }

    fn judge(values: &Values, mut listeners: Vec<ListenerSettings>) -> Result<Self> {
        let data_dir: PathBuf = values.get("data_dir")?;
        let data_dir = std::path::absolute(&data_dir).with_context(|| format!("data_dir {}", data_dir.display()))?;
        let hostname = match values.optional("hostname")? {
            Some(name) => name,
            None => machine_name()?,
        };
        let listen: SocketAddr = values.get("portal.listen")?;
        let public_url = values.optional::<String>("portal.public_url")?.unwrap_or_else(|| format!("http://{listen}"));
        if !(public_url.starts_with("http://") || public_url.starts_with("https://")) {
            bail!("portal.public_url must begin with https:// or http://");
        }
        if listeners.is_empty() {
            listeners = ListenerSettings::for_a_trial();
        }
        listener::judge(&listeners)?;
        let core = CoreConfig {
            database_url: values
                .optional("database.url")?
                .unwrap_or_else(|| format!("sqlite://{}", data_dir.join("relaykeep.sqlite").display())),
            public_url: public_url.trim_end_matches('/').to_owned(),
            realm: values.optional("realm")?.unwrap_or_else(|| hostname.clone()),
            mail_from: match values.optional("portal.mail_from")? {
                Some(address) => address,
                None => EmailAddress::parse(&format!("relaykeep@{hostname}")).context("portal.mail_from")?,
            },
            secret_key_file: values.optional("secret_key_file")?.unwrap_or_else(|| data_dir.join("secret.key")),
            route: delivery::platform_route(values)?,
            message_size: values.size("smtp.message_size", SMALLEST_LARGEST..=1_000_000_000)?,
            retry_schedule: values.list("delivery.retry", |text| value::within(value::duration(text)?, &LASTING))?,
            queue_lifetime: values.duration("delivery.lifetime", LASTING)?,
            delay_warning: values.duration("delivery.delay_warning", LASTING)?,
            lease: values.duration("delivery.lease", LASTING)?,
            hashing_parallelism: values.number("security.hashing_parallelism", 1..=1_024)?,
            sandbox_per_hour: values.number("security.sandbox_per_hour", 1..=i32::MAX.unsigned_abs())?,
            reverse_dns: ReverseDnsConfig {
                desk: values.optional("tickets.desk")?,
                answer_within: values.duration("tickets.answer_within", LASTING)?,
                grace: values.duration("sweep.grace", LASTING)?,
                closed_grace: values.duration("sweep.closed_grace", LASTING)?,
                sweep_hour: values.number("sweep.hour", 0..=23)?,
            },
            egress: EgressConfig {
                probe: values.optional("egress.probe")?,
                blocklists: values.list("egress.blocklists", value::parsed)?,
            },
            retention: Retention {
                content: values.optional_duration("retention.content", LASTING)?,
                history: values.optional_duration("retention.history", LASTING)?,
            },
            dns_health: DnsHealthConfig {
                spf_include: values.optional("egress.spf_include")?,
                delegation_domain: values.optional("dkim.delegation_domain")?,
            },
            simulator_domain: match values.optional("simulator.domain")? {
                Some(name) => name,
                None => DomainName::parse(&format!("simulator.{hostname}")).context("simulator.domain")?,
            },
            suppressions: SuppressionConfig {
                no_mailbox: values.life("suppressions.no_mailbox")?,
                disabled: values.life("suppressions.disabled")?,
                no_mail: values.life("suppressions.no_mail")?,
                complaint: values.life("suppressions.complaint")?,
            },
            tls: delivery::tls(values)?,
            hostname: hostname.clone(),
        };
        if core.retry_schedule.is_empty() {
            bail!("delivery.retry needs at least one wait, for example 5m");
        }
        let log_format: String = values.get("log.format")?;
        if !["text", "json"].contains(&log_format.as_str()) {
            bail!("log.format must be text or json, not {log_format}");
        }
        let mut roles: Vec<Role> = values.list("roles", value::parsed)?;
        roles.sort();
        roles.dedup();
        if roles.is_empty() {
            bail!("roles needs at least one of web, submission, delivery");
        }
        Ok(Self {
            roles,
            migrate: values.get("database.migrate")?,
            portal: PortalSettings {
                listen,
                public_url: core.public_url.clone(),
                site_dir: values.optional("portal.site_dir")?.map_or_else(site_beside_binary, Ok)?,
                trusted_proxies: values.list("portal.trusted_proxies", value::parsed)?,
                api_per_minute: values.number("api.per_minute", 1..=100_000)?,
            },
            metrics_allow: values.list("metrics.allow", value::parsed)?,
            listeners,
            smtp_hold: values.duration("smtp.hold", Duration::ZERO..=*LASTING.end())?,
            smtp_recipients: values.number("smtp.recipients", 100..=100_000)?,
            cut_through: values.duration("smtp.cut_through", LASTING_CUT_THROUGH)?,
            smtp_sessions: values.number("smtp.sessions", 1..=1_000_000)?,
            smtp_sessions_per_address: values.number("smtp.sessions_per_address", 1..=1_000_000)?,
            nameservers: values.list("dns.nameservers", value::nameserver)?,
            authoritative_port: values.number("dns.authoritative_port", 1..=u16::MAX)?,
            delivery_port: values.number("delivery.port", 1..=u16::MAX)?,
            delivery_local_mx: values.get("delivery.local_mx")?,
            extra_ca: values.optional("delivery.extra_ca")?,
            delivery_workers: values.number("delivery.workers", 1..=10_000)?,
            delivery_per_destination: values.number("delivery.per_destination", 1..=1_000)?,
            log_level: values.get("log.level")?,
            log_json: log_format == "json",
            shutdown_grace: values.duration("shutdown.grace", Duration::ZERO..=Duration::from_secs(3_600))?,
            hostname,
            data_dir,
            core,
        })
    }
}

/// The machine's name when it is a full one, else one that says it is a trial.
fn machine_name() -> Result<DomainName> {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = name.trim();
    match DomainName::parse(name) {
        Ok(full) => Ok(full),
        Err(_) => Ok(DomainName::parse("relaykeep.localdomain")?),
    }
}

fn site_beside_binary() -> Result<PathBuf> {
    let binary = std::env::current_exe().context("where the binary lies")?;
    Ok(binary.parent().unwrap_or(std::path::Path::new(".")).join("site"))
}

#[cfg(test)]
mod tests;
