//! Knot DNS with the zones of a small university, on free ports of this machine.

use super::process::{Process, dig, free_port, system_program, until};
use relay_dns::{BackEnd, Resolver, UpdateServer};
use relay_types::reverse::TsigAlgorithm;
use std::{
    fs,
    process::{Command, Stdio},
};
use tempfile::TempDir;
use zeroize::Zeroizing;

pub const FOUR: &str = "2.0.192.in-addr.arpa";
pub const SIX: &str = "8.b.d.0.1.0.0.2.ip6.arpa";
/// The parent has aliases into the classless zone (RFC 2317).
pub const PARENT: &str = "113.0.203.in-addr.arpa";
pub const CLASSLESS: &str = "0/25.113.0.203.in-addr.arpa";
pub const HOSTS: &str = "uni.example";

pub const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
/// `SECRET` in base64.
pub const SECRET_TEXT: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

/// One server, or two that hold the same zones at first.
pub struct Knot {
    pub port: u16,
    address: &'static str,
    folder: TempDir,
    /// The zone that is loaded last.
    last: String,
    /// None while it is down.
    server: Option<Process>,
}

impl Knot {
    /// At 127.0.0.1, all zones delegated to it alone.
    pub fn start(hosts: &str, reverse: &str) -> Self {
        Self::at("127.0.0.1", free_port(), &["ns1.test."], hosts, reverse)
    }

    /// At an address of this machine. `hosts` go into `uni.example`, `reverse` into `2.0.192.in-addr.arpa`.
    pub fn at(address: &'static str, port: u16, servers: &[&str], hosts: &str, reverse: &str) -> Self {
        let aliases: String = (0..128).map(|d| format!("{d} CNAME {d}.{CLASSLESS}.\n")).collect();
        let all = [(HOSTS, hosts), (FOUR, reverse), (SIX, ""), (PARENT, &aliases), (CLASSLESS, "")];
        Self::serving(address, port, servers, &all)
    }

    /// With these zones, each a name and its records as in a zone file, and the root above them.
    pub fn serving(address: &'static str, port: u16, servers: &[&str], all: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path().display();
        let root = "ns1.test. A 127.0.0.1\nns2.test. A 127.0.0.2\nns3.test. A 127.0.0.3\nready.test. TXT ready\n";
        fs::create_dir(folder.path().join("db")).unwrap();
        let mut zones = String::new();
        for (number, (name, records)) in [(".", root)].iter().chain(all).enumerate() {
            let file = folder.path().join(format!("zone{number}"));
            let origin = if *name == "." { ".".to_owned() } else { format!("{name}.") };
            let delegation: String = servers.iter().map(|server| format!("@ NS {server}\n")).collect();
            let head = format!("$ORIGIN {origin}\n$TTL 60\n@ SOA ns1.test. hostmaster.test. 1 60 60 600 5\n");
            fs::write(&file, format!("{head}{delegation}{records}\n")).unwrap();
            zones += &format!("  - domain: {origin}\n    file: {}\n    acl: [writers, narrow]\n", file.display());
        }
        let config = format!(
            "server:\n  listen: {address}@{port}\n  rundir: {here}\n  udp-workers: 1\n  tcp-workers: 1\n  background-workers: 1\n\
             log:\n  - target: stderr\n    any: warning\n\
             database:\n  storage: {here}/db\n\
             key:\n  - id: writer\n    algorithm: hmac-sha256\n    secret: {SECRET_TEXT}\n  \
             - id: writer512\n    algorithm: hmac-sha512\n    secret: {SECRET_TEXT}\n  \
             - id: reader\n    algorithm: hmac-sha256\n    secret: {SECRET_TEXT}\n\
             acl:\n  - id: writers\n    key: writer\n    action: update\n  \
             - id: narrow\n    key: writer512\n    action: update\n    update-type: PTR\n\
             template:\n  - id: default\n    zonefile-sync: -1\n    zonefile-load: whole\n    journal-content: changes\n\
             zone:\n{zones}"
        );
        fs::write(folder.path().join("knot.conf"), config).unwrap();
        let last = all.last().map_or(".", |(name, _)| name).to_owned();
        let mut knot = Self { port, address, folder, last, server: None };
        knot.start_again();
        knot
    }

    /// As a power cut: what it held is on its disk.
    pub fn stop(&mut self) {
        self.server = None;
    }

    /// With the zones it had.
    pub fn start_again(&mut self) {
        let log = fs::File::create(self.folder.path().join("log")).unwrap();
        let mut command = Command::new(system_program("knotd"));
        command.arg("-c").arg(self.folder.path().join("knot.conf")).stdin(Stdio::null());
        command.stdout(log.try_clone().unwrap()).stderr(log);
        let mut server = Process::start(&mut command);
        until("knot to answer", || {
            if server.0.try_wait().unwrap().is_some() {
                panic!("knot ended:\n{}", fs::read_to_string(self.folder.path().join("log")).unwrap_or_default());
            }
            let ready = self.dig(&["ready.test", "TXT"]);
            let loaded = self.dig(&[&self.last, "SOA"]);
            (!ready.is_empty() && !loaded.is_empty()).then_some(())
        });
        self.server = Some(server);
    }

    /// Asks it for zones and their servers, and its zones' servers for the rest.
    pub fn resolver(&self) -> Resolver {
        let nameserver = format!("{}:{}", self.address, self.port).parse().unwrap();
        Resolver::new(&[nameserver]).unwrap().with_authoritative_port(self.port)
    }

    /// With the key that may write.
    pub fn back_end(&self) -> BackEnd {
        BackEnd::Update(self.update_server())
    }

    pub fn update_server(&self) -> UpdateServer {
        UpdateServer {
            server: format!("{}:{}", self.address, self.port),
            key_name: "writer".to_owned(),
            algorithm: TsigAlgorithm::HmacSha256,
            key: Zeroizing::new(SECRET.to_vec()),
        }
    }

    /// What dig says.
    pub fn dig(&self, arguments: &[&str]) -> Vec<String> {
        dig(self.address, self.port, arguments)
    }

    /// The serial of a zone: each update it takes adds one.
    pub fn serial(&self, zone: &str) -> u32 {
        self.dig(&[zone, "SOA"])[0].split(' ').nth(2).unwrap().parse().unwrap()
    }

    /// Somebody else's change: lines between `zone` and `send` of nsupdate, by Knot's own program.
    pub fn change_by_others(&self, zone: &str, lines: &str) {
        let script = tempfile::NamedTempFile::new().unwrap();
        let text = format!("server {} {}\nzone {zone}.\n{lines}\nsend\n", self.address, self.port);
        fs::write(script.path(), text).unwrap();
        let key = format!("hmac-sha256:writer:{SECRET_TEXT}");
        let output = Command::new("knsupdate").args(["-y", &key]).arg(script.path()).output().unwrap();
        assert!(
            output.status.success(),
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
