//! SMTP as pure machines: the grammar, the server's session, and the wire form of replies (RFC 5321).
//!
//! Bytes go in; replies, questions and content come out. There is no socket, no clock, no `async` and no database
//! here: `relay-mta` carries the bytes, measures the time and takes the questions to `relay-core`.

#![warn(missing_docs)]

pub mod client;
pub mod command;
pub mod data;
pub mod parameters;
pub mod path;
pub mod reply_wire;
pub mod sasl;
pub mod session;

pub use session::{
    AuthRule, BodyType, Credentials, Envelope, Mechanism, Output, Question, Secret, Session, SessionConfig, TlsFacts,
    TlsOffer, Verdict,
};
