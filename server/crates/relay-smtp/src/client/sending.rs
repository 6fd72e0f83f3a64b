//! One transaction: MAIL, RCPT, DATA, content; pipelined where offered (RFC 2920); an outcome for each recipient.

use super::{ClientOutput, ClientSession, Extensions, Framing, Phase, Transaction, judgement};
use relay_types::{
    ReversePath,
    message::{Cause, Outcome},
    reply::Reply,
    terms::{Addressee, Ret, TlsTerm},
};
use std::collections::{HashSet, VecDeque};

/// Content from this size on goes by BDAT where it is offered: nothing is searched for dots, and one round trip is saved.
const LARGE: u64 = 256 * 1024;

/// What an answer is awaited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// RSET: an envelope of before is dropped.
    Reset,
    /// MAIL.
    Mail,
    /// RCPT of the recipient at this place.
    Recipient(usize),
    /// DATA.
    Data,
    /// BDAT, with all of the content behind it.
    Chunk,
    /// The end of the content.
    EndOfData,
    /// The end of no content at all, after everybody was refused and DATA was not.
    EndOfNothing,
}

/// A transaction on its way.
#[derive(Debug)]
pub struct Sending {
    transaction: Transaction,
    /// Commands that were not sent yet.
    unsent: VecDeque<Expected>,
    /// Commands that were sent and not answered yet.
    unanswered: VecDeque<Expected>,
    outcomes: Vec<Option<Outcome>>,
    accepted: Vec<usize>,
    mail_answered: bool,
    mail_refused: bool,
    /// The content is being sent.
    flowing: bool,
}

impl Sending {
    fn new(mut transaction: Transaction, reset: bool, offered: &Extensions) -> Self {
        let recipients = taken(&transaction, offered);
        transaction.recipients.truncate(recipients);
        let large = transaction.size >= LARGE || transaction.terms.binary;
        let content = if large && offered.chunking { Expected::Chunk } else { Expected::Data };
        let mut unsent = VecDeque::with_capacity(recipients + 3);
        unsent.extend(reset.then_some(Expected::Reset));
        unsent.push_back(Expected::Mail);
        unsent.extend((0..recipients).map(Expected::Recipient));
        unsent.push_back(content);
        Self {
            transaction,
            unsent,
            unanswered: VecDeque::new(),
            outcomes: vec![None; recipients],
            accepted: Vec::new(),
            mail_answered: false,
            mail_refused: false,
            flowing: false,
        }
    }

    /// The command whose answer comes next; none while content is sent.
    pub fn awaited(&self) -> Option<Expected> {
        self.unanswered.front().copied()
    }

    /// Whether the server answered MAIL, so that the outcomes are its word.
    pub fn was_heard(&self) -> bool {
        self.mail_answered
    }

    /// The content is being sent.
    pub fn is_flowing(&self) -> bool {
        self.flowing
    }

    /// Octets of the content.
    pub fn size(&self) -> u64 {
        self.transaction.size
    }

    /// The content is out; its answer is awaited.
    pub fn content_sent(&mut self) {
        self.flowing = false;
        self.unanswered.push_back(Expected::EndOfData);
    }

    /// The outcomes when nothing more will be heard.
    pub fn cut_off(self, cause: &Cause) -> Vec<Outcome> {
        self.outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(|| Outcome::TempFail(cause.clone()))).collect()
    }

    fn refuse_all(&mut self, reply: &Reply) {
        for outcome in &mut self.outcomes {
            outcome.get_or_insert_with(|| judgement::refused(reply));
        }
    }

    fn settle_accepted(&mut self, outcome: &Outcome) {
        for &place in &self.accepted {
            self.outcomes[place] = Some(outcome.clone());
        }
    }

    /// Nobody is left to send to; what was not sent need not be.
    fn nobody_left(&self) -> bool {
        self.outcomes.iter().all(Option::is_some)
    }
}

impl ClientSession {
    /// Begins on an open session. What this next hop cannot take is refused here, without a word to it.
    pub(super) fn begin(&mut self, transaction: Transaction) {
        let refusal = match self.offered.size_limit {
            _ if transaction.terms.binary && !(self.offered.chunking && self.offered.binary_mime) => {
                Some(judgement::no_binary())
            }
            _ if transaction.needs_smtputf8() && !self.offered.smtputf8 => Some(judgement::no_smtputf8()),
            Some(limit) if transaction.size > limit => Some(judgement::too_large(transaction.size, limit)),
            _ => None,
        };
        if let Some(outcome) = refusal {
            self.phase = Phase::Ready;
            let outcomes = vec![outcome; transaction.recipients.len()];
            return self.outputs.push_back(ClientOutput::Done(outcomes));
        }
        let verified = self.tls == Some(true);
        // RFC 8689 §5: a report is not lost for want of the offer, but goes over verified TLS like any other.
        let offered = self.offered.require_tls || transaction.reverse_path == ReversePath::Null;
        if transaction.terms.tls == TlsTerm::Required && !(verified && offered) {
            return self.give_up(judgement::no_require_tls(verified));
        }
        let sending = Box::new(Sending::new(transaction, self.needs_reset, &self.offered));
        self.needs_reset = true;
        self.mails += 1;
        self.go_on(sending);
    }

    pub(super) fn hear_sending(&mut self, mut sending: Box<Sending>, reply: Reply) {
        let class = reply.code / 100;
        if sending.flowing {
            return self.hear_early(sending, &reply);
        }
        let Some(expected) = sending.unanswered.pop_front() else {
            return self.out_of_step(sending, "an answer that nobody asked for");
        };
        match (expected, class) {
            (Expected::Reset, 2) => {}
            (Expected::Reset, _) => return self.out_of_step(sending, "RSET was refused"),
            (Expected::Mail, 2) => sending.mail_answered = true,
            (Expected::Mail, 4 | 5) => {
                sending.mail_answered = true;
                sending.mail_refused = true;
                sending.refuse_all(&reply);
            }
            (Expected::Recipient(_), _) if sending.mail_refused => {}
            (Expected::Recipient(place), 2) => sending.accepted.push(place),
            (Expected::Recipient(place), 4 | 5) => {
                sending.outcomes[place] = Some(judgement::recipient_refused(&reply));
            }
            (Expected::Data, 3) if sending.accepted.is_empty() => {
                // RFC 2920 §3.1: DATA went out with the rest and was taken although nobody is there to send to.
                sending.unanswered.push_back(Expected::EndOfNothing);
                self.phase = Phase::Sending(sending);
                return self.say(".");
            }
            (Expected::Data, 3) => {
                sending.flowing = true;
                self.outputs.push_back(ClientOutput::SendContent(Framing::Dots));
            }
            (Expected::Data, 4 | 5) => sending.settle_accepted(&judgement::refused(&reply)),
            (Expected::EndOfData, 2) => {
                self.needs_reset = false;
                sending.settle_accepted(&Outcome::Delivered(reply));
            }
            (Expected::EndOfData, 4 | 5) => {
                self.needs_reset = false;
                sending.settle_accepted(&judgement::refused(&reply));
            }
            (Expected::EndOfNothing, 2 | 4 | 5) => self.needs_reset = false,
            _ => return self.out_of_step(sending, &format!("{} is no answer to what was said", reply.code)),
        }
        self.go_on(sending);
    }

    /// Sends what may be sent now, or ends the transaction.
    fn go_on(&mut self, mut sending: Box<Sending>) {
        if !sending.unanswered.is_empty() || sending.flowing {
            self.phase = Phase::Sending(sending);
            return;
        }
        if sending.nobody_left() {
            sending.unsent.clear();
        }
        if sending.unsent.is_empty() {
            self.phase = Phase::Ready;
            let done = sending.cut_off(&judgement::broken("no answer about this recipient"));
            return self.outputs.push_back(ClientOutput::Done(done));
        }
        if self.replies.has_rest() {
            return self.out_of_step(sending, "an answer that nobody asked for");
        }
        if sending.unsent.front() == Some(&Expected::Chunk) {
            return self.send_chunk(sending);
        }
        // A chunk goes when somebody is there to have it.
        let envelope = sending.unsent.iter().take_while(|&&next| next != Expected::Chunk).count();
        let together = if self.offered.pipelining { envelope } else { 1 };
        let mut wire = Vec::new();
        for expected in sending.unsent.drain(..together) {
            let line = self.command(&sending.transaction, expected);
            self.dialogue.ours(&line);
            wire.extend_from_slice(line.as_bytes());
            wire.extend_from_slice(b"\r\n");
            sending.unanswered.push_back(expected);
        }
        self.phase = Phase::Sending(sending);
        self.send(wire);
    }

    /// The whole content behind one BDAT: its length is known, and servers stream it as they do with DATA.
    fn send_chunk(&mut self, mut sending: Box<Sending>) {
        sending.unsent.clear();
        sending.flowing = true;
        let line = self.command(&sending.transaction, Expected::Chunk);
        self.phase = Phase::Sending(sending);
        self.say(&line);
        self.outputs.push_back(ClientOutput::SendContent(Framing::Chunk));
    }

    /// Every address and term in it was made by its parser, so that none holds a line end.
    fn command(&self, transaction: &Transaction, expected: Expected) -> String {
        match expected {
            Expected::Reset => "RSET".to_owned(),
            Expected::Mail => {
                let mut line = format!("MAIL FROM:<{}>", transaction.reverse_path);
                if self.offered.size {
                    line.push_str(&format!(" SIZE={}", transaction.size));
                }
                if transaction.terms.binary {
                    line.push_str(" BODY=BINARYMIME");
                } else if self.offered.eight_bit_mime && transaction.eight_bit {
                    line.push_str(" BODY=8BITMIME");
                }
                if transaction.needs_smtputf8() {
                    line.push_str(" SMTPUTF8");
                }
                let terms = &transaction.terms;
                if terms.tls == TlsTerm::Required && self.offered.require_tls {
                    line.push_str(" REQUIRETLS");
                }
                if self.offered.dsn {
                    let ret = match terms.tls {
                        // RFC 3461 §6.1: of a report no report is made.
                        TlsTerm::Required if transaction.reverse_path == ReversePath::Null => None,
                        // RFC 8689 §5: what was to go in secret is not returned in a report.
                        TlsTerm::Required => Some(Ret::Headers),
                        TlsTerm::Usual | TlsTerm::Optional => terms.ret,
                    };
                    if let Some(ret) = ret {
                        line.push_str(&format!(" RET={}", ret.as_str()));
                    }
                    if let Some(envid) = &terms.envid {
                        line.push_str(&format!(" ENVID={}", envid.as_xtext()));
                    }
                }
                line
            }
            Expected::Recipient(place) => {
                let recipient = &transaction.recipients[place];
                let mut line = format!("RCPT TO:<{}>", recipient.address);
                if self.offered.dsn {
                    if let Some(notify) = recipient.terms.notify {
                        line.push_str(&format!(" NOTIFY={notify}"));
                    }
                    if let Some(orcpt) = &recipient.terms.orcpt {
                        line.push_str(&format!(" ORCPT={}", orcpt.as_parameter()));
                    }
                }
                line
            }
            Expected::Data => "DATA".to_owned(),
            Expected::Chunk => format!("BDAT {} LAST", transaction.size),
            Expected::EndOfData | Expected::EndOfNothing => ".".to_owned(),
        }
    }

    /// An answer while content is sent. A refusal counts; consent before the end means nothing. Either way the
    /// connection is of no use any more.
    fn hear_early(&mut self, mut sending: Box<Sending>, reply: &Reply) {
        if reply.is_transient() || reply.is_permanent() {
            sending.settle_accepted(&judgement::refused(reply));
        }
        self.out_of_step(sending, "an answer before the end of the message");
    }

    fn out_of_step(&mut self, sending: Box<Sending>, what: &str) {
        self.phase = Phase::Sending(sending);
        self.end(judgement::broken(what));
    }
}

/// How many of the recipients this host takes in one transaction (RFC 9422 §4): the first ones, one at least.
fn taken(transaction: &Transaction, offered: &Extensions) -> usize {
    let most = offered.limits.recipients.unwrap_or(usize::MAX);
    let mut domains = HashSet::new();
    let mut fits = |recipient: &Addressee| {
        domains.insert(recipient.address.domain().clone());
        offered.limits.domains.is_none_or(|most| domains.len() <= most)
    };
    transaction.recipients.iter().map_while(|recipient| fits(recipient).then_some(())).take(most).count().max(1)
}
