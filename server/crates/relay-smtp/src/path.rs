//! The path of MAIL and RCPT: `<>`, `<local@domain>`, `<postmaster>`, and source routes (RFC 5321 §4.1.2).
//!
//! A source route is read and dropped, so that the policy judges only the mailbox it leads to (RFC 5321 §C, §F.2).
//! Addresses are made by `EmailAddress::parse` and by nothing else.

use relay_types::{DomainName, EmailAddress};

/// Longest path with its brackets (RFC 5321 §4.5.3.1.3).
pub const PATH_LIMIT: usize = 256;

/// What stands between the angle brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Path {
    /// `<>`.
    Null,
    /// `<postmaster>` without a domain, in any case (RFC 5321 §4.1.1.3).
    Postmaster,
    /// A mailbox.
    Mailbox(EmailAddress),
}

/// A path is not one: no brackets, a space before them, or no address in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MalformedPath;

/// Reads a path at the beginning of `text`; gives it, its own text, and the rest of the line behind it.
pub fn parse(text: &str) -> Result<(Path, &str, &str), MalformedPath> {
    let end = closing_bracket(text).ok_or(MalformedPath)?;
    let (written, rest) = text.split_at(end + 1);
    if written.len() > PATH_LIMIT || !(rest.is_empty() || rest.starts_with(' ')) {
        return Err(MalformedPath);
    }
    let inside = &written[1..end];
    let path = if inside.is_empty() {
        Path::Null
    } else if inside.eq_ignore_ascii_case("postmaster") {
        Path::Postmaster
    } else {
        Path::Mailbox(EmailAddress::parse(without_route(inside)?).map_err(|_| MalformedPath)?)
    };
    Ok((path, written, rest))
}

/// Where the `>` is that closes the `<` at the beginning; one inside quotes does not.
fn closing_bracket(text: &str) -> Option<usize> {
    let mut quoted = false;
    let mut escaped = false;
    for (at, byte) in text.strip_prefix('<')?.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'>' if !quoted => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// Drops `@a.example,@b.example:`; every name in it must still be a name.
fn without_route(inside: &str) -> Result<&str, MalformedPath> {
    if !inside.starts_with('@') {
        return Ok(inside);
    }
    let (route, mailbox) = inside.split_once(':').ok_or(MalformedPath)?;
    let is_hop = |hop: &str| hop.strip_prefix('@').is_some_and(|name| DomainName::parse(name).is_ok());
    if route.split(',').all(is_hop) { Ok(mailbox) } else { Err(MalformedPath) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_gives_one_mailbox() {
        for (text, mailbox, rest) in [
            ("<a@b.example>", "a@b.example", ""),
            ("<a@b.example> SIZE=1", "a@b.example", " SIZE=1"),
            ("<\"a>b\"@c.example>", "\"a>b\"@c.example", ""),
            ("<\"a b\"@c.example>", "\"a b\"@c.example", ""),
            ("<\"a\\\">b\"@c.example>", "\"a\\\">b\"@c.example", ""),
            ("<@x.example:a@b.example>", "a@b.example", ""),
            ("<@x.example,@y.example:a@b.example>", "a@b.example", ""),
            ("<a%c.example@b.example>", "a%c.example@b.example", ""),
            ("<x!a@b.example>", "x!a@b.example", ""),
        ] {
            let address = EmailAddress::parse(mailbox).expect("an address");
            assert_eq!(parse(text).map(|p| (p.0, p.2)), Ok((Path::Mailbox(address), rest)), "{text}");
        }
        assert_eq!(parse("<>").map(|p| p.0), Ok(Path::Null));
        assert_eq!(parse("<PostMaster>").map(|p| p.0), Ok(Path::Postmaster));
    }

    #[test]
    fn what_is_not_a_path_is_refused() {
        for text in [
            "",
            "<",
            ">",
            "a@b.example",
            " <a@b.example>",
            "<a@b.example",
            "<a@b.example>SIZE=1",
            "<a>",
            "<b!a>",
            "<@x.example>",
            "<@x.example:>",
            "<@:a@b.example>",
            "<@x y:a@b.example>",
            "<<a@b.example>>",
            "<a@b.example.>",
            "<a@[192.0.2.1]>",
            "< a@b.example>",
        ] {
            assert_eq!(parse(text), Err(MalformedPath), "{text:?}");
        }
        let long = format!("<{}@{}.example>", "a".repeat(64), "b.".repeat(100));
        assert_eq!(parse(&long), Err(MalformedPath));
    }
}
