//! Reads CSV (RFC 4180) record by record, with the place of each, so that an import can go on in the middle. Pure.
//!
//! Tolerant where files differ: LF or CRLF, a byte order mark, empty lines, semicolons for commas (as spreadsheets write
//! them where the comma is in numbers). Strict where guessing would change data: a quote that is not closed, or text
//! after one that is.

use crate::{Error, Result as CoreResult};
use std::borrow::Cow;

/// A field longer than this is taken for one whose quote is not closed.
const LONGEST: usize = 4_096;
/// Octets of a record, with all columns that are read past.
const RECORD: usize = 64 * 1_024;

/// Reads from a place on.
pub(crate) struct Reader<'a> {
    text: &'a str,
    /// A comma; a semicolon when that is what the first line has.
    separator: char,
    place: Place,
}

/// Where the next record begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// In octets from the beginning.
    pub(crate) at: u64,
    /// Its line, from 1.
    pub(crate) line: u64,
}

/// A record that is not empty.
pub(crate) struct Record<'a> {
    /// The line it begins in, from 1.
    pub(crate) line: u64,
    /// As it stands in the file, without its end.
    pub(crate) text: &'a str,
    /// Its fields without quotes and white space around; or what is wrong with it.
    pub(crate) fields: Result<Vec<Cow<'a, str>>, &'static str>,
}

impl Place {
    /// As a job keeps it.
    pub(crate) fn stored(self) -> Vec<u8> {
        [self.at.to_be_bytes(), self.line.to_be_bytes()].concat()
    }

    /// As it was kept.
    pub(crate) fn read(stored: &[u8]) -> CoreResult<Self> {
        let place = u128::from_be_bytes(stored.try_into().map_err(Error::internal)?);
        Ok(Self { at: (place >> 64) as u64, line: place as u64 })
    }
}

/// A cell without the apostrophe that downloads put before what a spreadsheet would run as a formula.
pub(crate) fn plain(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@']) => rest,
        _ => cell,
    }
}

impl<'a> Reader<'a> {
    /// Reads from the beginning.
    pub(crate) fn new(text: &'a str) -> Self {
        let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() as u64 } else { 0 };
        Self::from(text, Place { at, line: 1 })
    }

    /// Goes on at a place that [`Self::place`] gave.
    pub(crate) fn from(text: &'a str, place: Place) -> Self {
        let first = text.lines().next().unwrap_or_default();
        let separator = if first.contains(';') && !first.contains(',') { ';' } else { ',' };
        Self { text, separator, place }
    }

    /// Where the next record begins.
    pub(crate) fn place(&self) -> Place {
        self.place
    }

    /// The next record.
    pub(crate) fn next(&mut self) -> Option<Record<'a>> {
        loop {
            let begin = usize::try_from(self.place.at).ok()?;
            let rest = self.text.get(begin..).filter(|rest| !rest.is_empty())?;
            let line = self.place.line;
            let (fields, length) = match fields(rest, self.separator) {
                Ok((fields, length)) => (Ok(fields), length),
                // Whatever is wrong with it, the next line begins anew.
                Err(error) => (Err(error), rest.find('\n').map_or(rest.len(), |end| end + 1)),
            };
            let text = &rest[..length];
            self.place.at += length as u64;
            self.place.line += text.bytes().filter(|&octet| octet == b'\n').count() as u64;
            let text = text.trim_end_matches(['\r', '\n']);
            if !text.trim().is_empty() {
                return Some(Record { line, text, fields });
            }
        }
    }
}

/// The fields of the first record, and how many octets it takes with its end.
fn fields(rest: &str, separator: char) -> Result<(Vec<Cow<'_, str>>, usize), &'static str> {
    // A file may be one line of many million commas.
    let whole = rest.len();
    let rest = &rest[..rest.floor_char_boundary(RECORD)];
    let mut fields = Vec::new();
    let mut at = 0;
    loop {
        let (field, length) = field(&rest[at..], separator)?;
        fields.push(field);
        at += length;
        match rest.as_bytes().get(at) {
            Some(&octet) if octet == separator as u8 => at += 1,
            Some(b'\n') => return Ok((fields, at + 1)),
            Some(_) => return Ok((fields, at + 2)),
            None if rest.len() < whole => return Err("The line is longer than 64 KB"),
            None => return Ok((fields, at)),
        }
    }
}

/// A field and its length up to the separator, CRLF, LF or end behind it.
fn field(rest: &str, separator: char) -> Result<(Cow<'_, str>, usize), &'static str> {
    let Some(quoted) = rest.strip_prefix('"') else {
        let end = rest.find([separator, '\n']).unwrap_or(rest.len());
        let field = &rest[..end];
        let end = if rest[end..].starts_with('\n') && field.ends_with('\r') { end - 1 } else { end };
        return match field.contains('"') {
            true => Err("A quote stands in a field that does not begin with one"),
            false => Ok((Cow::Borrowed(field.trim()), end)),
        };
    };
    let mut text = String::new();
    let mut at = 0;
    loop {
        let next = quoted[at..].find('"').filter(|next| at + next < LONGEST).ok_or("A quote is not closed")?;
        text.push_str(&quoted[at..at + next]);
        at += next + 1;
        if quoted[at..].starts_with('"') {
            text.push('"');
            at += 1;
            continue;
        }
        let behind = &quoted[at..];
        let ends = behind.is_empty() || behind.starts_with([separator, '\n']) || behind.starts_with("\r\n");
        return match ends {
            true => Ok((Cow::Owned(text.trim().to_owned()), at + 1)),
            false => Err("Text stands behind a quote that is closed"),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Records as `line: a|b|c` or `line! reason`.
    fn read(text: &str) -> Vec<String> {
        let mut reader = Reader::new(text);
        let mut all = Vec::new();
        while let Some(record) = reader.next() {
            all.push(match record.fields {
                Ok(fields) => format!("{}: {}", record.line, fields.join("|")),
                Err(error) => format!("{}! {error}", record.line),
            });
        }
        all
    }

    #[test]
    fn records_are_read_as_rfc_4180_says() {
        assert_eq!(read("a,b,c\r\n1,2,3\r\n"), ["1: a|b|c", "2: 1|2|3"]);
        assert_eq!(read("a,b\n1,\n,2"), ["1: a|b", "2: 1|", "3: |2"]);
        assert_eq!(read("\u{feff}a , b \r\n\r\n  \n1,2"), ["1: a|b", "4: 1|2"]);
        assert_eq!(read("a,\"b, c\"\r\n\"say \"\"hi\"\"\",2\r\n"), ["1: a|b, c", "2: say \"hi\"|2"]);
        assert_eq!(read("a,\"two\r\nlines\"\r\nb,c"), ["1: a|two\r\nlines", "3: b|c"]);
        assert_eq!(read("\"\",\"\"\n"), ["1: |"]);
        assert_eq!(read("a;b\n\"1;\";2,3\n"), ["1: a|b", "2: 1;|2,3"]);
        assert_eq!(read("a,b;c\n1;2"), ["1: a|b;c", "2: 1;2"]);
        assert!(read("").is_empty());
        assert!(read("\r\n\n").is_empty());
    }

    #[test]
    fn what_would_have_to_be_guessed_is_refused_for_its_line_alone() {
        assert_eq!(read("a,\"b\nc,d\n"), ["1! A quote is not closed", "2: c|d"]);
        assert_eq!(read("\"a\"b,c\nd"), ["1! Text stands behind a quote that is closed", "2: d"]);
        assert_eq!(read("a\"b,c\nd"), ["1! A quote stands in a field that does not begin with one", "2: d"]);
        let long = format!("\"{}\",b\nc", "x".repeat(LONGEST));
        assert_eq!(read(&long), ["1! A quote is not closed", "2: c"]);
        for long in [",".repeat(RECORD + 1), "x".repeat(RECORD + 1), "ä;".repeat(RECORD)] {
            assert_eq!(read(&format!("{long}\nb")), ["1! The line is longer than 64 KB", "2: b"]);
        }
        let longest = "x".repeat(RECORD);
        assert_eq!(read(&longest), [format!("1: {longest}")]);
    }

    #[test]
    fn reading_goes_on_at_any_record() {
        let text = "\u{feff}a,b\r\n\"c\r\nd\",e\r\n\r\nf,g\r\n";
        let whole = read(text);
        let mut reader = Reader::new(text);
        let mut seen = 0;
        while reader.next().is_some() {
            seen += 1;
            let mut rest = Vec::new();
            let mut again = Reader::from(text, reader.place());
            while let Some(record) = again.next() {
                rest.push(format!("{}: {}", record.line, record.fields.expect("fields").join("|")));
            }
            assert_eq!(rest, whole[seen..]);
        }
        assert_eq!(seen, 3);
    }
}
