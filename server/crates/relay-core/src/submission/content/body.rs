//! What must be known of a body that is in the store, learnt while it came: how long, which octets, its hashes.

use super::parts::Parts;
use crate::submission::{
    header,
    signing::{BodyHash, BodyHashes},
};
use relay_types::message::MessageId;
use std::sync::Arc;

/// A body that comes.
#[derive(Default)]
pub(super) struct Arrived {
    octets: u64,
    eight_bit: bool,
    lines: header::Lines,
    hashes: BodyHashes,
}

impl Arrived {
    /// The next octets.
    pub(super) fn take(&mut self, piece: &[u8]) {
        self.octets += piece.len() as u64;
        self.eight_bit |= !piece.is_ascii();
        self.lines.read(piece);
        self.hashes.take(piece);
    }

    /// Whether the last line is ended, or there is none.
    pub(super) fn ends_a_line(&self) -> bool {
        self.octets == 0 || self.lines.ends_a_line()
    }

    /// As [`header::is_spoiled`], of what has come.
    pub(super) fn is_spoiled(&self) -> bool {
        self.lines.are_spoiled()
    }

    /// The body, all of whose octets are in `parts`.
    pub(super) fn end(self, parts: Parts) -> StoredBody {
        StoredBody {
            is_lines: self.ends_a_line() && !self.is_spoiled(),
            parts: Arc::new(parts),
            octets: self.octets,
            eight_bit: self.eight_bit,
            hash: self.hashes.end(),
        }
    }
}

/// A body that is in the store.
#[derive(Debug, Clone)]
pub(crate) struct StoredBody {
    parts: Arc<Parts>,
    pub(crate) octets: u64,
    /// Has octets above 127.
    pub(crate) eight_bit: bool,
    pub(crate) hash: BodyHash,
    /// See [`header::are_lines`].
    pub(crate) is_lines: bool,
}

impl StoredBody {
    /// The message it is stored under.
    pub(crate) fn message(&self) -> MessageId {
        self.parts.message()
    }
}
