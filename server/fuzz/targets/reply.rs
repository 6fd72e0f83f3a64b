//! What a next hop says, in any pieces (0xFE cuts them). What we say stays clean, outcomes are complete, and nothing
//! comes behind the close.

#![no_main]

use libfuzzer_sys::fuzz_target;
use relay_smtp::client::{ClientConfig, ClientOutput, ClientSession, Framing, TlsPolicy, Transaction};
use relay_types::{
    DomainName, EmailAddress, ReversePath,
    terms::{Addressee, EnvelopeId, MessageTerms, Notify, OriginalRecipient, RecipientTerms},
};

const RECIPIENTS: [&str; 3] = ["b@b.example", "c@c.example", "d@b.example"];

fuzz_target!(|input: &[u8]| {
    let Some((&kind, replies)) = input.split_first() else { return };
    let name = DomainName::parse("relay.example").expect("a name");
    let policy = if kind & 1 == 0 { TlsPolicy::Opportunistic } else { TlsPolicy::Required };
    let mut session = ClientSession::new(ClientConfig { name, tls: policy, credentials: None });
    session.next_transaction(transaction(kind));
    let mut driver = Driver { left: 4, over: false, done: 0, kind };
    driver.play(&mut session);
    for segment in replies.split(|&b| b == 0xFE) {
        session.receive(segment);
        driver.play(&mut session);
    }
    session.connection_lost("end of file");
    driver.play(&mut session);
    assert!(driver.over || driver.done > 0);
});

fn transaction(kind: u8) -> Transaction {
    let terms =
        MessageTerms { binary: kind & 2 != 0, envid: EnvelopeId::parse("QQ+2B1").ok(), ..MessageTerms::default() };
    let of_recipient = RecipientTerms {
        notify: Some(Notify::NEVER),
        orcpt: OriginalRecipient::parse("rfc822;Old+2BName@b.example").ok(),
    };
    let recipient = |text: &&str| Addressee {
        address: EmailAddress::parse(text).expect("an address"),
        terms: of_recipient.clone(),
    };
    Transaction {
        reverse_path: ReversePath::Null,
        recipients: RECIPIENTS.iter().map(recipient).collect(),
        size: if kind & 4 == 0 { 400_000 } else { 10 },
        eight_bit: kind & 8 != 0,
        smtputf8: kind & 16 != 0,
        terms,
    }
}

struct Driver {
    /// Transactions that may still begin.
    left: usize,
    over: bool,
    done: usize,
    kind: u8,
}

impl Driver {
    fn play(&mut self, session: &mut ClientSession) {
        while let Some(output) = session.poll() {
            assert!(!self.over, "behind the close: {output:?}");
            match output {
                ClientOutput::Send(wire) => {
                    let text = wire.strip_suffix(b"\r\n").expect("a line end");
                    for line in text.split(|&b| b == b'\n') {
                        let line = line.strip_suffix(b"\r").unwrap_or(line);
                        assert!(line.iter().all(|b| (b' '..=b'~').contains(b)), "{wire:?}");
                    }
                }
                ClientOutput::SendContent(framing) => {
                    assert!(self.kind & 2 == 0 || framing == Framing::Chunk, "binary content with dots");
                    session.content_sent();
                }
                ClientOutput::StartTls => session.tls_established(self.kind & 32 == 0),
                ClientOutput::Done(outcomes) => {
                    assert!((1..=RECIPIENTS.len()).contains(&outcomes.len()));
                    self.done += 1;
                    if self.left > 0 && session.is_idle() {
                        self.left -= 1;
                        session.next_transaction(transaction(self.kind));
                    }
                }
                ClientOutput::Unusable(_) => self.done += 1,
                ClientOutput::Close => self.over = true,
            }
        }
        assert!(session.take_dialogue().len() <= 601);
    }
}
