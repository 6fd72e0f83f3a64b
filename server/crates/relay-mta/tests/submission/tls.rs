//! TLS of listeners.

use crate::{
    client::{connect, trusting, trusting_by},
    harness::{HOST, OTHER_HOST, settings, start},
    until::until,
};
use relay_mta::{SubmissionSettings, tls::certificates};
use relay_types::listener::{
    ListenerAuth::{Networks, Required},
    ListenerTls::{Implicit, Starttls},
};
use rustls::ALL_VERSIONS;
use std::{fs, time::Duration};

#[tokio::test]
async fn plaintext_behind_starttls_is_dropped() {
    let relay = start(settings(), &[(Starttls, Required)]).await;
    let mut client = connect(relay.addresses[0]).await;
    client.reply().await;
    client.say("EHLO client.example").await;
    client.send("STARTTLS\r\nNOOP\r\nMAIL FROM:<evil@b.example>\r\n").await;
    assert_eq!(client.reply().await, "220 2.0.0 Ready to start TLS");
    let mut client = client.tls(&trusting(&relay.certificate)).await.expect("TLS");
    let reply = client.say("EHLO client.example").await;
    assert!(reply.starts_with("250-relay.example greets") && reply.ends_with("|250 AUTH PLAIN LOGIN"), "{reply}");
    assert_eq!(client.say("STARTTLS").await, "503 5.5.1 TLS is already in use");
}

#[tokio::test]
async fn implicit_tls_speaks_tls_from_the_first_octet() {
    let relay = start(settings(), &[(Implicit, Required)]).await;
    let mut client = connect(relay.addresses[0]).await.tls(&trusting(&relay.certificate)).await.expect("TLS");
    assert_eq!(client.reply().await, "220 relay.example ESMTP");
    assert!(client.say("EHLO client.example").await.ends_with("|250 AUTH PLAIN LOGIN"));
    assert!(client.say("QUIT").await.starts_with("221 "));
    client.is_closed().await;
}

#[tokio::test]
async fn a_listener_for_networks_offers_no_auth_under_tls() {
    let relay = start(settings(), &[(Implicit, Networks)]).await;
    let mut client = connect(relay.addresses[0]).await.tls(&trusting(&relay.certificate)).await.expect("TLS");
    client.reply().await;
    assert!(!client.say("EHLO client.example").await.contains("AUTH"));
}

#[tokio::test]
async fn a_renewed_certificate_is_used_without_restart() {
    let relay = start(settings(), &[(Implicit, Required)]).await;
    let old = trusting(&relay.certificate);
    connect(relay.addresses[0]).await.tls(&old).await.expect("TLS with the old one");
    fs::remove_file(&relay.certificate.certificate).expect("it was there");
    let folder = relay.certificate.certificate.parent().expect("a folder");
    certificates::self_signed(folder, HOST, crate::harness::now()).expect("another");
    relay.relay.reload_certificates();
    let new = trusting(&relay.certificate);
    connect(relay.addresses[0]).await.tls(&new).await.expect("TLS with the new one");
    assert!(connect(relay.addresses[0]).await.tls(&trusting_again(&old)).await.is_err());
}

#[tokio::test]
async fn a_renewed_file_is_noticed_without_a_signal_and_half_a_renewal_changes_nothing() {
    let watchful = SubmissionSettings { renewal: Duration::from_millis(20), ..settings() };
    let relay = start(watchful, &[(Implicit, Required)]).await;
    let files = relay.certificate.clone();
    let old = trusting(&files);
    let folder = files.certificate.parent().expect("a folder").join("renewed");
    let renewed = certificates::self_signed(&folder, HOST, crate::harness::now()).expect("another");
    fs::copy(&renewed.key, &files.key).expect("half of the renewal");
    until("the trouble", async || relay.status(0).last_error).await;
    connect(relay.addresses[0]).await.tls(&trusting_again(&old)).await.expect("TLS with the old one");
    fs::copy(&renewed.certificate, &files.certificate).expect("the other half");
    let new = trusting(&renewed);
    until("the new certificate", async || connect(relay.addresses[0]).await.tls(&new).await.ok()).await;
    assert!(connect(relay.addresses[0]).await.tls(&trusting_again(&old)).await.is_err());
    assert_eq!(relay.status(0).last_error, None);
}

#[tokio::test]
async fn a_broken_renewal_is_seen_by_operators_and_changes_nothing() {
    let relay = start(settings(), &[(Implicit, Required)]).await;
    let trusted = trusting(&relay.certificate);
    fs::write(&relay.certificate.certificate, "no certificate").expect("written");
    relay.relay.reload_certificates();
    connect(relay.addresses[0]).await.tls(&trusted).await.expect("TLS with the old one");
    assert!(relay.status(0).last_error.is_some_and(|error| error.contains("certificate")));
}

#[tokio::test]
async fn a_failed_handshake_closes() {
    let relay = start(settings(), &[(Starttls, Required)]).await;
    let mut client = connect(relay.addresses[0]).await;
    client.reply().await;
    client.say("EHLO client.example").await;
    client.say("STARTTLS").await;
    client.send("NOOP\r\nQUIT\r\n").await;
    let rest = client.rest().await;
    assert!(!rest.contains("250") && !rest.contains("221"), "{rest}");
}

#[tokio::test]
async fn a_listener_has_the_certificate_of_each_of_its_names() {
    let relay = start(settings(), &[(Implicit, Required)]).await;
    for (host, certificate) in [(HOST, &relay.certificate), (OTHER_HOST, &relay.other_certificate)] {
        let client = connect(relay.addresses[0]).await;
        client.tls_with(host, &trusting(certificate)).await.expect("the certificate of that name");
    }
    let client = connect(relay.addresses[0]).await;
    assert!(client.tls_with("unknown.example", &trusting(&relay.certificate)).await.is_err());
}

#[tokio::test]
async fn tls_1_2_and_1_3_are_spoken_and_nothing_older() {
    let relay = start(settings(), &[(Implicit, Required)]).await;
    for &version in ALL_VERSIONS {
        let only = trusting_by(&[version], &relay.certificate);
        let mut client = connect(relay.addresses[0]).await.tls(&only).await.expect("TLS");
        assert!(client.reply().await.starts_with("220 "), "{:?}", version.version);
    }
    // The hello of a client that knows TLS 1.1 and nothing later (RFC 4346 §7.4.1.2), and of one that knows TLS 1.0;
    // with signature algorithms, so that the version alone is wrong.
    for minor in [2, 1] {
        let algorithms = [0, 12, 0, 13, 0, 8, 0, 6, 4, 3, 4, 1, 8, 4];
        let hello =
            [&[0x16_u8, 3, 1, 0, 59, 1, 0, 0, 55, 3, minor][..], &[7; 32], &[0, 0, 2, 0xc0, 0x2b, 1, 0], &algorithms];
        let hello = hello.concat();
        let mut client = connect(relay.addresses[0]).await;
        client.send_octets(&hello).await;
        let said = client.rest().await;
        // An alert (21): fatal (2), protocol_version (70).
        assert!(said.starts_with('\x15') && said.ends_with("\x02\x46"), "{said:?}");
    }
}

#[tokio::test]
async fn a_session_ticket_is_good_on_its_own_listener_only() {
    for &version in ALL_VERSIONS {
        let relay = start(settings(), &[(Implicit, Required), (Implicit, Required)]).await;
        let trusted = trusting_by(&[version], &relay.certificate);
        let mut resumed = Vec::new();
        for listener in [0, 0, 1] {
            let mut client = connect(relay.addresses[listener]).await.tls(&trusted).await.expect("TLS");
            // The tickets of TLS 1.3 come behind the handshake.
            client.reply().await;
            client.say("QUIT").await;
            resumed.push(client.is_resumed());
        }
        assert_eq!(resumed, [false, true, false], "{:?}", version.version);
    }
}

/// The same trust without the sessions that were kept.
fn trusting_again(config: &std::sync::Arc<rustls::ClientConfig>) -> std::sync::Arc<rustls::ClientConfig> {
    let mut config = rustls::ClientConfig::clone(config);
    config.resumption = rustls::client::Resumption::disabled();
    std::sync::Arc::new(config)
}
