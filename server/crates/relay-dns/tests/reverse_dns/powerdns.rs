//! The HTTP API of a real PowerDNS: each way it can end.

use crate::{
    process::{Process, dig, free_port, system_program, until},
    update::change,
};
use relay_dns::{BackEnd, PowerDnsApi, PtrChange, UpdateServer, WriteError};
use relay_types::{ZoneName, reverse::TsigAlgorithm};
use std::{
    fs,
    io::Write,
    process::{Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use zeroize::Zeroizing;

const KEY: &str = "a-key-for-tests";
const FOUR: &str = "2.0.192.in-addr.arpa";
const SIX: &str = "8.b.d.0.1.0.0.2.ip6.arpa";
const CLASSLESS: &str = "0/25.113.0.203.in-addr.arpa";
const PARENT: &str = "113.0.203.in-addr.arpa";
const SECONDARY: &str = "9.0.192.in-addr.arpa";
/// Where Debian's package keeps the tables of the SQLite back end.
const SCHEMA: &str = "/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql";

/// The server with empty zones, on free ports of this machine.
struct PowerDns {
    dns: u16,
    api: u16,
    folder: TempDir,
    _server: Process,
}

impl PowerDns {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path().display();
        let (dns, api) = (free_port(), free_port());
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
            "launch=gsqlite3\ngsqlite3-database={here}/db\nsocket-dir={here}\nlocal-address=127.0.0.1\nlocal-port={dns}\n\
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
            (listens && !dig("127.0.0.1", dns, &[FOUR, "SOA"]).is_empty()).then_some(())
        });
        Self { dns, api, folder, _server: server }
    }

    fn api(&self) -> PowerDnsApi {
        PowerDnsApi {
            url: format!("http://127.0.0.1:{}", self.api),
            server_id: "localhost".into(),
            api_key: Zeroizing::new(KEY.to_owned()),
        }
    }

    /// Runs PowerDNS's own program.
    fn util(&self, arguments: &[&str]) {
        let mut command = Command::new("pdnsutil");
        let output =
            command.arg(format!("--config-dir={}", self.folder.path().display())).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn dig(&self, owner: &str) -> Vec<String> {
        dig("127.0.0.1", self.dns, &[owner, "PTR"])
    }

    /// Somebody else's change, by PowerDNS's own program.
    fn change_by_others(&self, zone: &str, label: &str, name: &str) {
        self.util(&["add-record", zone, label, "PTR", name]);
    }
}

fn zone(text: &str) -> ZoneName {
    ZoneName::parse(text).unwrap()
}

async fn refusal(api: PowerDnsApi, change: &PtrChange) -> String {
    let outcome = BackEnd::PowerDns(api).write(change).await;
    let Err(WriteError::Refused(text)) = outcome else { panic!("{outcome:?}") };
    assert!(!text.contains(KEY), "{text}");
    text
}

#[tokio::test]
async fn a_name_is_added_replaced_and_removed() {
    let server = PowerDns::start();
    let back_end = BackEnd::PowerDns(server.api());
    for (name, address) in [(FOUR, "192.0.2.7"), (SIX, "2001:db8::7"), (CLASSLESS, "203.0.113.7")] {
        let tested = back_end.test(&zone(name)).await.unwrap();
        assert!(tested.contains(&format!("serves {name} (Native, serial 1)")), "{tested}");
        for (before, after, names) in [
            (&[][..], Some("a.uni.example"), vec!["a.uni.example."]),
            (&["A.uni.example"], Some("b.uni.example"), vec!["b.uni.example."]),
            (&["b.uni.example"], None, vec![]),
        ] {
            let change = change(name, address, before, after);
            assert_eq!(back_end.write(&change).await, Ok(()), "{change:?}");
            assert_eq!(server.dig(&change.owner), names);
            assert_eq!(back_end.write(&change).await, Ok(()), "the same again is done already");
        }
    }
}

#[tokio::test]
async fn a_change_by_others_is_not_overwritten_and_an_alias_is_said() {
    let server = PowerDns::start();
    server.change_by_others(FOUR, "7", "theirs.uni.example");
    let back_end = BackEnd::PowerDns(server.api());
    for (before, after) in [
        (&["ours.uni.example"][..], Some("new.uni.example")),
        (&[], Some("new.uni.example")),
        (&["ours.uni.example"], None),
    ] {
        let outcome = back_end.write(&change(FOUR, "192.0.2.7", before, after)).await;
        let Err(WriteError::Changed { found, text }) = outcome else { panic!("{outcome:?}") };
        assert_eq!(found, Some(vec!["theirs.uni.example".to_owned()]), "{text}");
    }
    server.change_by_others(FOUR, "7", "more.uni.example");
    let both = change(FOUR, "192.0.2.7", &["more.uni.example", "theirs.uni.example"], Some("one.uni.example"));
    assert_eq!(back_end.write(&both).await, Ok(()));
    assert_eq!(server.dig(&both.owner), ["one.uni.example."]);

    let alias = refusal(server.api(), &change(PARENT, "203.0.113.7", &[], Some("a.uni.example"))).await;
    assert!(alias.contains("alias (CNAME) of 7.0/25.113.0.203.in-addr.arpa"), "{alias}");
}

/// The way without a window: its own updates by RFC 2136.
#[tokio::test]
async fn powerdns_takes_updates_too() {
    let server = PowerDns::start();
    server.util(&["import-tsig-key", "relaykeep", "hmac-sha256", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="]);
    server.util(&["set-meta", FOUR, "TSIG-ALLOW-DNSUPDATE", "relaykeep"]);
    let back_end = BackEnd::Update(UpdateServer {
        server: format!("127.0.0.1:{}", server.dns),
        key_name: "relaykeep".into(),
        algorithm: TsigAlgorithm::HmacSha256,
        key: Zeroizing::new(b"0123456789abcdef0123456789abcdef".to_vec()),
    });
    assert_eq!(back_end.test(&zone(FOUR)).await.map(|_| ()), Ok(()));
    for (before, after, names) in [
        (&[][..], Some("a.uni.example"), vec!["a.uni.example."]),
        (&["a.uni.example"], Some("b.uni.example"), vec!["b.uni.example."]),
        (&["b.uni.example"], None, vec![]),
    ] {
        let change = change(FOUR, "192.0.2.7", before, after);
        assert_eq!(back_end.write(&change).await, Ok(()));
        assert_eq!(server.dig(&change.owner), names);
    }
}

#[tokio::test]
async fn what_is_wrong_with_key_or_zone_is_said() {
    let server = PowerDns::start();
    let good = || server.api();
    let add = change(FOUR, "192.0.2.7", &[], Some("a.uni.example"));
    for (api, name, says) in [
        (PowerDnsApi { api_key: Zeroizing::new("wrong".into()), ..good() }, FOUR, "401"),
        (PowerDnsApi { server_id: "elsewhere".into(), ..good() }, FOUR, "404"),
        (good(), "8.0.192.in-addr.arpa", "does not serve 8.0.192.in-addr.arpa"),
        (good(), SECONDARY, "only a secondary of 9.0.192.in-addr.arpa"),
        (PowerDnsApi { url: "no address".into(), ..good() }, FOUR, "is no address of an API"),
    ] {
        let outcome = BackEnd::PowerDns(api.clone()).test(&zone(name)).await;
        assert!(matches!(&outcome, Err(WriteError::Refused(text)) if text.contains(says)), "{says}: {outcome:?}");
        assert!(!format!("{api:?}").contains("key-for-tests"), "{api:?}");
        if name == FOUR {
            assert!(refusal(api, &add).await.contains(says));
        }
    }
    let bad = PtrChange { owner: "7.3.0.192.in-addr.arpa".into(), ..add };
    assert!(refusal(good(), &bad).await.contains("422"), "a name outside the zone");
    let odd =
        refusal(good(), &PtrChange { after: Some("a b.example".into()), ..change(FOUR, "192.0.2.7", &[], None) }).await;
    assert!(odd.contains("422"), "{odd}");
}

#[tokio::test]
async fn a_server_that_is_down_slow_or_broken_is_away() {
    let api = |port: u16| PowerDnsApi {
        url: format!("http://127.0.0.1:{port}"),
        server_id: "localhost".into(),
        api_key: Zeroizing::new(KEY.to_owned()),
    };
    let add = change(FOUR, "192.0.2.7", &[], Some("a.uni.example"));
    let away = async |api: PowerDnsApi| {
        let outcome = BackEnd::PowerDns(api).write(&add).await;
        let Err(WriteError::Away(text)) = outcome else { panic!("{outcome:?}") };
        text
    };
    let down = away(api(free_port())).await;
    assert!(down.contains("Connection refused"), "{down}");

    for (answer, says) in [
        (
            "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 14\r\n\r\n{\"error\":\"no\"}",
            "500 Internal Server Error: no",
        ),
        ("HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n", "too busy"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{", "is not able to answer now"),
    ] {
        assert!(away(api(says_always(answer.into()).await)).await.contains(says), "{says}");
    }
    for (answer, says) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>".to_owned(), "does not answer as PowerDNS does"),
        ("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n".to_owned(), "302"),
        (format!("HTTP/1.1 200 OK\r\n\r\n{}", " ".repeat(9 << 20)), "sends more than 8 MiB"),
    ] {
        let text = refusal(api(says_always(answer).await), &add).await;
        assert!(text.contains(says), "{text}");
    }
}

/// Real sockets, the clock alone is hurried: ten seconds of waiting are over at once.
#[tokio::test(start_paused = true)]
async fn a_server_that_says_nothing_is_away_after_a_while() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let api = PowerDnsApi {
        url: format!("http://{}", listener.local_addr().unwrap()),
        server_id: "localhost".into(),
        api_key: Zeroizing::new(KEY.to_owned()),
    };
    let began = tokio::time::Instant::now();
    let outcome = BackEnd::PowerDns(api).test(&zone(FOUR)).await;
    assert!(matches!(&outcome, Err(WriteError::Away(text)) if text.contains("no answer in 10 s")), "{outcome:?}");
    assert!(began.elapsed() >= Duration::from_secs(10));
}

/// A server that sends the same to whoever connects.
async fn says_always(answer: String) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    port
}

#[test]
fn the_dry_run_is_the_request() {
    let back_end = BackEnd::PowerDns(PowerDnsApi {
        url: "https://ns.example.org:8081/".into(),
        server_id: "localhost".into(),
        api_key: Zeroizing::new(KEY.to_owned()),
    });
    let text = back_end.describe(&change(CLASSLESS, "203.0.113.7", &["old.uni.example"], Some("vm.uni.example")));
    let head = "PATCH https://ns.example.org:8081/api/v1/servers/localhost/zones/0=2F25.113.0.203.in-addr.arpa.\n";
    let body = text.strip_prefix(head).unwrap_or_else(|| panic!("{text}"));
    for part in ["\"changetype\": \"REPLACE\"", "\"content\": \"vm.uni.example.\"", "holds old.uni.example just before"]
    {
        assert!(body.contains(part), "{text}");
    }
    assert!(!text.contains(KEY));
}
