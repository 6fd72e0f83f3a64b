//! The server's side of one SMTP session as a pure machine (RFC 5321, 1870, 2034, 2920, 3030, 3207, 3461, 4865, 4954,
//! 6152, 6531, 8689, 9422).
//!
//! Bytes go in with [`Session::receive`]; replies, questions and content come out of [`Session::poll`]. The machine
//! owns the order of commands, every limit, and what a session forgets and when. It decides nothing about who may do
//! what: it asks, and while a question is open it parses nothing. It trusts no octet of the client.

mod authentication;
mod chunks;
mod config;
mod input;
mod opening;
mod question;
mod replies;
mod transaction;

pub use crate::sasl::{Mechanism, Secret};
pub use config::{AuthRule, SessionConfig, TlsOffer};
pub use question::{BodyType, Credentials, Envelope, Output, Question, TlsFacts, Verdict};

use crate::command::Command;
use authentication::Exchange;
use chunks::Chunk;
use input::{Input, Line};
use opening::Hello;
use relay_types::{reply::Reply, terms::Addressee};
use std::collections::VecDeque;
use transaction::{Content, Transaction};

/// One session, from the greeting to the close.
#[derive(Debug)]
pub struct Session {
    config: SessionConfig,
    phase: Phase,
    input: Input,
    outputs: VecDeque<Output>,
    hello: Option<Hello>,
    tls: Option<TlsFacts>,
    authenticated: bool,
    transaction: Option<Transaction>,
    transactions: usize,
    errors: usize,
    /// Octets that were read of messages that are lost, since the last MAIL.
    wasted: u64,
    heard_a_line: bool,
    input_ended: bool,
    shutting_down: bool,
}

/// What the next octets are.
#[derive(Debug)]
enum Phase {
    /// Too early: the greeting was not sent.
    Greeting,
    Command,
    Authentication(Exchange),
    Content(Content),
    /// The octets behind BDAT.
    Chunk(Chunk),
    /// A question is open; octets wait.
    Asked(Asked),
    /// TLS is being made; whatever arrives is not for us.
    Handshake,
    Closed,
}

/// The open question, with what its answer needs.
#[derive(Debug)]
enum Asked {
    Authenticate,
    Mail(Box<Transaction>),
    Rcpt(Addressee),
    Data,
    Bdat(Chunk),
    EndOfData,
}

impl Session {
    /// A session before its greeting.
    pub fn new(config: SessionConfig) -> Self {
        Self {
            config,
            phase: Phase::Greeting,
            input: Input::default(),
            outputs: VecDeque::new(),
            hello: None,
            tls: None,
            authenticated: false,
            transaction: None,
            transactions: 0,
            errors: 0,
            wasted: 0,
            heard_a_line: false,
            input_ended: false,
            shutting_down: false,
        }
    }

    /// Takes octets of the client. Call [`Self::poll`] until it gives nothing, and then only receive more when
    /// [`Self::wants_input`]: that is what keeps memory within one line and one piece.
    pub fn receive(&mut self, bytes: &[u8]) {
        if !matches!(self.phase, Phase::Handshake | Phase::Closed) {
            self.input.push(bytes);
        }
    }

    /// The next thing to do for the driver, in order; none when the session waits for octets or for an answer.
    pub fn poll(&mut self) -> Option<Output> {
        loop {
            if let Some(output) = self.outputs.pop_front() {
                return Some(output);
            }
            if !self.advance() {
                return None;
            }
        }
    }

    /// Answers the open question; without one it does nothing.
    pub fn answer(&mut self, verdict: Verdict) {
        match std::mem::replace(&mut self.phase, Phase::Command) {
            Phase::Asked(asked) => self.answered(asked, verdict),
            other => self.phase = other,
        }
    }

    /// The client closed its side; commands that had arrived wholly are still carried out.
    pub fn eof(&mut self) {
        self.input_ended = true;
        if matches!(self.phase, Phase::Greeting | Phase::Handshake) {
            self.close();
        }
    }

    /// Nothing came for too long: `421 4.4.2`, close.
    pub fn idle_timeout(&mut self) {
        self.interrupt(replies::idle(&self.config.host_name));
    }

    /// The server stops: an idle session gets `421 4.3.2` at once, one with a running transaction after its end.
    pub fn shutdown(&mut self) {
        self.shutting_down = true;
        if matches!(self.phase, Phase::Greeting) {
            self.interrupt(replies::shutting_down(&self.config.host_name));
        }
    }

    /// Ends the session with this reply, whatever it was doing; before the greeting this refuses the connection.
    pub fn interrupt(&mut self, reply: Reply) {
        if !matches!(self.phase, Phase::Closed) {
            self.outputs.push_back(Output::Reply(reply));
            self.close();
        }
    }

    /// Whether [`Self::shutdown`] was called.
    pub fn is_shutting_down(&self) -> bool {
        self.shutting_down
    }

    /// Whether octets would be of use now: nothing is left to poll, no question is open, the session is not over.
    pub fn wants_input(&self) -> bool {
        match self.phase {
            Phase::Asked(_) | Phase::Handshake | Phase::Closed => false,
            Phase::Greeting => self.input.len() == 0,
            _ => self.outputs.is_empty(),
        }
    }

    /// Whether what comes next is mail data.
    pub fn in_content(&self) -> bool {
        matches!(self.phase, Phase::Content(_) | Phase::Chunk(_))
    }

    /// Whether the client is sending a message, perhaps in chunks with commands between them, so that a floor on its rate
    /// applies.
    pub fn in_message(&self) -> bool {
        self.in_content() || self.transaction.as_ref().is_some_and(|transaction| transaction.chunks.is_some())
    }

    /// Octets that have arrived and wait to be read.
    pub fn buffered(&self) -> usize {
        self.input.len()
    }

    /// Goes one step on with what has arrived; false when nothing can be done.
    fn advance(&mut self) -> bool {
        match &mut self.phase {
            Phase::Greeting | Phase::Asked(_) | Phase::Handshake | Phase::Closed => false,
            Phase::Content(_) => self.read_content() || self.at_end_of_input(),
            Phase::Chunk(_) => self.read_chunk() || self.at_end_of_input(),
            Phase::Command | Phase::Authentication(_) => {
                if self.shutting_down && self.transaction.is_none() {
                    self.interrupt(replies::shutting_down(&self.config.host_name));
                    return true;
                }
                self.read_line() || self.at_end_of_input()
            }
        }
    }

    fn at_end_of_input(&mut self) -> bool {
        if self.input_ended {
            self.close();
        }
        self.input_ended
    }

    fn read_line(&mut self) -> bool {
        if !self.heard_a_line && self.input.starts_with_tls_hello() {
            self.interrupt(replies::foreign_protocol());
            return true;
        }
        let limit = match self.phase {
            Phase::Authentication(_) => self.config.auth_line_limit,
            _ if self.input.starts_with_verb(b"AUTH ") => self.config.auth_line_limit,
            _ if self.input.starts_with_verb(b"MAIL ") => self.config.command_line_limit + config::MAIL_LINE_EXTRA,
            _ if self.input.starts_with_verb(b"RCPT ") => self.config.command_line_limit + config::RCPT_LINE_EXTRA,
            _ => self.config.command_line_limit,
        };
        let line = match self.input.next_line(limit) {
            Line::Incomplete => return false,
            Line::TooLong => {
                self.interrupt(replies::line_too_long());
                return true;
            }
            Line::BareLineEnd => {
                self.interrupt(replies::bare_line_end());
                return true;
            }
            Line::NotText => None,
            Line::Text(text) => Some(text),
        };
        self.heard_a_line = true;
        match (std::mem::replace(&mut self.phase, Phase::Command), line) {
            (_, None) => self.refuse(replies::not_text()),
            (Phase::Authentication(exchange), Some(line)) => self.continue_authentication(exchange, &line),
            (_, Some(line)) => self.carry_out(Command::parse(&line)),
        }
        true
    }

    fn carry_out(&mut self, command: Command<'_>) {
        match command {
            Command::Ehlo(name) => self.say_hello(name, true),
            Command::Helo(name) => self.say_hello(name, false),
            Command::StartTls(argument) => self.start_tls(argument),
            Command::Auth(argument) => self.authenticate(argument),
            Command::Mail(rest) => self.mail(rest),
            Command::Rcpt(rest) => self.rcpt(rest),
            Command::Data(argument) => self.data(argument),
            Command::Bdat(argument) => self.bdat(argument),
            Command::Rset("") => {
                self.drop_transaction();
                self.reply(replies::ok());
            }
            Command::Noop => self.reply(replies::ok()),
            Command::Vrfy("") => self.refuse(replies::syntax("VRFY name")),
            Command::Vrfy(_) => self.reply(replies::cannot_verify()),
            Command::Expn => self.refuse(replies::not_offered("EXPN")),
            Command::Help => self.reply(replies::help()),
            Command::Quit("") => self.interrupt(replies::bye(&self.config.host_name)),
            Command::Rset(_) => self.refuse(replies::syntax("RSET")),
            Command::Quit(_) => self.refuse(replies::syntax("QUIT")),
            Command::Malformed => self.refuse(replies::syntax("MAIL FROM:<address> or RCPT TO:<address>")),
            Command::Foreign => self.interrupt(replies::foreign_protocol()),
            Command::Unknown => self.refuse(replies::unknown_command()),
        }
    }

    fn answered(&mut self, asked: Asked, verdict: Verdict) {
        let verdict = match verdict {
            Verdict::Close(reply) => return self.interrupt(reply),
            // RFC 5321 §3.8: a server that says 421 closes.
            Verdict::Refuse(reply) if reply.code == 421 => return self.interrupt(reply),
            other => other,
        };
        match asked {
            Asked::Authenticate => self.authentication_judged(verdict),
            Asked::Mail(transaction) => self.mail_judged(*transaction, verdict),
            Asked::Rcpt(addressee) => self.rcpt_judged(addressee, verdict),
            Asked::Data => self.data_judged(verdict),
            Asked::Bdat(chunk) => self.bdat_judged(chunk, verdict),
            Asked::EndOfData => self.content_judged(verdict),
        }
    }

    fn ask(&mut self, question: Question, asked: Asked) {
        self.outputs.push_back(Output::Ask(question));
        self.phase = Phase::Asked(asked);
    }

    fn reply(&mut self, reply: Reply) {
        self.outputs.push_back(Output::Reply(reply));
    }

    /// Replies to a mistake of the client; too many of them end the session.
    fn refuse(&mut self, reply: Reply) {
        self.errors += 1;
        if self.errors > self.config.errors_limit {
            self.interrupt(replies::too_many_errors(&self.config.host_name));
        } else {
            self.reply(reply);
        }
    }

    /// RFC 2920 §3.1: this command ends a group. Input behind it was sent without waiting for its reply, so it may
    /// have been written by someone else than the client: the session ends. True when that happened.
    fn is_out_of_step(&mut self) -> bool {
        let out_of_step = self.input.len() > 0;
        if out_of_step {
            self.interrupt(replies::out_of_step());
        }
        out_of_step
    }

    fn close(&mut self) {
        self.phase = Phase::Closed;
        self.transaction = None;
        self.input.clear();
        // The end may come while the driver has not taken everything up: then what it does not know yet of a message is
        // never known, and without it the message must not be asked about.
        self.outputs.retain(|output| !matches!(output, Output::Content(_) | Output::Ask(_)));
        self.outputs.push_back(Output::Close);
    }
}
