//! Reads the mailboxes of From and Sender (RFC 5322 §3.4, RFC 6532 §3.2). Who may write as whom rests on this file.
//!
//! It is stricter than the grammar on purpose: whatever some reader of mail could take for another address (groups,
//! source routes, addresses in pieces, comments or encoded words with an address in them) is [`Ambiguous`], never
//! guessed. What it does return, every reader sees alike.

use super::header::Ambiguous;
use mail_parser::{decoders::charsets::map::charset_decoder, parsers::MessageStream};
use relay_types::EmailAddress;

/// More mailboxes than a person would write.
const MOST: usize = 100;
/// Octets of a field; so many mailboxes fit in it. It is read while the client waits.
const LONGEST: usize = 64 * 1024;
/// Characters of what a program wrote that are shown to it again.
const SHOWN: usize = 300;

/// The mailboxes of a field's `value` (folds included), at least one. `field` is its name, for the words of a refusal.
pub(crate) fn mailboxes(field: &str, value: &[u8]) -> Result<Vec<EmailAddress>, Ambiguous> {
    read(value).map_err(|what| Ambiguous::because(format!("{field} {what}")))
}

type Read<T> = Result<T, String>;

fn refuse<T>(what: impl Into<String>) -> Read<T> {
    Err(what.into())
}

fn read(value: &[u8]) -> Read<Vec<EmailAddress>> {
    if value.len() > LONGEST {
        return refuse(format!("is longer than {LONGEST} octets"));
    }
    let Ok(text) = std::str::from_utf8(value) else {
        return refuse("has octets that are not UTF-8");
    };
    // Unfolding (RFC 5322 §2.2.3): the scanner leaves CRLF only before white space.
    let text = text.replace("\r\n", "");
    if text.chars().any(|c| c.is_control() && c != '\t') {
        return refuse("has a control character");
    }
    let pieces = pieces(&text)?;
    let places: Vec<_> = pieces.split(|piece| piece.kind == Kind::Comma).collect();
    if places.len() > MOST {
        return refuse(format!("has more than {MOST} addresses"));
    }
    places.into_iter().map(|place| mailbox(&text, place)).collect()
}

/// `[display-name] <addr-spec>` or `addr-spec`, comments apart.
fn mailbox(text: &str, pieces: &[Piece]) -> Read<EmailAddress> {
    let pieces: Vec<&Piece> = pieces.iter().filter(|piece| piece.kind != Kind::Comment).collect();
    match pieces.as_slice() {
        [] => refuse("has an empty place where an address belongs"),
        [name @ .., angle] if angle.kind == Kind::Angle => {
            if name.iter().any(|piece| piece.kind == Kind::At) {
                return refuse("has an address in its display name");
            }
            if name.iter().any(|piece| piece.kind == Kind::Angle) {
                return refuse("has two addresses without a comma");
            }
            address(&text[angle.start + 1..angle.end - 1])
        }
        [local, at, domain]
            if matches!(local.kind, Kind::Word | Kind::Quoted)
                && at.kind == Kind::At
                && domain.kind == Kind::Word
                && local.end == at.start
                && at.end == domain.start =>
        {
            address(&text[local.start..domain.end])
        }
        [one] if one.kind == Kind::Word => {
            refuse(format!("has {:?}, which has no domain", shown(&text[one.start..one.end])))
        }
        _ => refuse("has words and an address that cannot be told apart with certainty"),
    }
}

fn address(text: &str) -> Read<EmailAddress> {
    if text.contains("=?") {
        return refuse("has an encoded word in its address");
    }
    EmailAddress::parse(text).or_else(|why| refuse(format!("has {:?}, which is not an address: {why}", shown(text))))
}

fn shown(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// atext, dots and what is not ASCII.
    Word,
    /// With its quotes.
    Quoted,
    At,
    /// With its brackets.
    Angle,
    /// With its parentheses.
    Comment,
    Comma,
}

/// A piece of the unfolded text; white space stands between pieces and is none.
struct Piece {
    kind: Kind,
    start: usize,
    end: usize,
}

fn pieces(text: &str) -> Read<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut start = 0;
    while let Some(c) = text[start..].chars().next() {
        let rest = &text[start..];
        let (kind, length) = match c {
            ' ' | '\t' => {
                start += 1;
                continue;
            }
            ',' => (Kind::Comma, 1),
            '@' => (Kind::At, 1),
            '"' => (Kind::Quoted, quoted(rest)?),
            '<' => (Kind::Angle, angle(rest)?),
            '(' => (Kind::Comment, comment(rest)?),
            ':' | ';' => return refuse("has a group, which is not allowed here"),
            c if is_word(c) => (Kind::Word, word(rest)?),
            c => return refuse(format!("cannot be read with certainty at {c:?}")),
        };
        pieces.push(Piece { kind, start, end: start + length });
        start += length;
    }
    Ok(pieces)
}

/// Length of a run of atext and dots (RFC 5322 §3.2.3; dots also stand in old display names, §4.1).
fn word(text: &str) -> Read<usize> {
    let length = text.find(|c| !is_word(c)).unwrap_or(text.len());
    judge_words(&text[..length])?;
    Ok(length)
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c) || (!c.is_ascii() && !c.is_control())
}

/// Length of a quoted string (RFC 5322 §3.2.4). Its content may have an `@`, but nothing that looks like brackets.
fn quoted(text: &str) -> Read<usize> {
    let mut inside = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '"' if inside.contains(['<', '>']) => return refuse("has angle brackets in a quoted string"),
            '"' => {
                if inside.contains("=?") {
                    judge_words(&inside)?;
                }
                return Ok(at + 1);
            }
            '\\' => inside.extend(chars.next().map(|(_, c)| c)),
            c => inside.push(c),
        }
    }
    refuse("has a quoted string that does not end")
}

/// Length of `<…>`; only a quoted local part may hold a `>`.
fn angle(text: &str) -> Read<usize> {
    let (mut within_quotes, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if within_quotes => escaped = true,
            '"' => within_quotes = !within_quotes,
            '>' if !within_quotes => return Ok(at + 1),
            _ => {}
        }
    }
    refuse("has an angle bracket that does not close")
}

/// Length of a comment (RFC 5322 §3.2.2). One that could end elsewhere for another reader is refused.
fn comment(text: &str) -> Read<usize> {
    let Some(end) = text.find(')') else {
        return refuse("has a comment that does not end");
    };
    let inside = &text[1..end];
    if inside.contains(['(', '\\', '"']) {
        return refuse("has a comment with a quote, a backslash or another comment in it");
    }
    if shows_address(inside) {
        return refuse("has a comment with an address in it");
    }
    judge_words(inside)?;
    Ok(end + 1)
}

/// Refuses encoded words (RFC 2047) that show an address when decoded, and those that cannot be decoded.
fn judge_words(text: &str) -> Read<()> {
    if text.contains(['＠', '﹫', '＜', '＞']) {
        return refuse("has an address in its display name");
    }
    let mut rest = text;
    while let Some(start) = rest.find("=?") {
        let encoded = &rest[start + 1..];
        let Some(end) = end_of_encoded_word(encoded) else {
            return refuse("has an encoded word that cannot be decoded");
        };
        let Some(decoded) = decoded(&encoded[..end]) else {
            return refuse("has an encoded word that cannot be decoded");
        };
        if shows_address(&decoded) || decoded.chars().any(|c| c.is_control() && c != '\t') {
            return refuse("has an encoded word with an address in it");
        }
        rest = &encoded[end..];
    }
    Ok(())
}

/// What `?charset?encoding?text?=` says; none when its charset is not known, because then a reader who knows it sees
/// what we do not.
fn decoded(encoded: &str) -> Option<String> {
    let charset = encoded[1..].split(['?', '*']).next().unwrap_or_default();
    let is_utf8 = ["utf-8", "utf8", "us-ascii"].iter().any(|name| charset.eq_ignore_ascii_case(name));
    if !is_utf8 && charset_decoder(charset.as_bytes()).is_none() {
        return None;
    }
    let decoded = MessageStream::new(encoded.as_bytes()).decode_rfc2047()?;
    // A character that is torn between two encoded words hides nothing in UTF-8: an `@` is one octet there.
    Some(decoded).filter(|text| is_utf8 || !text.contains('\u{FFFD}'))
}

/// Index behind `?charset?encoding?text?=`.
fn end_of_encoded_word(text: &str) -> Option<usize> {
    let mut marks = text.match_indices('?').map(|(at, _)| at).skip(1);
    let (_charset_end, _encoding_end, text_end) = (marks.next()?, marks.next()?, marks.next()?);
    text[text_end..].starts_with("?=").then_some(text_end + 2)
}

fn shows_address(text: &str) -> bool {
    text.contains(['@', '<', '>', '＠', '﹫', '＜', '＞'])
}

#[cfg(test)]
mod tests;
