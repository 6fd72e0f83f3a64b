//! What the machine gives to its driver, and what it gets back.

use crate::sasl::{Mechanism, Secret};
use relay_types::{
    EmailAddress, ReversePath,
    reply::Reply,
    terms::{Addressee, Hold, MessageTerms},
};

/// The next thing to do, in order.
#[derive(Debug)]
pub enum Output {
    /// Send this. Replies that come one after another go out together (RFC 2920 §3.2).
    Reply(Reply),
    /// Find the answer and give it to `Session::answer`.
    Ask(Question),
    /// A piece of the message that is being received, dots unstuffed. Every line in it ends with CRLF, unless the
    /// message is declared as [`BodyType::Binary`].
    Content(Vec<u8>),
    /// Drop the pieces of this message: it is refused or was given up.
    DiscardContent,
    /// Send what is to be sent, make TLS, then call `Session::tls_established`; when TLS fails, close.
    /// Whoever authenticated before has not any more.
    StartTls,
    /// Send what is to be sent and close; what was received of an unfinished message is dropped.
    Close,
}

/// What only others know. While a question is open the machine reads nothing.
#[derive(Debug)]
pub enum Question {
    /// Are these the credentials of someone?
    Authenticate(Credentials),
    /// May a message with this reverse-path be sent? Asked without authentication where trusted networks are let in.
    Mail {
        /// Where failures are reported to.
        reverse_path: ReversePath,
        /// The declared size in octets.
        size: Option<u64>,
        /// What the body is declared as.
        body: Option<BodyType>,
        /// Whether the message uses SMTPUTF8.
        smtputf8: bool,
        /// How long it shall wait here, within what is announced.
        hold: Option<Hold>,
    },
    /// May this recipient be written to?
    Rcpt {
        /// The recipient.
        address: EmailAddress,
        /// Recipients of this transaction that were accepted before it.
        already: usize,
    },
    /// May the message be received now?
    Data,
    /// The whole message was given out in pieces: is it taken? Answered with [`Verdict::Queued`].
    EndOfData(Envelope),
}

/// The answer to a question.
#[derive(Debug)]
pub enum Verdict {
    /// Yes.
    Accept,
    /// Yes, and the message is stored durably under this queue id; for `EndOfData` only.
    Queued(String),
    /// No, and the session goes on; a 421 ends it.
    Refuse(Reply),
    /// No, and the session ends.
    Close(Reply),
}

/// What a client proves its identity with. The authorization identity was empty or equal to the user name.
#[derive(Debug)]
pub struct Credentials {
    /// How it was said.
    pub mechanism: Mechanism,
    /// `user` or `user@realm`, as sent.
    pub username: String,
    /// The proof.
    pub secret: Secret,
}

/// A finished envelope, with what the Received field says of the session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// What the client called itself: a name or an address literal of printable ASCII without blanks, or something
    /// that pretends to be one.
    pub helo: String,
    /// Whether the client said EHLO, not HELO.
    pub extended: bool,
    /// Where failures are reported to.
    pub reverse_path: ReversePath,
    /// The declared size in octets.
    pub size: Option<u64>,
    /// What the body is declared as.
    pub body: Option<BodyType>,
    /// Whether the message uses SMTPUTF8.
    pub smtputf8: bool,
    /// What was asked for; the moment of release is the driver's to find, from `hold`.
    pub terms: MessageTerms,
    /// How long it shall wait here.
    pub hold: Option<Hold>,
    /// The accepted recipients, each once, in order.
    pub recipients: Vec<Addressee>,
}

/// The value of BODY (RFC 6152, RFC 3030).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyType {
    /// Lines of ASCII.
    SevenBit,
    /// Lines of any octets.
    EightBitMime,
    /// Any octets, without lines; by BDAT alone.
    Binary,
}

/// What is worth keeping of a TLS handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFacts {
    /// Such as `TLSv1.3`.
    pub version: String,
    /// Such as `TLS_AES_128_GCM_SHA256`.
    pub cipher: String,
}
