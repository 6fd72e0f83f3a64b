//! The mail data behind DATA, octet by octet (RFC 5321 §4.5.2, §2.3.8).
//!
//! Only `CRLF.CRLF` ends the data and only CRLF ends a line. Data with a bare CR or LF, or with a NUL (RFC 2045 §2.8:
//! not even 8-bit data has one, and some servers drop it, so that `CRLF NUL.CRLF` ends data for them), is spoiled:
//! nothing of it is given out any more, and it is read on only to find where the client's data ends. Where such data
//! has a line with a lone dot between line ends of any kind, the client and we may not agree about the end; then
//! nothing behind it can be trusted to be a command (SMTP smuggling), and the reader says so.

use memchr::memchr3;

/// Where in a line the reader is. `clean` says that the line before ended with CRLF.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    LineStart { clean: bool },
    Text,
    Cr,
    Dot { clean: bool },
    DotCr { clean: bool },
}

/// How data ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// With `CRLF.CRLF`, and no bare CR or LF and no NUL before it.
    Whole,
    /// With `CRLF.CRLF`, after a bare CR or LF or a NUL: refuse the message, keep the session.
    Spoiled,
    /// With a lone dot between other line ends: refuse the message, close the session.
    Disputed,
}

/// Reads mail data; keeps no content.
#[derive(Debug)]
pub struct DataReader {
    at: At,
    spoiled: bool,
}

impl Default for DataReader {
    fn default() -> Self {
        Self { at: At::LineStart { clean: true }, spoiled: false }
    }
}

impl DataReader {
    /// Reads `input` up to the end of the data or of the input: appends the content with dots unstuffed to `content`,
    /// gives how many octets of `input` were read, and the end when it was there.
    pub fn read(&mut self, input: &[u8], content: &mut Vec<u8>) -> (usize, Option<End>) {
        let mut read = 0;
        while let Some(&byte) = input.get(read) {
            if self.at == At::Text && !matches!(byte, b'\r' | b'\n' | 0) {
                let run = memchr3(b'\r', b'\n', 0, &input[read..]).unwrap_or(input.len() - read);
                if !self.spoiled {
                    content.extend_from_slice(&input[read..read + run]);
                }
                read += run;
                continue;
            }
            read += 1;
            if let Some(end) = self.step(byte, content) {
                return (read, Some(end));
            }
        }
        (read, None)
    }

    /// Whether a bare CR or LF or a NUL was seen.
    pub fn is_spoiled(&self) -> bool {
        self.spoiled
    }

    fn step(&mut self, byte: u8, content: &mut Vec<u8>) -> Option<End> {
        let before = self.at;
        match (before, byte) {
            (At::Cr, b'\n') => {
                self.give(b"\r\n", content);
                self.at = At::LineStart { clean: true };
            }
            (At::Cr, _) => {
                self.spoiled = true;
                self.at = At::LineStart { clean: false };
                return self.step(byte, content);
            }
            (At::LineStart { clean }, b'.') => self.at = At::Dot { clean },
            (At::Dot { clean }, b'\r') => self.at = At::DotCr { clean },
            (At::DotCr { clean: true }, b'\n') => return Some(if self.spoiled { End::Spoiled } else { End::Whole }),
            (At::Dot { .. }, b'\n') | (At::DotCr { .. }, _) => {
                self.spoiled = true;
                return Some(End::Disputed);
            }
            // It may be nothing to the next server: what follows it is where it was.
            (before, 0) => {
                self.spoiled = true;
                self.at = match before {
                    At::LineStart { .. } => At::LineStart { clean: false },
                    At::Dot { .. } => At::Dot { clean: false },
                    other => other,
                };
            }
            (_, b'\r') => self.at = At::Cr,
            (_, b'\n') => {
                self.spoiled = true;
                self.at = At::LineStart { clean: false };
            }
            (_, byte) => {
                self.give(&[byte], content);
                self.at = At::Text;
            }
        }
        None
    }

    fn give(&self, bytes: &[u8], content: &mut Vec<u8>) {
        if !self.spoiled {
            content.extend_from_slice(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(input: &[u8]) -> (Vec<u8>, usize, Option<End>) {
        let mut content = Vec::new();
        let (read, end) = DataReader::default().read(input, &mut content);
        (content, read, end)
    }

    #[test]
    fn only_a_lone_dot_between_crlf_ends_whole_data() {
        for (input, content, end) in [
            (".\r\n", "", Some(End::Whole)),
            ("a\r\n.\r\n", "a\r\n", Some(End::Whole)),
            ("..\r\n.a\r\n...\r\n.\r\n", ".\r\na\r\n..\r\n", Some(End::Whole)),
            ("\r\n\r\n.\r\n", "\r\n\r\n", Some(End::Whole)),
            ("a\r\n.", "a\r\n", None),
            ("a.\r\n", "a.\r\n", None),
        ] {
            let (got, _, ended) = read(input.as_bytes());
            assert_eq!((String::from_utf8_lossy(&got).as_ref(), ended), (content, end), "{input:?}");
        }
    }

    #[test]
    fn every_disputed_end_is_seen() {
        for input in [
            "a\n.\n",
            "a\n.\r\n",
            "a\r\n.\n",
            "a\r.\r",
            "a\r.\r\n",
            "a\r\n.\rb",
            "a\r.\n",
            "a\n.\rb",
            ".\n",
            "a\r\r\n.\n",
            "a\r\n\0.\r\n",
            "a\r\n.\0\r\n",
            "a\r\n\0\0.\0\r\n",
            "\0.\r\n",
        ] {
            // A dot behind a bare CR at the very end of the input waits for one octet more.
            let (_, _, end) = read(&[input.as_bytes(), b"x"].concat());
            assert_eq!(end, Some(End::Disputed), "{input:?}");
        }
    }

    #[test]
    fn spoiled_data_is_read_to_its_true_end() {
        for input in [
            "a\nb\r\n.\r\n",
            "a\rb\r\n.\r\n",
            "\n\r\n.\r\n",
            "a\r\r\n.\r\n",
            "a\r\n..\n\r\n.\r\n",
            "a\0b\r\n.\r\n",
            "\0a\r\n.\r\n",
        ] {
            let (_, read, end) = read(&[input.as_bytes(), b"QUIT\r\n"].concat());
            assert_eq!((read, end), (input.len(), Some(End::Spoiled)), "{input:?}");
        }
    }

    proptest! {
        #[test]
        fn the_cuts_between_segments_change_nothing(input in "[.\r\na\0]{0,40}", cuts in prop::collection::vec(1..5usize, 40)) {
            let whole = read(input.as_bytes());
            let (mut reader, mut content, mut at, mut end) = (DataReader::default(), Vec::new(), 0, None);
            for cut in cuts {
                let piece = &input.as_bytes()[at..(at + cut).min(input.len())];
                let (read, ended) = reader.read(piece, &mut content);
                at += read;
                if ended.is_some() { end = ended; break; }
            }
            if at == input.len() || end.is_some() {
                prop_assert_eq!((content, at, end), whole);
            }
        }
    }
}
