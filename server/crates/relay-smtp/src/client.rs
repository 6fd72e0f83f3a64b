//! The client's side of one SMTP session as a pure machine (RFC 5321, 1870, 2034, 2920, 3030, 3207, 3461, 4954,
//! 6152, 6531, 8689, 9422).
//!
//! Replies go in with [`ClientSession::receive`]; commands and results come out of [`ClientSession::poll`]. The
//! machine owns the order of commands, the meaning of every reply for every recipient, and what is written down of the
//! dialogue. It never chooses a host, never retries, never measures time: it says how long each answer may take
//! ([`ClientSession::waiting`]). It trusts no octet of the server.
//!
//! Content with octets above 127 goes out as it is, also to a host that does not offer 8BITMIME. RFC 6152 §3 would
//! have us convert it or bounce it; a conversion would break every DKIM signature on it, hosts that are not clean for
//! eight bits are extinct, and the others only forgot to say so.

mod config;
mod dialogue;
mod dot_stuffing;
mod extensions;
mod judgement;
mod opening;
mod reply_reader;
mod sending;
mod waiting;

pub use config::{ClientConfig, ClientCredentials, TlsPolicy, Transaction};
pub use dot_stuffing::{ContentEncoder, DotStuffer};
pub use extensions::{Extensions, Limits};
pub use reply_reader::{Malformed, ReplyReader};
pub use waiting::Waiting;

use dialogue::Dialogue;
use relay_types::{
    message::{Cause, DialogueLine, Outcome},
    reply::Reply,
};
use sending::Sending;
use std::collections::VecDeque;

/// What the driver has to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientOutput {
    /// Send these octets.
    Send(Vec<u8>),
    /// Make TLS, then call [`ClientSession::tls_established`].
    StartTls,
    /// Stream the content through a [`ContentEncoder`], then call [`ClientSession::content_sent`]. Stop when an output comes meanwhile: the host
    /// answered early.
    SendContent(Framing),
    /// The transaction is over: an outcome for each recipient, in their order. Fewer than there were recipients when
    /// the host takes no more at once (RFC 9422): the others are for another transaction.
    Done(Vec<Outcome>),
    /// The host cannot be used now, or for good when the reply is 5yz. Nothing of the transaction was heard of:
    /// another host, or another connection, may be tried at once.
    Unusable(Cause),
    /// Close the connection. Nothing comes after it.
    Close,
}

/// How content goes over the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// Through a [`DotStuffer`], to the lone dot (RFC 5321 §4.5.2).
    Dots,
    /// As it is: all octets of the transaction's size, and nothing else (RFC 3030).
    Chunk,
}

/// One session with one next hop, for one transaction after another.
#[derive(Debug)]
pub struct ClientSession {
    config: ClientConfig,
    phase: Phase,
    replies: ReplyReader,
    outputs: VecDeque<ClientOutput>,
    dialogue: Dialogue,
    offered: Extensions,
    /// TLS was made; whether the certificate was verified.
    tls: Option<bool>,
    /// Waits for the opening to end.
    next: Option<Transaction>,
    /// The server may still hold an envelope of ours.
    needs_reset: bool,
    /// Transactions begun with MAIL.
    mails: usize,
    /// Grows with every reply and every command, so that the driver knows when a wait begins anew.
    turn: u64,
}

#[derive(Debug)]
enum Phase {
    Greeting,
    Ehlo,
    Helo,
    StartTls,
    Handshake,
    Authentication(opening::Step),
    Ready,
    Sending(Box<Sending>),
    Quit,
    Closed,
}

impl ClientSession {
    /// A session on a new connection; the greeting is awaited.
    pub fn new(config: ClientConfig) -> Self {
        let tls = (config.tls == TlsPolicy::Implicit).then_some(true);
        Self {
            config,
            phase: Phase::Greeting,
            replies: ReplyReader::default(),
            outputs: VecDeque::new(),
            dialogue: Dialogue::default(),
            offered: Extensions::default(),
            tls,
            next: None,
            needs_reset: false,
            mails: 0,
            turn: 0,
        }
    }

    /// Begins a transaction as soon as the session is open. Ends with `Done` or `Unusable`.
    ///
    /// Call it once at the beginning, and again whenever [`ClientSession::is_idle`].
    pub fn next_transaction(&mut self, transaction: Transaction) {
        match self.phase {
            Phase::Ready => self.begin(transaction),
            Phase::Quit | Phase::Closed => self.outputs.push_back(ClientOutput::Unusable(judgement::lost("closed"))),
            _ => self.next = Some(transaction),
        }
    }

    /// Octets of the server.
    pub fn receive(&mut self, bytes: &[u8]) {
        self.replies.receive(bytes);
        loop {
            if matches!(self.phase, Phase::Closed | Phase::Handshake) {
                return;
            }
            match self.replies.next_reply() {
                Ok(Some(reply)) => {
                    self.turn += 1;
                    self.dialogue.theirs(&reply);
                    self.hear(reply);
                }
                Ok(None) => return,
                Err(fault) => return self.end(judgement::broken(&fault.to_string())),
            }
        }
    }

    /// The next thing to do; none while an answer is awaited.
    pub fn poll(&mut self) -> Option<ClientOutput> {
        self.outputs.pop_front()
    }

    /// TLS is there. Everything the server said before is forgotten (RFC 3207 §4.2).
    pub fn tls_established(&mut self, verified: bool) {
        self.tls = Some(verified);
        self.offered = Extensions::default();
        self.say_ehlo();
    }

    /// The content and its end were sent.
    pub fn content_sent(&mut self) {
        self.turn += 1;
        if let Phase::Sending(sending) = &mut self.phase {
            sending.content_sent();
            self.dialogue.content(sending.size());
        }
    }

    /// The connection ended or broke; `why` goes into the reply that stands for it.
    pub fn connection_lost(&mut self, why: &str) {
        self.end(judgement::lost(why));
    }

    /// No answer came within [`ClientSession::waiting`], or the content could not be sent in its time.
    pub fn timed_out(&mut self) {
        let waiting = self.waiting();
        self.end(judgement::silent(waiting.what, waiting.limit));
    }

    /// Says goodbye: `Send(QUIT)`, then `Close` when it was answered.
    pub fn quit(&mut self) {
        match self.phase {
            Phase::Ready => {
                self.say("QUIT");
                self.phase = Phase::Quit;
            }
            Phase::Closed => {}
            _ => self.close(),
        }
    }

    /// Whether another transaction may begin at once.
    pub fn is_idle(&self) -> bool {
        matches!(self.phase, Phase::Ready) && self.offered.limits.mails.is_none_or(|most| self.mails < most)
    }

    /// Whether the host was told what reports were asked for, so that telling is its duty (RFC 3461 §5.2.2).
    pub fn passes_reports_on(&self) -> bool {
        self.offered.dsn
    }

    /// Whether content is being sent and more of it is wanted.
    pub fn wants_content(&self) -> bool {
        matches!(&self.phase, Phase::Sending(sending) if sending.is_flowing())
    }

    /// What is awaited, for how long, and a number that changes when a new wait begins.
    pub fn waiting(&self) -> Waiting {
        let (what, limit) = waiting::of(&self.phase);
        Waiting { what, limit, turn: self.turn, opening: waiting::is_opening(&self.phase) }
    }

    /// What was said since the last call; credentials and content are left out.
    pub fn take_dialogue(&mut self) -> Vec<DialogueLine> {
        self.dialogue.take()
    }

    fn hear(&mut self, reply: Reply) {
        // RFC 5321 §3.8: 421 may answer anything and says that the connection is closing.
        if reply.code == 421 && !matches!(self.phase, Phase::Quit) {
            return self.end(Cause::Reply(reply));
        }
        match std::mem::replace(&mut self.phase, Phase::Closed) {
            Phase::Greeting => self.hear_greeting(reply),
            Phase::Ehlo => self.hear_ehlo(reply),
            Phase::Helo => self.hear_helo(reply),
            Phase::StartTls => self.hear_starttls(reply),
            Phase::Authentication(step) => self.hear_authentication(step, reply),
            Phase::Sending(sending) => self.hear_sending(sending, reply),
            Phase::Ready | Phase::Quit | Phase::Handshake | Phase::Closed => self.close(),
        }
    }

    /// Sends a command that goes alone. An answer that is already there was not given to it.
    fn say(&mut self, line: &str) {
        self.dialogue.ours(line);
        self.send(format!("{line}\r\n").into_bytes());
    }

    fn send(&mut self, wire: Vec<u8>) {
        self.turn += 1;
        self.outputs.push_back(ClientOutput::Send(wire));
    }

    /// The session is over, whatever it was doing: what is not decided yet failed for now.
    fn end(&mut self, cause: Cause) {
        match std::mem::replace(&mut self.phase, Phase::Closed) {
            Phase::Ready | Phase::Quit => {}
            Phase::Closed => return,
            Phase::Sending(sending) if sending.was_heard() => {
                self.outputs.push_back(ClientOutput::Done(sending.cut_off(&cause)));
            }
            _ => self.outputs.push_back(ClientOutput::Unusable(cause)),
        }
        self.outputs.push_back(ClientOutput::Close);
    }

    fn close(&mut self) {
        self.phase = Phase::Closed;
        self.outputs.push_back(ClientOutput::Close);
    }
}

#[cfg(test)]
mod tests;
