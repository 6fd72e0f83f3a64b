//! How long each answer may take (RFC 5321 §4.5.3.2).

use super::{Phase, sending::Expected};
use std::time::Duration;

/// A wait for one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// For the answer to what.
    pub what: &'static str,
    /// How long at most. While content is sent: for each block.
    pub limit: Duration,
    /// Another number is another wait, with its own full time.
    pub turn: u64,
    /// The session is not open yet: the host has still to show that it can be used.
    pub opening: bool,
}

const fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

/// Whether the session is being opened in this phase.
pub(super) fn is_opening(phase: &Phase) -> bool {
    matches!(
        phase,
        Phase::Greeting | Phase::Ehlo | Phase::Helo | Phase::StartTls | Phase::Handshake | Phase::Authentication(_)
    )
}

/// What is awaited in this phase, and how long.
pub(super) fn of(phase: &Phase) -> (&'static str, Duration) {
    match phase {
        Phase::Greeting => ("the connection", minutes(5)),
        Phase::Ehlo => ("EHLO", minutes(5)),
        Phase::Helo => ("HELO", minutes(5)),
        Phase::StartTls => ("STARTTLS", minutes(2)),
        Phase::Handshake => ("the TLS handshake", minutes(2)),
        Phase::Authentication(_) => ("AUTH", minutes(5)),
        Phase::Sending(sending) => match sending.awaited() {
            Some(Expected::Reset) => ("RSET", minutes(5)),
            Some(Expected::Mail) => ("MAIL", minutes(5)),
            Some(Expected::Recipient(_)) => ("RCPT", minutes(5)),
            Some(Expected::Data | Expected::Chunk) => ("DATA", minutes(2)),
            None => ("a block of the message", minutes(3)),
            Some(Expected::EndOfData | Expected::EndOfNothing) => ("the end of the message", minutes(10)),
        },
        Phase::Ready => ("the next transaction", minutes(5)),
        Phase::Quit => ("QUIT", Duration::from_secs(5)),
        Phase::Closed => ("nothing", Duration::ZERO),
    }
}
