//! Relaykeep with an installation of its own: release build, a trusted network, the sink as smarthost.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::{Database, Sink, free_port, scratch, wait_for};
use crate::{progress, serve};

const RULES: &str = "
projects:
  - slug: bench
    sandbox: false
    networks: [{ cidr: 127.0.0.1/32, label: bench }]
    domains: [{ name: domain.test, verified: true }]
";

/// Names of browser files, none of which is there.
const STAND_IN: &str = r#"{"css":"a.css","project":{"js":"a.js","wasm":"a.wasm"},"rules":{"js":"a.js","wasm":"a.wasm"},
    "names":{"js":"a.js","wasm":"a.wasm"},"platform":{"js":"a.js","wasm":"a.wasm"},"person":{"js":"a.js","wasm":"a.wasm"}}"#;

/// An installation; its process is killed and its folder removed at the end.
pub struct Relay {
    /// Where it takes mail of the trusted network.
    pub port: u16,
    portal: u16,
    binary: PathBuf,
    folder: PathBuf,
    running: Option<Child>,
}

impl Relay {
    /// Builds the server and sets up its installation; it does not run yet. `delivery` are lines of that section.
    pub fn prepare(name: &str, database: &Database, sink: &Sink, delivery: &str) -> Result<Self> {
        let binary = progress::step("server: release build", || serve::build_server(true))?;
        let folder = scratch(name)?;
        // No page is asked for, so the portal's browser files are a stand-in.
        let site = folder.join("site");
        fs::create_dir_all(site.join("pkg"))?;
        fs::write(site.join("pkg/manifest.json"), STAND_IN)?;
        let (portal, port) = (free_port()?, free_port()?);
        let database = match database {
            Database::Sqlite => String::new(),
            Database::Postgres(cluster) => format!("[database]\nurl = \"{}\"\n", cluster.url()),
        };
        let config = format!(
            "data_dir = {folder:?}\nhostname = \"relay.test\"\n{database}\
             [portal]\nlisten = \"127.0.0.1:{portal}\"\nsite_dir = {site:?}\n\
             [delivery]\nroute = \"smarthost\"\nsmarthost = \"127.0.0.1:{}\"\nsmarthost_tls = \"opportunistic\"\n\
             per_destination = 20\n{delivery}\
             [log]\nlevel = \"warn\"\n\
             [[listener]]\nname = \"networks\"\nlisten = \"127.0.0.1:{port}\"\ntls = \"none\"\nauth = \"networks\"\n",
            sink.port
        );
        fs::write(folder.join("relaykeep.toml"), config)?;
        let rules = folder.join("rules.yaml");
        fs::write(&rules, RULES)?;
        let relay = Self { port, portal, binary, folder, running: None };
        let applied = relay.command("apply").arg(&rules).output()?;
        ensure!(applied.status.success(), "apply: {}", String::from_utf8_lossy(&applied.stderr));
        Ok(relay)
    }

    /// Starts it and waits until it takes mail.
    pub fn start(&mut self) -> Result<()> {
        let mut server = self.command("serve");
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

    /// Recipients that wait or are on their way, as `/metrics` has it.
    pub fn queued(&self) -> Result<u64> {
        let text = super::http_get(self.portal, "/metrics")?;
        let gauge = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.and_then(|value| value.parse::<f64>().ok()).with_context(|| format!("/metrics has no {name}"))
        };
        Ok((gauge("relaykeep_queue_due")? + gauge("relaykeep_queue_in_flight")?) as u64)
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(&self.binary);
        command.arg(name).arg("--config").arg(self.folder.join("relaykeep.toml"));
        command
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.kill();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
