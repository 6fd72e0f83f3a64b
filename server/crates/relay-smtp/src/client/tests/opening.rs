//! From the greeting to MAIL: EHLO, HELO, STARTTLS, AUTH, and hosts that will not do.

use super::*;

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
    for policy in [TlsPolicy::Encrypted, TlsPolicy::Required] {
        for (offer, rest) in [("250 mx", ""), ("250-mx\\r\\n250 STARTTLS", "C: STARTTLS\nS: 454 4.7.0 no")] {
            check(
                config(policy),
                to(&["b@b.example"]),
                &format!(
                    "S: 220 mx\nC: EHLO relay.example\nS: {offer}\n{rest}\nC: QUIT
                     !: 451 4.7.10 The next hop offers no STARTTLS, which is required\nX:"
                ),
            );
        }
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
