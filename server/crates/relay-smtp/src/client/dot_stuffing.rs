//! Content on the wire: dots stuffed, and nothing but CRLF at line ends (RFC 5321 §4.5.2, §2.3.8).

use super::Framing;
use memchr::memchr2;

/// Encodes content in pieces. Whatever goes in, what comes out holds no bare CR or LF, and `CRLF.CRLF` only as its
/// end. Content with clean line ends comes out byte for byte, but for the stuffed dots.
#[derive(Debug)]
pub struct DotStuffer {
    /// A CR came whose LF may follow; it is written with the next octet.
    after_cr: bool,
    at_line_start: bool,
}

impl Default for DotStuffer {
    fn default() -> Self {
        Self { after_cr: false, at_line_start: true }
    }
}

impl DotStuffer {
    /// Appends the wire form of the next piece to `wire`.
    pub fn encode(&mut self, piece: &[u8], wire: &mut Vec<u8>) {
        wire.reserve(piece.len() + piece.len() / 64);
        let mut rest = piece;
        while let Some((&byte, behind)) = rest.split_first() {
            if byte == b'\n' {
                self.after_cr = false;
                self.end_line(wire);
                rest = behind;
                continue;
            }
            if self.after_cr {
                self.end_line(wire);
            }
            self.after_cr = byte == b'\r';
            if self.after_cr {
                rest = behind;
                continue;
            }
            if self.at_line_start && byte == b'.' {
                wire.push(b'.');
            }
            self.at_line_start = false;
            let length = memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
            wire.extend_from_slice(&rest[..length]);
            rest = &rest[length..];
        }
    }

    /// Appends the end of data; a last line without CRLF gets one.
    pub fn finish(mut self, wire: &mut Vec<u8>) {
        if self.after_cr || !self.at_line_start {
            self.end_line(wire);
        }
        wire.extend_from_slice(b".\r\n");
    }

    fn end_line(&mut self, wire: &mut Vec<u8>) {
        wire.extend_from_slice(b"\r\n");
        self.at_line_start = true;
    }
}

/// Encodes content as the session wants it.
#[derive(Debug)]
pub enum ContentEncoder {
    /// See [`Framing::Dots`].
    Dots(DotStuffer),
    /// See [`Framing::Chunk`].
    Chunk,
}

impl ContentEncoder {
    /// For one content.
    pub fn new(framing: Framing) -> Self {
        match framing {
            Framing::Dots => Self::Dots(DotStuffer::default()),
            Framing::Chunk => Self::Chunk,
        }
    }

    /// Appends the wire form of the next piece to `wire`.
    pub fn encode(&mut self, piece: &[u8], wire: &mut Vec<u8>) {
        match self {
            Self::Dots(stuffer) => stuffer.encode(piece, wire),
            Self::Chunk => wire.extend_from_slice(piece),
        }
    }

    /// Appends what ends the content, if anything does.
    pub fn finish(self, wire: &mut Vec<u8>) {
        if let Self::Dots(stuffer) = self {
            stuffer.finish(wire);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encode(pieces: &[&[u8]]) -> Vec<u8> {
        let mut wire = Vec::new();
        let mut stuffer = DotStuffer::default();
        for piece in pieces {
            stuffer.encode(piece, &mut wire);
        }
        stuffer.finish(&mut wire);
        wire
    }

    /// What a server makes of it (RFC 5321 §4.5.2), written another way.
    fn decode(wire: &[u8]) -> Vec<u8> {
        let text = wire.strip_suffix(b".\r\n").expect("an end of data");
        let mut content = Vec::new();
        for line in text.split_inclusive(|&b| b == b'\n') {
            content.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
        }
        content
    }

    #[test]
    fn dots_are_stuffed_and_line_ends_are_crlf() {
        for (content, wire) in [
            (&b""[..], &b".\r\n"[..]),
            (b"a\r\n", b"a\r\n.\r\n"),
            (b"a", b"a\r\n.\r\n"),
            (b".\r\n", b"..\r\n.\r\n"),
            (b"a\r\n.\r\n..b\r\n", b"a\r\n..\r\n...b\r\n.\r\n"),
            (b"a.b\r\n", b"a.b\r\n.\r\n"),
            (b"a\n.\nb", b"a\r\n..\r\nb\r\n.\r\n"),
            (b"a\r.\rb", b"a\r\n..\r\nb\r\n.\r\n"),
            (b"a\r\r\n", b"a\r\n\r\n.\r\n"),
            (b"a\r", b"a\r\n.\r\n"),
        ] {
            let octets: Vec<&[u8]> = content.chunks(1).collect();
            assert_eq!(encode(&[content]), wire, "{content:?}");
            assert_eq!(encode(&octets), wire, "{content:?} octet by octet");
        }
    }

    fn mail_like() -> impl Strategy<Value = Vec<u8>> {
        let octet = prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'.'), Just(b'a'), any::<u8>()];
        prop::collection::vec(octet, 0..200)
    }

    proptest! {
        #[test]
        fn nothing_ends_the_content_early(content in mail_like(), cut in 0usize..200) {
            let (first, second) = content.split_at(cut.min(content.len()));
            let wire = encode(&[first, second]);
            prop_assert_eq!(&wire, &encode(&[&content]));
            for (at, byte) in wire.iter().enumerate() {
                prop_assert!(*byte != b'\r' || wire.get(at + 1) == Some(&b'\n'), "bare CR");
                prop_assert!(*byte != b'\n' || (at > 0 && wire[at - 1] == b'\r'), "bare LF");
            }
            let framed = [b"\r\n".as_slice(), &wire].concat();
            let ends = framed.windows(5).filter(|window| window == b"\r\n.\r\n").count();
            prop_assert_eq!(ends, 1);
        }

        #[test]
        fn clean_lines_arrive_byte_for_byte(lines in prop::collection::vec("[.a-z \u{e4}]{0,9}", 0..20)) {
            let content: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
            prop_assert_eq!(decode(&encode(&[content.as_bytes()])), content.into_bytes());
        }
    }
}
