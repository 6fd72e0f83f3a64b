//! A Knot DNS on this machine, with the zones of a measurement.

use super::Outcome;
use std::{
    fmt::Write,
    fs, io,
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// The most this process held at a time, in kB as the kernel means them: 1,024 octets.
pub(super) fn memory() -> Outcome<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

/// The server; ended when it is dropped.
pub(super) struct Knot {
    server: Child,
    pub(super) port: u16,
    last: String,
    config: String,
}

impl Knot {
    /// Serves these zones and the root, each an origin and its records but the apex; the last one is loaded last.
    pub(super) fn start(folder: &Path, zones: &[(&str, &str)]) -> Outcome<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let here = folder.display();
        let mut listed = String::new();
        let root = (".", "ns1.test. A 127.0.0.1\n");
        for (number, (origin, records)) in std::iter::once(&root).chain(zones).enumerate() {
            let file = folder.join(format!("zone{number}"));
            let head = format!("$ORIGIN {origin}\n$TTL 60\n@ SOA ns1.test. h.test. 1 60 60 600 5\n@ NS ns1.test.\n");
            fs::write(&file, head + records)?;
            write!(listed, "  - domain: {origin}\n    file: {}\n", file.display())?;
        }
        fs::create_dir(folder.join("db"))?;
        let config = folder.join("knot.conf").display().to_string();
        let text = format!(
            "server:\n  listen: 127.0.0.1@{port}\n  rundir: {here}\n  udp-workers: 1\n  tcp-workers: 1\n  \
             background-workers: 1\nlog:\n  - target: stderr\n    any: error\ndatabase:\n  storage: {here}/db\n\
             template:\n  - id: default\n    zonefile-sync: -1\n    global-module: mod-stats\nzone:\n{listed}"
        );
        fs::write(&config, text)?;
        // Standard output is for figures.
        let server =
            Command::new("/usr/sbin/knotd").args(["-c", &config]).stdin(Stdio::null()).stdout(io::stderr()).spawn()?;
        let last = zones.last().map_or(".", |(origin, _)| origin).to_owned();
        let knot = Self { server, port, config, last };
        let began = Instant::now();
        while knot.queries().is_err() || !knot.serves() {
            if began.elapsed() > Duration::from_secs(60) {
                return Err("knot does not answer".into());
            }
            std::thread::park_timeout(Duration::from_millis(50));
        }
        Ok(knot)
    }

    fn serves(&self) -> bool {
        let status = Command::new("knotc").args(["-c", &self.config, "zone-status", &self.last]).output();
        status.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("serial: 1"))
    }

    /// Queries so far.
    pub(super) fn queries(&self) -> Outcome<u64> {
        let output = Command::new("knotc").args(["-c", &self.config, "stats"]).output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let count = text.lines().find_map(|line| line.strip_prefix("mod-stats.server-operation[query] = "));
        if !output.status.success() {
            return Err("knot is not ready".into());
        }
        Ok(count.map_or(Ok(0), |count| count.trim().parse())?)
    }
}

impl Drop for Knot {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
