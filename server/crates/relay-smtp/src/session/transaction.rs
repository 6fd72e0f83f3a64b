//! One transaction: MAIL, RCPT, DATA, the content, its verdict (RFC 5321 §3.3).
//!
//! After the end of data the transaction is gone, whatever the verdict; a refused MAIL never was one.

use super::{Asked, AuthRule, BodyType, Envelope, Output, Phase, Question, Session, Verdict, chunks::Chunks, replies};
use crate::{
    data::{DataReader, End},
    parameters::{self, ParameterError},
    path::{self, Path},
};
use relay_types::{
    EmailAddress, ReversePath,
    reply::Reply,
    terms::{Addressee, Hold, MessageTerms, TlsTerm},
};
use std::collections::HashSet;

/// Octets of content given out at most in one piece.
pub(super) const PIECE: usize = 64 * 1024;

/// An envelope that is being written.
#[derive(Debug)]
pub(super) struct Transaction {
    pub(super) envelope: Envelope,
    /// The recipients in `envelope`, to take each once.
    known: HashSet<String>,
    /// Recipients that were judged, accepted or not.
    judged: usize,
    /// Content that came by BDAT so far; from the first one on there is no RCPT and no DATA.
    pub(super) chunks: Option<Chunks>,
}

/// Mail data that is being received.
#[derive(Debug, Default)]
pub(super) struct Content {
    reader: DataReader,
    octets: u64,
    discarded: bool,
}

impl Session {
    pub(super) fn mail(&mut self, rest: &str) {
        let Some(hello) = &self.hello else { return self.refuse(replies::out_of_order("Send EHLO first")) };
        if self.transaction.is_some() {
            return self.refuse(replies::out_of_order("One MAIL in a transaction"));
        }
        if self.config.auth == AuthRule::Required && !self.authenticated {
            return self.refuse(replies::authentication_required());
        }
        if self.transactions >= self.config.transactions_limit {
            return self.interrupt(replies::too_many_transactions(&self.config.host_name));
        }
        let Ok((path, written, rest)) = path::parse(rest) else {
            return self.refuse(replies::malformed_reverse_path());
        };
        let reverse_path = match path {
            Path::Null => ReversePath::Null,
            Path::Mailbox(address) => ReversePath::Address(address),
            Path::Postmaster => return self.refuse(replies::malformed_reverse_path()),
        };
        let parameters = match parameters::parse_mail(rest) {
            Ok(parameters) => parameters,
            Err(error) => return self.refuse(parameter_refusal(error)),
        };
        if !written.is_ascii() && !parameters.smtputf8 {
            return self.refuse(replies::needs_smtputf8());
        }
        if parameters.size.is_some_and(|size| size > self.config.size_limit) {
            return self.refuse(replies::too_big(&self.config));
        }
        // RFC 8689 §2: who wants TLS on the whole way begins with it.
        if parameters.require_tls && self.tls.is_none() {
            return self.refuse(replies::needs_tls());
        }
        match (parameters.hold, self.config.hold_limit) {
            (Some(_), None) => return self.refuse(replies::unknown_parameter()),
            (Some(Hold::For(seconds)), Some(limit)) if seconds > limit.0 => {
                return self.refuse(replies::held_too_long(limit));
            }
            (Some(Hold::Until(moment)), Some(limit)) if moment > limit.1 => {
                return self.refuse(replies::held_too_long(limit));
            }
            _ => {}
        }
        let envelope = Envelope {
            helo: hello.name.clone(),
            extended: hello.extended,
            reverse_path: reverse_path.clone(),
            size: parameters.size,
            body: parameters.body,
            smtputf8: parameters.smtputf8,
            terms: MessageTerms {
                ret: parameters.ret,
                envid: parameters.envid,
                tls: if parameters.require_tls { TlsTerm::Required } else { TlsTerm::Usual },
                binary: parameters.body == Some(BodyType::Binary),
                release_at: None,
            },
            hold: parameters.hold,
            recipients: Vec::new(),
        };
        let transaction = Box::new(Transaction { envelope, known: HashSet::new(), judged: 0, chunks: None });
        let question = Question::Mail {
            reverse_path,
            size: parameters.size,
            body: parameters.body,
            smtputf8: parameters.smtputf8,
            hold: parameters.hold,
        };
        self.ask(question, Asked::Mail(transaction));
    }

    pub(super) fn mail_judged(&mut self, transaction: Transaction, verdict: Verdict) {
        match verdict {
            Verdict::Refuse(reply) | Verdict::Close(reply) if reply.is_permanent() => self.refuse(reply),
            Verdict::Refuse(reply) | Verdict::Close(reply) => self.reply(reply),
            Verdict::Accept | Verdict::Queued(_) => {
                self.transactions += 1;
                self.wasted = 0;
                self.transaction = Some(transaction);
                self.reply(replies::sender_ok());
            }
        }
    }

    pub(super) fn rcpt(&mut self, rest: &str) {
        let Some(transaction) = &self.transaction else {
            return self.refuse(replies::out_of_order("Send MAIL first"));
        };
        if transaction.chunks.is_some() {
            return self.refuse(replies::out_of_order("No RCPT behind BDAT"));
        }
        let Ok((path, written, rest)) = path::parse(rest) else {
            return self.refuse(replies::malformed_forward_path());
        };
        let terms = match parameters::parse_rcpt(rest, transaction.envelope.smtputf8) {
            Ok(terms) => terms,
            Err(error) => return self.refuse(parameter_refusal(error)),
        };
        if !written.is_ascii() && !transaction.envelope.smtputf8 {
            return self.refuse(replies::needs_smtputf8());
        }
        let address = match path {
            Path::Mailbox(address) => address,
            Path::Null => return self.refuse(replies::malformed_forward_path()),
            Path::Postmaster => match EmailAddress::parse(&format!("postmaster@{}", self.config.host_name)) {
                Ok(address) => address,
                Err(_) => return self.refuse(replies::malformed_forward_path()),
            },
        };
        if transaction.known.contains(&address.to_string()) {
            self.reply(replies::recipient_ok());
        } else if transaction.judged >= self.config.recipients_limit {
            self.reply(replies::too_many_recipients(&self.config));
        } else {
            let already = transaction.envelope.recipients.len();
            let question = Question::Rcpt { address: address.clone(), already };
            self.ask(question, Asked::Rcpt(Addressee { address, terms }));
        }
    }

    pub(super) fn rcpt_judged(&mut self, addressee: Addressee, verdict: Verdict) {
        let Some(transaction) = &mut self.transaction else { return };
        transaction.judged += 1;
        match verdict {
            // Not a mistake of the program: lists have dead addresses. The limit on recipients bounds them.
            Verdict::Refuse(reply) | Verdict::Close(reply) => self.reply(reply),
            Verdict::Accept | Verdict::Queued(_) => {
                transaction.known.insert(addressee.address.to_string());
                transaction.envelope.recipients.push(addressee);
                self.reply(replies::recipient_ok());
            }
        }
    }

    pub(super) fn data(&mut self, argument: &str) {
        if self.is_out_of_step() {
            return;
        }
        match &self.transaction {
            _ if !argument.is_empty() => self.refuse(replies::syntax("DATA")),
            None => self.refuse(replies::out_of_order("Send MAIL first")),
            Some(transaction) if transaction.envelope.recipients.is_empty() => {
                self.refuse(replies::out_of_order("No valid recipient"));
            }
            // RFC 3030 §2, §3: one way or the other, and binary content by BDAT alone.
            Some(transaction) if transaction.chunks.is_some() => {
                self.refuse(replies::out_of_order("No DATA behind BDAT"));
            }
            Some(transaction) if transaction.envelope.terms.binary => {
                self.refuse(replies::out_of_order("BODY=BINARYMIME is sent by BDAT"));
            }
            Some(_) => self.ask(Question::Data, Asked::Data),
        }
    }

    pub(super) fn data_judged(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Refuse(reply) | Verdict::Close(reply) => {
                self.transaction = None;
                self.reply(reply);
            }
            Verdict::Accept | Verdict::Queued(_) => {
                self.phase = Phase::Content(Content::default());
                self.reply(replies::send_content());
            }
        }
    }

    /// Reads some of the content that has arrived; false when there is none.
    pub(super) fn read_content(&mut self) -> bool {
        let Phase::Content(content) = &mut self.phase else { return false };
        let waiting = self.input.waiting();
        if waiting.is_empty() {
            return false;
        }
        let mut piece = Vec::new();
        let (read, end) = content.reader.read(&waiting[..waiting.len().min(PIECE)], &mut piece);
        self.input.consume(read);
        content.octets += piece.len() as u64;
        let too_big = content.octets > self.config.size_limit;
        let lost = too_big || content.reader.is_spoiled();
        if lost {
            self.wasted += read as u64;
        } else if !piece.is_empty() {
            self.outputs.push_back(Output::Content(piece));
        }
        if lost && !std::mem::replace(&mut content.discarded, true) {
            self.outputs.push_back(Output::DiscardContent);
        }
        let spoiled = content.reader.is_spoiled();
        let refusal = if spoiled { replies::bare_line_end() } else { replies::too_big(&self.config) };
        match end {
            Some(End::Disputed) => self.interrupt(refusal),
            // Who goes on sending a message that is lost is cut off.
            None if self.wasted > self.waste_limit() => self.interrupt(refusal),
            None => {}
            Some(_) if lost => {
                self.transaction = None;
                self.phase = Phase::Command;
                self.refuse(refusal);
            }
            Some(_) => match self.transaction.take() {
                Some(transaction) => self.ask(Question::EndOfData(transaction.envelope), Asked::EndOfData),
                None => self.phase = Phase::Command,
            },
        }
        true
    }

    /// Octets of lost messages that are read before the session ends.
    pub(super) fn waste_limit(&self) -> u64 {
        self.config.size_limit.max(PIECE as u64)
    }

    /// The transaction is given up, and what came of its content by BDAT.
    pub(super) fn drop_transaction(&mut self) {
        if self.transaction.take().is_some_and(|transaction| transaction.chunks.is_some()) {
            self.outputs.push_back(Output::DiscardContent);
        }
    }

    pub(super) fn content_judged(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Queued(id) => self.reply(replies::queued(&id)),
            Verdict::Accept => self.reply(replies::ok()),
            Verdict::Refuse(reply) | Verdict::Close(reply) => self.reply(reply),
        }
    }
}

fn parameter_refusal(error: ParameterError) -> Reply {
    match error {
        ParameterError::Unknown => replies::unknown_parameter(),
        ParameterError::Twice => replies::repeated_parameter(),
        ParameterError::Value => replies::malformed_parameter(),
    }
}
