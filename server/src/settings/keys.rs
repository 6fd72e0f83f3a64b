//! Every setting once: its key, its default, its meaning.

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

/// All keys but `[[listener]]`, which is a list of tables (see [`ListenerSettings`](super::ListenerSettings)).
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
        "How long the content of mail that is done is kept, from its acceptance. Empty: for ever.",
    ),
    key(
        "retention.history",
        "365d",
        "How long mail that is done is shown with its story, from its acceptance. Empty: for ever.",
    ),
    key("log.level", "info", "`error`, `warn`, `info`, `debug`, or a filter such as `info,relay_mta=debug`."),
    key("log.format", "text", "`text` or `json`."),
    key("shutdown.grace", "30s", "How long running transactions may take to finish after SIGTERM."),
];
