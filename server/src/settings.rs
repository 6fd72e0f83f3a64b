//! Every setting once: its key, its meaning, its default. A key is read from a flag, else from the environment, else
//! from the configuration file, else it has its default.
//!
//! `portal.listen` is `--portal-listen`, `RELAYKEEP_PORTAL_LISTEN`, or `listen` under `[portal]` in the file.

mod delivery;
mod environment;
mod file;
mod listener;
mod manual;
mod value;

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

/// A key of the configuration.
pub struct Key {
    /// Its place in the file: `section.name`.
    pub name: &'static str,
    /// The default, as it would be written; empty when it is made from something else, which `meaning` then says.
    pub default: &'static str,
    /// One or two sentences.
    pub meaning: &'static str,
}

const fn key(name: &'static str, default: &'static str, meaning: &'static str) -> Key {
    Key { name, default, meaning }
}

/// All keys but `[[listener]]`, which is a list of tables (see [`ListenerSettings`]).
pub const KEYS: &[Key] = &[
    key("data_dir", "data", "Folder for what Relaykeep keeps: database, sealing key, self-made certificates."),
    key(
        "secret_key_file",
        "",
        "File with the 32 octets that seal secrets at rest; made with mode 0600 when missing. Default: secret.key in the data folder. Back it up: without it sealed secrets are lost.",
    ),
    key(
        "hostname",
        "",
        "Full name of this relay: in greetings, Received, EHLO and notifications. Default: the machine's name.",
    ),
    key("realm", "", "`user@REALM` is understood as a service account's user name. Default: the host name."),
    key(
        "roles",
        "web, submission, delivery",
        "What this process does: `web` (portal, HTTP API), `submission` (SMTP listeners), `delivery` (empties the queue). Health and metrics are served always. Several processes need PostgreSQL.",
    ),
    key(
        "database.url",
        "",
        "`sqlite://FILE` or `postgres://USER:PASSWORD@HOST/NAME`. Default: relaykeep.sqlite in the data folder.",
    ),
    key("database.migrate", "true", "Bring the schema up to date at start. When false, run `relaykeep migrate` first."),
    key("portal.listen", "127.0.0.1:3000", "Address and port of the portal."),
    key(
        "portal.public_url",
        "",
        "Base of links in mails and SMTP replies. With https, cookies are Secure. Default: http:// and the listen address.",
    ),
    key("portal.site_dir", "", "Folder with the portal's browser files. Default: `site` beside the binary."),
    key("portal.trusted_proxies", "", "Addresses or blocks whose X-Forwarded-For is believed."),
    key("portal.mail_from", "", "From of mail that the portal sends. Default: relaykeep@ and the host name."),
    key(
        "api.per_minute",
        "60",
        "Requests to the HTTP API that a person, a token or an unknown address may make in a minute.",
    ),
    key("metrics.allow", "127.0.0.1, ::1", "Addresses or blocks that may read /metrics."),
    key("smtp.message_size", "50 MB", "Largest message."),
    key("smtp.recipients", "100", "Most recipients in a transaction; at least 100 (RFC 5321 section 4.5.3.1.8)."),
    key(
        "smtp.hold",
        "5d",
        "How long mail may be held for a later release that its program asks for (FUTURERELEASE, RFC 4865); 0s: not offered.",
    ),
    key(
        "smtp.cut_through",
        "20s",
        "How long sessions of accounts with cut-through wait for the next hop, 1 to 60 seconds; then the message is queued.",
    ),
    key("smtp.sessions", "1000", "Most sessions at a time on all listeners."),
    key("smtp.sessions_per_address", "50", "Most sessions at a time from one address."),
    key("dns.nameservers", "", "Addresses of resolvers, with a port when it is not 53. Default: the system's."),
    key(
        "dns.authoritative_port",
        "53",
        "UDP and TCP port of authoritative servers, which reverse DNS asks directly: for tests and laboratories.",
    ),
    key("delivery.route", "capture", "Where mail goes: `mx`, `smarthost`, or `capture` (nothing leaves this machine)."),
    key("delivery.port", "25", "TCP port of mail exchangers."),
    key(
        "delivery.local_mx",
        "false",
        "Whether a mail exchanger may be at an address of this machine, such as 127.0.0.1: for tests and laboratories.",
    ),
    key("delivery.smarthost", "", "`HOST:PORT` of the smarthost."),
    key(
        "delivery.smarthost_tls",
        "starttls",
        "`starttls` and `implicit` verify the certificate; `require` (STARTTLS always) and `opportunistic` do not and never send credentials.",
    ),
    key("delivery.smarthost_username", "", "SASL user name at the smarthost."),
    key("delivery.smarthost_password", "", "SASL password at the smarthost. Better in the environment than in a file."),
    key(
        "delivery.extra_ca",
        "",
        "PEM file with further certification authorities that mail servers and policy hosts are verified against.",
    ),
    key(
        "delivery.tls",
        "opportunistic",
        "TLS with mail exchangers: `opportunistic` (when offered, any certificate), `require` (always, any certificate) or `verify` (always, certificate checked). A domain's MTA-STS policy in mode enforce asks for `verify` by itself.",
    ),
    key("delivery.tls_for", "", "The same for single recipient domains: a list of `DOMAIN=RULE`."),
    key("delivery.mta_sts_port", "443", "TCP port of hosts of MTA-STS policies: for tests and laboratories."),
    key("delivery.workers", "64", "Most deliveries at a time."),
    key("delivery.per_destination", "4", "Most connections at a time to one destination."),
    key("delivery.retry", "1m, 5m, 15m, 30m, 1h, 2h, 4h", "Waits between attempts; the last one repeats."),
    key("delivery.lifetime", "5d", "After this a message that is still waiting bounces."),
    key("delivery.delay_warning", "4h", "After this the reverse-path is told of the delay, once."),
    key("delivery.lease", "30m", "How long a worker may hold a recipient before another may take it."),
    key(
        "security.hashing_parallelism",
        "2",
        "Argon2 verifications at a time, of programs and of people each; one takes 19 MiB.",
    ),
    key("security.sandbox_per_hour", "50", "Recipients per hour of a project in the sandbox."),
    key(
        "tickets.desk",
        "",
        "Address of the service desk; it hears of each new ticket. Default: the operators and the people of the desk.",
    ),
    key(
        "tickets.answer_within",
        "2d",
        "Until when the service desk should have answered a ticket; shown to both sides.",
    ),
    key("sweep.hour", "2", "Hour (UTC, 0 to 23) of the nightly sweep of names."),
    key("sweep.grace", "14d", "How long a name may miss its forward record before it is taken."),
    key("sweep.closed_grace", "30d", "How long the names of a closed project stay."),
    key(
        "egress.probe",
        "gmail.com",
        "Domain whose mail exchangers are greeted to see whether port 25 of others can be reached, when mail goes by `mx`. Empty: not tried.",
    ),
    key(
        "egress.blocklists",
        "zen.spamhaus.org, bl.spamcop.net, b.barracudacentral.org, psbl.surriel.com",
        "Zones of blocklists that egress addresses are looked up in.",
    ),
    key(
        "egress.spf_include",
        "",
        "Domain whose SPF record lists the addresses mail leaves from; projects are shown to include it. Default: the addresses themselves.",
    ),
    key(
        "dkim.delegation_domain",
        "",
        "Domain below which you publish DKIM keys, for domains that point theirs here by a CNAME. Default: that is not offered.",
    ),
    key(
        "simulator.domain",
        "",
        "Mail to this domain is answered by simulated recipients (success@, bounce@, defer@, complaint@, suppressed@) and never leaves the machine. Default: simulator. and the host name.",
    ),
    key(
        "suppressions.no_mailbox",
        "90d",
        "How long an address stays suppressed whose server says that there is no such mailbox; `never` ends it never.",
    ),
    key("suppressions.disabled", "14d", "The same for a mailbox that is switched off, which often is for a while."),
    key("suppressions.no_mail", "30d", "The same for a domain that takes no mail (null MX)."),
    key("suppressions.complaint", "never", "The same for who complained."),
    key(
        "retention.content",
        "30d",
        "How long the content of mail that is done is kept. Empty: for ever. Mail that waits keeps its content.",
    ),
    key("retention.history", "365d", "How long mail that is done is shown with its story. Empty: for ever."),
    key("log.level", "info", "`error`, `warn`, `info`, `debug`, or a filter such as `info,relay_mta=debug`."),
    key("log.format", "text", "`text` or `json`."),
    key("shutdown.grace", "30s", "How long running transactions may take to finish after SIGTERM."),
];

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
