//! Relaykeep under the load: release build, SQLite in a fresh folder, a trusted network, the sink as smarthost.

use std::fs;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::{Figure, PATIENCE, load, sink::Sink};
use crate::{progress, serve};

const RULES: &str = "
projects:
  - slug: bench
    sandbox: false
    networks: [{ cidr: 127.0.0.1/32, label: bench }]
    domains: [{ name: domain.test, verified: true }]
";

/// Ends with its scope.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Names of browser files, none of which is there.
const STAND_IN: &str = r#"{"css":"a.css","project":{"js":"a.js","wasm":"a.wasm"},"rules":{"js":"a.js","wasm":"a.wasm"},
    "names":{"js":"a.js","wasm":"a.wasm"},"platform":{"js":"a.js","wasm":"a.wasm"},"person":{"js":"a.js","wasm":"a.wasm"}}"#;

/// Measures one run.
pub fn measure(messages: usize) -> Result<Figure> {
    let binary = progress::step("server: release build", || serve::build_server(true))?;
    let sink = Sink::start()?;
    let folder = super::scratch("relaykeep")?;
    // No page is asked for, so the portal's browser files are a stand-in.
    let site = folder.join("site");
    fs::create_dir_all(site.join("pkg"))?;
    fs::write(site.join("pkg/manifest.json"), STAND_IN)?;
    let (portal, smtp) = (free_port()?, free_port()?);
    let config = folder.join("relaykeep.toml");
    fs::write(
        &config,
        format!(
            "data_dir = {folder:?}\nhostname = \"relay.test\"\n[portal]\nlisten = \"127.0.0.1:{portal}\"\nsite_dir = {site:?}\n\
             [delivery]\nroute = \"smarthost\"\nsmarthost = \"127.0.0.1:{}\"\nsmarthost_tls = \"opportunistic\"\nper_destination = 20\n\
             [log]\nlevel = \"warn\"\n\
             [[listener]]\nname = \"networks\"\nlisten = \"127.0.0.1:{smtp}\"\ntls = \"none\"\nauth = \"networks\"\n",
            sink.port
        ),
    )?;
    let rules = folder.join("rules.yaml");
    fs::write(&rules, RULES)?;
    let applied = Command::new(&binary).arg("apply").arg(&rules).arg("--config").arg(&config).output()?;
    ensure!(applied.status.success(), "apply: {}", String::from_utf8_lossy(&applied.stderr));
    let mut server = Command::new(&binary);
    server.arg("serve").arg("--config").arg(&config).stdin(Stdio::null()).stdout(Stdio::null());
    let server = Server(server.spawn().with_context(|| format!("cannot start {}", binary.display()))?);
    wait_for(smtp)?;
    // A first run that is not counted warms caches on both sides.
    load("warm-up", smtp, 200, &sink)?;
    let figure = load("relaykeep", smtp, messages, &sink);
    drop(server);
    fs::remove_dir_all(&folder)?;
    figure
}

/// A port that was free a moment ago.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Waits until something listens.
pub fn wait_for(port: u16) -> Result<()> {
    let began = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        ensure!(began.elapsed() < PATIENCE, "nothing listens on port {port}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
    Ok(())
}
