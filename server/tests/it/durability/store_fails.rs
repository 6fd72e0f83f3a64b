//! The store fails at work: refused for now, nothing half, and on it goes without a restart.

use super::{A_ROUND, CONNECTIONS, Senders, WORKERS};
use crate::{
    harness::{Cable, Portal, Relaykeep, Session, Sink, postgres::Cluster, process::Process, until},
    submission::{RULES, dns, routed},
};
use std::{
    fs,
    process::{Command, Stdio},
    sync::{Arc, atomic::Ordering},
    thread,
    time::Duration,
};

fn message(octets: usize) -> Vec<u8> {
    format!("From: web@domain.test\r\n\r\n{}\r\n", "x".repeat(octets)).into_bytes()
}

/// Sends one; the id when it was accepted, and a reply for now when it was not.
fn send(session: &mut Session, octets: usize) -> Result<String, String> {
    let reply = session.send("web@domain.test", &["a@other.test"], &message(octets));
    match reply.strip_prefix("250 2.0.0 Ok: queued as ") {
        Some(id) => Ok(id.to_owned()),
        None => {
            assert!(reply.starts_with('4'), "{reply}");
            Err(reply)
        }
    }
}

/// All that was acknowledged is there whole, and nothing else is.
fn check(portal: &Portal, acknowledged: &[String]) {
    for id in acknowledged {
        let raw = portal.ask(&format!("/p/bio/messages/{id}/raw"), &[]);
        assert_eq!(raw.status, 200, "{id} of {acknowledged:?}");
        assert!(raw.body.ends_with("xx\r\n"), "{id} is cut");
    }
    let listed = portal.get("/p/bio/messages.csv").body.lines().count() - 1;
    assert_eq!(listed, acknowledged.len(), "what was not acknowledged is kept");
}

#[test]
fn a_sync_that_fails_is_no_acknowledgement_and_the_next_one_is_good() {
    if std::env::var("RELAYKEEP_TEST_DATABASE").as_deref() == Ok("postgres") {
        // There the sync is PostgreSQL's own; see the test that stops it.
        return;
    }
    let mut relay = Relaykeep::prepare("");
    relay.apply(RULES);
    relay.run();
    let mut session = Session::open(relay.networks);
    let mut acknowledged = vec![send(&mut session, 5_000).expect("accepted")];
    let pid = relay.process().0.id().to_string();
    let log = relay.path("strace.log");
    let mut strace = Command::new("strace");
    strace.args(["-f", "-p", &pid, "-e", "trace=fdatasync,fsync", "-e", "inject=fdatasync,fsync:error=EIO"]);
    let strace = Process::start(strace.stderr(fs::File::create(&log).unwrap()).stdin(Stdio::null()));
    until("strace", || fs::read_to_string(&log).unwrap().contains("attached").then_some(()));
    let mut put_off = Vec::new();
    for number in 0..6 {
        match send(&mut session, 1_000 + 200_000 * number) {
            Ok(id) => panic!("{id} was acknowledged without a sync"),
            Err(reply) => put_off.push(reply),
        }
    }
    assert!(put_off.iter().all(|reply| reply.starts_with("451 4.3.0 ")), "{put_off:?}");
    strace.signal("TERM");
    drop(strace);
    acknowledged.push(until("a sync that succeeds", || send(&mut session, 5_000).ok()));
    relay.kill();
    relay.run();
    check(&relay.operator(), &acknowledged);
}

#[test]
fn a_full_disk_is_452_and_room_is_enough_to_go_on() {
    if std::env::var("RELAYKEEP_TEST_DATABASE").as_deref() == Ok("postgres") {
        // There the disk is PostgreSQL's.
        return;
    }
    let mut relay = Relaykeep::prepare("");
    relay.apply(RULES);
    let made = ["operator", "create", "--email", "operator@relay.test", "--password-stdin"];
    assert!(relay.subcommand(&made, "a long password of words").status.success());
    let (store, database) = (relay.path("store"), relay.path("relaykeep.sqlite"));
    fs::create_dir(&store).unwrap();
    relay.use_database(&format!("sqlite://{}/relaykeep.sqlite", store.display()));
    // A small disk of its own, of which two thirds are taken.
    relay.run_by(&format!(
        "exec unshare --map-root-user --mount sh -c 'mount -t tmpfs -o size=24m tmpfs {0} && cp {1}* {0}/ && \
         head -c 16000000 /dev/zero > {0}/others && exec \"$0\" \"$@\"' \"$0\" \"$@\"",
        store.display(),
        database.display()
    ));
    let mut session = Session::open(relay.networks);
    let (mut acknowledged, mut put_off) = (Vec::new(), 0);
    // A large one goes to the store while it comes; a small one in one commit.
    for octets in [2_000_000, 3_000, 400_000].into_iter().cycle().take(60) {
        match send(&mut session, octets) {
            Ok(id) => acknowledged.push(id),
            Err(reply) => {
                assert!(reply.starts_with("452 4.3.1 "), "{reply}");
                put_off += 1;
            }
        }
    }
    assert!(put_off > 0 && !acknowledged.is_empty(), "{put_off} were put off");
    let inside = format!("/proc/{}/root{}/others", relay.process().0.id(), store.display());
    fs::remove_file(inside).unwrap();
    acknowledged.push(until("room", || send(&mut session, 3_000).ok()));
    acknowledged.push(send(&mut session, 2_000_000).expect("accepted"));
    let portal = Portal::new(&relay.url(), &relay.path("operator.cookies"));
    portal.sign_in("operator@relay.test", "a long password of words");
    check(&portal, &acknowledged);
}

#[test]
fn postgresql_that_does_not_sync_is_refused_at_the_start() {
    let (mut cluster, mut relay) = (Cluster::start(), Relaykeep::prepare(""));
    relay.use_database(&cluster.url());
    for parameter in ["fsync", "full_page_writes"] {
        cluster.stop("fast");
        cluster.set(&format!("{parameter} = off"));
        cluster.run();
        let refused = relay.subcommand(&["serve"], "");
        assert!(!refused.status.success());
        let why = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(why.contains("PostgreSQL would lose what was acknowledged"), "{why}");
        assert!(why.contains(&format!("{parameter} is off")), "{why}");
        cluster.set(&format!("{parameter} = on"));
    }
}

#[test]
fn postgresql_that_stops_under_load_is_452_or_451_and_comes_back_without_a_restart() {
    let mut cluster = Cluster::start();
    let mut relay = Relaykeep::prepare("");
    relay.use_database(&cluster.url());
    relay.apply(RULES);
    relay.run();
    let mut session = Session::open(relay.networks);
    let mut acknowledged = vec![send(&mut session, 5_000).expect("accepted")];
    for stop in ["immediate", "fast"] {
        cluster.stop(stop);
        let mut put_off = 0;
        for octets in [1_000, 1_500_000, 5_000] {
            match send(&mut session, octets) {
                Ok(id) => panic!("{id} was acknowledged without a database"),
                Err(_) => put_off += 1,
            }
        }
        assert_eq!(put_off, 3);
        cluster.run();
        acknowledged.push(until("an acknowledgement", || send(&mut session, 5_000).ok()));
        acknowledged.push(send(&mut session, 1_500_000).expect("accepted"));
    }
    check(&relay.operator(), &acknowledged);
}

#[test]
fn postgresql_that_stops_while_mail_is_in_flight_loses_nothing_that_was_acknowledged() {
    let (dns, sink, mut cluster) = (dns(), Sink::start(), Cluster::start());
    let cable = Cable::to(sink.port);
    // What was leased when the answer was lost is free again after the lease.
    let lines = format!("retry = [\"1s\"]\nlease = \"20s\"\nworkers = {WORKERS}\n");
    let mut relay = Relaykeep::prepare(&routed(&dns, cable.port, &lines));
    relay.use_database(&cluster.url());
    relay.apply(RULES);
    relay.run();
    let senders = Arc::new(Senders::default());
    let programs: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (senders, port) = (senders.clone(), relay.networks);
            // What is not accepted is refused for now, or its connection is cut: then the program comes again.
            thread::spawn(move || {
                while !senders.over.load(Ordering::Relaxed) {
                    senders.run(port);
                    thread::park_timeout(Duration::from_millis(50));
                }
            })
        })
        .collect();
    let a_round = || {
        let enough = senders.acknowledged() + A_ROUND;
        until("acknowledgements", || (senders.acknowledged() >= enough).then_some(()));
    };
    let mut session = Session::open(relay.networks);
    let stops = [("immediate", false), ("fast", true)];
    for (stop, hop_is_silent) in stops {
        a_round();
        if hop_is_silent {
            cable.cut();
            until("mail in flight", || (relay.metric("relaykeep_queue_in_flight") > 0.0).then_some(()));
        }
        cluster.stop(stop);
        send(&mut session, 1_000).expect_err("acknowledged without a database");
        if hop_is_silent {
            // How these deliveries end cannot be recorded yet.
            cable.mend();
        }
        cluster.run();
    }
    a_round();
    senders.over.store(true, Ordering::Relaxed);
    for program in programs {
        program.join().unwrap();
    }
    relay.wait_until_queue_is_empty();
    let (acknowledged, arrived) = (senders.acknowledged.lock().unwrap().clone(), sink.numbers());
    let lost: Vec<_> = acknowledged.iter().filter(|number| !arrived.contains_key(number)).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?} of {}", acknowledged.len());
    // Twice comes only what the sink had taken and could not be recorded: what the workers held, and as many results.
    let twice: usize = arrived.values().map(|times| times - 1).sum();
    assert!(twice <= stops.len() * 2 * WORKERS, "{twice} duplicates");
}
