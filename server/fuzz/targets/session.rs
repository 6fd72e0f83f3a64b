//! A whole session: octets in any pieces (0xFE cuts them), with a driver that says yes. Replies are clean, content is
//! what may be kept, memory is bounded, and nothing comes behind the close.

#![no_main]

use libfuzzer_sys::fuzz_target;
use relay_smtp::{AuthRule, BodyType, Output, Question, Session, SessionConfig, TlsFacts, Verdict, reply_wire};
use relay_types::{Timestamp, reply::Reply};

fuzz_target!(|input: &[u8]| {
    let mut config = SessionConfig::new("relay.example");
    config.auth = AuthRule::Either;
    config.plaintext_auth = true;
    config.size_limit = 300;
    config.recipients_limit = 3;
    config.hold_limit = Some((3600, Timestamp(1_798_761_599_999)));
    let mut session = Session::new(config);
    session.greet();
    let mut driver = Driver::default();
    driver.play(&mut session);
    session.receive(b"EHLO client.example\r\n");
    driver.play(&mut session);
    for segment in input.split(|&b| b == 0xFE) {
        session.receive(segment);
        driver.play(&mut session);
        assert!(session.buffered() <= 12_288, "{} octets wait", session.buffered());
    }
    session.eof();
    driver.play(&mut session);
    assert!(driver.closed);
});

#[derive(Default)]
struct Driver {
    content: Vec<u8>,
    closed: bool,
}

impl Driver {
    fn play(&mut self, session: &mut Session) {
        while let Some(output) = session.poll() {
            assert!(!self.closed, "behind the close: {output:?}");
            match output {
                Output::Reply(reply) => clean(&reply),
                Output::Content(piece) => self.content.extend(piece),
                Output::DiscardContent => self.content.clear(),
                Output::StartTls => {
                    session.tls_established(TlsFacts { version: "TLSv1.3".into(), cipher: "A".into() });
                }
                Output::Close => self.closed = true,
                Output::Ask(question) => session.answer(self.answer(&question)),
            }
        }
    }

    fn answer(&mut self, question: &Question) -> Verdict {
        match question {
            Question::Rcpt { address, .. } if address.local().starts_with('r') => {
                Verdict::Refuse(Reply::new(550, (5, 1, 1), address.to_string()))
            }
            Question::Data => {
                self.content.clear();
                Verdict::Accept
            }
            Question::EndOfData(envelope) => {
                assert!(!envelope.recipients.is_empty());
                assert!(self.content.len() <= 300);
                let binary = envelope.body == Some(BodyType::Binary);
                assert_eq!(binary, envelope.terms.binary);
                if !binary {
                    let mut before = b' ';
                    for &octet in &self.content {
                        assert!(octet != 0 && (octet == b'\n') == (before == b'\r'), "{:?}", self.content);
                        before = octet;
                    }
                    assert!(before != b'\r');
                }
                self.content.clear();
                Verdict::Queued("1".into())
            }
            _ => Verdict::Accept,
        }
    }
}

fn clean(reply: &Reply) {
    let mut wire = Vec::new();
    reply_wire::write(reply, &mut wire);
    let text = std::str::from_utf8(&wire).expect("ASCII");
    for line in text.strip_suffix("\r\n").expect("a line end").split("\r\n") {
        assert!(
            line.len() + 2 <= reply_wire::LINE_LIMIT && line.bytes().all(|b| (b' '..=b'~').contains(&b)),
            "{line:?}"
        );
    }
}
