//! PowerDNS with empty reverse zones and its HTTP API, on free ports of this machine.

use super::process::{Process, dig, free_port, system_program, until};
use relay_dns::PowerDnsApi;
use std::{
    fs,
    io::Write,
    process::{Command, Stdio},
};
use tempfile::TempDir;
use zeroize::Zeroizing;

pub const KEY: &str = "a-key-for-tests";
pub const FOUR: &str = "2.0.192.in-addr.arpa";
pub const SIX: &str = "8.b.d.0.1.0.0.2.ip6.arpa";
pub const CLASSLESS: &str = "0/25.113.0.203.in-addr.arpa";
pub const PARENT: &str = "113.0.203.in-addr.arpa";
pub const SECONDARY: &str = "9.0.192.in-addr.arpa";
/// Where Debian's package keeps the tables of the SQLite back end.
const SCHEMA: &str = "/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql";

/// The server with empty zones, on free ports of this machine.
pub struct PowerDns {
    pub dns: u16,
    pub api: u16,
    address: &'static str,
    folder: TempDir,
    _server: Process,
}

impl PowerDns {
    /// At 127.0.0.1.
    pub fn start() -> Self {
        Self::at("127.0.0.1", free_port())
    }

    /// At an address of this machine, which its DNS listens on.
    pub fn at(address: &'static str, dns: u16) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path().display();
        let api = free_port();
        let mut zones = String::new();
        for (number, name) in [FOUR, SIX, CLASSLESS, PARENT, SECONDARY].into_iter().enumerate() {
            let (id, kind) = (number + 1, if name == SECONDARY { "SLAVE" } else { "NATIVE" });
            zones += &format!("INSERT INTO domains (id, name, type) VALUES ({id}, '{name}', '{kind}');");
            for (kind, content) in [("SOA", "ns1.test hostmaster.test 1 60 60 600 5"), ("NS", "ns1.test")] {
                zones += &format!(
                    "INSERT INTO records (domain_id, name, type, content, ttl) VALUES ({id}, '{name}', '{kind}', '{content}', 60);"
                );
            }
        }
        zones += &format!(
            "INSERT INTO records (domain_id, name, type, content, ttl) VALUES (4, '7.{PARENT}', 'CNAME', '7.{CLASSLESS}', 60);"
        );
        let mut sqlite = Command::new("sqlite3");
        let mut made = sqlite.arg(folder.path().join("db")).stdin(Stdio::piped()).spawn().unwrap();
        let script = fs::read_to_string(SCHEMA).expect("pdns-backend-sqlite3 is installed") + &zones;
        made.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
        assert!(made.wait().unwrap().success());
        let config = format!(
            "launch=gsqlite3\ngsqlite3-database={here}/db\nsocket-dir={here}\nlocal-address={address}\nlocal-port={dns}\n\
             api=yes\napi-key={KEY}\nwebserver=yes\nwebserver-address=127.0.0.1\nwebserver-port={api}\n\
             webserver-allow-from=127.0.0.1\ncache-ttl=0\nquery-cache-ttl=0\nnegquery-cache-ttl=0\nzone-cache-refresh-interval=0\n\
             secondary=no\nsecurity-poll-suffix=\nguardian=no\ndaemon=no\n\
             dnsupdate=yes\nallow-dnsupdate-from=127.0.0.1\n"
        );
        fs::write(folder.path().join("pdns.conf"), config).unwrap();
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let mut command = Command::new(system_program("pdns_server"));
        command.arg(format!("--config-dir={here}")).stdin(Stdio::null());
        command.stdout(log.try_clone().unwrap()).stderr(log);
        let mut server = Process::start(&mut command);
        until("PowerDNS to answer", || {
            if server.0.try_wait().unwrap().is_some() {
                panic!("PowerDNS ended:\n{}", fs::read_to_string(folder.path().join("log")).unwrap_or_default());
            }
            let listens = std::net::TcpStream::connect(("127.0.0.1", api)).is_ok();
            (listens && !dig(address, dns, &[FOUR, "SOA"]).is_empty()).then_some(())
        });
        Self { dns, api, address, folder, _server: server }
    }

    pub fn api(&self) -> PowerDnsApi {
        PowerDnsApi {
            url: format!("http://127.0.0.1:{}", self.api),
            server_id: "localhost".into(),
            api_key: Zeroizing::new(KEY.to_owned()),
        }
    }

    /// Runs PowerDNS's own program.
    pub fn util(&self, arguments: &[&str]) {
        let mut command = Command::new("pdnsutil");
        let output =
            command.arg(format!("--config-dir={}", self.folder.path().display())).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    pub fn dig(&self, owner: &str) -> Vec<String> {
        dig(self.address, self.dns, &[owner, "PTR"])
    }

    /// Somebody else's change, by PowerDNS's own program.
    pub fn change_by_others(&self, zone: &str, label: &str, name: &str) {
        self.util(&["add-record", zone, label, "PTR", name]);
    }
}
