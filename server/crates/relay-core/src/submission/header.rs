//! The header section of a message as lines on the wire (RFC 5322 §2.2): which fields, where they begin and end.
//!
//! It borrows from the message and copies nothing. It never guesses: a section that two readers could read in two ways
//! is [`Ambiguous`]. It trusts that line ends were checked ([`is_spoiled`]).

use memchr::{memchr, memchr3};
use std::ops::Range;

/// Why a header section cannot be read with certainty, in words for the person who wrote the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ambiguous(pub(crate) String);

impl Ambiguous {
    /// With these words.
    pub(crate) fn because(words: impl Into<String>) -> Self {
        Self(words.into())
    }
}

/// One field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field<'a> {
    /// As written, without white space before the colon.
    pub(crate) name: &'a str,
    /// There was white space before the colon (obsolete, RFC 5322 §4.5).
    pub(crate) spaced: bool,
    /// What follows the colon, folds included, without the line end.
    pub(crate) value: &'a [u8],
    /// The whole field with its line end, as octets of the message.
    pub(crate) place: Range<usize>,
}

impl Field<'_> {
    /// Whether it is this field, in any case.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// The fields in their order, and where the body begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HeaderSection<'a> {
    /// From top to bottom.
    pub(crate) fields: Vec<Field<'a>>,
    /// Where the empty line is that ends the section; the message's length when there is none.
    pub(crate) end: usize,
    /// First octet of the body; the message's length when there is none.
    pub(crate) body: usize,
}

impl<'a> HeaderSection<'a> {
    /// Reads the section at the start of `message`.
    pub(crate) fn scan(message: &'a [u8]) -> Result<Self, Ambiguous> {
        let mut fields: Vec<Field<'a>> = Vec::with_capacity(24);
        let mut at = 0;
        while at < message.len() {
            let line_end = end_of_line(message, at);
            let line = &message[at..line_end];
            let text = line.strip_suffix(b"\r\n").unwrap_or(line);
            if text.is_empty() {
                return Ok(Self { fields, end: at, body: line_end });
            }
            if text[0] == b' ' || text[0] == b'\t' {
                let Some(field) = fields.last_mut() else {
                    return Err(Ambiguous::because("The first line of the message begins with white space"));
                };
                field.place.end = line_end;
                let value = field.value.as_ptr().addr() - message.as_ptr().addr();
                field.value = &message[value..at + text.len()];
            } else {
                let (name, spaced, value) = split(text).ok_or_else(|| {
                    Ambiguous::because(format!(
                        "Line {} of the header is not a header field",
                        message[..at].iter().filter(|&&b| b == b'\n').count() + 1
                    ))
                })?;
                fields.push(Field { name, spaced, value, place: at..line_end });
            }
            at = line_end;
        }
        Ok(Self { fields, end: message.len(), body: message.len() })
    }

    /// Where the body begins, when the empty line before it is there.
    pub(crate) fn body_of(message: &[u8]) -> Option<usize> {
        if message.starts_with(b"\r\n") {
            return Some(2);
        }
        let mut at = 0;
        while let Some(end) = memchr(b'\n', &message[at..]) {
            at += end + 1;
            if message[..at].ends_with(b"\r\n") && message[at..].starts_with(b"\r\n") {
                return Some(at + 2);
            }
        }
        None
    }

    /// All fields of this name, in any case, also those with white space before the colon.
    pub(crate) fn named<'b>(&'b self, name: &'b str) -> impl Iterator<Item = &'b Field<'a>> {
        self.fields.iter().filter(move |field| field.is(name))
    }

    /// Whether there is such a field.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.named(name).next().is_some()
    }
}

/// Octets of a header section; real ones have some thousand, and all of it is read before the client hears an answer.
pub(super) const LARGEST: usize = 1024 * 1024;

/// Whether the header section is too large to be read.
pub(crate) fn is_too_large(message: &[u8]) -> bool {
    message.get(..LARGEST).is_some_and(|start| HeaderSection::body_of(start).is_none())
}

/// Whether there is a CR or LF that is not part of CRLF (RFC 5321 §2.3.8), or a NUL (RFC 2045 §2.8): what smuggling is
/// made of.
pub(crate) fn is_spoiled(message: &[u8]) -> bool {
    let mut lines = Lines::default();
    lines.read(message);
    lines.are_spoiled()
}

/// Reads line ends, piece by piece.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    last: u8,
    spoiled: bool,
}

impl Lines {
    /// Reads on.
    pub(crate) fn read(&mut self, piece: &[u8]) {
        let mut rest = piece;
        while let Some(&octet) = rest.first() {
            self.spoiled |= octet == 0 || (octet == b'\n') != (self.last == b'\r');
            self.last = octet;
            rest = &rest[1..];
            // Text between line ends says nothing, and there is much of it.
            if octet != b'\r' {
                let text = memchr3(b'\r', b'\n', 0, rest).unwrap_or(rest.len());
                if text > 0 {
                    self.last = rest[text - 1];
                    rest = &rest[text..];
                }
            }
        }
    }

    /// Whether what was read ends with a line end.
    pub(crate) fn ends_a_line(&self) -> bool {
        self.last == b'\n'
    }

    /// See [`is_spoiled`].
    pub(crate) fn are_spoiled(&self) -> bool {
        self.spoiled || self.last == b'\r'
    }
}

/// The part of binary content that must be lines all the same: its header section, with the empty line.
pub(crate) fn of_binary(message: &[u8]) -> &[u8] {
    &message[..HeaderSection::body_of(message).unwrap_or(message.len())]
}

/// Whether it consists of whole lines, each with its CRLF, and without a NUL: every hop passes it octet for octet.
pub(crate) fn are_lines(message: &[u8]) -> bool {
    let mut lines = Lines::default();
    lines.read(message);
    lines.ends_a_line() && !lines.are_spoiled()
}

/// Index behind the line that begins at `from`.
fn end_of_line(message: &[u8], from: usize) -> usize {
    memchr(b'\n', &message[from..]).map_or(message.len(), |at| from + at + 1)
}

/// Name, whether white space follows it, and what is behind the colon. A name is printable ASCII (RFC 5322 §2.2).
fn split(line: &[u8]) -> Option<(&str, bool, &[u8])> {
    let colon = line.iter().position(|&b| b == b':')?;
    let before = &line[..colon];
    let length = before.iter().rposition(|&b| b != b' ' && b != b'\t')? + 1;
    let name = &before[..length];
    if !name.iter().all(|b| (33..=126).contains(b)) {
        return None;
    }
    Some((std::str::from_utf8(name).ok()?, length < colon, &line[colon + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn fields_and_body_are_the_whole_message(message in "([aF:]|From| |\t|\r\n){0,20}") {
            let message = message.as_bytes();
            if let Ok(section) = HeaderSection::scan(message) {
                let mut at = 0;
                for field in &section.fields {
                    assert_eq!(field.place.start, at);
                    at = field.place.end;
                }
                assert_eq!(section.end, at);
                assert!(section.body <= message.len());
            }
        }

        #[test]
        fn no_octets_make_it_panic(message: Vec<u8>) {
            let _ = HeaderSection::scan(&message);
            is_spoiled(&message);
            is_too_large(&message);
        }
    }

    fn names(message: &str) -> Result<Vec<(String, String)>, String> {
        let section = HeaderSection::scan(message.as_bytes()).map_err(|why| why.0)?;
        let text = |field: &Field<'_>| String::from_utf8_lossy(field.value).into_owned();
        Ok(section.fields.iter().map(|field| (field.name.to_owned(), text(field))).collect())
    }

    #[test]
    fn fields_and_folds_are_found() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        for (message, expected) in [
            ("", vec![]),
            ("\r\nbody", vec![]),
            ("A: b\r\n\r\nFrom: body\r\n", vec![pair("A", " b")]),
            ("A:\r\n b\r\n\tc\r\nD: e\r\n\r\n", vec![pair("A", "\r\n b\r\n\tc"), pair("D", " e")]),
            ("A: b", vec![pair("A", " b")]),
            ("A : b\r\n", vec![pair("A", " b")]),
            ("A: b\r\n \r\nC: d\r\n\r\n", vec![pair("A", " b\r\n "), pair("C", " d")]),
            ("A:b:c\r\n\r\n", vec![pair("A", "b:c")]),
        ] {
            assert_eq!(names(message), Ok(expected), "{message:?}");
        }
    }

    #[test]
    fn lines_that_are_no_fields_are_not_guessed() {
        for (message, why) in [
            (" A: b\r\n\r\n", "The first line of the message begins with white space"),
            ("Hello\r\n\r\n", "Line 1 of the header is not a header field"),
            ("A: b\r\nHello world\r\n\r\n", "Line 2 of the header is not a header field"),
            ("A: b\r\n c\r\n: d\r\n\r\n", "Line 3 of the header is not a header field"),
            ("From me@d.example Sat Nov 21 10:00:00 2026\r\n\r\n", "Line 1 of the header is not a header field"),
            ("Fr\0om: a@d.example\r\n\r\n", "Line 1 of the header is not a header field"),
            ("Från: a@d.example\r\n\r\n", "Line 1 of the header is not a header field"),
            (">From: a@d.example x: y\r\nA b: c\r\n\r\n", "Line 2 of the header is not a header field"),
        ] {
            assert_eq!(names(message), Err(why.to_owned()), "{message:?}");
        }
    }

    #[test]
    fn the_body_begins_after_the_empty_line() {
        for (message, end, body) in
            [("A: b\r\n\r\nbody", 6, 8), ("\r\nbody", 0, 2), ("A: b\r\n", 6, 6), ("A: b", 4, 4), ("", 0, 0)]
        {
            let section = HeaderSection::scan(message.as_bytes()).expect("a header section");
            assert_eq!((section.end, section.body), (end, body), "{message:?}");
        }
    }

    #[test]
    fn a_header_has_an_end_within_its_limit() {
        let field = |octets: usize| format!("A:{}\r\n", "a".repeat(octets - 4));
        for (message, too_large) in [
            (field(LARGEST - 2) + "\r\n" + &field(9 * LARGEST), false),
            (field(LARGEST - 1) + "\r\n", true),
            (field(LARGEST - 1), false),
            (field(LARGEST), true),
            ("\r\n".to_owned() + &field(2 * LARGEST), false),
        ] {
            assert_eq!(is_too_large(message.as_bytes()), too_large, "{} octets", message.len());
        }
    }

    #[test]
    fn of_binary_content_the_header_is_lines() {
        for (message, spoiled) in [
            ("A: b\r\n\r\n\0\n\r", false),
            ("\r\n\n", false),
            ("A: b\n\r\n\r\n", true),
            ("A: b\n\nc", true),
            ("A: b\0\r\n\r\n", true),
            ("A: b\r\n", false),
        ] {
            assert_eq!(is_spoiled(of_binary(message.as_bytes())), spoiled, "{message:?}");
        }
    }

    #[test]
    fn only_crlf_ends_a_line_and_there_is_no_nul() {
        for (message, spoiled) in [
            ("", false),
            ("a\r\nb\r\n", false),
            ("a\r\n\r\n", false),
            ("a\nb\r\n", true),
            ("a\rb\r\n", true),
            ("a\r\r\n", true),
            ("a\n", true),
            ("a\r\n\n", true),
            ("a\r", true),
            ("\n", true),
            ("a\r\n.\n.\r\n", true),
            ("\0", true),
            ("a\r\n\0.\r\n", true),
        ] {
            assert_eq!(is_spoiled(message.as_bytes()), spoiled, "{message:?}");
        }
    }
}
