//! Messages given in: who may, what is kept of those who may not, and how the end waits for them.

use crate::{
    client::{Client, connect, trusting},
    harness::{Account, TestRelay, settings, start},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use relay_core::{Actor, projects, refusals, service_accounts};
use relay_mta::SubmissionSettings;
use relay_types::{
    listener::{
        ListenerAuth::{Networks, Required},
        ListenerTls::{self, Implicit},
    },
    refusal::{RefusalFilter, Rule},
};
use std::time::{Duration, Instant};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::client::TlsStream;

const MESSAGE: &str = "From: app@sender.example\r\nTo: c@d.example\r\nSubject: hello\r\n\r\nworld\r\n.\r\n";

async fn greeted<S: AsyncRead + AsyncWrite + Unpin>(client: &mut Client<S>) {
    assert!(client.reply().await.starts_with("220 "));
    assert!(client.say("EHLO client.example").await.starts_with("250-"));
}

/// A client under TLS that has signed in.
async fn signed_in(relay: &TestRelay, account: &Account) -> Client<TlsStream<TcpStream>> {
    let mut client = connect(relay.addresses[0]).await.tls(&trusting(&relay.certificate)).await.expect("TLS");
    greeted(&mut client).await;
    assert_eq!(client.say(&auth_plain(account)).await, "235 2.7.0 Authentication successful");
    client
}

fn auth_plain(account: &Account) -> String {
    format!("AUTH PLAIN {}", STANDARD.encode(format!("\0{}\0{}", account.username, account.secret)))
}

async fn send<S: AsyncRead + AsyncWrite + Unpin>(client: &mut Client<S>) -> String {
    assert_eq!(client.say("MAIL FROM:<app@sender.example>").await, "250 2.1.0 Ok");
    assert_eq!(client.say("RCPT TO:<c@d.example>").await, "250 2.1.5 Ok");
    assert!(client.say("DATA").await.starts_with("354 "));
    client.send(MESSAGE).await;
    client.reply().await
}

#[tokio::test]
async fn an_account_sends_over_tls() {
    let relay = start(settings(), &[(Implicit, Required)]).await;
    let account = relay.account().await;
    let mut client = signed_in(&relay, &account).await;
    for _ in 0..2 {
        assert!(send(&mut client).await.starts_with("250 2.0.0 Ok: queued as "));
    }
    assert_eq!(relay.status(0).accepted_total, 2);
}

#[tokio::test]
async fn a_trusted_network_sends_without_auth_and_others_hear_530() {
    let relay = start(settings(), &[(ListenerTls::None, Networks)]).await;
    let mut client = connect(relay.addresses[0]).await;
    greeted(&mut client).await;
    assert_eq!(client.say("MAIL FROM:<app@sender.example>").await, "530 5.7.0 Authentication required");
    relay.trust("127.0.0.0/24").await;
    assert!(send(&mut client).await.starts_with("250 2.0.0 Ok: queued as "));
}

#[tokio::test]
async fn a_client_whose_mail_was_accepted_is_greeted_at_once() {
    let wait = Duration::from_secs(3);
    let relay = start(SubmissionSettings { greeting_wait: wait, ..settings() }, &[(ListenerTls::None, Networks)]).await;
    relay.trust("127.0.0.0/24").await;
    let began = Instant::now();
    let mut client = connect(relay.addresses[0]).await;
    greeted(&mut client).await;
    assert!(began.elapsed() >= wait, "who is not known waits");
    assert!(send(&mut client).await.starts_with("250 2.0.0 Ok: queued as "));
    let began = Instant::now();
    greeted(&mut connect(relay.addresses[0]).await).await;
    assert!(began.elapsed() < wait, "who is known does not");
}

#[tokio::test]
async fn a_client_that_signed_in_is_greeted_at_once() {
    let wait = Duration::from_secs(3);
    let relay = start(SubmissionSettings { greeting_wait: wait, ..settings() }, &[(Implicit, Required)]).await;
    let account = relay.account().await;
    let wrong = Account { secret: "wrong".to_owned(), ..account.clone() };
    for (account, code) in [(wrong, "535"), (account, "235")] {
        let began = Instant::now();
        let mut client = connect(relay.addresses[0]).await.tls(&trusting(&relay.certificate)).await.expect("TLS");
        greeted(&mut client).await;
        assert!(began.elapsed() >= wait, "who is not known waits");
        assert!(client.say(&auth_plain(&account)).await.starts_with(code));
    }
    let began = Instant::now();
    greeted(&mut connect(relay.addresses[0]).await.tls(&trusting(&relay.certificate)).await.expect("TLS")).await;
    assert!(began.elapsed() < wait, "who is known does not");
}

#[tokio::test]
async fn wrong_secrets_and_unknown_names_hear_the_same() {
    let relay = start(settings(), &[(Implicit, Required)]).await;
    let account = relay.account().await;
    let wrong = Account { secret: "wrong".to_owned(), ..account.clone() };
    let unknown = Account { username: "nobody".to_owned(), ..account };
    let mut client = connect(relay.addresses[0]).await.tls(&trusting(&relay.certificate)).await.expect("TLS");
    greeted(&mut client).await;
    for account in [wrong, unknown] {
        assert_eq!(client.say(&auth_plain(&account)).await, "535 5.7.8 Authentication credentials invalid");
    }
    assert_eq!(client.say("MAIL FROM:<app@sender.example>").await, "530 5.7.0 Authentication required");
}

#[tokio::test]
async fn who_guesses_waits_and_the_session_ends() {
    let relay = start(settings(), &[(Implicit, Required)]).await;
    let account = relay.account().await;
    let wrong = Account { secret: "wrong".to_owned(), ..account };
    let mut client = connect(relay.addresses[0]).await.tls(&trusting(&relay.certificate)).await.expect("TLS");
    greeted(&mut client).await;
    let mut refused = 0;
    let reply = loop {
        match client.say(&auth_plain(&wrong)).await {
            reply if reply.starts_with("535 5.7.8 ") => refused += 1,
            reply => break reply,
        }
    };
    assert!(reply.starts_with("421 4.7.0 Too many failed authentications; wait "), "{reply}");
    assert!(refused >= 10, "{refused} failures are free");
    client.is_closed().await;
}

#[tokio::test]
async fn a_disabled_account_fails_at_the_next_mail_of_an_open_session() {
    let relay = start(settings(), &[(Implicit, Required)]).await;
    let account = relay.account().await;
    let mut client = signed_in(&relay, &account).await;
    assert!(send(&mut client).await.starts_with("250 "));
    service_accounts::set_enabled(&relay.core, &Actor::System, &relay.project, account.id, false).await.expect("off");
    assert!(client.say("MAIL FROM:<app@sender.example>").await.starts_with("5"));
    assert_eq!(client.say("RCPT TO:<c@d.example>").await, "503 5.5.1 Send MAIL first");
}

#[tokio::test]
async fn a_suspended_project_fails_at_the_next_mail_of_an_open_session() {
    let relay = start(settings(), &[(Implicit, Required)]).await;
    let account = relay.account().await;
    let mut client = signed_in(&relay, &account).await;
    projects::suspend(&relay.core, &Actor::System, &relay.project, "unpaid").await.expect("suspended");
    let reply = client.say("MAIL FROM:<app@sender.example>").await;
    assert!(reply.starts_with("550 5.7.1 This project is suspended: unpaid; see "), "{reply}");
}

#[tokio::test]
async fn refusals_name_the_address_and_are_kept_word_for_word() {
    let relay = start(settings(), &[(Implicit, Required)]).await;
    let account = relay.account().await;
    let mut client = signed_in(&relay, &account).await;
    let reply = client.say("MAIL FROM:<evil@other.example>").await;
    let starts = "550 5.7.1 Reverse-path evil@other.example is not a verified sender of this project; see https://";
    assert!(reply.starts_with(starts), "{reply}");
    assert!(client.say("MAIL FROM:<app@sender.example>").await.starts_with("250 "));
    assert!(client.say("RCPT TO:<c@d.example>").await.starts_with("250 "));
    client.say("DATA").await;
    client.send("From: forged@other.example\r\n\r\nx\r\n.\r\n").await;
    let forged = client.reply().await;
    assert!(forged.starts_with("550 5.7.1 From forged@other.example is not a verified sender"), "{forged}");
    assert_eq!(client.say("RCPT TO:<c@d.example>").await, "503 5.5.1 Send MAIL first");
    assert!(client.say("MAIL FROM:<app@sender.example>").await.starts_with("250 "));
    assert!(client.say("RCPT TO:<c@d.example>").await.starts_with("250 "));
    client.say("DATA").await;
    client.send("From: app@sender.example\r\n\r\nbare\nline\r\n.\r\n").await;
    let bare = client.reply().await;
    assert!(bare.starts_with("554 5.6.0 ") && bare.contains("; see https://portal.example/s/"), "{bare}");
    let large = client.say("MAIL FROM:<app@sender.example> SIZE=999999999999").await;
    assert!(large.starts_with("552 5.3.4 ") && large.contains("; see https://portal.example/s/"), "{large}");

    // The writer writes what is left when it is stopped.
    let stop = relay.stop.clone();
    stop.cancel();
    refusals::run_writer(relay.core.clone(), stop).await;
    let filter = RefusalFilter::default();
    let page = refusals::list(&relay.core, &Actor::System, &relay.project, &filter).await.expect("allowed");
    let mut kept: Vec<(Rule, String)> = page.items.into_iter().map(|row| (row.rule, row.reply)).collect();
    kept.sort();
    let mut told =
        vec![(Rule::ReversePathNotVerified, reply), (Rule::FromNotVerified, forged), (Rule::BareLineEnd, bare)];
    told.push((Rule::TooLarge, large));
    told.sort();
    assert_eq!(kept, told);
}

#[tokio::test]
async fn the_stop_waits_for_a_running_message() {
    let relay = start(settings(), &[(ListenerTls::None, Networks)]).await;
    relay.trust("127.0.0.0/24").await;
    let mut client = connect(relay.addresses[0]).await;
    greeted(&mut client).await;
    client.say("MAIL FROM:<app@sender.example>").await;
    client.say("RCPT TO:<c@d.example>").await;
    client.say("DATA").await;
    relay.stop.cancel();
    client.send(MESSAGE).await;
    assert!(client.reply().await.starts_with("250 2.0.0 Ok: queued as "));
    assert!(client.reply().await.starts_with("421 4.3.2 "));
    client.is_closed().await;
}

#[tokio::test]
async fn a_message_that_does_not_end_within_the_grace_time_is_cut_off() {
    let hasty = SubmissionSettings { grace: Duration::from_millis(50), ..settings() };
    let relay = start(hasty, &[(ListenerTls::None, Networks)]).await;
    relay.trust("127.0.0.0/24").await;
    let mut client = connect(relay.addresses[0]).await;
    greeted(&mut client).await;
    client.say("MAIL FROM:<app@sender.example>").await;
    client.say("RCPT TO:<c@d.example>").await;
    client.say("DATA").await;
    relay.stop.cancel();
    assert!(client.reply().await.starts_with("421 4.3.2 "));
    client.is_closed().await;
    assert_eq!(relay.status(0).accepted_total, 0);
}

#[tokio::test]
async fn all_sessions_together_hold_no_more_content_than_allowed() {
    let little = SubmissionSettings { content_in_memory: 1000, ..settings() };
    let relay = start(little, &[(ListenerTls::None, Networks)]).await;
    relay.trust("127.0.0.0/24").await;
    let mut client = connect(relay.addresses[0]).await;
    greeted(&mut client).await;
    assert!(send(&mut client).await.starts_with("250 "));
    client.say("MAIL FROM:<app@sender.example>").await;
    client.say("RCPT TO:<c@d.example>").await;
    client.say("DATA").await;
    client.send(&"x".repeat(1001)).await;
    assert!(client.reply().await.starts_with("452 4.3.1 "));
    client.is_closed().await;
}

#[tokio::test]
async fn a_message_whose_last_part_finds_no_room_is_not_accepted_without_it() {
    // More than is read at once: of what comes with its end, a part is held before.
    let message = format!("From: app@sender.example\r\n\r\n{}", "line\r\n".repeat(5_000));
    let little = SubmissionSettings { content_in_memory: message.len() as u64 - 1, ..settings() };
    let relay = start(little, &[(ListenerTls::None, Networks)]).await;
    relay.trust("127.0.0.0/24").await;
    let mut client = connect(relay.addresses[0]).await;
    greeted(&mut client).await;
    client.say("MAIL FROM:<app@sender.example>").await;
    client.say("RCPT TO:<c@d.example>").await;
    client.say("DATA").await;
    client.send(&format!("{message}.\r\n")).await;
    assert!(client.reply().await.starts_with("452 4.3.1 "));
    client.is_closed().await;
    assert_eq!(relay.status(0).accepted_total, 0);
}

/// Goes on with one octet at a time; what the relay said, once it has had enough.
async fn trickled(client: Client<TcpStream>) -> String {
    let (mut read, mut write) = client.into_stream().into_split();
    let drops = tokio::spawn(async move {
        let mut pace = tokio::time::interval(Duration::from_millis(5));
        while write.write_all(b"x").await.is_ok() {
            pace.tick().await;
        }
    });
    let mut said = Vec::new();
    // A reset is as good as an end.
    let _ = tokio::time::timeout(Duration::from_secs(60), read.read_to_end(&mut said)).await.expect("an end");
    drop(read);
    drops.await.expect("the relay reads no more");
    String::from_utf8_lossy(&said).into_owned()
}

#[tokio::test]
async fn a_message_that_comes_octet_by_octet_is_given_up_and_its_place_is_free() {
    let strict = SubmissionSettings {
        sessions_per_address: 1,
        slow_start: Duration::from_millis(50),
        data_rate: 10_000,
        ..settings()
    };
    let relay = start(strict, &[(ListenerTls::None, Networks)]).await;
    relay.trust("127.0.0.0/24").await;
    for _ in 0..3 {
        let mut client = connect(relay.addresses[0]).await;
        greeted(&mut client).await;
        client.say("MAIL FROM:<app@sender.example>").await;
        client.say("RCPT TO:<c@d.example>").await;
        assert!(client.say("DATA").await.starts_with("354 "));
        let said = trickled(client).await;
        assert!(said.starts_with("421 4.4.2 "), "{said}");
    }
    let status = relay.status(0);
    assert_eq!((status.sessions, status.accepted_total), (0, 0));
    let mut client = connect(relay.addresses[0]).await;
    greeted(&mut client).await;
    assert!(send(&mut client).await.starts_with("250 2.0.0 Ok: queued as "), "a client that sends is served");
}

#[tokio::test]
async fn a_message_that_comes_in_tiny_chunks_is_given_up() {
    let strict = SubmissionSettings { slow_start: Duration::from_millis(50), data_rate: 10_000, ..settings() };
    let relay = start(strict, &[(ListenerTls::None, Networks)]).await;
    relay.trust("127.0.0.0/24").await;
    let mut client = connect(relay.addresses[0]).await;
    greeted(&mut client).await;
    client.say("MAIL FROM:<app@sender.example>").await;
    client.say("RCPT TO:<c@d.example>").await;
    let chunks = async {
        let mut pace = tokio::time::interval(Duration::from_millis(5));
        pace.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            pace.tick().await;
            client.try_send(b"BDAT 1\r\nx").await;
            let said = client.reply().await;
            if !said.starts_with("250 ") {
                return said;
            }
        }
    };
    let said = tokio::time::timeout(Duration::from_secs(60), chunks).await.expect("an end");
    assert!(said.starts_with("421 4.4.2 "), "{said}");
}

#[tokio::test]
async fn who_sent_content_that_was_refused_has_the_idle_time_again() {
    let strict = SubmissionSettings { slow_start: Duration::from_millis(50), data_rate: 1_000_000, ..settings() };
    let relay = start(strict, &[(ListenerTls::None, Networks)]).await;
    relay.trust("127.0.0.0/24").await;
    let mut client = connect(relay.addresses[0]).await;
    greeted(&mut client).await;
    client.send("BDAT 5\r\n").await;
    // As a segment of its own: it is read as content.
    tokio::time::interval_at(tokio::time::Instant::now() + Duration::from_millis(20), Duration::from_secs(1))
        .tick()
        .await;
    client.send("hello").await;
    assert!(client.reply().await.starts_with("503 "));
    let said = tokio::time::timeout(Duration::from_millis(500), client.reply()).await;
    assert!(said.is_err(), "it is not sent away: {said:?}");
    assert!(client.say("NOOP").await.starts_with("250 "));
}

#[tokio::test]
async fn a_command_that_comes_octet_by_octet_is_given_up() {
    let impatient = SubmissionSettings { idle: Duration::from_millis(50), ..settings() };
    let relay = start(impatient, &[(ListenerTls::None, Networks)]).await;
    let mut client = connect(relay.addresses[0]).await;
    client.reply().await;
    let said = trickled(client).await;
    assert!(said.starts_with("421 4.4.2 "), "{said}");
}
