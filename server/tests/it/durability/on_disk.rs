//! `250` means on disk: seen in the system calls of the real binary.

use crate::{
    harness::{Relaykeep, Session, until},
    submission::RULES,
};
use std::{fs, thread};

const SESSIONS: usize = 4;
const EACH: usize = 10;

/// What the trace of a thread shows, in its order in the file.
#[derive(Debug)]
enum Seen {
    /// Octets that go to a file or socket.
    Out(String),
    /// What made everything before it durable has returned; it had begun at this line.
    Durable { begun: usize },
}

/// The sync of a file, or the database's word that it has committed.
const SYNCS: [&str; 2] = ["fdatasync(", "fsync("];

/// Reads the output of `strace -f`: calls that were interrupted by others are two lines.
fn read(trace: &str) -> Vec<Seen> {
    let mut begun_by: std::collections::HashMap<&str, usize> = std::collections::HashMap::new();
    let mut seen = Vec::new();
    for line in trace.lines() {
        let at = seen.len();
        let (thread, call) = line.split_once(' ').unwrap_or((line, ""));
        let call = call.trim_start();
        let is_sync = SYNCS.iter().any(|sync| call.starts_with(sync));
        if is_sync && call.contains("<unfinished") {
            begun_by.insert(thread, at);
        } else if (is_sync || call.starts_with("<... fdatasync") || call.starts_with("<... fsync"))
            && call.ends_with("= 0")
        {
            let begun = if is_sync { at } else { begun_by.remove(thread).unwrap_or(at) };
            seen.push(Seen::Durable { begun });
        } else if call.contains("recvfrom") && call.contains("COMMIT\\0") {
            // PostgreSQL answers COMMIT when it is on disk (synchronous_commit); nothing of it was known before.
            seen.push(Seen::Durable { begun: at });
        } else {
            seen.push(Seen::Out(call.to_owned()));
        }
    }
    seen
}

#[test]
fn each_acknowledgement_follows_the_sync_of_its_message() {
    let mut relay = Relaykeep::prepare("");
    relay.apply(RULES);
    let trace = relay.path("trace");
    // -D: the relay itself is the child, and what traces it goes when it goes.
    relay.run_by(&format!(
        "exec strace -D -f --seccomp-bpf -qq -s 9000 -o {} \\
         -e trace=pwrite64,fdatasync,fsync,sendto,recvfrom -e signal=none \"$0\" \"$@\"",
        trace.display()
    ));
    let threads: Vec<_> = (0..SESSIONS)
        .map(|session| {
            let port = relay.networks;
            thread::spawn(move || {
                let mut open = Session::open(port);
                let send = |number| {
                    let marker = format!("marker-{session}-{number}-");
                    let content = format!("From: web@domain.test\r\n\r\n{}\r\n", marker.repeat(20));
                    let reply = open.send("web@domain.test", &["a@other.test"], content.as_bytes());
                    let id = reply.strip_prefix("250 2.0.0 Ok: queued as ").unwrap_or_else(|| panic!("{reply}"));
                    (marker, id.to_owned())
                };
                (0..EACH).map(send).collect::<Vec<_>>()
            })
        })
        .collect();
    let sent: Vec<(String, String)> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    let last = &sent[sent.len() - 1].1;
    let trace = until("the trace", || fs::read_to_string(&trace).ok().filter(|trace| trace.contains(last)));
    let seen = read(&trace);
    let first = |what: &str, text: &str| {
        let out = |one: &Seen| matches!(one, Seen::Out(call) if call.contains(text));
        seen.iter().position(out).unwrap_or_else(|| panic!("{what} is not in the trace: {text}"))
    };
    for (marker, id) in &sent {
        // The client's own octets are read by recvfrom; the row is what is written.
        let stored = seen
            .iter()
            .position(|one| matches!(one, Seen::Out(call) if call.contains(marker) && !call.contains("recvfrom")))
            .unwrap_or_else(|| panic!("{marker} was never written"));
        let told = first("the reply", &format!("250 2.0.0 Ok: queued as {id}"));
        let durable = seen[..told].iter().any(|one| matches!(one, Seen::Durable { begun } if *begun > stored));
        assert!(durable, "{marker}{id} was acknowledged at {told}, stored at {stored}, and not synced in between");
    }
    assert_eq!(sent.len(), SESSIONS * EACH);
}
