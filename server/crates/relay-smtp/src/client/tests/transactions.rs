//! MAIL to the end of data: outcomes, pipelining, reuse, waits.

use super::*;

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
