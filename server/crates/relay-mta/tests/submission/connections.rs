//! Connections in clear: greeting, limits, patience, the end.

use crate::{
    client::connect,
    harness::{settings, start},
};
use relay_mta::SubmissionSettings;
use relay_types::listener::{
    ListenerAuth::Required,
    ListenerTls::{self, Starttls},
};
use std::time::Duration;
use tokio::net::TcpStream;

#[tokio::test]
async fn a_client_without_auth_is_told_so() {
    let relay = start(settings(), &[(Starttls, Required)]).await;
    let mut client = connect(relay.addresses[0]).await;
    assert_eq!(client.reply().await, "220 relay.example ESMTP");
    assert!(client.say("EHLO client.example").await.ends_with("|250 STARTTLS"));
    assert_eq!(client.say("MAIL FROM:<a@b.example>").await, "530 5.7.0 Authentication required");
    assert_eq!(client.say("QUIT").await, "221 2.0.0 relay.example closing connection");
    client.is_closed().await;
}

#[tokio::test]
async fn pipelined_replies_come_in_order() {
    let relay = start(settings(), &[(ListenerTls::None, Required)]).await;
    let mut client = connect(relay.addresses[0]).await;
    client.reply().await;
    client.say("EHLO client.example").await;
    client.send("NOOP\r\nVRFY a\r\nMAIL FROM:<a@b.example>\r\nQUIT\r\n").await;
    for code in ["250 ", "252 ", "530 ", "221 "] {
        assert!(client.reply().await.starts_with(code));
    }
    client.is_closed().await;
}

#[tokio::test]
async fn an_early_talker_hears_554() {
    let patient = SubmissionSettings { greeting_wait: Duration::from_millis(500), ..settings() };
    let relay = start(patient, &[(ListenerTls::None, Required)]).await;
    let mut client = connect(relay.addresses[0]).await;
    client.send("EHLO client.example\r\n").await;
    assert_eq!(client.reply().await, "554 5.5.0 Wait for the greeting before sending");
    client.is_closed().await;
}

#[tokio::test]
async fn an_idle_client_hears_421() {
    let impatient = SubmissionSettings { idle: Duration::from_millis(50), ..settings() };
    let relay = start(impatient, &[(ListenerTls::None, Required)]).await;
    let mut client = connect(relay.addresses[0]).await;
    client.reply().await;
    assert!(client.reply().await.starts_with("421 4.4.2 "));
    client.is_closed().await;
}

#[tokio::test]
async fn too_many_sessions_from_one_address_or_in_all_hear_421() {
    for few in
        [SubmissionSettings { sessions_per_address: 1, ..settings() }, SubmissionSettings { sessions: 1, ..settings() }]
    {
        let relay = start(few, &[(ListenerTls::None, Required)]).await;
        let mut first = connect(relay.addresses[0]).await;
        first.reply().await;
        let mut second = connect(relay.addresses[0]).await;
        assert!(second.reply().await.starts_with("421 4.7.0 "));
        second.is_closed().await;
        first.say("QUIT").await;
        first.is_closed().await;
        let mut third = connect(relay.addresses[0]).await;
        assert!(third.reply().await.starts_with("220 "));
    }
}

#[tokio::test]
async fn the_stop_closes_idle_sessions_and_the_socket() {
    let relay = start(settings(), &[(ListenerTls::None, Required)]).await;
    let mut client = connect(relay.addresses[0]).await;
    client.reply().await;
    client.say("EHLO client.example").await;
    relay.stop.cancel();
    assert!(client.reply().await.starts_with("421 4.3.2 "));
    client.is_closed().await;
    drop(client);
    relay.running.await.expect("an orderly end");
    assert!(TcpStream::connect(relay.addresses[0]).await.is_err());
}

#[tokio::test]
async fn operators_see_what_a_listener_does() {
    let relay = start(settings(), &[(Starttls, Required)]).await;
    let mut client = connect(relay.addresses[0]).await;
    client.reply().await;
    client.say("EHLO client.example").await;
    client.say("MAIL FROM:<a@b.example>").await;
    let status = relay.status(0);
    assert_eq!((status.sessions, status.sessions_total, status.refused_total), (1, 1, 1));
    assert!(status.self_signed && status.certificate_ends_at.is_some());
    assert_eq!(status.address, relay.addresses[0].to_string());
}
