//! Transcripts. `S:` the server says, `C:` we say, `>:` what the driver reports, `T:` TLS is asked for, `D:` content is
//! asked for, `B:` content without dots, `=:` an outcome, `!:` the host is unusable, `X:` close. Before each `S:` and
//! `>:` we have said all.

mod octets;
mod opening;
mod terms;
mod transactions;

use super::*;
use relay_types::{DomainName, EmailAddress, ReversePath, terms::MessageTerms};
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
        recipients: recipients.iter().map(|address| EmailAddress::parse(address).unwrap().into()).collect(),
        size: 4310,
        eight_bit: false,
        smtputf8: false,
        terms: MessageTerms::default(),
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
            ClientOutput::SendContent(Framing::Dots) => into.push_back("D:".into()),
            ClientOutput::SendContent(Framing::Chunk) => into.push_back("B:".into()),
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
