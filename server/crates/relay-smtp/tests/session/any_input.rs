//! Whatever arrives, and in whatever pieces: the same answers, no panic, bounded memory.

use crate::describe::describe;
use proptest::prelude::*;
use relay_smtp::{AuthRule, Output, Question, Session, SessionConfig, TlsFacts, Verdict};
use relay_types::reply::Reply;

/// A session with small limits that lets both accounts and networks in.
fn session() -> Session {
    let mut config = SessionConfig::new("relay.example");
    config.auth = AuthRule::Either;
    config.plaintext_auth = true;
    config.size_limit = 200;
    config.recipients_limit = 3;
    config.errors_limit = 8;
    let mut session = Session::new(config);
    session.greet();
    session
}

/// Plays the driver until the session waits: answers by the text of the question, and writes down what happened.
fn play(session: &mut Session, story: &mut Vec<String>) {
    while let Some(output) = session.poll() {
        match output {
            Output::Ask(question) => {
                let asked = describe(&question);
                let no = Reply::new(550, (5, 7, 1), "no");
                session.answer(match &question {
                    _ if asked.contains("refuse") => Verdict::Refuse(no),
                    _ if asked.contains("leave") => Verdict::Close(no),
                    Question::EndOfData(_) => Verdict::Queued("1".into()),
                    _ => Verdict::Accept,
                });
                story.push(asked);
            }
            Output::Content(piece) => match story.last_mut() {
                Some(last) if last.starts_with("content ") => last.push_str(&String::from_utf8_lossy(&piece)),
                _ => story.push(format!("content {}", String::from_utf8_lossy(&piece))),
            },
            Output::StartTls => {
                story.push("starttls".into());
                session.tls_established(TlsFacts { version: "TLSv1.3".into(), cipher: "A".into() });
            }
            Output::DiscardContent => {
                // How much was given out before depends on the pieces; all of it is dropped.
                story.pop_if(|last| last.starts_with("content "));
                story.push("discard".into());
            }
            Output::Reply(reply) => {
                assert!(has_its_code(&reply), "{reply}");
                story.push(format!("{reply:?}"));
            }
            other => story.push(format!("{other:?}")),
        }
    }
}

/// RFC 2034 §4: every reply but prompts, the greeting and the answers to EHLO and HELO has an enhanced code of its class.
fn has_its_code(reply: &Reply) -> bool {
    match reply.enhanced {
        Some(code) => u16::from(code.class) == reply.code / 100,
        None => reply.code / 100 == 3 || reply.lines[0].starts_with("relay.example "),
    }
}

fn command() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "MAIL FROM:<a@b.example>",
        "MAIL FROM:<a@b.example> SIZE=10",
        "MAIL FROM:<refuse@b.example>",
        "MAIL FROM:<>",
        "RCPT TO:<c@d.example>",
        "RCPT TO:<e@d.example>",
        "RCPT TO:<refuse@d.example>",
        "RCPT TO:<leave@d.example>",
        "NOOP",
        "RSET",
        "FOO",
    ])
    .prop_map(|line| format!("{line}\r\n"))
}

/// What a client may send before it must wait: some commands, and maybe one that ends a group; or mail data.
fn group() -> impl Strategy<Value = String> {
    let last = prop::sample::select(vec![
        "DATA\r\n",
        "DATA\r\n",
        "EHLO client.example\r\n",
        "AUTH PLAIN AGFwcEBjbG91ZAB3b3Jk\r\n",
        "AUTH LOGIN\r\n",
        "STARTTLS\r\n",
        "QUIT\r\n",
        "",
    ]);
    prop_oneof![
        3 => (prop::collection::vec(command(), 0..5), last).prop_map(|(commands, last)| commands.concat() + last),
        1 => Just("MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n".to_owned()),
        2 => (prop::sample::select(vec!["", " BODY=BINARYMIME"]), prop::collection::vec(chunk(), 0..6)).prop_map(
            |(body, chunks)| format!("MAIL FROM:<a@b.example>{body}\r\nRCPT TO:<c@d.example>\r\n{}", chunks.concat())
        ),
        1 => chunk(),
        2 => "[a.\r\n]{0,30}\r\n\\.\r\n",
        1 => "(a{0,40}\r\n){0,12}\\.\r\n",
    ]
}

/// A BDAT with its octets, and maybe more of them than the limit has.
fn chunk() -> impl Strategy<Value = String> {
    let octets = prop_oneof![3 => "[a.\r\n\0]{0,12}", 3 => "(a{0,9}\r\n){0,4}", 1 => "a{200,300}"];
    let last = prop::sample::select(vec!["", " LAST"]);
    (octets, last).prop_map(|(octets, last)| format!("BDAT {}{last}\r\n{octets}", octets.len()))
}

/// The two answers that AUTH LOGIN asks for are a group each.
fn with_login_answers(group: &str) -> Vec<&str> {
    if group.ends_with("AUTH LOGIN\r\n") { vec![group, "YQ==\r\n", "YQ==\r\n"] } else { vec![group] }
}

fn octets() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..60),
        prop::collection::vec(prop::sample::select(b"\r\n. <>@:=\"\\aA".to_vec()), 0..40),
        group().prop_map(String::into_bytes),
        (0..20_000usize).prop_map(|length| vec![b'a'; length]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn the_cuts_between_segments_change_nothing(
        groups in prop::collection::vec(group(), 1..12),
        cuts in prop::collection::vec(1..9usize, 1..30),
    ) {
        let (mut whole, mut cut_up) = (session(), session());
        let (mut story, mut story_cut_up) = (Vec::new(), Vec::new());
        let mut cuts = cuts.iter().cycle();
        let mut groups: Vec<&str> = groups.iter().map(String::as_str).collect();
        groups.insert(0, "EHLO client.example\r\n");
        for group in groups.into_iter().flat_map(with_login_answers) {
            whole.receive(group.as_bytes());
            play(&mut whole, &mut story);
            let mut rest = group.as_bytes();
            while !rest.is_empty() {
                let (segment, more) = rest.split_at((*cuts.next().expect("a cycle")).min(rest.len()));
                cut_up.receive(segment);
                play(&mut cut_up, &mut story_cut_up);
                rest = more;
            }
        }
        prop_assert_eq!(story, story_cut_up);
    }

    #[test]
    fn a_chunk_is_read_to_its_end_whatever_becomes_of_it(chunks in prop::collection::vec(chunk(), 0..6)) {
        let mut session = session();
        let mut story = Vec::new();
        session.receive(b"EHLO client.example\r\n");
        play(&mut session, &mut story);
        session.receive((chunks.concat() + "MARK\r\n").as_bytes());
        play(&mut session, &mut story);
        let last = story.last().expect("replies");
        prop_assert!(last.contains("Unknown command"), "{story:?}");
        prop_assert_eq!(story.len(), chunks.len() + 3);
    }

    #[test]
    fn no_input_breaks_the_session_or_fills_memory(segments in prop::collection::vec(octets(), 0..20)) {
        let mut session = session();
        let mut story = Vec::new();
        for segment in segments {
            session.receive(&segment);
            play(&mut session, &mut story);
            prop_assert!(session.buffered() <= 12_288, "{} octets wait", session.buffered());
        }
    }
}

#[test]
fn a_million_chunks_of_one_octet_cost_no_memory() {
    let mut config = SessionConfig::new("relay.example");
    config.auth = AuthRule::Networks;
    let mut session = Session::new(config);
    session.greet();
    let mut story = Vec::new();
    session.receive(b"EHLO client.example\r\n");
    play(&mut session, &mut story);
    session.receive(b"MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n");
    play(&mut session, &mut story);
    let segment = b"BDAT 1\r\na".repeat(1_000);
    let (mut octets, mut replies) = (0, 0);
    for _ in 0..1_000 {
        session.receive(&segment);
        while let Some(output) = session.poll() {
            match output {
                Output::Ask(_) => session.answer(Verdict::Accept),
                Output::Content(piece) => octets += piece.len(),
                Output::Reply(reply) => replies += usize::from(reply.code == 250),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(session.buffered(), 0);
    }
    assert_eq!((octets, replies), (1_000_000, 1_000_000));
}

#[test]
fn an_interrupted_session_does_not_ask_about_half_a_message() {
    for (begin, end) in [("DATA\r\n", "a\r\n.\r\n"), ("BDAT 1\r\na", "BDAT 3 LAST\r\nb\r\n")] {
        let mut session = session();
        let mut story = Vec::new();
        for group in ["EHLO client.example\r\n", "MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n", begin] {
            session.receive(group.as_bytes());
            play(&mut session, &mut story);
        }
        session.receive(end.as_bytes());
        // The driver has no room for this piece, and the question about the whole is there already.
        assert!(matches!(session.poll(), Some(Output::Content(_))), "{story:?}");
        session.interrupt(Reply::new(452, (4, 3, 1), "No room"));
        assert!(matches!(session.poll(), Some(Output::Reply(reply)) if reply.code == 452));
        assert!(matches!(session.poll(), Some(Output::Close)));
        assert!(session.poll().is_none());
    }
}
