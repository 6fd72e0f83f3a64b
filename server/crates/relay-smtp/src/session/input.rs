//! The octets that wait, and lines taken from them.
//!
//! Only CRLF ends a line. Lines are wiped when they are taken, because one may be a secret.

use zeroize::{Zeroize, Zeroizing};

/// What stands at the beginning of the input.
#[derive(Debug)]
pub(super) enum Line {
    /// The CRLF has not come yet.
    Incomplete,
    /// More octets than allowed, with or without its CRLF.
    TooLong,
    /// A CR without LF or a LF without CR.
    BareLineEnd,
    /// A line with control characters or not in UTF-8; it is taken.
    NotText,
    /// A line without its CRLF; it is taken.
    Text(Zeroizing<String>),
}

/// Octets from `start` on wait.
#[derive(Default)]
pub(super) struct Input {
    bytes: Vec<u8>,
    start: usize,
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Input({} octets)", self.len())
    }
}

impl Input {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.compact();
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len() - self.start
    }

    pub(super) fn waiting(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// Drops octets that were read.
    pub(super) fn consume(&mut self, count: usize) {
        self.start += count;
        if self.start == self.bytes.len() {
            self.bytes.clear();
            self.start = 0;
        }
    }

    pub(super) fn clear(&mut self) {
        self.bytes.zeroize();
        self.bytes = Vec::new();
        self.start = 0;
    }

    /// The first octet of a TLS record that holds a handshake (RFC 8446 §5.1): no command begins with it.
    pub(super) fn starts_with_tls_hello(&self) -> bool {
        self.waiting().first() == Some(&0x16)
    }

    pub(super) fn starts_with_verb(&self, verb: &[u8]) -> bool {
        self.waiting().get(..verb.len()).is_some_and(|start| start.eq_ignore_ascii_case(verb))
    }

    /// Takes the next line, of at most `limit` octets with its CRLF.
    pub(super) fn next_line(&mut self, limit: usize) -> Line {
        let waiting = self.waiting();
        let end = waiting.iter().position(|b| matches!(b, b'\r' | b'\n'));
        if end.unwrap_or(waiting.len()) + 2 > limit {
            return Line::TooLong;
        }
        let Some(end) = end else { return Line::Incomplete };
        match (waiting[end], waiting.get(end + 1)) {
            (b'\r', None) => Line::Incomplete,
            (b'\r', Some(b'\n')) => {
                let text = std::str::from_utf8(&waiting[..end]).ok().filter(|text| !text.contains(char::is_control));
                let line = text.map_or(Line::NotText, |text| Line::Text(Zeroizing::new(text.to_owned())));
                self.bytes[self.start..self.start + end].zeroize();
                self.consume(end + 2);
                line
            }
            _ => Line::BareLineEnd,
        }
    }

    /// Moves what waits to the front, so that the buffer never holds much more than what waits.
    fn compact(&mut self) {
        if self.start > 0 {
            let waiting = self.len();
            self.bytes.copy_within(self.start.., 0);
            self.bytes[waiting..].zeroize();
            self.bytes.truncate(waiting);
            self.start = 0;
        }
    }
}
