//! BDAT: content in chunks of a stated length, without dots and without an end in the data (RFC 3030).
//!
//! Each BDAT has one reply, when all its octets were read. One that is refused is read all the same, because what
//! follows it is content and must never be taken for commands; then the transaction is gone. A BDAT whose length cannot
//! be read ends the session: nobody knows where its content ends.

use super::{Asked, Output, Phase, Question, Session, Verdict, replies, transaction::PIECE};
use relay_types::reply::Reply;

/// The content of a transaction, as far as it came.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    octets: u64,
    /// The octet before was a CR whose LF may come with the next chunk.
    after_cr: bool,
}

/// A chunk that is being received.
#[derive(Debug)]
pub(super) struct Chunk {
    /// Octets in all.
    size: u64,
    /// Octets that have not come yet.
    left: u64,
    last: bool,
    /// Nothing of it is kept; the reply that says why, and whether it counts as a mistake.
    refusal: Option<(Reply, bool)>,
}

impl Session {
    pub(super) fn bdat(&mut self, argument: &str) {
        let Some((size, last)) = parse(argument) else {
            return self.interrupt(replies::syntax("BDAT octets [LAST]"));
        };
        let chunk = |refusal| Chunk { size, left: size, last, refusal };
        let mistake = |text| Some((replies::out_of_order(text), true));
        match &self.transaction {
            // Chunks that were on their way when one before them was refused are no mistake (RFC 3030 §2).
            None if self.wasted > 0 => {
                self.receive_chunk(chunk(Some((replies::out_of_order("Send MAIL first"), false))))
            }
            None => self.receive_chunk(chunk(mistake("Send MAIL first"))),
            Some(transaction) if transaction.envelope.recipients.is_empty() => {
                self.receive_chunk(chunk(mistake("No valid recipient")));
            }
            Some(transaction) => match &transaction.chunks {
                None => self.ask(Question::Data, Asked::Bdat(chunk(None))),
                Some(_) => self.receive_chunk(chunk(None)),
            },
        }
    }

    pub(super) fn bdat_judged(&mut self, mut chunk: Chunk, verdict: Verdict) {
        match verdict {
            Verdict::Refuse(reply) | Verdict::Close(reply) => chunk.refusal = Some((reply, false)),
            Verdict::Accept | Verdict::Queued(_) => {
                if let Some(transaction) = &mut self.transaction {
                    transaction.chunks = Some(Chunks::default());
                }
            }
        }
        self.receive_chunk(chunk);
    }

    fn receive_chunk(&mut self, mut chunk: Chunk) {
        let before = self.transaction.as_ref().and_then(|transaction| transaction.chunks.as_ref());
        let octets = before.map_or(0, |chunks| chunks.octets).saturating_add(chunk.size);
        if chunk.refusal.is_none() && octets > self.config.size_limit {
            chunk.refusal = Some((replies::too_big(&self.config), true));
        }
        if chunk.refusal.is_some() {
            self.drop_transaction();
            // So that the chunks behind it, even one of no octets, are known as its followers.
            self.wasted += 1;
        }
        self.phase = Phase::Chunk(chunk);
    }

    /// Reads some of the chunk that has arrived, and ends it with its last octet; false when there is nothing to do.
    pub(super) fn read_chunk(&mut self) -> bool {
        let Phase::Chunk(chunk) = &mut self.phase else { return false };
        let waiting = self.input.waiting();
        let most = usize::try_from(chunk.left).unwrap_or(usize::MAX).min(PIECE);
        let piece = &waiting[..waiting.len().min(most)];
        if piece.is_empty() && chunk.left > 0 {
            return false;
        }
        let read = piece.len();
        chunk.left -= read as u64;
        let ends_message = chunk.last && chunk.left == 0;
        match self
            .transaction
            .as_mut()
            .and_then(|transaction| Some((transaction.chunks.as_mut()?, &transaction.envelope)))
        {
            Some((chunks, envelope)) if chunk.refusal.is_none() => {
                let spoiled = !envelope.terms.binary && chunks.spoils(piece, ends_message);
                chunks.octets += read as u64;
                if spoiled {
                    chunk.refusal = Some((replies::bare_line_end(), true));
                } else if read > 0 {
                    self.outputs.push_back(Output::Content(piece.to_vec()));
                }
            }
            _ => {}
        }
        self.input.consume(read);
        let Phase::Chunk(chunk) = &self.phase else { return false };
        let (is_over, refused) = (chunk.left == 0, chunk.refusal.is_some());
        if refused {
            self.drop_transaction();
            self.wasted += (read as u64).max(1);
        }
        if is_over || self.wasted > self.waste_limit() {
            self.end_chunk(is_over);
        }
        true
    }

    fn end_chunk(&mut self, is_over: bool) {
        let Phase::Chunk(chunk) = std::mem::replace(&mut self.phase, Phase::Command) else { return };
        match chunk.refusal {
            // Who goes on sending what is lost is cut off.
            Some((reply, _)) if !is_over => self.interrupt(reply),
            Some((reply, true)) => self.refuse(reply),
            Some((reply, false)) => self.reply(reply),
            None if chunk.last => {
                if let Some(transaction) = self.transaction.take() {
                    self.ask(Question::EndOfData(transaction.envelope), Asked::EndOfData);
                }
            }
            None => self.reply(replies::chunk_received(chunk.size)),
        }
    }
}

impl Chunks {
    /// Whether this piece makes the content one that only BINARYMIME may have: a CR or LF that is not part of CRLF, or
    /// a NUL. `ends` says that nothing follows.
    fn spoils(&mut self, piece: &[u8], ends: bool) -> bool {
        let mut after_cr = self.after_cr;
        for &octet in piece {
            if octet == 0 || (octet == b'\n') != after_cr {
                return true;
            }
            after_cr = octet == b'\r';
        }
        self.after_cr = after_cr;
        ends && after_cr
    }
}

/// `octets [LAST]`, of at most twenty digits as those of SIZE (RFC 1870 §3): no limit is above that.
fn parse(argument: &str) -> Option<(u64, bool)> {
    let mut words = argument.split(' ').filter(|word| !word.is_empty());
    let digits = words.next().filter(|text| text.len() <= 20 && text.bytes().all(|b| b.is_ascii_digit()))?;
    let last = match words.next() {
        None => false,
        Some(word) if word.eq_ignore_ascii_case("LAST") => true,
        Some(_) => return None,
    };
    words.next().is_none().then(|| (digits.parse().unwrap_or(u64::MAX), last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_digits_and_may_be_the_last() {
        for (argument, expected) in [
            ("0", Some((0, false))),
            ("12 LAST", Some((12, true))),
            ("007  last", Some((7, true))),
            ("99999999999999999999", Some((u64::MAX, false))),
            ("111111111111111111111", None),
            ("", None),
            ("LAST", None),
            ("-1", None),
            ("+1", None),
            ("1a", None),
            ("1 LAST 2", None),
            ("1 FIRST", None),
        ] {
            assert_eq!(parse(argument), expected, "{argument:?}");
        }
    }

    #[test]
    fn a_line_end_may_be_cut_by_chunks() {
        for (pieces, spoils) in [
            (&["a\r", "\nb\r\n"][..], false),
            (&["a\r\n", "b"], false),
            (&["", "\r", "", "\n"], false),
            (&["a\r", "b"], true),
            (&["a", "\n"], true),
            (&["a\r"], true),
            (&["a\0"], true),
        ] {
            let mut chunks = Chunks::default();
            let last = pieces.len() - 1;
            let seen = pieces.iter().enumerate().any(|(at, piece)| chunks.spoils(piece.as_bytes(), at == last));
            assert_eq!(seen, spoils, "{pieces:?}");
        }
    }
}
