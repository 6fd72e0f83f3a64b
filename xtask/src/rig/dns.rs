//! A Knot DNS in which each name of a list is a mail domain with a server of its own.

use std::fmt::Write;
use std::fs;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

use super::{free_port, scratch, until};
use crate::packages;
use crate::workspace::{output, run};

/// Ended and removed when dropped.
pub struct Dns {
    port: u16,
    records: String,
    serial: u32,
    server: Child,
    folder: PathBuf,
}

impl Dns {
    /// Serves the root, with these domains and the addresses of their servers.
    pub fn start(domains: &[(String, Ipv4Addr)]) -> Result<Self> {
        let port = free_port()?;
        // A rig may have more than one.
        let folder = scratch(&format!("dns-{port}"))?;
        let here = folder.display();
        let (mut records, serial) = (String::new(), 1);
        for (domain, address) in domains {
            writeln!(records, "{domain}. MX 10 mx.{domain}.\nmx.{domain}. A {address}")?;
        }
        fs::write(folder.join("zone"), zone(serial, &records))?;
        fs::create_dir_all(folder.join("db"))?;
        let config = folder.join("knot.conf");
        let text = format!(
            "server:\n  listen: 127.0.0.1@{port}\n  rundir: {here}\n  udp-workers: 1\n  tcp-workers: 1\n  \
             background-workers: 1\ndatabase:\n  storage: {here}/db\nzone:\n  - domain: .\n    file: {here}/zone\n    \
             zonefile-sync: -1\n    zonefile-load: whole\n"
        );
        fs::write(&config, text)?;
        let program = packages::find("knotd").context("knotd is missing (Debian: knot)")?;
        let server = Command::new(program)
            .arg("-c")
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let dns = Self { port, records, serial, server, folder };
        dns.wait()?;
        Ok(dns)
    }

    /// Adds records, as lines of a zone file, and waits until they are served.
    pub fn publish(&mut self, records: &str) -> Result<()> {
        self.records += records;
        self.serial += 1;
        fs::write(self.folder.join("zone"), zone(self.serial, &self.records))?;
        let program = packages::find("knotc").context("knotc is missing (Debian: knot)")?;
        let mut reload = Command::new(program);
        run(reload.arg("-c").arg(self.folder.join("knot.conf")).args(["zone-reload", "."]).stdout(Stdio::null()))?;
        self.wait()
    }

    /// The section `[dns]` of a relay that asks this server, and it alone, as resolver and as every zone's own server.
    pub fn settings(&self) -> String {
        let port = self.port;
        format!("[dns]\nnameservers = [\"127.0.0.1:{port}\"]\nauthoritative_port = {port}\n")
    }

    /// Waits until it serves the zone as it is now.
    fn wait(&self) -> Result<()> {
        let (port, serial) = (self.port.to_string(), self.serial.to_string());
        until("Knot DNS to answer", || {
            let mut ask = Command::new("dig");
            ask.args(["+short", "+tries=1", "+time=1", "@127.0.0.1", "-p", &port, ".", "SOA"]);
            Ok(output(&mut ask).is_ok_and(|answer| answer.split_whitespace().nth(2) == Some(serial.as_str())))
        })
    }
}

fn zone(serial: u32, records: &str) -> String {
    format!(
        "$ORIGIN .\n$TTL 60\n@ SOA ns.test. h.test. {serial} 60 60 600 5\n@ NS ns.test.\nns.test. A 127.0.0.1\n{records}"
    )
}

impl Drop for Dns {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
