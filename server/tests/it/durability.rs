//! Nothing acknowledged is lost: the relay is killed under load, twenty times over, and its disk runs full; `apply` is
//! killed at work; each acknowledgement follows the sync of its row; the store fails and comes back.

mod on_disk;
mod store_fails;

use crate::{
    harness::{Relaykeep, Session, Sink, clients, until},
    submission::{RULES, dns, routed},
};
use std::{
    collections::BTreeSet,
    fs,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

const ROUNDS: usize = 20;
const CONNECTIONS: usize = 4;
/// Messages acknowledged in a round before the relay is killed, while more are on their way.
const A_ROUND: usize = 15;
const WORKERS: usize = 4;

/// Programs that send numbered messages and remember which were acknowledged.
#[derive(Default)]
struct Senders {
    next: AtomicUsize,
    acknowledged: Mutex<BTreeSet<usize>>,
    /// Content was sent whole, and no reply came.
    unanswered: AtomicUsize,
    over: AtomicBool,
}

impl Senders {
    /// Sends until the relay is gone.
    fn run(&self, port: u16) {
        let Ok(mut session) = Session::try_open(port) else { return };
        while !self.over.load(Ordering::Relaxed) {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let content =
                format!("From: web@domain.test\r\nX-Number: {number}\r\n\r\n{}\r\n", "0123456789".repeat(100));
            match session.try_send("web@domain.test", &["a@other.test"], content.as_bytes()) {
                Ok(reply) if reply.starts_with("250 2.0.0 Ok: queued as ") => {
                    self.acknowledged.lock().unwrap().insert(number);
                }
                Ok(reply) => assert!(reply.starts_with('4'), "message {number}: {reply}"),
                Err(_) => {
                    self.unanswered.fetch_add(1, Ordering::Relaxed);
                    return;
                }
            }
        }
    }

    fn acknowledged(&self) -> usize {
        self.acknowledged.lock().unwrap().len()
    }
}

#[test]
fn killed_twenty_times_under_load_nothing_acknowledged_is_lost() {
    let (dns, sink) = (dns(), Sink::start());
    // What a killed process held is free again after the lease.
    let lines = format!("retry = [\"1s\"]\nlease = \"10s\"\nworkers = {WORKERS}\n");
    let mut relay = Relaykeep::prepare(&routed(&dns, sink.port, &lines));
    relay.apply(RULES);
    let senders = Arc::new(Senders::default());
    for round in 0..ROUNDS {
        relay.run();
        let before = senders.acknowledged();
        let threads: Vec<_> = (0..CONNECTIONS)
            .map(|_| {
                let (senders, port) = (senders.clone(), relay.networks);
                thread::spawn(move || senders.run(port))
            })
            .collect();
        until(&format!("acknowledgements in round {round}"), || {
            (senders.acknowledged() >= before + A_ROUND).then_some(())
        });
        relay.kill();
        for thread in threads {
            thread.join().unwrap();
        }
    }
    relay.run();
    relay.wait_until_queue_is_empty();
    let acknowledged = senders.acknowledged.lock().unwrap().clone();
    let arrived = sink.numbers();
    let cut = sink.received().into_iter().find(|received| !received.content.ends_with(b"0123456789\r\n"));
    assert!(cut.is_none(), "a message is cut: {cut:?}");
    let lost: Vec<_> = acknowledged.iter().filter(|number| !arrived.contains_key(number)).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?} of {}", acknowledged.len());
    assert!(acknowledged.len() >= ROUNDS * A_ROUND);
    assert!(senders.unanswered.load(Ordering::Relaxed) > 0, "the relay was never killed at work");
    // Twice comes only what the sink had taken and the relay had not recorded: at most what its workers held, and as
    // many results again on their way to the disk.
    let twice: usize = arrived.values().map(|times| times - 1).sum();
    let in_flight = ROUNDS * 2 * WORKERS;
    assert!(twice <= in_flight, "{twice} duplicates, at most {in_flight} were in flight");
    println!(
        "{} acknowledged, {} arrived, {twice} twice, {} without an answer",
        acknowledged.len(),
        arrived.len(),
        senders.unanswered.load(Ordering::Relaxed)
    );
}

#[test]
fn nothing_acknowledged_on_a_full_disk_is_lost() {
    let mut relay = Relaykeep::prepare("");
    relay.apply(RULES);
    relay.run_on_a_disk_of(6000);
    let mut session = Session::open(relay.networks);
    let (mut acknowledged, mut put_off) = (Vec::new(), 0);
    for number in 0..60 {
        let octets = if number % 3 == 0 { 3_000 } else { 500_000 };
        let content = format!("From: web@domain.test\r\n\r\n{}\r\n", "x".repeat(octets));
        let reply = session.send("web@domain.test", &["a@other.test"], content.as_bytes());
        match reply.strip_prefix("250 2.0.0 Ok: queued as ") {
            Some(id) => acknowledged.push(id.to_owned()),
            None => {
                assert!(reply.starts_with("452 4.3.1 "), "{reply}");
                put_off += 1;
            }
        }
    }
    relay.kill();
    // There is room again.
    relay.run();
    let portal = relay.operator();
    for id in &acknowledged {
        assert_eq!(portal.ask(&format!("/p/bio/messages/{id}/raw"), &[]).status, 200, "{id} of {acknowledged:?}");
    }
    let refused_for_room = put_off > 0 || std::env::var("RELAYKEEP_TEST_DATABASE").as_deref() == Ok("postgres");
    assert!(refused_for_room, "the disk was never full");
    let reply =
        Session::open(relay.networks).send("web@domain.test", &["a@other.test"], b"From: web@domain.test\r\n\r\n");
    assert!(reply.starts_with("250 "), "{reply}");
}

/// Killed in the middle of its work, `apply` has told no secret yet; the next run tells one for every account.
#[test]
fn an_apply_that_is_killed_is_completed_by_the_next_and_no_secret_is_lost() {
    const ACCOUNTS: usize = 12;
    let labels: Vec<String> = (0..ACCOUNTS).map(|n| format!("program {n}")).collect();
    let accounts: String = labels.iter().map(|label| format!("      - {{ label: {label} }}\n")).collect();
    let relay = Relaykeep::start("");
    relay.apply("projects: [{ slug: bio }]");
    let operator = relay.operator();
    let file = relay.path("many.yaml");
    let yaml = format!(
        "projects:\n  - slug: bio\n    networks: [{{ cidr: 192.0.2.0/24 }}]\n    service_accounts:\n{accounts}"
    );
    fs::write(&file, &yaml).unwrap();
    for made in [1, 4, 7] {
        let apply = relay.begin(&["apply", &file.display().to_string()], "killed.json");
        until(&format!("{made} accounts"), || {
            let list = operator.get("/p/bio/service-accounts.csv").body;
            (list.lines().count() > made).then_some(())
        });
        drop(apply);
        assert_eq!(fs::read_to_string(relay.path("killed.json")).unwrap(), "", "it had done all when it was killed");
    }
    let issued = relay.apply(&yaml);
    let mut told: Vec<&str> = issued.iter().map(|one| one.label.as_str()).collect();
    told.sort_by_key(|label| labels.iter().position(|known| known == label));
    assert_eq!(told, labels, "one secret for each");
    for account in &issued {
        let (opened, said) = clients::python(&format!(
            "import smtplib, ssl\nc = ssl.create_default_context(); c.check_hostname = False; c.verify_mode = ssl.CERT_NONE\n\
             smtplib.SMTP_SSL('127.0.0.1', {}, context=c).login('{}', '{}')\n",
            relay.submissions, account.username, account.secret
        ));
        assert!(opened, "{}: {said}", account.label);
    }
    let (again, changed) = relay.apply_counted(&yaml);
    assert!(again.is_empty() && changed == 0, "{again:?}");
}
