//! The one door for every message: SMTP, test messages, DSN, portal mail.

pub(crate) mod authors;
pub(crate) mod header;
mod mailboxes;
pub(crate) mod prefix;
pub(crate) mod signing;

use crate::{Actor, Core, Result, policy::Rejection};
use relay_types::{EmailAddress, ReversePath, message::MessageId};
use std::net::IpAddr;

/// How a message came in, for Received and the timeline.
#[derive(Debug, Clone)]
pub enum Arrival {
    /// By SMTP.
    Smtp {
        /// Name of the listener.
        listener: String,
        /// Its host name (the `by` of Received).
        hostname: String,
        /// The client's address.
        client: IpAddr,
        /// HELO or EHLO name.
        helo: String,
        /// EHLO was used, not HELO.
        esmtp: bool,
        /// `TLS 1.3`, when encrypted.
        tls: Option<String>,
        /// SASL mechanism, when authenticated.
        mechanism: Option<String>,
    },
    /// From a page of the portal.
    Portal,
    /// Made here, about another message when there is one.
    System {
        /// The message a notification is about.
        about: Option<MessageId>,
    },
}

/// A message as handed in: envelope and content with CRLF line ends, dots unstuffed.
#[derive(Debug, Clone)]
pub struct Submission {
    /// How it came.
    pub arrival: Arrival,
    /// Reverse-path.
    pub reverse_path: ReversePath,
    /// Forward-paths, at least one.
    pub recipients: Vec<EmailAddress>,
    /// BODY=8BITMIME was declared.
    pub eight_bit: bool,
    /// SMTPUTF8 was declared.
    pub smtputf8: bool,
    /// Header section and body.
    pub content: Vec<u8>,
}

/// Judges the header, adds what is missing, signs, and keeps it durably with its recipients due now.
///
/// When it returns the id, the message is on disk (one commit, shared with others that wait). `Err(Unavailable)`: nothing was kept.
pub async fn accept(
    core: &Core,
    actor: &Actor,
    submission: Submission,
) -> Result<std::result::Result<MessageId, Rejection>> {
    todo!()
}
