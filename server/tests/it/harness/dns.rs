//! A real authoritative DNS server (Knot) with one zone, on a free port of this machine.

use super::{free_port, process::Process, until};
use std::{
    fs,
    process::{Command, Stdio},
};
use tempfile::TempDir;

/// The server. The zone is the root, so that any name can be in it.
pub struct Dns {
    folder: TempDir,
    port: u16,
    server: Process,
}

impl Dns {
    /// Starts with these records, as in a zone file: `sink.test. IN A 127.0.0.1`.
    pub fn start(records: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let here = folder.path().display();
        fs::write(folder.path().join("zone"), zone(1, records)).unwrap();
        let config = format!(
            "server:\n  listen: 127.0.0.1@{port}\n  rundir: {here}\n  udp-workers: 1\n  tcp-workers: 1\n  background-workers: 1\n\
             log:\n  - target: stderr\n    any: warning\n\
             database:\n  storage: {here}/db\n\
             zone:\n  - domain: .\n    file: {here}/zone\n    zonefile-sync: -1\n    zonefile-load: whole\n"
        );
        fs::write(folder.path().join("knot.conf"), config).unwrap();
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let mut command = Command::new(knotd());
        command
            .arg("-c")
            .arg(folder.path().join("knot.conf"))
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .stdin(Stdio::null());
        let mut dns = Self { folder, port, server: Process::start(&mut command) };
        until("knot to answer", || {
            if dns.server.0.try_wait().unwrap().is_some() {
                panic!("knot ended:\n{}", fs::read_to_string(dns.folder.path().join("log")).unwrap_or_default());
            }
            (!dns.ask("ready.test", "TXT").is_empty()).then_some(())
        });
        dns
    }

    /// Replaces the records, and waits until they are served.
    pub fn replace(&self, serial: u32, records: &str) {
        fs::write(self.folder.path().join("zone"), zone(serial, records)).unwrap();
        let reloaded = Command::new("knotc")
            .arg("-c")
            .arg(self.folder.path().join("knot.conf"))
            .args(["-b", "zone-reload", "."])
            .output()
            .unwrap();
        assert!(reloaded.status.success(), "{}", String::from_utf8_lossy(&reloaded.stderr));
        until("the new zone", || self.ask("ready.test", "TXT").contains(&serial.to_string()).then_some(()));
    }

    /// What goes into `dns.nameservers`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The short answer of dig.
    pub fn ask(&self, name: &str, kind: &str) -> String {
        let port = self.port.to_string();
        let output = Command::new("dig")
            .args(["@127.0.0.1", "-p", &port, "+short", "+tries=1", "+time=1", name, kind])
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        if text.starts_with(";;") { String::new() } else { text }
    }
}

fn knotd() -> &'static str {
    ["/usr/sbin/knotd", "/usr/bin/knotd"]
        .into_iter()
        .find(|path| std::path::Path::new(path).exists())
        .expect("knot is installed")
}

fn zone(serial: u32, records: &str) -> String {
    format!(
        "$TTL 1\n. IN SOA ns.test. hostmaster.test. {serial} 60 60 600 1\n. IN NS ns.test.\nns.test. IN A 127.0.0.1\n\
         ready.test. IN TXT \"serial {serial}\"\n{records}\n"
    )
}
