//! What administrators and their tools rely on: commands, signals, probes, and the portal's guards.

mod demo;
mod guards;

use crate::{
    harness::{Relaykeep, Session, Sink, session::HOST, until},
    submission::{RULES, dns, settings},
};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Output,
    time::{Duration, Instant},
};

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}

#[test]
fn check_judges_each_part_and_says_ok() {
    let relay = Relaykeep::prepare("");
    assert!(relay.subcommand(&["migrate"], "").status.success());
    let output = relay.subcommand(&["check"], "");
    let text = said(&output);
    assert!(output.status.success(), "{text}");
    for line in [
        "ok    configuration\n",
        "ok    database\n",
        "note  The certificate of submission was made here",
        "ok    networks: no TLS\n",
        "ok    submission: refuses outsiders (permanent error (530): 5.7.0 Authentication required)\n",
        "ok    submissions: refuses outsiders (permanent error (530): 5.7.0 Authentication required)\n",
        "ok    networks: refuses outsiders (permanent error (530): 5.7.0 Authentication required)\n",
    ] {
        assert!(text.contains(line), "no {line:?} in\n{text}");
    }
}

#[test]
fn check_works_beside_the_running_relay() {
    let relay = Relaykeep::start("");
    let output = relay.subcommand(&["check"], "");
    assert!(output.status.success(), "{}", said(&output));
}

/// Names of what lies in the data folder.
fn kept(relay: &Relaykeep) -> Vec<String> {
    let entries = fs::read_dir(relay.path("")).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn check_makes_nothing_and_changes_no_schema() {
    let relay = Relaykeep::prepare("");
    let before = kept(&relay);
    let output = relay.subcommand(&["check"], "");
    let text = said(&output);
    assert!(output.status.success() && text.contains("note  database: there is none yet"), "{text}");
    assert!(text.contains("ok    submission: refuses outsiders"), "{text}");
    assert_eq!(kept(&relay), before);
    let output = relay.subcommand(&["check", "--database-migrate", "false"], "");
    assert!(!output.status.success() && said(&output).contains("run `relaykeep migrate`"), "{}", said(&output));
    let output = relay.subcommand(&["serve", "--database-migrate", "false"], "");
    assert!(!output.status.success() && said(&output).contains("run `relaykeep migrate`"), "{}", said(&output));
}

#[test]
fn a_schema_is_not_changed_under_a_relay_that_runs() {
    let relay = Relaykeep::start("");
    let other = format!("sqlite://{}", relay.path("other.sqlite").display());
    for command in ["serve", "migrate"] {
        let output = relay.subcommand(&[command, "--database-url", &other], "");
        let text = said(&output);
        assert!(!output.status.success() && text.contains("another relaykeep serves from"), "{text}");
        assert!(!relay.path("other.sqlite").exists(), "{command} made a database");
    }
}

#[test]
fn a_database_needs_the_key_it_was_made_with() {
    let relay = Relaykeep::prepare("");
    relay.apply(RULES);
    fs::rename(relay.path("secret.key"), relay.path("first.key")).unwrap();
    let output = relay.subcommand(&["check"], "");
    assert!(!output.status.success() && said(&output).contains("secret.key is missing"), "{}", said(&output));
    let output = relay.subcommand(&["serve"], "");
    let text = said(&output);
    assert!(!output.status.success() && text.contains("is not the key this database was made with"), "{text}");
    fs::rename(relay.path("first.key"), relay.path("secret.key")).unwrap();
    relay.apply(RULES);
}

#[test]
fn check_fails_on_a_database_that_does_not_answer() {
    let relay = Relaykeep::prepare("");
    let output = relay.subcommand(&["check", "--database-url", "postgres://nobody@127.0.0.1:1/none"], "");
    let text = said(&output);
    assert!(!output.status.success() && text.contains("FAIL  database: "), "{text}");
}

/// A certificate for the relay's name, with its key, in PEM; it ends so many days from now.
fn certificate(days: i64) -> (String, String) {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut parameters = rcgen::CertificateParams::new([HOST.to_owned()]).unwrap();
    let now = time::OffsetDateTime::now_utc();
    parameters.not_before = now - time::Duration::days(30);
    parameters.not_after = now + time::Duration::days(days);
    (parameters.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

fn write(relay: &Relaykeep, (certificate, key): &(String, String)) {
    fs::write(relay.path("own.crt"), certificate).unwrap();
    fs::write(relay.path("own.key"), key).unwrap();
}

/// A flag that makes the relay's only listener one with implicit TLS and files of an administrator.
fn listener(relay: &Relaykeep) -> String {
    format!(
        "name=own,listen=127.0.0.1:{},tls=implicit,auth=required,certificate={},key={}",
        relay.submissions,
        relay.path("own.crt").display(),
        relay.path("own.key").display()
    )
}

#[test]
fn check_fails_on_a_certificate_that_has_ended_and_says_until_when_one_is_good() {
    let relay = Relaykeep::prepare("");
    for (days, succeeds, line) in [
        (-1, false, "FAIL  The certificate of own has ended. "),
        (1, true, "note  The certificate of own is not one this machine trusts. "),
    ] {
        write(&relay, &certificate(days));
        let output = relay.subcommand(&["check", "--listener", &listener(&relay)], "");
        let text = said(&output);
        assert!(output.status.success() == succeeds && text.contains(line), "{text}");
    }
    write(&relay, &(certificate(1).0, certificate(1).1));
    let output = relay.subcommand(&["check", "--listener", &listener(&relay)], "");
    assert!(!output.status.success() && said(&output).contains("FAIL  listeners: "), "{}", said(&output));
}

#[test]
fn what_config_prints_is_a_file_that_is_taken_as_it_is_and_with_every_default_written_out() {
    let relay = Relaykeep::prepare("");
    let manual = said(&relay.bare(&["config"]));
    let defaults: Vec<String> = manual
        .lines()
        .map(|line| match line.strip_prefix("# ").and_then(|rest| rest.split_once(" = ")) {
            Some((name, value)) if is_key(name) && value != "\"\"" => format!("{name} = {value}"),
            _ => line.to_owned(),
        })
        .take_while(|line| !line.contains("[[listener]]"))
        .collect();
    let written_out = defaults.join("\n");
    assert!(written_out.contains("\nroute = \"capture\"\n"), "{written_out}");
    for text in [&manual, &written_out] {
        let file = relay.path("printed.toml");
        fs::write(&file, text).unwrap();
        let data = relay.path("printed");
        let arguments = ["migrate", "--config", &file.display().to_string(), "--data-dir", &data.display().to_string()];
        let output = relay.bare(&arguments);
        assert!(output.status.success(), "{}\n{text}", said(&output));
    }
}

fn is_key(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

#[test]
fn an_unknown_key_is_an_error_with_the_nearest_name() {
    let relay = Relaykeep::prepare("[delivery]\nroutes = \"mx\"\n");
    let output = relay.subcommand(&["check"], "");
    let text = said(&output);
    assert!(
        !output.status.success() && text.contains("unknown key delivery.routes; did you mean delivery.route?"),
        "{text}"
    );
}

#[test]
fn an_unknown_variable_is_an_error_with_the_nearest_name() {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_relaykeep"));
    let output = command.arg("check").env("RELAYKEEP_DELIVERY_ROUT", "mx").output().unwrap();
    let text = said(&output);
    assert!(!output.status.success() && text.contains("did you mean RELAYKEEP_DELIVERY_ROUTE?"), "{text}");
}

#[test]
fn the_sealing_key_is_made_for_its_owner_only_and_kept() {
    let relay = Relaykeep::prepare("");
    relay.apply(RULES);
    let key = relay.path("secret.key");
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    let before = fs::read(&key).unwrap();
    assert_eq!(before.len(), 32);
    relay.apply(RULES);
    assert_eq!(fs::read(&key).unwrap(), before);
}

#[test]
fn sigterm_lets_the_running_transaction_finish_and_ends_with_0() {
    let (dns, sink) = (dns(), Sink::start());
    let mut relay = Relaykeep::start(&settings(&dns, &sink));
    relay.apply(RULES);
    let mut idle = Session::open(relay.networks);
    let mut busy = Session::open(relay.networks);
    for command in ["MAIL FROM:<web@domain.test>", "RCPT TO:<a@other.test>", "DATA"] {
        let reply = busy.say(command);
        assert!(reply.starts_with(['2', '3']), "{reply}");
    }
    relay.process().signal("TERM");
    let goodbye = idle.reply().unwrap();
    assert!(goodbye.starts_with("421 4.3.2 "), "{goodbye}");
    until("no new connections", || Session::try_open(relay.networks).err());
    let reply = busy.try_content(b"From: web@domain.test\r\nSubject: last\r\n\r\nhello\r\n").unwrap();
    assert!(reply.starts_with("250 2.0.0 Ok: queued as "), "{reply}");
    assert!(busy.say("MAIL FROM:<web@domain.test>").starts_with("421 4.3.2 "));
    let status = relay.wait_for_the_end();
    assert_eq!(status.code(), Some(0), "{}", relay.log());
    // What was acknowledged while it drained is delivered, if need be by the next start.
    relay.run();
    assert_eq!(sink.wait_for(1)[0].header("Subject"), ["last"]);
}

#[test]
fn row_3_13_sighup_reads_a_renewed_certificate_and_open_sessions_go_on() {
    let mut relay = Relaykeep::prepare("");
    write(&relay, &certificate(10));
    let own = relay.path("own.crt");
    let old = relay.path("old.crt");
    fs::copy(&own, &old).unwrap();
    relay.run_with(&["--listener", &listener(&relay)]);
    let shown = |file: &Path| Session::try_open_tls(relay.submissions, file).is_ok();
    let mut open = Session::open_tls(relay.submissions, &old);
    write(&relay, &certificate(20));
    assert!(shown(&old) && !shown(&own), "files are looked at for a renewal every half a minute");
    relay.process().signal("HUP");
    until("the new certificate", || shown(&own).then_some(()));
    assert!(!shown(&old));
    assert!(open.say("NOOP").starts_with("250 "));
    // A broken file leaves the good one in use, and is told.
    let good = relay.path("good.crt");
    fs::copy(&own, &good).unwrap();
    fs::write(&own, "no certificate").unwrap();
    relay.process().signal("HUP");
    until("the trouble in the log", || relay.log().contains("certificates cannot be read again").then_some(()));
    assert!(shown(&good), "a new connection is served with the last good certificate");
    assert!(open.say("NOOP").starts_with("250 "));
}

#[test]
fn at_the_end_of_the_grace_time_a_transaction_that_does_not_end_is_told_and_cut_off() {
    let (dns, sink) = (dns(), Sink::start());
    let mut relay = Relaykeep::prepare(&settings(&dns, &sink));
    relay.run_with(&["--shutdown-grace", "3s"]);
    relay.apply(RULES);
    let mut busy = Session::open(relay.networks);
    for command in ["MAIL FROM:<web@domain.test>", "RCPT TO:<a@other.test>", "DATA"] {
        let reply = busy.say(command);
        assert!(reply.starts_with(['2', '3']), "{reply}");
    }
    relay.process().signal("TERM");
    let last = busy.reply().unwrap();
    assert!(last.starts_with("421 4.3.2 "), "{last}");
    assert_eq!(relay.wait_for_the_end().code(), Some(0), "{}", relay.log());
}

#[test]
fn a_signal_that_comes_while_the_relay_tests_itself_is_heard() {
    // Ready is said while the listeners are still being asked as an outsider would.
    let mut relay = Relaykeep::prepare("");
    relay.run();
    relay.process().signal("HUP");
    relay.process().signal("TERM");
    assert_eq!(relay.wait_for_the_end().code(), Some(0), "{}", relay.log());
}

#[test]
fn probes_answer_and_metrics_count() {
    let (dns, sink) = (dns(), Sink::start());
    let relay = Relaykeep::start(&settings(&dns, &sink));
    relay.apply(RULES);
    let portal = relay.stranger();
    for (path, text) in [("/healthz", "ok\n"), ("/readyz", "ready\n")] {
        let page = portal.ask(path, &[]);
        assert_eq!((page.status, page.body.as_str()), (200, text));
    }
    let mut session = Session::open(relay.networks);
    let content = b"From: web@domain.test\r\n\r\nhello\r\n";
    assert!(session.send("web@domain.test", &["a@other.test", "b@other.test"], content).starts_with("250 "));
    assert!(session.send("ceo@bank.test", &["a@other.test"], content).starts_with("550 "));
    sink.wait_for(1);
    relay.wait_until_queue_is_empty();
    for (name, value) in [
        ("relaykeep_messages_accepted_total{listener=\"networks\"}", 1.0),
        ("relaykeep_accepted_total", 2.0),
        ("relaykeep_refusals_total{listener=\"networks\",rule=\"reverse_path_not_verified\"}", 1.0),
        ("relaykeep_deliveries_total{outcome=\"delivered\"}", 2.0),
        ("relaykeep_sessions{listener=\"networks\"}", 1.0),
    ] {
        assert_eq!(relay.metric(name), value, "{name} in\n{}", portal.ask("/metrics", &[]).body);
    }
}

#[test]
fn metrics_are_for_the_addresses_that_are_allowed() {
    let relay = Relaykeep::start("[metrics]\nallow = [\"192.0.2.0/24\"]\n");
    let page = relay.stranger().ask("/metrics", &[]);
    assert_eq!(page.status, 403);
    assert!(!page.body.contains("relaykeep_"), "{}", page.body);
}

#[test]
fn two_processes_never_serve_one_data_folder_and_a_dead_one_holds_nothing() {
    let mut relay = Relaykeep::start("");
    let second = relay.subcommand(&["serve"], "");
    let text = said(&second);
    assert!(!second.status.success(), "{text}");
    assert!(text.contains("another relaykeep serves from "), "{text}");
    assert!(text.contains("stop it first, or set data_dir"), "{text}");
    let mut session = Session::open(relay.submission);
    assert!(session.say("NOOP").starts_with("250 "), "the first goes on");
    // kill -9: nothing is tidied up, and the next start needs no hand.
    relay.kill();
    relay.run();
    Session::open(relay.submission);
}

#[test]
fn a_file_that_is_wrong_somewhere_does_nothing_and_issues_nothing() {
    let relay = Relaykeep::prepare("");
    let file = relay.path("twice.yaml");
    std::fs::write(&file, "projects:\n  - slug: bio\n    service_accounts: [{ label: web }, { label: web }]\n")
        .unwrap();
    let output = relay.subcommand(&["apply", &file.display().to_string()], "");
    assert!(!output.status.success() && output.stdout.is_empty());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("service account web is there twice"), "{said}");
    std::fs::write(&file, "projects:\n  - slug: bio\n    service_accounts: [{ label: web }]\n").unwrap();
    assert_eq!(relay.apply(&std::fs::read_to_string(&file).unwrap()).len(), 1);
}

#[test]
fn the_own_open_relay_test_is_no_refusal() {
    let relay = Relaykeep::start("[log]\nlevel = \"info,relaykeep=debug\"\n");
    until("the test of three listeners", || (relay.log().matches("refuses outsiders").count() == 3).then_some(()));
    let portal = relay.operator();
    assert!(!portal.get("/admin/refusals").body.contains("127.255.255.253"));
    let metrics = portal.ask("/metrics", &[]).body;
    assert!(!metrics.contains("relaykeep_refusals_total"), "{metrics}");
    // Anyone else is counted, with the name they gave.
    let mut session = Session::open(relay.networks);
    assert!(session.say("MAIL FROM:<a@b.test>").starts_with("530 "));
    let counted = || portal.ask("/metrics", &[]).body.contains("relaykeep_refusals_total{listener=\"networks\"");
    until("the refusal in the metrics", || counted().then_some(()));
    until("the refusal on its page", || {
        portal.get("/admin/refusals").body.contains("127.0.0.1 (client.test)").then_some(())
    });
}

#[test]
fn the_page_of_a_message_says_that_its_content_was_removed() {
    if std::env::var("RELAYKEEP_TEST_DATABASE").as_deref() == Ok("postgres") {
        // There a node leads a moment after its start, and removes what is old a minute later: see `retention`.
        return;
    }
    let mut relay = Relaykeep::start("");
    relay.apply(RULES);
    let content = b"From: web@domain.test\r\nSubject: figures\r\n\r\nx\r\n";
    let reply = Session::open(relay.networks).send("web@domain.test", &["a@other.test"], content);
    let id = reply.strip_prefix("250 2.0.0 Ok: queued as ").expect("accepted").to_owned();
    let accepted = Instant::now();
    let (page, portal) = (format!("/p/bio/messages/{id}"), relay.operator());
    until("its capture", || portal.get(&page).text().contains("Read it").then_some(()));
    relay.kill();
    until("its age", || (accepted.elapsed() > Duration::from_secs(2)).then_some(()));
    relay.run_with(&["--retention-content", "1s"]);
    let removed = "The content was removed by retention.";
    let text = until(removed, || Some(portal.get(&page).text()).filter(|text| text.contains(removed)));
    assert!(text.contains("retention.content keeps the content of mail that is done for 1.0 s"), "{text}");
    assert!(text.contains("Content removed"), "its story says so: {text}");
    assert!(!text.contains("Read it") && !text.contains("Raw message"), "{text}");
    assert_eq!(portal.ask(&format!("{page}/raw"), &[]).status, 404);
}
