//! The time that one attempt has, shared by the hosts that it tries.

use super::{
    sink::{Script, Sink},
    *,
};

/// Sends a small message to `b.example` in an attempt that ends at `limit`.
async fn send_until(relay: &Relay, limit: Instant) -> Delivery {
    let message = Outgoing {
        reverse_path: ReversePath::Null,
        content: Content::InMemory(b"a\r\n"[..].into()),
        eight_bit: false,
        smtputf8: false,
        terms: Default::default(),
    };
    let (way, recipients) = (Way::Mx(name("b.example")), [EmailAddress::parse("a@b.example").unwrap().into()]);
    relay.deliverer.deliver(&way, None, &message, &recipients, limit, &|| true).await
}

#[tokio::test]
async fn a_host_that_takes_the_connection_and_says_nothing_leaves_time_for_those_behind_it() {
    let sink = Sink::start(Script::default().silent_at("127.0.0.2")).await;
    let relay = Relay::with_exchanger(&sink);
    relay.answers.set_mx("b.example", &[(10, "silent.b.example"), (20, "mx.b.example")]);
    relay.answers.set_addresses("silent.b.example", &["127.0.0.2".parse().unwrap()]);
    let delivery = send_until(&relay, Instant::now() + Duration::from_secs(6)).await;
    assert_eq!(words(&delivery), ["delivered 250 2.0.0 queued"], "{:?}", delivery.dialogue);
    let turn = "others have their turn";
    assert!(delivery.dialogue.iter().any(|line| line.text.contains(turn)), "{:?}", delivery.dialogue);
}

#[tokio::test]
async fn one_attempt_ends_in_time_however_many_hosts_do_not_answer() {
    // A queue of connections that is full: whoever comes next has no answer from the system.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let full = socket.listen(1).unwrap();
    let place = full.local_addr().unwrap();
    let mut waiting = Vec::new();
    while let Ok(Ok(stream)) =
        tokio::time::timeout(Duration::from_millis(200), tokio::net::TcpStream::connect(place)).await
    {
        waiting.push(stream);
    }
    let relay = Relay::new(place.port(), |_| {});
    let hosts: Vec<String> = (0..5).map(|number| format!("mx{number}.b.example")).collect();
    relay.answers.set_mx("b.example", &hosts.iter().map(|host| (10, host.as_str())).collect::<Vec<_>>());
    for host in &hosts {
        relay.answers.set_addresses(host, &[place.ip()]);
    }
    let began = Instant::now();
    let limit = began + Duration::from_secs(5);
    let delivery = send_until(&relay, limit).await;
    assert!(words(&delivery)[0].starts_with("tempfail 451 4.4.1"), "{delivery:?}");
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    let connecting =
        |delivery: &Delivery| delivery.dialogue.iter().filter(|line| line.text.starts_with("(connecting to ")).count();
    assert!(connecting(&delivery) > 1, "each has its share of the time: {:?}", delivery.dialogue);
    let late = send_until(&relay, limit).await;
    assert_eq!(
        (words(&late), connecting(&late)),
        (vec!["tempfail 451 4.4.1 No host could be tried in time".into()], 0)
    );
}
