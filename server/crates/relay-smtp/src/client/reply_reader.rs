//! Replies of another's server from octets (RFC 5321 §4.2). Whatever arrives becomes a reply or a named fault; memory
//! stays bounded.

use relay_types::reply::{EnhancedCode, Reply};

/// Octets of a line that are kept; the rest of it is dropped. RFC 5321 §4.5.3.1.5 allows 512.
const KEPT: usize = 2048;
/// A line that is longer than this never ends.
const LONGEST_LINE: usize = 64 * 1024;
/// Lines of one reply that are kept, and how many may come at all.
const KEPT_LINES: usize = 64;
const MOST_LINES: usize = 1000;
/// Octets that may wait while nobody reads replies: a server that says more than this unasked is not one.
const MOST_WAITING: usize = 256 * 1024;

/// Why the octets are no reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// A line does not begin with a code from 200 to 599.
    #[error("a reply without a code")]
    NoCode,
    /// A line or a reply does not end.
    #[error("a reply without an end")]
    Endless,
}

/// Gathers octets and gives replies.
#[derive(Debug, Default)]
pub struct ReplyReader {
    waiting: Vec<u8>,
    /// The line that is not complete yet.
    line: Vec<u8>,
    line_length: usize,
    /// The lines of the reply that is not complete yet.
    lines: Vec<Vec<u8>>,
    line_count: usize,
    overflow: bool,
}

impl ReplyReader {
    /// Takes octets.
    pub fn receive(&mut self, bytes: &[u8]) {
        let room = MOST_WAITING.saturating_sub(self.waiting.len());
        self.overflow |= bytes.len() > room;
        self.waiting.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// Whether there are octets that belong to no reply given so far.
    pub fn has_rest(&self) -> bool {
        !self.waiting.is_empty() || self.line_length > 0 || self.line_count > 0
    }

    /// The next reply, when it is complete.
    pub fn next_reply(&mut self) -> Result<Option<Reply>, Malformed> {
        let waiting = std::mem::take(&mut self.waiting);
        let mut rest = waiting.as_slice();
        let mut found = Ok(None);
        while let Some(&byte) = rest.first() {
            rest = &rest[1..];
            if byte != b'\n' {
                self.keep(byte);
                if self.line_length > LONGEST_LINE {
                    found = Err(Malformed::Endless);
                    break;
                }
                continue;
            }
            match self.end_of_line() {
                Ok(None) => {}
                done => {
                    found = done;
                    break;
                }
            }
        }
        self.waiting = rest.to_vec();
        if self.overflow && matches!(found, Ok(None)) { Err(Malformed::Endless) } else { found }
    }

    fn keep(&mut self, byte: u8) {
        self.line_length += 1;
        if self.line.len() < KEPT {
            self.line.push(byte);
        }
    }

    /// A bare LF ends a line here: this is only heard, never passed on.
    fn end_of_line(&mut self) -> Result<Option<Reply>, Malformed> {
        let mut line = std::mem::take(&mut self.line);
        self.line_length = 0;
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        let (code, last) = code_of(&line)?;
        self.line_count += 1;
        if self.line_count > MOST_LINES {
            return Err(Malformed::Endless);
        }
        if self.lines.len() < KEPT_LINES || last {
            self.lines.push(line.split_off(line.len().min(4)));
        }
        if !last {
            return Ok(None);
        }
        self.line_count = 0;
        Ok(Some(reply(code, &std::mem::take(&mut self.lines))))
    }
}

/// The code of a line and whether it is the last of its reply: `250-`, `250 text`, `250`.
fn code_of(line: &[u8]) -> Result<(u16, bool), Malformed> {
    let digits = line.get(..3).ok_or(Malformed::NoCode)?;
    if !digits.iter().all(u8::is_ascii_digit) || !(b'2'..=b'5').contains(&digits[0]) {
        return Err(Malformed::NoCode);
    }
    let code = digits.iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
    match line.get(3) {
        None | Some(b' ' | b'\t') => Ok((code, true)),
        Some(b'-') => Ok((code, false)),
        Some(_) => Err(Malformed::NoCode),
    }
}

/// The code of the last line counts. An enhanced code counts when its class is the code's (RFC 2034 §4).
fn reply(code: u16, lines: &[Vec<u8>]) -> Reply {
    let mut enhanced = None;
    let texts = lines
        .iter()
        .map(|line| {
            let text = readable(line);
            let (first, rest) = text.split_once(' ').unwrap_or((&text, ""));
            match EnhancedCode::parse(first).filter(|found| u16::from(found.class) == code / 100) {
                Some(found) => {
                    enhanced = Some(found);
                    rest.to_owned()
                }
                None => text,
            }
        })
        .collect();
    Reply { code, enhanced, lines: texts }
}

/// Text for people: invalid UTF-8, control characters and marks that turn the direction of writing are shown as
/// escapes.
fn readable(line: &[u8]) -> String {
    let mut text = String::with_capacity(line.len());
    for chunk in line.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                c if c.is_control() || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}') => {
                    text.extend(c.escape_unicode());
                }
                c => text.push(c),
            }
        }
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02X}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(bytes: &[u8]) -> Result<Vec<Reply>, Malformed> {
        let mut reader = ReplyReader::default();
        reader.receive(bytes);
        let mut replies = Vec::new();
        while let Some(reply) = reader.next_reply()? {
            replies.push(reply);
        }
        Ok(replies)
    }

    #[test]
    fn odd_replies_are_data() {
        let plain = |code, lines: &[&str]| Reply {
            code,
            enhanced: None,
            lines: lines.iter().map(|&line| line.to_owned()).collect(),
        };
        for (bytes, expected) in [
            (&b"250 ok\r\n"[..], vec![plain(250, &["ok"])]),
            (b"550\r\n", vec![plain(550, &[""])]),
            (b"550-\r\n550 \r\n", vec![plain(550, &["", ""])]),
            (b"550-a\n550 b\n", vec![plain(550, &["a", "b"])]),
            (b"250-a\r\n550 b\r\n", vec![plain(550, &["a", "b"])]),
            (b"250 a\r\n421 b\r\n", vec![plain(250, &["a"]), plain(421, &["b"])]),
            (b"550 gr\xc3\xbcn \xff\x07 \r x\r\n", vec![plain(550, &["gr\u{fc}n \\xFF\\u{7} \\u{d} x"])]),
            (b"550 \xe2\x80\xaex\r\n", vec![plain(550, &["\\u{202e}x"])]),
            (b"550 5.1.1 no\r\n", vec![Reply::new(550, (5, 1, 1), "no")]),
            (b"550 4.1.1 no\r\n", vec![plain(550, &["4.1.1 no"])]),
            (b"550 5.1.1\r\n", vec![Reply::new(550, (5, 1, 1), "")]),
            (b"250 unfinished", vec![]),
        ] {
            assert_eq!(all(bytes), Ok(expected), "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn each_line_loses_its_enhanced_code() {
        let replies = all(b"550-5.7.1 first\r\n550 5.7.1 second\r\n").expect("a reply");
        assert_eq!(replies[0].to_string(), "550 5.7.1 first second");
    }

    #[test]
    fn what_has_no_code_is_no_reply() {
        for bytes in
            [&b"\r\n"[..], b"25\r\n", b"abc\r\n", b"250ok\r\n", b"150 x\r\n", b"650 x\r\n", b"HTTP/1.1 400\r\n"]
        {
            assert_eq!(all(bytes), Err(Malformed::NoCode), "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn an_endless_line_costs_no_memory_and_ends_the_session() {
        let mut reader = ReplyReader::default();
        let mut heard = 0;
        loop {
            reader.receive(&[b'5'; 4096]);
            heard += 4096;
            match reader.next_reply() {
                Ok(None) => assert!(reader.line.len() <= KEPT && reader.waiting.is_empty()),
                end => break assert_eq!(end, Err(Malformed::Endless)),
            }
        }
        assert!(heard <= LONGEST_LINE + 4096);
    }

    #[test]
    fn an_endless_reply_ends_the_session() {
        let lines = b"250-x\r\n".repeat(MOST_LINES + 1);
        assert_eq!(all(&lines), Err(Malformed::Endless));
    }

    #[test]
    fn a_long_line_is_cut_and_its_reply_stands() {
        let mut bytes = b"550 ".to_vec();
        bytes.extend([b'x'; 10_000]);
        bytes.extend(b"\r\n250 next\r\n");
        let replies = all(&bytes).expect("two replies");
        assert_eq!((replies[0].code, replies[0].lines[0].len()), (550, KEPT - 4));
        assert_eq!(replies[1].code, 250);
    }

    proptest! {
        #[test]
        fn segments_do_not_matter(bytes in prop::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'2'), Just(b'5'), Just(b'0'), Just(b' '), Just(b'-'), any::<u8>()], 0..300), cuts in prop::collection::vec(1usize..20, 0..50)) {
            let whole = all(&bytes);
            let mut reader = ReplyReader::default();
            let mut replies = Vec::new();
            let mut end = Ok(());
            let mut rest = bytes.as_slice();
            for cut in cuts.into_iter().chain([usize::MAX]) {
                let (now, later) = rest.split_at(cut.min(rest.len()));
                rest = later;
                reader.receive(now);
                while end.is_ok() {
                    match reader.next_reply() {
                        Ok(Some(reply)) => replies.push(reply),
                        Ok(None) => break,
                        Err(fault) => end = Err(fault),
                    }
                }
            }
            prop_assert_eq!(end.map(|()| replies), whole);
        }
    }
}
