//! Relaykeep with an installation of its own: release build, a trusted network, the sink as smarthost.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::{Database, Sink, free_port, processor, scratch, wait_for};
use crate::{progress, serve};

const RULES: &str = "
projects:
  - slug: bench
    sandbox: false
    networks: [{ cidr: 127.0.0.1/32, label: bench }]
    domains: [{ name: domain.test, verified: true }]
    service_accounts: [{ label: program }]
";

/// Names of browser files, none of which is there.
const STAND_IN: &str = r#"{"css":"a.css","project":{"js":"a.js","wasm":"a.wasm"},"rules":{"js":"a.js","wasm":"a.wasm"},
    "names":{"js":"a.js","wasm":"a.wasm"},"platform":{"js":"a.js","wasm":"a.wasm"},"person":{"js":"a.js","wasm":"a.wasm"}}"#;

/// Lines of its settings.
#[derive(Default)]
pub struct Lines<'a> {
    /// Of `[delivery]`; none for a route: the sink is the smarthost.
    pub delivery: &'a str,
    /// Other sections.
    pub others: &'a str,
}

/// An installation; its process is killed and its folder removed at the end.
pub struct Relay {
    /// Where it takes mail of the trusted network.
    pub port: u16,
    /// Where its service account signs in, in the clear.
    pub auth: u16,
    /// The account's name and secret.
    pub account: (String, String),
    portal: u16,
    binary: PathBuf,
    folder: PathBuf,
    running: Option<Child>,
}

impl Relay {
    /// Builds the server and sets up its installation; it does not run yet.
    pub fn prepare(name: &str, database: &Database, sink: &Sink, lines: &Lines<'_>) -> Result<Self> {
        let binary = progress::step("server: release build", || serve::build_server(true))?;
        let mut relay = Self::lay_out(binary, name, database, sink, lines)?;
        let rules = relay.folder.join("rules.yaml");
        fs::write(&rules, RULES)?;
        let applied = relay.command(&["apply"]).arg(&rules).output()?;
        ensure!(applied.status.success(), "apply: {}", String::from_utf8_lossy(&applied.stderr));
        let report: serde_json::Value = serde_json::from_slice(&applied.stdout)?;
        // On a database that had it before nothing is issued.
        let told = |key: &str| report["issued"][0][key].as_str().unwrap_or_default().to_owned();
        relay.account = (told("username"), told("secret"));
        Ok(relay)
    }

    /// Sets up another node on the same PostgreSQL, with the same rules and sealing key; it does not run yet.
    pub fn beside(&self, name: &str, database: &Database, sink: &Sink, lines: &Lines<'_>) -> Result<Self> {
        let mut node = Self::lay_out(self.binary.clone(), name, database, sink, lines)?;
        fs::copy(self.folder.join("secret.key"), node.folder.join("secret.key"))?;
        node.account = self.account.clone();
        Ok(node)
    }

    /// A folder with settings.
    fn lay_out(binary: PathBuf, name: &str, database: &Database, sink: &Sink, lines: &Lines<'_>) -> Result<Self> {
        let folder = scratch(name)?;
        // No page is asked for, so the portal's browser files are a stand-in.
        let site = folder.join("site");
        fs::create_dir_all(site.join("pkg"))?;
        fs::write(site.join("pkg/manifest.json"), STAND_IN)?;
        let (portal, port, auth) = (free_port()?, free_port()?, free_port()?);
        let Lines { delivery, others } = lines;
        let route = if delivery.contains("route =") {
            String::new()
        } else {
            let to = format!("smarthost = \"127.0.0.1:{}\"\nsmarthost_tls = \"opportunistic\"\n", sink.port);
            format!("route = \"smarthost\"\n{to}")
        };
        let database = match database {
            Database::Sqlite => String::new(),
            Database::Postgres(cluster) => format!("[database]\nurl = \"{}\"\n", cluster.url()),
        };
        let config = format!(
            "data_dir = {folder:?}\nhostname = \"relay.test\"\n{database}\
             [portal]\nlisten = \"127.0.0.1:{portal}\"\nsite_dir = {site:?}\n\
             [delivery]\n{route}per_destination = 20\n{delivery}\
             [log]\nlevel = \"warn\"\n{others}\
             [[listener]]\nname = \"networks\"\nlisten = \"127.0.0.1:{port}\"\ntls = \"none\"\nauth = \"networks\"\n\
             [[listener]]\nname = \"accounts\"\nlisten = \"127.0.0.1:{auth}\"\ntls = \"none\"\nauth = \"required\"\n\
             plaintext_auth_from = \"127.0.0.0/8\"\n"
        );
        fs::write(folder.join("relaykeep.toml"), config)?;
        let account = (String::new(), String::new());
        Ok(Self { port, auth, account, portal, binary, folder, running: None })
    }

    /// Starts it and waits until it takes mail.
    pub fn start(&mut self) -> Result<()> {
        let mut server = self.command(&["serve"]);
        server.stdin(Stdio::null()).stdout(Stdio::null());
        let server = server.spawn().with_context(|| format!("cannot start {}", self.binary.display()))?;
        self.running = Some(server);
        wait_for(self.port)
    }

    /// Ends it as a power cut would (SIGKILL).
    pub fn kill(&mut self) -> Result<()> {
        if let Some(mut server) = self.running.take() {
            server.kill()?;
            server.wait()?;
        }
        Ok(())
    }

    /// The URL of its own SQLite database.
    pub fn database(&self) -> String {
        format!("sqlite://{}", self.folder.join("relaykeep.sqlite").display())
    }

    /// Recipients that wait or are on their way, as `/metrics` has it.
    pub fn queued(&self) -> Result<u64> {
        Ok((self.metric("relaykeep_queue_due")? + self.metric("relaykeep_queue_in_flight")?) as u64)
    }

    /// Recipients of attempts that failed for now, since it was started.
    pub fn put_off(&self) -> Result<u64> {
        Ok(self.metric("relaykeep_deliveries_total{outcome=\"tempfail\"}")? as u64)
    }

    fn metric(&self, name: &str) -> Result<f64> {
        let text = super::http_get(self.portal, "/metrics")?;
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        let known = line.and_then(|value| value.parse().ok()).filter(|value: &f64| !value.is_nan());
        known.with_context(|| format!("/metrics has no figure for {name}"))
    }

    /// The report on a domain's DNS, as JSON; it need not run.
    pub fn dns_report(&self, domain: &str) -> Result<serde_json::Value> {
        // That something is to be mended is no failure here.
        let report = self.command(&["dns", "check"]).args([domain, "--json"]).output()?;
        serde_json::from_slice(&report.stdout)
            .with_context(|| format!("dns check: {}", String::from_utf8_lossy(&report.stderr)))
    }

    /// Processor time of the process so far.
    pub fn processor_time(&self) -> Result<Duration> {
        processor::of_process(self.id()?)
    }

    /// Octets the process has in memory now.
    pub fn resident(&self) -> Result<u64> {
        self.memory("VmRSS:")
    }

    /// The most it has had since [`Self::forget_peak`].
    pub fn peak(&self) -> Result<u64> {
        self.memory("VmHWM:")
    }

    /// Begins to count the most anew.
    pub fn forget_peak(&self) -> Result<()> {
        Ok(fs::write(format!("/proc/{}/clear_refs", self.id()?), "5")?)
    }

    fn memory(&self, name: &str) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id()?))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name)).with_context(|| format!("no {name}"))?;
        let kib: u64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kib * 1024)
    }

    fn id(&self) -> Result<u32> {
        Ok(self.running.as_ref().context("it does not run")?.id())
    }

    fn command(&self, name: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(name).arg("--config").arg(self.folder.join("relaykeep.toml"));
        command
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.kill();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
