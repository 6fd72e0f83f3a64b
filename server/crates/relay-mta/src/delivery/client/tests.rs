//! The driver over an in-memory stream: time is paused, so that hours of waiting take no time.

use super::*;
use relay_types::{DomainName, EmailAddress, ReversePath};
use tokio::io::DuplexStream;

fn connection(stream: DuplexStream) -> Connection {
    let config = ClientConfig {
        name: DomainName::parse("relay.example").unwrap(),
        tls: TlsPolicy::Opportunistic,
        credentials: None,
    };
    let address = "192.0.2.1:25".parse().unwrap();
    Connection::over(stream, config, "mx.example", address, &ClientTls::new(&[]).unwrap())
}

fn transaction(size: u64) -> Transaction {
    Transaction {
        reverse_path: ReversePath::Null,
        recipients: vec![EmailAddress::parse("b@b.example").unwrap().into()],
        size,
        eight_bit: false,
        smtputf8: false,
        terms: Default::default(),
    }
}

/// Says the answers one after another, each when a line came; then reads on without a word.
async fn host(stream: DuplexStream, greeting: &str, answers: &[&str]) {
    let (mut reading, mut writing) = tokio::io::split(stream);
    writing.write_all(greeting.as_bytes()).await.unwrap();
    let mut buffer = [0; 1024];
    for answer in answers {
        if reading.read(&mut buffer).await.unwrap() == 0 {
            return;
        }
        writing.write_all(answer.as_bytes()).await.unwrap();
    }
    while reading.read(&mut buffer).await.is_ok_and(|length| length > 0) {}
}

fn in_an_hour() -> Instant {
    Instant::now() + Duration::from_secs(3600)
}

fn held(content: &[u8]) -> Content {
    Content::InMemory(content.to_vec().into())
}

#[tokio::test(start_paused = true)]
async fn a_silent_host_is_left_when_its_time_is_over() {
    let before_content = ["250 mx\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n"];
    for (greeting, answers, seconds, what) in [
        ("", &[][..], 300, "the connection"),
        ("220 mx\r\n", &[], 300, "EHLO"),
        ("220 mx\r\n", &before_content[..2], 300, "RCPT"),
        ("220 mx\r\n", &before_content[..3], 120, "DATA"),
        ("220 mx\r\n", &before_content[..], 600, "the end of the message"),
    ] {
        let (ours, theirs) = tokio::io::duplex(1 << 20);
        let started = Instant::now();
        let mut connection = connection(ours);
        let (ended, ()) = tokio::join!(
            async {
                let ended = connection.transact(transaction(5), &held(b"a\r\nb\r\n"), in_an_hour(), &|| true).await;
                drop(connection);
                ended
            },
            host(theirs, greeting, answers)
        );
        let cause = match ended {
            Ended::Unusable(cause) => cause,
            Ended::Done(outcomes) => match &outcomes[0] {
                Outcome::TempFail(cause) => cause.clone(),
                other => panic!("{other:?}"),
            },
            Ended::NoHandshake(why) => panic!("{why}"),
        };
        let expected = format!("451 4.4.2 No answer to {what} in {seconds} seconds");
        assert_eq!(cause.reply().to_string(), expected);
        assert_eq!(started.elapsed().as_secs(), seconds, "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_host_that_says_one_octet_now_and_then_wins_no_time() {
    let (ours, mut theirs) = tokio::io::duplex(1024);
    let started = Instant::now();
    tokio::spawn(async move {
        let mut again = tokio::time::interval(Duration::from_secs(50));
        while theirs.write_all(b"2").await.is_ok() {
            again.tick().await;
        }
    });
    let ended = connection(ours).transact(transaction(5), &held(b"a\r\n"), in_an_hour(), &|| true).await;
    assert!(matches!(ended, Ended::Unusable(_)));
    assert_eq!(started.elapsed().as_secs(), 300);
}

#[tokio::test(start_paused = true)]
async fn one_attempt_ends_at_its_limit_whatever_the_host_does() {
    let (ours, theirs) = tokio::io::duplex(1024);
    let limit = Instant::now() + Duration::from_secs(100);
    let mut connection = connection(ours);
    let (ended, ()) = tokio::join!(
        async {
            let ended = connection.transact(transaction(5), &held(b"a\r\n"), limit, &|| true).await;
            drop(connection);
            ended
        },
        host(theirs, "220 mx\r\n", &["250 mx\r\n"])
    );
    let Ended::Unusable(cause) = ended else { panic!("{ended:?}") };
    assert_eq!(cause.reply().lines[0], "Connection lost: the time for one attempt is over");
    assert_eq!(Instant::now(), limit);
}

#[tokio::test(start_paused = true)]
async fn a_host_that_stops_reading_is_left_after_three_minutes() {
    let (ours, theirs) = tokio::io::duplex(16 * 1024);
    let content = held(&b"0123456789\r\n".repeat(100_000));
    let started = Instant::now();
    let mut connection = connection(ours);
    let deaf = async {
        let (mut reading, mut writing) = tokio::io::split(theirs);
        writing.write_all(b"220 mx\r\n").await.unwrap();
        let mut buffer = [0; 1024];
        for answer in ["250 mx\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n"] {
            assert_ne!(reading.read(&mut buffer).await.unwrap(), 0);
            writing.write_all(answer.as_bytes()).await.unwrap();
        }
        (reading, writing)
    };
    let (ended, _held) =
        tokio::join!(connection.transact(transaction(content.octets()), &content, in_an_hour(), &|| true), deaf);
    let Ended::Done(outcomes) = ended else { panic!("{ended:?}") };
    assert!(matches!(&outcomes[0], Outcome::TempFail(Cause::Network(_))), "{outcomes:?}");
    assert_eq!(started.elapsed(), Duration::from_secs(180));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_in_the_middle_of_the_content_ends_the_sending() {
    let (ours, theirs) = tokio::io::duplex(16 * 1024);
    let content = held(&b"0123456789\r\n".repeat(100_000));
    let mut connection = connection(ours);
    let host = async {
        let (mut reading, mut writing) = tokio::io::split(theirs);
        writing.write_all(b"220 mx\r\n").await.unwrap();
        let mut buffer = [0; 1024];
        for answer in ["250 mx\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n", "552 5.3.4 too large\r\n"] {
            assert_ne!(reading.read(&mut buffer).await.unwrap(), 0);
            writing.write_all(answer.as_bytes()).await.unwrap();
        }
        (reading, writing)
    };
    let (ended, _held) =
        tokio::join!(connection.transact(transaction(content.octets()), &content, in_an_hour(), &|| true), host);
    let Ended::Done(outcomes) = ended else { panic!("{ended:?}") };
    assert_eq!(outcomes, [Outcome::PermFail(Cause::Reply(Reply::new(552, (5, 3, 4), "too large")))]);
    assert!(!connection.is_reusable(100));
}

#[tokio::test(start_paused = true)]
async fn what_others_may_be_sending_by_now_gets_no_end_of_data() {
    for (ours, stands_still, ends) in [(true, 0, true), (false, 0, false), (true, 3600, false)] {
        let (near, theirs) = tokio::io::duplex(1 << 20);
        let content = held(b"Subject: x\r\n\r\nbody\r\n");
        let mut connection = connection(near);
        let host = async {
            let (mut reading, mut writing) = tokio::io::split(theirs);
            writing.write_all(b"220 mx\r\n").await.unwrap();
            let (mut heard, mut buffer) = (Vec::new(), [0; 1024]);
            for answer in ["250 mx\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n", "250 taken\r\n"] {
                match reading.read(&mut buffer).await.unwrap() {
                    0 => break,
                    length => heard.extend_from_slice(&buffer[..length]),
                }
                writing.write_all(answer.as_bytes()).await.unwrap();
                if answer.starts_with("354") {
                    // When it goes on, what it can do at once comes before its timers.
                    tokio::time::advance(Duration::from_secs(stands_still)).await;
                }
            }
            heard
        };
        let transaction = transaction(content.octets());
        let until = in_an_hour();
        let (ended, heard) = tokio::join!(
            async {
                let ended = connection.transact(transaction, &content, until, &|| ours).await;
                drop(connection);
                ended
            },
            host
        );
        assert_eq!(heard.ends_with(b"\r\n.\r\n"), ends, "{}", String::from_utf8_lossy(&heard));
        let Ended::Done(outcomes) = ended else { panic!("{ended:?}") };
        assert_eq!(matches!(&outcomes[0], Outcome::Delivered(_)), ends, "{outcomes:?}");
    }
}
