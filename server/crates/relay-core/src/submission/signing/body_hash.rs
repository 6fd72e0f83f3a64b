//! The hash of a body (RFC 6376 §3.4, §3.7), of one in memory and of one that comes in pieces.

use mail_auth::{
    common::crypto::{HashContext, HashImpl, HashOutput, Sha256},
    dkim::{Canonicalization, canonicalize::BodyHasher},
};

type Hasher = BodyHasher<<Sha256 as HashImpl>::Context>;

/// The `bh=` and the body part of `c=`.
#[derive(Debug, Clone)]
pub(crate) struct BodyHash {
    pub(super) canonicalization: Canonicalization,
    pub(super) hash: HashOutput,
}

impl BodyHash {
    /// Of a body in memory.
    pub(crate) fn of(body: &[u8]) -> Self {
        let mut last = LastLine::default();
        // The last line with something in it decides; what is before needs no look.
        let end = body.iter().rposition(|b| !matches!(b, b'\r' | b'\n' | b' ' | b'\t')).map_or(0, |at| at + 1);
        last.read(&body[end..], end > 0);
        let canonicalization = last.canonicalization();
        let mut hasher = hasher(canonicalization);
        hasher.write(body);
        Self { canonicalization, hash: hasher.finish().0.complete() }
    }
}

/// The hashes of a body that comes in pieces: which one is used is known at its end.
pub(crate) struct BodyHashes {
    relaxed: Hasher,
    simple: Hasher,
    last: LastLine,
}

impl Default for BodyHashes {
    fn default() -> Self {
        let (relaxed, simple) = (hasher(Canonicalization::Relaxed), hasher(Canonicalization::Simple));
        Self { relaxed, simple, last: LastLine::default() }
    }
}

impl BodyHashes {
    /// The next octets.
    pub(crate) fn take(&mut self, piece: &[u8]) {
        self.relaxed.write(piece);
        self.simple.write(piece);
        self.last.read(piece, false);
    }

    /// That of the whole.
    pub(crate) fn end(self) -> BodyHash {
        let canonicalization = self.last.canonicalization();
        let hasher = match canonicalization {
            Canonicalization::Relaxed => self.relaxed,
            Canonicalization::Simple => self.simple,
        };
        BodyHash { canonicalization, hash: hasher.finish().0.complete() }
    }
}

fn hasher(canonicalization: Canonicalization) -> Hasher {
    BodyHasher::new(Sha256::hasher(), canonicalization, 0)
}

/// Whether the last line that is not empty consists of white space alone. Verifiers and mail-auth 0.13 do not agree on
/// its relaxed form (RFC 6376 §3.4.4: such lines are empty lines, and those at the end are ignored); simple has no
/// doubt.
#[derive(Default)]
struct LastLine {
    /// The line that is being read: whether it has something, and something that is no white space.
    something: bool,
    word: bool,
    /// Of the last line that had something, whether it was white space alone.
    blank: bool,
}

impl LastLine {
    /// Reads on; `word` when the running line is known to have one.
    fn read(&mut self, piece: &[u8], word: bool) {
        self.word |= word;
        self.something |= word;
        let mut rest = piece;
        loop {
            let end = memchr::memchr(b'\n', rest);
            let line = &rest[..end.unwrap_or(rest.len())];
            self.something |= line.iter().any(|&b| b != b'\r');
            self.word |= line.iter().any(|b| !matches!(b, b'\r' | b' ' | b'\t'));
            let Some(end) = end else { return };
            self.end_line();
            rest = &rest[end + 1..];
        }
    }

    fn end_line(&mut self) {
        if self.something {
            self.blank = !self.word;
        }
        (self.something, self.word) = (false, false);
    }

    fn canonicalization(mut self) -> Canonicalization {
        self.end_line();
        if self.blank { Canonicalization::Simple } else { Canonicalization::Relaxed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(canonicalization: Canonicalization) -> &'static str {
        match canonicalization {
            Canonicalization::Relaxed => "relaxed",
            Canonicalization::Simple => "simple",
        }
    }

    #[test]
    fn a_body_that_ends_in_a_blank_line_is_hashed_as_it_is() {
        for (body, expected) in [
            ("", "relaxed"),
            ("\r\n\r\n", "relaxed"),
            ("a\r\n", "relaxed"),
            ("a", "relaxed"),
            ("a \r\n\r\n", "relaxed"),
            (" \r\n", "simple"),
            ("a\r\n\t \r\n\r\n", "simple"),
            ("a\r\n ", "simple"),
            (" \r\na\r\n", "relaxed"),
            ("a\r\n \r\n\r\nb\r\n", "relaxed"),
        ] {
            assert_eq!(name(BodyHash::of(body.as_bytes()).canonicalization), expected, "{body:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn pieces_have_the_hash_of_the_whole(pieces in proptest::collection::vec("(a| |\t|\r\n|bc){0,6}", 0..8)) {
            let mut hashes = BodyHashes::default();
            for piece in &pieces {
                hashes.take(piece.as_bytes());
            }
            let (whole, piecewise) = (BodyHash::of(pieces.concat().as_bytes()), hashes.end());
            assert_eq!(name(piecewise.canonicalization), name(whole.canonicalization));
            assert_eq!(piecewise.hash, whole.hash);
        }
    }
}
