//! A Knot DNS in which each name of a list is a mail domain with a server of its own.

use std::fmt::Write;
use std::fs;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

use super::{free_port, scratch, until};
use crate::packages;
use crate::workspace::output;

/// Ended and removed when dropped.
pub struct Dns {
    /// Its port on 127.0.0.1.
    pub port: u16,
    server: Child,
    folder: PathBuf,
}

impl Dns {
    /// Serves the root, with these domains and the addresses of their servers.
    pub fn start(domains: &[(String, Ipv4Addr)]) -> Result<Self> {
        let (port, folder) = (free_port()?, scratch("dns")?);
        let here = folder.display();
        let mut zone = String::from(
            "$ORIGIN .\n$TTL 60\n@ SOA ns.test. h.test. 1 60 60 600 5\n@ NS ns.test.\nns.test. A 127.0.0.1\n",
        );
        for (domain, address) in domains {
            writeln!(zone, "{domain}. MX 10 mx.{domain}.\nmx.{domain}. A {address}")?;
        }
        fs::write(folder.join("zone"), zone)?;
        fs::create_dir_all(folder.join("db"))?;
        let config = folder.join("knot.conf");
        let text = format!(
            "server:\n  listen: 127.0.0.1@{port}\n  rundir: {here}\n  udp-workers: 1\n  tcp-workers: 1\n  \
             background-workers: 1\ndatabase:\n  storage: {here}/db\nzone:\n  - domain: .\n    file: {here}/zone\n    \
             zonefile-sync: -1\n"
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
        let dns = Self { port, server, folder };
        let ask = || {
            output(Command::new("dig").args([
                "+short",
                "+tries=1",
                "+time=1",
                "@127.0.0.1",
                "-p",
                &port.to_string(),
                "ns.test.",
            ]))
        };
        until("Knot DNS to answer", || Ok(ask().is_ok_and(|answer| answer.contains("127.0.0.1"))))?;
        Ok(dns)
    }
}

impl Drop for Dns {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
