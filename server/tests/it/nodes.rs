//! Several nodes on one PostgreSQL: roles, what they share, that a killed, a cut off and a restarted node lose nothing,
//! and that one which stood still and nodes that are restarted in turn send nothing twice. On SQLite, which has one
//! process: roles alone.

use crate::{
    harness::{Cable, Dns, Relaykeep, Session, Sink, until},
    submission::{RULES, dns, routed, settings},
};
use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

const WORKERS: usize = 4;

fn on_postgres() -> bool {
    std::env::var("RELAYKEEP_TEST_DATABASE").as_deref() == Ok("postgres")
}

fn roles(roles: &str, rest: &str) -> String {
    format!("roles = \"{roles}\"\n{rest}")
}

/// A relay that has the project of these tests and does not run yet.
fn prepared(lines: &str) -> Relaykeep {
    let relay = Relaykeep::prepare(lines);
    relay.apply(RULES);
    relay
}

/// A node that has the project of these tests and runs.
fn first(lines: &str) -> Relaykeep {
    let mut node = prepared(lines);
    node.run();
    node
}

/// A further node that runs on the database of the first, by this port of 127.0.0.1 when one is given.
fn further(first: &Relaykeep, lines: &str, port: Option<u16>) -> Relaykeep {
    let mut node = first.beside(lines, port);
    node.run();
    node
}

/// Settings of nodes under load: few workers, and what failed is tried again at once. The lease is left at half an hour:
/// nothing here may wait for it.
fn under_load(dns: &Dns, sink: &Sink) -> String {
    routed(dns, sink.port, &format!("retry = [\"1s\"]\nworkers = {WORKERS}\n"))
}

fn send(port: u16, number: usize) -> String {
    let content = format!("From: web@domain.test\r\nX-Number: {number}\r\n\r\nx\r\n");
    let sent = Session::try_open(port)
        .and_then(|mut session| session.try_send("web@domain.test", &["a@other.test"], content.as_bytes()));
    sent.unwrap_or_else(|error| error.to_string())
}

#[test]
fn mail_that_a_node_without_delivery_keeps_waits_for_one_that_delivers() {
    let (dns, sink) = (dns(), Sink::start());
    let mut relay = prepared(&settings(&dns, &sink));
    relay.run_with(&["--roles", "submission"]);
    assert!(relay.log().contains("Mail    is kept for the nodes that deliver"), "{}", relay.log());
    assert!(send(relay.networks, 1).starts_with("250 "));
    assert_eq!((relay.metric("relaykeep_queue_due"), relay.metric("relaykeep_queue_in_flight")), (1.0, 0.0));
    let stranger = relay.stranger();
    assert_eq!((stranger.get("/login").status, stranger.get("/healthz").status), (404, 200));
    relay.kill();
    relay.run_with(&["--roles", "delivery"]);
    sink.wait_for(1);
    relay.wait_until_queue_is_empty();
    assert!(Session::try_open(relay.networks).is_err(), "no listener without the role");
    relay.kill();
    relay.run_with(&["--roles", "web"]);
    assert_eq!(relay.stranger().get("/login").status, 200);
    let refused = relay.bare(&["serve", "--roles", "web,queue"]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("a role is web, submission or delivery, not queue"));
    assert!(!relay.bare(&["serve", "--roles", ","]).status.success());
}

#[test]
fn nodes_share_sessions_rules_and_mail() {
    if !on_postgres() {
        return;
    }
    let (dns, sink) = (dns(), Sink::start());
    let lines = settings(&dns, &sink);
    let web = first(&roles("web", &lines));
    let submission = further(&web, &roles("submission", &lines), None);
    let both = further(&web, &roles("web, delivery", &lines), None);
    assert!(send(submission.networks, 1).starts_with("250 "));
    sink.wait_for(1);
    // Who signed in at one is signed in at the other.
    let operator = web.operator();
    let elsewhere = operator.at(&both.url());
    assert_eq!(elsewhere.get("/admin/queue").status, 200);
    assert!(elsewhere.get("/admin/queue").text().contains("operator@relay.test"));
    // A rule that is changed at one holds at all within two seconds.
    operator.change("/admin/settings", "pause_platform", &[("reason", "New disks"), ("confirm", "pause")]);
    let began = Instant::now();
    until("the pause", || {
        let mut session = Session::try_open(submission.networks).ok()?;
        session.try_say("MAIL FROM:<web@domain.test>").ok()?.starts_with("421 ").then_some(())
    });
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    // Signed out at one is signed out at the other.
    operator.change("/account", "sign_out", &[("next", "/login")]);
    assert!(!elsewhere.get("/admin/queue").text().contains("operator@relay.test"));
}

/// Programs that send numbered messages, each to its nodes in turn, and remember which were acknowledged.
#[derive(Default)]
struct Senders {
    next: AtomicUsize,
    acknowledged: Mutex<BTreeSet<usize>>,
    over: AtomicBool,
}

impl Senders {
    /// Six programs, of which two begin with each of three nodes.
    fn begin(ports: [u16; 3], most: usize) -> (Arc<Self>, Vec<JoinHandle<()>>) {
        let senders = Arc::new(Self::default());
        let program = |place: usize| {
            let (senders, mut ports) = (senders.clone(), ports);
            ports.rotate_left(place % 3);
            thread::spawn(move || senders.run(&ports, most))
        };
        let programs = (0..6).map(program).collect();
        (senders, programs)
    }

    /// Sends until it is over: at most so many messages to a node, fewer when it takes none, then on to the next.
    fn run(&self, ports: &[u16], most: usize) {
        for port in ports.iter().cycle() {
            for _ in 0..most {
                if self.over.load(Ordering::Relaxed) {
                    return;
                }
                let number = self.next.fetch_add(1, Ordering::Relaxed);
                let reply = send(*port, number);
                if !reply.starts_with("250 ") {
                    assert!(!reply.starts_with('5'), "message {number} is refused for ever: {reply}");
                    break;
                }
                self.acknowledged.lock().unwrap().insert(number);
                // No more than can be delivered: this is about what is lost, not about what waits.
                thread::park_timeout(Duration::from_millis(100));
            }
            if self.over.load(Ordering::Relaxed) {
                return;
            }
            thread::park_timeout(Duration::from_millis(50));
        }
    }

    fn acknowledged(&self) -> BTreeSet<usize> {
        self.acknowledged.lock().unwrap().clone()
    }

    /// Waits until so many more are acknowledged.
    fn more(&self, count: usize) {
        let enough = self.acknowledged().len() + count;
        until("acknowledgements", || (self.acknowledged().len() >= enough).then_some(()));
    }

    /// Ends the programs.
    fn end(&self, programs: Vec<JoinHandle<()>>) {
        self.over.store(true, Ordering::Relaxed);
        for program in programs {
            program.join().unwrap();
        }
    }
}

/// Waits until everything that is acknowledged now has arrived.
fn until_all_arrived(what: &str, senders: &Senders, sink: &Sink) {
    let acknowledged = senders.acknowledged();
    until(what, || {
        let arrived = sink.numbers();
        acknowledged.iter().all(|number| arrived.contains_key(number)).then_some(())
    });
}

#[test]
fn of_three_nodes_under_load_one_killed_one_cut_off_and_one_restarted_lose_nothing() {
    if !on_postgres() {
        return;
    }
    let (dns, sink) = (dns(), Sink::start());
    let lines = under_load(&dns, &sink);
    let mut one = first(&lines);
    let cable = Cable::to(one.database_port());
    let two = further(&one, &lines, Some(cable.port));
    let mut three = further(&one, &lines, None);
    let (senders, programs) = Senders::begin([one.networks, two.networks, three.networks], usize::MAX);
    senders.more(60);
    one.kill();
    senders.more(60);
    cable.cut();
    // What the two had goes on at the third, long before their leases end.
    until_all_arrived("what the killed node and the one that is cut off had", &senders, &sink);
    until("the last one leads", || (three.metric("relaykeep_leader") == 1.0).then_some(()));
    cable.mend();
    until("the node that was cut off", || send(two.networks, usize::MAX).starts_with("250 ").then_some(()));
    one.run();
    // In order: what the third had is given back.
    three.process().signal("TERM");
    assert!(three.wait_for_the_end().success(), "{}", three.log());
    senders.more(60);
    three.run();
    senders.more(60);
    senders.end(programs);
    until_all_arrived("all", &senders, &sink);
    three.wait_until_queue_is_empty();
    // Twice comes only what two nodes had in flight: at most what their workers held, and as many results again on
    // their way to the database.
    let arrived = sink.numbers();
    let twice: usize = arrived.values().map(|times| times - 1).sum();
    assert!(twice <= 2 * 2 * WORKERS, "{twice} duplicates");
    println!("{} acknowledged, {} arrived, {twice} twice", senders.acknowledged().len(), arrived.len());
}

#[test]
fn three_nodes_that_are_restarted_in_turn_under_load_lose_nothing_and_send_nothing_twice() {
    if !on_postgres() {
        return;
    }
    let (dns, sink) = (dns(), Sink::start());
    let lines = under_load(&dns, &sink);
    let mut one = first(&lines);
    let mut two = further(&one, &lines, None);
    let mut three = further(&one, &lines, None);
    // Each program goes from node to node, so that all of them have work whenever one is stopped.
    let (senders, programs) = Senders::begin([one.networks, two.networks, three.networks], 1);
    senders.more(30);
    for node in [&mut one, &mut two, &mut three] {
        node.process().signal("TERM");
        assert!(node.wait_for_the_end().success(), "{}", node.log());
        senders.more(15);
        node.run();
        until("mail at the node that is back", || (node.metric("relaykeep_accepted_total") > 0.0).then_some(()));
    }
    senders.more(15);
    senders.end(programs);
    until_all_arrived("all", &senders, &sink);
    one.wait_until_queue_is_empty();
    let twice: Vec<_> = sink.numbers().into_iter().filter(|(_, times)| *times > 1).collect();
    assert!(twice.is_empty(), "came more than once, of {} acknowledged: {twice:?}", senders.acknowledged().len());
}

/// A connection that comes with mail: where to answer, and the lines that are said. One that only asks for the greeting,
/// as the check of what is reached does, is none.
fn with_mail(stream: TcpStream) -> Option<(TcpStream, impl Iterator<Item = String>)> {
    stream.set_nonblocking(false).unwrap();
    let mut answers = stream.try_clone().unwrap();
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    answers.write_all(b"220 sink.test\r\n").ok()?;
    let hello = lines.next()?;
    answers.write_all(b"250 sink.test\r\n").ok()?;
    hello.starts_with("EHLO ").then_some((answers, lines))
}

/// Takes one message; whether its end came.
fn takes_a_message(
    (mut answers, mut lines): (TcpStream, impl Iterator<Item = String>),
    before_data: impl FnOnce(),
) -> bool {
    let mut say = |line: &str| answers.write_all(format!("{line}\r\n").as_bytes()).is_ok();
    while let Some(line) = lines.next() {
        if line == "DATA" {
            before_data();
            return say("354 go") && lines.any(|line| line == ".") && say("250 taken");
        }
        if !say("250 ok") {
            break;
        }
    }
    false
}

#[test]
fn a_node_that_stood_still_while_another_took_over_does_not_end_what_it_was_sending() {
    if !on_postgres() {
        return;
    }
    let hop = TcpListener::bind("127.0.0.1:0").unwrap();
    hop.set_nonblocking(true).unwrap();
    let connection = |what: &str| until(what, || with_mail(hop.accept().ok()?.0));
    let dns = dns();
    let lines = routed(&dns, hop.local_addr().unwrap().port(), "retry = [\"1s\"]\n");
    let one = first(&lines);
    let two = further(&one, &roles("delivery", &lines), None);
    assert!(send(one.networks, 1).starts_with("250 "));
    let stream = connection("the first node");
    let (says, is_said) = mpsc::channel();
    let (go, goes_on) = mpsc::channel();
    let first = thread::spawn(move || {
        takes_a_message(stream, || {
            says.send(()).unwrap();
            goes_on.recv().unwrap();
        })
    });
    is_said.recv().unwrap();
    one.process().signal("STOP");
    go.send(()).unwrap();
    assert!(takes_a_message(connection("the second node, when the first is missing"), || ()));
    one.process().signal("CONT");
    assert!(!first.join().unwrap(), "the message came twice");
    two.wait_until_queue_is_empty();
}

#[test]
fn each_metric_of_the_dashboard_is_there() {
    let (dns, sink) = (dns(), Sink::start());
    let relay = first(&settings(&dns, &sink));
    assert!(send(relay.networks, 1).starts_with("250 "));
    sink.wait_for(1);
    relay.wait_until_queue_is_empty();
    let mut session = Session::open(relay.networks);
    assert!(session.try_say("MAIL FROM:<nobody@elsewhere.test>").unwrap().starts_with("550 "));
    until("the leader", || (relay.metric("relaykeep_leader") == 1.0).then_some(()));
    let shown = relay.stranger().get("/metrics").body;
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/grafana/relaykeep.json");
    let dashboard: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let mut names = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().unwrap() {
            let words = target["expr"].as_str().unwrap().split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            names.extend(words.filter(|word| word.starts_with("relaykeep_")).map(str::to_owned));
        }
    }
    assert!(names.len() > 10, "{names:?}");
    for name in names {
        let there = shown.lines().any(|line| line.strip_prefix(&name).is_some_and(|rest| rest.starts_with(['{', ' '])));
        assert!(there, "{name} is in the dashboard and not in /metrics:\n{shown}");
    }
}

#[test]
fn a_backup_of_a_running_relay_is_restored_elsewhere_and_a_newer_schema_is_refused() {
    let (dns, sink) = (dns(), Sink::start());
    let mut relay = prepared(&settings(&dns, &sink));
    relay.run_with(&["--roles", "web, submission"]);
    assert!(send(relay.networks, 7).starts_with("250 "));
    let file = relay.path("one.backup").display().to_string();
    let made = relay.subcommand(&["backup", &file], "");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    assert!(String::from_utf8_lossy(&made.stdout).contains("It has the sealing key"));
    assert!(String::from_utf8_lossy(&made.stderr).contains("recipient "), "progress");
    let refused = |relay: &Relaykeep, file: &str| {
        let output = relay.subcommand(&["restore", file], "");
        assert!(!output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert!(refused(&relay, &file).contains("another relaykeep serves from"), "a relay that runs");
    relay.kill();
    let why = refused(&relay, &file);
    assert!(why.contains("is not empty") || why.contains("nodes run on this database"), "{why}");
    // Elsewhere it goes on where it was.
    let mut elsewhere = Relaykeep::prepare(&settings(&dns, &sink));
    let restored = elsewhere.subcommand(&["restore", &file], "");
    assert!(restored.status.success(), "{}", String::from_utf8_lossy(&restored.stderr));
    elsewhere.run();
    assert_eq!(sink.wait_for(1)[0].header("X-Number"), ["7"]);
    elsewhere.wait_until_queue_is_empty();
    elsewhere.kill();
    // What a newer version has changed is not touched.
    elsewhere.sql("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m99999999_999999_tomorrow', 0)");
    for command in ["serve", "migrate"] {
        let refused = elsewhere.subcommand(&[command], "");
        assert!(!refused.status.success());
        let why = String::from_utf8_lossy(&refused.stderr).into_owned();
        let expected = "a newer relaykeep has migrated the database; use that one, or restore the backup";
        assert!(why.contains(expected), "{command}: {why}");
    }
}
