//! The PROXY protocol before a session: who may speak it, who must, and what it may not do.

use crate::{
    client::{Client, connect, trusting},
    harness::{TestRelay, settings, start},
};
use relay_mta::SubmissionSettings;
use relay_types::listener::{
    ListenerAuth::{Either, Required},
    ListenerTls::{self, Implicit},
};
use std::time::Duration;
use tokio::{net::TcpStream, task::yield_now, time::timeout};

const BALANCER: &str = "127.0.0.1/32";
/// The relay takes mail of the trusted network 192.0.2.0/24 and of 2001:db8::/64 only.
const TRUSTED: &str = "250 2.1.0 Ok";
const STRANGER: &str = "530 5.7.0 Authentication required";

/// A header of version 2.
fn v2(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).expect("short").to_be_bytes();
    [&b"\r\n\r\n\0\r\nQUIT\n"[..], &[command, family], &length, body].concat()
}

async fn mail(client: &mut Client<TcpStream>) -> String {
    assert_eq!(client.reply().await, "220 relay.example ESMTP");
    client.say("EHLO client.example").await;
    client.say("MAIL FROM:<app@sender.example>").await
}

#[tokio::test]
async fn each_form_of_the_header_names_the_client_and_health_checks_are_the_balancer_itself() {
    let relay = TestRelay::behind_balancer(BALANCER, (ListenerTls::None, Either)).await;
    relay.trust("192.0.2.0/24").await;
    relay.trust_also("2001:db8::/64").await;
    let four = [192, 0, 2, 7, 192, 0, 2, 1, 0, 1, 0, 25];
    let six = [&[0x20, 1, 0x0d, 0xb8], &[0; 11][..], &[7], &[0; 20]].concat();
    let mapped = [&[0; 10], &[0xff, 0xff, 192, 0, 2, 7][..], &[0; 20]].concat();
    let with_extras = [&four[..], &[4, 0, 3, 1, 2, 3]].concat();
    for (header, reply) in [
        (b"PROXY TCP4 192.0.2.7 192.0.2.1 4000 25\r\n".to_vec(), TRUSTED),
        (b"PROXY TCP4 198.51.100.7 192.0.2.1 4000 25\r\n".to_vec(), STRANGER),
        (b"PROXY TCP6 2001:db8::7 2001:db8::1 4000 25\r\n".to_vec(), TRUSTED),
        (b"PROXY TCP6 2001:db8:1::7 2001:db8::1 4000 25\r\n".to_vec(), STRANGER),
        // An IPv4 client of an IPv6 balancer is an IPv4 client.
        (b"PROXY TCP6 ::ffff:192.0.2.7 ::ffff:192.0.2.1 4000 25\r\n".to_vec(), TRUSTED),
        (b"PROXY UNKNOWN\r\n".to_vec(), STRANGER),
        (b"PROXY UNKNOWN 192.0.2.7 192.0.2.1 4000 25\r\n".to_vec(), STRANGER),
        (v2(0x21, 0x11, &four), TRUSTED),
        (v2(0x21, 0x11, &with_extras), TRUSTED),
        (v2(0x21, 0x21, &six), TRUSTED),
        (v2(0x21, 0x21, &mapped), TRUSTED),
        (v2(0x20, 0x00, &[]), STRANGER),
        (v2(0x20, 0x11, &four), STRANGER),
        (v2(0x21, 0x00, &[]), STRANGER),
    ] {
        let mut client = connect(relay.addresses[0]).await;
        client.send_octets(&header).await;
        assert_eq!(mail(&mut client).await, reply, "{:?}", String::from_utf8_lossy(&header));
    }
}

#[tokio::test]
async fn a_header_may_come_an_octet_at_a_time() {
    let relay = TestRelay::behind_balancer(BALANCER, (ListenerTls::None, Either)).await;
    relay.trust("192.0.2.0/24").await;
    let four = [192, 0, 2, 7, 192, 0, 2, 1, 0, 1, 0, 25];
    for header in [b"PROXY TCP4 192.0.2.7 192.0.2.1 4000 25\r\n".to_vec(), v2(0x21, 0x11, &four)] {
        let mut client = connect(relay.addresses[0]).await;
        for octet in header {
            client.send_octets(&[octet]).await;
            yield_now().await;
        }
        assert_eq!(mail(&mut client).await, TRUSTED);
    }
}

#[tokio::test]
async fn an_endless_or_foreign_header_ends_the_connection_without_a_word() {
    let relay = TestRelay::behind_balancer(BALANCER, (ListenerTls::None, Either)).await;
    for octets in [
        [b"PROXY UNKNOWN ".to_vec(), vec![b'a'; 64 * 1024]].concat(),
        v2(0x21, 0x11, &[0; 60_000]),
        b"EHLO client.example\r\nMAIL FROM:<app@sender.example>\r\n".to_vec(),
        b"PROXY TCP4 192.0.2.7\r\n".to_vec(),
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
    ] {
        let mut client = connect(relay.addresses[0]).await;
        client.try_send(&octets).await;
        assert_eq!(client.rest().await, "", "{:?}", String::from_utf8_lossy(&octets[..20]));
    }
}

#[tokio::test]
async fn a_peer_that_is_not_listed_is_not_believed() {
    let patient = SubmissionSettings { greeting_wait: Duration::from_millis(500), ..settings() };
    let relay = start(patient, &[(ListenerTls::None, Either)]).await;
    relay.trust("192.0.2.0/24").await;
    let mut client = connect(relay.addresses[0]).await;
    client.send("PROXY TCP4 192.0.2.7 192.0.2.1 4000 25\r\n").await;
    assert!(client.rest().await.starts_with("554 5.5.0 "));
    // After the greeting it is a command like any other.
    let relay = start(settings(), &[(ListenerTls::None, Either)]).await;
    relay.trust("192.0.2.0/24").await;
    let mut client = connect(relay.addresses[0]).await;
    client.reply().await;
    assert!(client.say("PROXY TCP4 192.0.2.7 192.0.2.1 4000 25").await.starts_with("500 5.5.1 "));
    client.say("EHLO client.example").await;
    assert_eq!(client.say("MAIL FROM:<app@sender.example>").await, STRANGER);
}

#[tokio::test]
async fn the_handshake_follows_the_header_and_the_clients_address_holds_in_it() {
    let relay = TestRelay::behind_balancer(BALANCER, (Implicit, Either)).await;
    relay.trust("192.0.2.0/24").await;
    let mut client = connect(relay.addresses[0]).await;
    client.send("PROXY TCP4 192.0.2.7 192.0.2.1 4000 465\r\n").await;
    let mut client = client.tls(&trusting(&relay.certificate)).await.expect("TLS");
    assert_eq!(client.reply().await, "220 relay.example ESMTP");
    client.say("EHLO client.example").await;
    assert_eq!(client.say("MAIL FROM:<app@sender.example>").await, TRUSTED);
}

#[tokio::test]
async fn a_header_that_does_not_come_is_not_waited_for_for_ever() {
    let hurried = SubmissionSettings { handshake: Duration::from_millis(100), ..settings() };
    let relay = TestRelay::behind_balancer_with(hurried, BALANCER, (ListenerTls::None, Required)).await;
    let mut silent = connect(relay.addresses[0]).await;
    assert_eq!(silent.rest().await, "");
    let mut slow = connect(relay.addresses[0]).await;
    for octet in b"PROXY UNKNOWN\r\n" {
        slow.try_send(&[*octet]).await;
        if let Ok(rest) = timeout(Duration::from_millis(20), slow.rest()).await {
            return assert_eq!(rest, "");
        }
    }
    panic!("a header of a quarter of a second was waited for");
}
