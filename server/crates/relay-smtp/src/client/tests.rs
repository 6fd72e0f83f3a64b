//! Transcripts. `S:` the server says, `C:` we say, `>:` what the driver reports, `T:` TLS is asked for, `D:` content is
//! asked for, `=:` an outcome, `!:` the host is unusable, `X:` close. Before each `S:` and `>:` we have said all.

use super::*;
use proptest::prelude::*;
use relay_types::{DomainName, EmailAddress, ReversePath};
use zeroize::Zeroizing;

fn config(tls: TlsPolicy) -> ClientConfig {
    ClientConfig { name: DomainName::parse("relay.example").unwrap(), tls, credentials: None }
}

fn with_credentials(tls: TlsPolicy) -> ClientConfig {
    let credentials = ClientCredentials { username: "user".into(), password: Zeroizing::new("secret".into()) };
    ClientConfig { credentials: Some(credentials), ..config(tls) }
}

fn to(recipients: &[&str]) -> Transaction {
    Transaction {
        reverse_path: ReversePath::parse("from@a.example").unwrap(),
        recipients: recipients.iter().map(|address| EmailAddress::parse(address).unwrap()).collect(),
        size: 4310,
        eight_bit: false,
        smtputf8: false,
    }
}

fn render(session: &mut ClientSession, into: &mut VecDeque<String>) {
    let outcome = |outcome: &Outcome| match outcome {
        Outcome::Delivered(reply) => format!("=: delivered {reply}"),
        Outcome::Captured => "=: captured".to_owned(),
        Outcome::TempFail(cause) => format!("=: tempfail {}", cause.reply()),
        Outcome::PermFail(cause) => format!("=: permfail {}", cause.reply()),
    };
    while let Some(output) = session.poll() {
        match output {
            ClientOutput::Send(wire) => {
                let wire = String::from_utf8(wire).expect("commands are text");
                let lines = wire.strip_suffix("\r\n").expect("a command ends with CRLF").split("\r\n");
                into.extend(lines.map(|line| format!("C: {line}")));
            }
            ClientOutput::StartTls => into.push_back("T:".into()),
            ClientOutput::SendContent => into.push_back("D:".into()),
            ClientOutput::Done(outcomes) => into.extend(outcomes.iter().map(outcome)),
            ClientOutput::Unusable(cause) => into.push_back(format!("!: {}", cause.reply())),
            ClientOutput::Close => into.push_back("X:".into()),
        }
    }
}

/// Runs a transcript; gives the session back for further questions.
fn check(config: ClientConfig, transaction: Transaction, transcript: &str) -> ClientSession {
    let mut session = ClientSession::new(config);
    session.next_transaction(transaction.clone());
    let mut said = VecDeque::new();
    for line in transcript.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let input = line.starts_with("S:") || line.starts_with(">:");
        if !input {
            assert_eq!(said.pop_front().as_deref(), Some(line), "in\n{transcript}");
            continue;
        }
        assert!(said.is_empty(), "before {line:?} came {said:?} in\n{transcript}");
        match line.split_at(2) {
            ("S:", text) => {
                let text = text.strip_prefix(' ').unwrap_or(text).replace("\\r\\n", "\r\n");
                session.receive(format!("{text}\r\n").as_bytes());
            }
            (_, " content sent") => session.content_sent(),
            (_, " tls verified") => session.tls_established(true),
            (_, " tls not verified") => session.tls_established(false),
            (_, " connection lost") => session.connection_lost("end of file"),
            (_, " timed out") => session.timed_out(),
            (_, " next transaction") => session.next_transaction(transaction.clone()),
            (_, " quit") => session.quit(),
            (_, other) => panic!("unknown action {other:?}"),
        }
        render(&mut session, &mut said);
    }
    assert!(said.is_empty(), "left over: {said:?} in\n{transcript}");
    session
}

#[test]
fn without_pipelining_each_answer_is_awaited() {
    let mut session = check(
        config(TlsPolicy::Opportunistic),
        to(&["b@b.example"]),
        "S: 220 mx.b.example ESMTP
         C: EHLO relay.example
         S: 250 mx.b.example
         C: MAIL FROM:<from@a.example>
         S: 250 2.1.0 ok
         C: RCPT TO:<b@b.example>
         S: 250 2.1.5 ok
         C: DATA
         S: 354 go ahead
         D:
         >: content sent
         S: 250 2.0.0 queued
         =: delivered 250 2.0.0 queued
         >: quit
         C: QUIT
         S: 221 2.0.0 bye
         X:",
    );
    let dialogue: Vec<String> = session
        .take_dialogue()
        .into_iter()
        .map(|line| format!("{} {}", if line.ours { "C:" } else { "S:" }, line.text))
        .collect();
    assert_eq!(dialogue[7..11], ["C: DATA", "S: 354 go ahead", "C: (4,310 octets)", "S: 250 2.0.0 queued"]);
}

#[test]
fn with_pipelining_the_envelope_goes_at_once_and_each_recipient_has_its_own_outcome() {
    check(
        config(TlsPolicy::Opportunistic),
        to(&["b@b.example", "c@b.example", "d@b.example"]),
        "S: 220 mx.b.example
         C: EHLO relay.example
         S: 250-mx.b.example
         S: 250-SIZE 10000000
         S: 250 PIPELINING
         C: MAIL FROM:<from@a.example> SIZE=4310
         C: RCPT TO:<b@b.example>
         C: RCPT TO:<c@b.example>
         C: RCPT TO:<d@b.example>
         C: DATA
         S: 250 ok
         S: 250 2.1.5 ok
         S: 550 5.1.1 no such user
         S: 451 4.3.0 later
         S: 354 go
         D:
         >: content sent
         S: 250 2.0.0 queued as 1
         =: delivered 250 2.0.0 queued as 1
         =: permfail 550 5.1.1 no such user
         =: tempfail 451 4.3.0 later",
    );
}

#[test]
fn a_data_that_was_taken_for_nobody_is_ended_at_once() {
    check(
        config(TlsPolicy::Opportunistic),
        to(&["b@b.example"]),
        "S: 220 mx
         C: EHLO relay.example
         S: 250-mx
         S: 250 PIPELINING
         C: MAIL FROM:<from@a.example>
         C: RCPT TO:<b@b.example>
         C: DATA
         S: 250 ok
         S: 550 5.1.1 no
         S: 354 go
         C: .
         S: 554 5.5.1 no valid recipients
         =: permfail 550 5.1.1 no",
    );
}

#[test]
fn a_refused_mail_decides_for_all() {
    check(
        config(TlsPolicy::Opportunistic),
        to(&["b@b.example", "c@b.example"]),
        "S: 220 mx
         C: EHLO relay.example
         S: 250-mx
         S: 250 PIPELINING
         C: MAIL FROM:<from@a.example>
         C: RCPT TO:<b@b.example>
         C: RCPT TO:<c@b.example>
         C: DATA
         S: 450 4.7.1 greylisted
         S: 503 5.5.1 MAIL first
         S: 503 5.5.1 MAIL first
         S: 503 5.5.1 MAIL first
         =: tempfail 450 4.7.1 greylisted
         =: tempfail 450 4.7.1 greylisted",
    );
}

#[test]
fn no_data_when_everybody_is_refused_and_the_next_transaction_resets() {
    check(
        config(TlsPolicy::Opportunistic),
        to(&["b@b.example"]),
        "S: 220 mx
         C: EHLO relay.example
         S: 250 mx
         C: MAIL FROM:<from@a.example>
         S: 250 ok
         C: RCPT TO:<b@b.example>
         S: 550 5.1.1 no
         =: permfail 550 5.1.1 no
         >: next transaction
         C: RSET
         S: 250 ok
         C: MAIL FROM:<from@a.example>
         S: 250 ok
         C: RCPT TO:<b@b.example>
         S: 250 ok
         C: DATA
         S: 354 go
         D:
         >: content sent
         S: 250 ok
         =: delivered 250 ok
         >: next transaction
         C: MAIL FROM:<from@a.example>
         S: 552 5.3.4 too large
         =: permfail 552 5.3.4 too large",
    );
}

#[test]
fn a_server_without_ehlo_gets_helo() {
    check(
        config(TlsPolicy::Opportunistic),
        to(&["b@b.example"]),
        "S: 220 mx
         C: EHLO relay.example
         S: 502 what
         C: HELO relay.example
         S: 250 mx
         C: MAIL FROM:<from@a.example>
         S: 250 ok
         C: RCPT TO:<b@b.example>
         S: 250 ok
         C: DATA
         S: 451 4.3.0 later
         =: tempfail 451 4.3.0 later",
    );
}

#[test]
fn a_host_that_refuses_before_mail_is_unusable() {
    for (greeting, unusable) in [("554 5.7.1 go away", "554 5.7.1 go away"), ("450 4.3.2 later", "450 4.3.2 later")] {
        check(
            config(TlsPolicy::Opportunistic),
            to(&["b@b.example"]),
            &format!("S: {greeting}\nC: QUIT\n!: {unusable}\nX:"),
        );
    }
    check(config(TlsPolicy::Opportunistic), to(&["b@b.example"]), "S: 421 4.3.2 busy\n!: 421 4.3.2 busy\nX:");
    check(
        config(TlsPolicy::Opportunistic),
        to(&["b@b.example"]),
        "S: 220 mx
         C: EHLO relay.example
         S: 250 mx
         C: MAIL FROM:<from@a.example>
         >: connection lost
         !: 451 4.4.2 Connection lost: end of file
         X:",
    );
    check(
        config(TlsPolicy::Opportunistic),
        to(&["b@b.example"]),
        ">: timed out\n!: 451 4.4.2 No answer to the connection in 300 seconds\nX:",
    );
}

#[test]
fn a_421_in_the_middle_leaves_what_was_decided() {
    check(
        config(TlsPolicy::Opportunistic),
        to(&["b@b.example", "c@b.example", "d@b.example"]),
        "S: 220 mx
         C: EHLO relay.example
         S: 250-mx
         S: 250 PIPELINING
         C: MAIL FROM:<from@a.example>
         C: RCPT TO:<b@b.example>
         C: RCPT TO:<c@b.example>
         C: RCPT TO:<d@b.example>
         C: DATA
         S: 250 ok
         S: 250 ok
         S: 550 5.1.1 no
         S: 421 4.3.2 shutting down
         =: tempfail 421 4.3.2 shutting down
         =: permfail 550 5.1.1 no
         =: tempfail 421 4.3.2 shutting down
         X:",
    );
}

#[test]
fn a_421_behind_the_last_answer_only_ends_the_reuse() {
    let opened = "S: 220 mx
         C: EHLO relay.example
         S: 250 mx
         C: MAIL FROM:<from@a.example>
         S: 250 ok
         C: RCPT TO:<b@b.example>
         S: 250 ok
         C: DATA
         S: 354 go
         D:
         >: content sent";
    check(
        config(TlsPolicy::Opportunistic),
        to(&["b@b.example"]),
        &format!("{opened}\nS: 250 ok\\r\\n421 bye\n=: delivered 250 ok\nX:"),
    );
    check(
        config(TlsPolicy::Opportunistic),
        to(&["b@b.example"]),
        &format!(
            "{opened}\n>: timed out\n=: tempfail 451 4.4.2 No answer to the end of the message in 600 seconds\nX:"
        ),
    );
    check(
        config(TlsPolicy::Opportunistic),
        to(&["b@b.example"]),
        &format!(
            "{opened}\nS: 354 more\n=: tempfail 451 4.5.0 Protocol error of the next hop: 354 is no answer to what was said\nX:"
        ),
    );
}

#[test]
fn consent_before_the_end_of_the_message_is_not_delivery() {
    let opened = "S: 220 mx
         C: EHLO relay.example
         S: 250 mx
         C: MAIL FROM:<from@a.example>
         S: 250 ok
         C: RCPT TO:<b@b.example>
         S: 250 ok
         C: DATA
         S: 354 go
         D:";
    for (early, outcome) in [
        ("250 ok", "tempfail 451 4.5.0 Protocol error of the next hop: an answer before the end of the message"),
        ("552 5.3.4 too large", "permfail 552 5.3.4 too large"),
        ("421 4.3.0 bye", "tempfail 421 4.3.0 bye"),
    ] {
        check(
            config(TlsPolicy::Opportunistic),
            to(&["b@b.example"]),
            &format!("{opened}\nS: {early}\n=: {outcome}\nX:"),
        );
    }
}

#[test]
fn starttls_is_used_when_offered_and_everything_before_it_is_forgotten() {
    check(
        config(TlsPolicy::Opportunistic),
        to(&["b@b.example"]),
        "S: 220 mx
         C: EHLO relay.example
         S: 250-mx
         S: 250-SIZE 1
         S: 250-PIPELINING
         S: 250 STARTTLS
         C: STARTTLS
         S: 220 go
         T:
         >: tls not verified
         C: EHLO relay.example
         S: 250-mx
         S: 250 STARTTLS
         C: MAIL FROM:<from@a.example>
         S: 550 5.7.1 no
         =: permfail 550 5.7.1 no",
    );
}

#[test]
fn plaintext_behind_starttls_ends_the_session() {
    check(
        config(TlsPolicy::Opportunistic),
        to(&["b@b.example"]),
        "S: 220 mx
         C: EHLO relay.example
         S: 250-mx
         S: 250 STARTTLS
         C: STARTTLS
         S: 220 go\\r\\n250 injected
         C: QUIT
         !: 451 4.5.0 Protocol error of the next hop: octets in the clear behind STARTTLS
         X:",
    );
}

#[test]
fn required_tls_is_never_skipped() {
    for (offer, rest) in [("250 mx", ""), ("250-mx\\r\\n250 STARTTLS", "C: STARTTLS\nS: 454 4.7.0 no")] {
        check(
            config(TlsPolicy::Required),
            to(&["b@b.example"]),
            &format!(
                "S: 220 mx\nC: EHLO relay.example\nS: {offer}\n{rest}\nC: QUIT
                 !: 451 4.7.10 The next hop offers no STARTTLS, which is required\nX:"
            ),
        );
    }
    check(
        config(TlsPolicy::Opportunistic),
        to(&["b@b.example"]),
        "S: 220 mx
         C: EHLO relay.example
         S: 250-mx
         S: 250 STARTTLS
         C: STARTTLS
         S: 454 4.7.0 not now
         C: MAIL FROM:<from@a.example>
         S: 451 4.3.0 no
         =: tempfail 451 4.3.0 no",
    );
}

#[test]
fn credentials_are_sent_over_verified_tls_only() {
    let refused = "C: QUIT
         !: 454 4.7.0 Credentials are sent over verified TLS only, which this next hop does not have
         X:";
    let transaction = || to(&["b@b.example"]);
    check(
        with_credentials(TlsPolicy::Opportunistic),
        transaction(),
        &format!("S: 220 mx\nC: EHLO relay.example\nS: 250-mx\\r\\n250 AUTH PLAIN\n{refused}"),
    );
    check(
        with_credentials(TlsPolicy::Opportunistic),
        transaction(),
        &format!(
            "S: 220 mx\nC: EHLO relay.example\nS: 250-mx\\r\\n250 STARTTLS\nC: STARTTLS\nS: 220 go\nT:
             >: tls not verified\nC: EHLO relay.example\nS: 250-mx\\r\\n250 AUTH PLAIN\n{refused}"
        ),
    );
    let mut session = check(
        with_credentials(TlsPolicy::Implicit),
        transaction(),
        "S: 220 mx
         C: EHLO relay.example
         S: 250-mx\\r\\n250 AUTH LOGIN PLAIN
         C: AUTH PLAIN AHVzZXIAc2VjcmV0
         S: 235 2.7.0 ok
         C: MAIL FROM:<from@a.example>
         S: 250 ok
         C: RCPT TO:<b@b.example>",
    );
    let dialogue = session.take_dialogue();
    assert!(dialogue.iter().any(|line| line.text == "AUTH PLAIN (credentials)"));
    assert!(dialogue.iter().all(|line| !line.text.contains("AHVz")));
}

#[test]
fn auth_login_and_refused_credentials() {
    let mut session = check(
        with_credentials(TlsPolicy::Required),
        to(&["b@b.example"]),
        "S: 220 mx
         C: EHLO relay.example
         S: 250-mx\\r\\n250 STARTTLS
         C: STARTTLS
         S: 220 go
         T:
         >: tls verified
         C: EHLO relay.example
         S: 250-mx\\r\\n250 AUTH LOGIN
         C: AUTH LOGIN
         S: 334 VXNlcm5hbWU6
         C: dXNlcg==
         S: 334 UGFzc3dvcmQ6
         C: c2VjcmV0
         S: 535 5.7.8 no
         C: QUIT
         !: 454 4.7.0 The next hop refused our credentials: 535 5.7.8 no
         X:",
    );
    assert!(session.take_dialogue().iter().all(|line| !line.text.contains("c2VjcmV0")));
}

#[test]
fn what_the_next_hop_cannot_take_is_refused_without_a_word_to_it() {
    let opened = "S: 220 mx\nC: EHLO relay.example\nS: 250-mx\\r\\n250 SIZE 1000\n";
    check(
        config(TlsPolicy::Opportunistic),
        Transaction { smtputf8: true, size: 10, ..to(&["b@b.example"]) },
        &format!("{opened}=: permfail 553 5.6.7 The message needs SMTPUTF8, which the next hop does not offer"),
    );
    check(
        config(TlsPolicy::Opportunistic),
        Transaction { size: 10, ..to(&["grüße@b.example"]) },
        &format!("{opened}=: permfail 553 5.6.7 The message needs SMTPUTF8, which the next hop does not offer"),
    );
    check(
        config(TlsPolicy::Opportunistic),
        to(&["b@b.example"]),
        &format!("{opened}=: permfail 552 5.3.4 The message has 4310 octets, the next hop takes 1000"),
    );
}

#[test]
fn mail_declares_what_the_next_hop_understands() {
    let all = "250-mx\\r\\n250-8BITMIME\\r\\n250-SMTPUTF8\\r\\n250 SIZE";
    for (offer, eight_bit, smtputf8, mail) in [
        ("250 mx", true, false, "MAIL FROM:<from@a.example>"),
        (all, false, false, "MAIL FROM:<from@a.example> SIZE=4310"),
        (all, true, false, "MAIL FROM:<from@a.example> SIZE=4310 BODY=8BITMIME"),
        (all, true, true, "MAIL FROM:<from@a.example> SIZE=4310 BODY=8BITMIME SMTPUTF8"),
    ] {
        check(
            config(TlsPolicy::Opportunistic),
            Transaction { eight_bit, smtputf8, ..to(&["b@b.example"]) },
            &format!("S: 220 mx\nC: EHLO relay.example\nS: {offer}\nC: {mail}"),
        );
    }
    check(
        config(TlsPolicy::Opportunistic),
        Transaction { reverse_path: ReversePath::Null, ..to(&["\"a b\"@b.example"]) },
        "S: 220 mx
         C: EHLO relay.example
         S: 250 mx
         C: MAIL FROM:<>
         S: 250 ok
         C: RCPT TO:<\"a b\"@b.example>",
    );
}

#[test]
fn an_answer_that_nobody_asked_for_ends_the_session() {
    check(
        config(TlsPolicy::Opportunistic),
        to(&["b@b.example"]),
        "S: 220 mx\\r\\n250 mx
         C: QUIT
         !: 451 4.5.0 Protocol error of the next hop: an answer that nobody asked for
         X:",
    );
    check(
        config(TlsPolicy::Opportunistic),
        to(&["b@b.example"]),
        "S: hello
         !: 451 4.5.0 Protocol error of the next hop: a reply without a code
         X:",
    );
}

#[test]
fn waits_are_those_of_rfc_5321() {
    let transaction = || to(&["b@b.example"]);
    for (transcript, what, minutes) in [
        ("", "the connection", 5),
        ("S: 220 mx\nC: EHLO relay.example\nS: 250 mx\nC: MAIL FROM:<from@a.example>", "MAIL", 5),
        (
            "S: 220 mx\nC: EHLO relay.example\nS: 250 mx\nC: MAIL FROM:<from@a.example>\nS: 250 ok
             C: RCPT TO:<b@b.example>\nS: 250 ok\nC: DATA",
            "DATA",
            2,
        ),
        (
            "S: 220 mx\nC: EHLO relay.example\nS: 250 mx\nC: MAIL FROM:<from@a.example>\nS: 250 ok
             C: RCPT TO:<b@b.example>\nS: 250 ok\nC: DATA\nS: 354 go\nD:",
            "a block of the message",
            3,
        ),
        (
            "S: 220 mx\nC: EHLO relay.example\nS: 250 mx\nC: MAIL FROM:<from@a.example>\nS: 250 ok
             C: RCPT TO:<b@b.example>\nS: 250 ok\nC: DATA\nS: 354 go\nD:\n>: content sent",
            "the end of the message",
            10,
        ),
    ] {
        let waiting = check(config(TlsPolicy::Opportunistic), transaction(), transcript).waiting();
        assert_eq!((waiting.what, waiting.limit.as_secs()), (what, minutes * 60));
    }
}

#[test]
fn half_a_reply_does_not_begin_a_new_wait() {
    let mut session = ClientSession::new(config(TlsPolicy::Opportunistic));
    let before = session.waiting();
    session.receive(b"220-a\r\n220-b\r\n22");
    assert_eq!(session.waiting(), before);
    session.receive(b"0 c\r\n");
    assert_ne!(session.waiting().turn, before.turn);
}

/// Everything that comes out of a session fed with these pieces, with the driver's part played by rote.
fn play(pieces: &[&[u8]]) -> Vec<String> {
    let mut session = ClientSession::new(config(TlsPolicy::Opportunistic));
    session.next_transaction(to(&["b@b.example", "c@b.example"]));
    let mut all = VecDeque::new();
    for piece in pieces {
        session.receive(piece);
        let before = all.len();
        render(&mut session, &mut all);
        if all.range(before..).any(|line| line == "D:") {
            session.content_sent();
        }
    }
    all.into()
}

fn server_talk() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        Just("220 mx\r\n"),
        Just("250-mx\r\n250 PIPELINING\r\n"),
        Just("250 ok\r\n"),
        Just("354 go\r\n"),
        Just("550 5.1.1 no\r\n"),
        Just("451 4.3.0 later\r\n"),
        Just("421 bye\r\n"),
        Just("junk\r\n"),
        Just("250-"),
    ];
    prop::collection::vec(line, 0..12).prop_map(|lines| lines.concat().into_bytes())
}

proptest! {
    #[test]
    fn any_octets_give_at_most_one_end_and_one_outcome_a_recipient(talk in prop_oneof![server_talk(), prop::collection::vec(any::<u8>(), 0..400)], cuts in prop::collection::vec(1usize..9, 0..60)) {
        let mut pieces = Vec::new();
        let mut rest = talk.as_slice();
        for cut in cuts {
            let (now, later) = rest.split_at(cut.min(rest.len()));
            pieces.push(now);
            rest = later;
        }
        pieces.push(rest);
        let said = play(&pieces);
        let outcomes = said.iter().filter(|line| line.starts_with("=:")).count();
        let unusable = said.iter().filter(|line| line.starts_with("!:")).count();
        let closed = said.iter().filter(|line| *line == "X:").count();
        prop_assert!(outcomes == 0 || outcomes == 2, "{said:?}");
        prop_assert!(unusable <= 1 && closed <= 1 && (unusable == 0 || outcomes == 0), "{said:?}");
    }

    #[test]
    fn segments_of_a_dialogue_do_not_matter(cuts in prop::collection::vec(1usize..30, 0..60)) {
        let turns: [&[u8]; 4] = [
            b"220 mx\r\n",
            b"250-mx\r\n250-PIPELINING\r\n250 SIZE 100000\r\n",
            b"250 ok\r\n250 2.1.5 ok\r\n550 5.1.1 no\r\n354 go\r\n",
            b"250 2.0.0 queued\r\n",
        ];
        let whole = play(&turns);
        prop_assert_eq!(whole.last().map(String::as_str), Some("=: permfail 550 5.1.1 no"));
        let mut cuts = cuts.into_iter();
        let mut pieces = Vec::new();
        for turn in turns {
            let mut rest = turn;
            while !rest.is_empty() {
                let (now, later) = rest.split_at(cuts.next().unwrap_or(usize::MAX).min(rest.len()));
                pieces.push(now);
                rest = later;
            }
        }
        prop_assert_eq!(play(&pieces), whole);
    }
}
