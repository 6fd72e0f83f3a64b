//! The content of a message as it is handed in. A small one is in memory. Of a large one the header section stays in
//! memory, and the body goes to the store as it comes, part by part: taking it needs the same memory whatever its size.
//!
//! What is in the store before its message is kept belongs to a row of `arriving`, which goes in the commit that keeps
//! the message. So nobody mistakes parts for a message, and parts without a message are found and removed.

mod body;
mod parts;

pub(crate) use body::StoredBody;
pub use parts::remove_abandoned;
pub(crate) use parts::{NewParts, STORED_FROM, keep, store};

use super::{
    header::{self, HeaderSection},
    kept::PART,
};
use crate::{Core, Error, Result};
use body::Arrived;
use parts::Parts;

/// A message of up to so many octets stays in memory.
const IN_MEMORY: usize = 512 * 1024;
/// Octets of the body that are gathered for one commit: a part of the store. There are some ten copies of them on the way
/// to the disk.
const PIECE: usize = PART;
/// Room for what comes with the last octets of a piece.
const MORE: usize = 64 * 1024;

/// A whole message: header section and body, CRLF line ends, dots unstuffed.
#[derive(Debug, Clone, Default)]
pub struct Content {
    /// Everything, or the header section with the empty line when the body is stored.
    pub(crate) at_hand: Vec<u8>,
    /// The body, when it is in the store.
    pub(crate) body: Option<StoredBody>,
    fault: Option<Fault>,
}

/// Why content cannot be a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Larger than a message may be.
    TooLarge,
    /// The header section alone is.
    HeaderTooLarge,
    /// A bare CR or LF, or a NUL.
    Spoiled,
}

impl From<Vec<u8>> for Content {
    fn from(at_hand: Vec<u8>) -> Self {
        Self { at_hand, body: None, fault: None }
    }
}

impl Content {
    /// Octets in all.
    fn octets(&self) -> u64 {
        self.at_hand.len() as u64 + self.body.as_ref().map_or(0, |body| body.octets)
    }

    /// What is wrong with it, as far as octets tell. Of what is declared as `binary`, only the header must be lines.
    pub(crate) fn fault(&self, most: u64, binary: bool) -> Option<Fault> {
        if self.fault.is_some() {
            return self.fault;
        }
        if self.octets() > most {
            return Some(Fault::TooLarge);
        }
        let lines = if binary { header::of_binary(&self.at_hand) } else { &self.at_hand };
        if header::is_spoiled(lines) {
            return Some(Fault::Spoiled);
        }
        header::is_too_large(&self.at_hand).then_some(Fault::HeaderTooLarge)
    }
}

/// Content that is being received.
pub struct Arriving {
    core: Core,
    /// What is not in the store: at first everything, then the body's end.
    held: Vec<u8>,
    octets: u64,
    state: State,
}

enum State {
    InMemory,
    Storing(Box<Storing>),
    /// It can be no message: octets are counted and dropped.
    Faulty(Fault),
    /// The store failed: it cannot be kept, and its client is told at the end of data.
    Failed(Error),
}

/// A message whose body goes to the store.
struct Storing {
    head: Vec<u8>,
    parts: Parts,
    body: Arrived,
}

impl Arriving {
    /// Of a message that begins.
    pub fn new(core: &Core) -> Self {
        Self { core: core.clone(), held: Vec::new(), octets: 0, state: State::InMemory }
    }

    /// Octets in memory.
    pub fn held(&self) -> u64 {
        let head = if let State::Storing(storing) = &self.state { storing.head.len() } else { 0 };
        (head + self.held.len()) as u64
    }

    /// Takes the next octets. Returns when there is room for more: a store that is slow slows the client.
    pub async fn push(&mut self, piece: &[u8]) {
        self.octets += piece.len() as u64;
        if self.octets > self.core.config.message_size && !matches!(self.state, State::Failed(_)) {
            self.give_up(State::Faulty(Fault::TooLarge));
        }
        match &mut self.state {
            State::InMemory => {
                let before = self.held.len();
                self.held.extend_from_slice(piece);
                // A header section that has no end yet is looked at once more, where it must have one: to search all
                // of it for every octet that comes would be dear.
                if [IN_MEMORY, header::LARGEST].into_iter().any(|most| before <= most && self.held.len() > most) {
                    self.begin_to_store();
                }
            }
            State::Storing(storing) => {
                storing.body.take(piece);
                self.held.extend_from_slice(piece);
            }
            State::Faulty(_) | State::Failed(_) => return,
        }
        if self.held.len() >= PIECE && matches!(self.state, State::Storing(_)) {
            // On the heap: it is rare, and would make every piece's future large.
            Box::pin(self.store_held(self.held.len() / PIECE * PIECE)).await;
        }
    }

    /// The whole, once all of it has come; whether its body was declared as binary. An error means that it could not be
    /// kept.
    pub async fn end(mut self, binary: bool) -> Result<Content> {
        if let State::Storing(storing) = &mut self.state {
            // The end of data on the wire implies the end of the last line.
            if !binary && !storing.body.ends_a_line() {
                storing.body.take(b"\r\n");
                self.held.extend_from_slice(b"\r\n");
            }
            self.store_held(self.held.len()).await;
        }
        match self.state {
            State::InMemory => Ok(self.held.into()),
            State::Storing(storing) => {
                let fault = (!binary && storing.body.is_spoiled()).then_some(Fault::Spoiled);
                let body = storing.body.end(storing.parts);
                Ok(Content { at_hand: storing.head, body: Some(body), fault })
            }
            State::Faulty(fault) => Ok(Content { fault: Some(fault), ..Content::default() }),
            State::Failed(error) => Err(error),
        }
    }

    /// The header section stays, the body begins to go to the store.
    fn begin_to_store(&mut self) {
        if header::is_too_large(&self.held) {
            return self.give_up(State::Faulty(Fault::HeaderTooLarge));
        }
        // Without a part in the store there is no row that says whose it is.
        let body = HeaderSection::body_of(&self.held).filter(|&body| body < self.held.len());
        let Some(body) = body else { return };
        let rest = self.held.split_off(body);
        let mut head = std::mem::replace(&mut self.held, rest);
        // It has room for everything that was held.
        head.shrink_to_fit();
        let mut arrived = Arrived::default();
        arrived.take(&self.held);
        self.state = State::Storing(Box::new(Storing { head, parts: Parts::new(&self.core), body: arrived }));
    }

    /// Stores the first `octets` of what is held.
    async fn store_held(&mut self, octets: usize) {
        let State::Storing(storing) = &mut self.state else { return };
        let mut rest = Vec::with_capacity(PIECE + MORE);
        rest.extend_from_slice(&self.held[octets..]);
        self.held.truncate(octets);
        let whole = std::mem::replace(&mut self.held, rest);
        if let Err(error) = storing.parts.store(whole).await {
            self.give_up(State::Failed(error));
        }
    }

    fn give_up(&mut self, state: State) {
        self.held = Vec::new();
        self.state = state;
    }
}

#[cfg(test)]
mod tests;
