//! The HTTP API of a real PowerDNS: each way it can end.

use crate::{
    powerdns::{CLASSLESS, FOUR, KEY, PARENT, PowerDns, SECONDARY, SIX},
    process::free_port,
    update::change,
};
use relay_dns::{BackEnd, PowerDnsApi, PtrChange, UpdateServer, WriteError};
use relay_types::{ZoneName, reverse::TsigAlgorithm};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use zeroize::Zeroizing;

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
