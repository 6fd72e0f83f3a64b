//! Replies as octets (RFC 5321 §4.2, §4.5.3.1.5).
//!
//! Owns the one place where a reply of ours becomes bytes: whatever text a reply holds, what leaves here has no CR or
//! LF inside a line, only printable ASCII, and at most 512 octets a line.

use relay_types::reply::Reply;

/// Longest reply line with its CRLF (RFC 5321 §4.5.3.1.5).
pub const LINE_LIMIT: usize = 512;

/// Appends the reply in its wire form to `wire`.
///
/// The enhanced code stands on every line (RFC 2034 §4). A text that is too long continues on another line.
pub fn write(reply: &Reply, wire: &mut Vec<u8>) {
    let enhanced = reply.enhanced.map(|code| format!("{code} ")).unwrap_or_default();
    let room = LINE_LIMIT - "250-".len() - enhanced.len() - "\r\n".len();
    let mut lines: Vec<String> = reply.lines.iter().flat_map(|text| wrap(&printable(text), room)).collect();
    if lines.is_empty() {
        lines.push(String::new());
    }
    let last = lines.len() - 1;
    for (at, line) in lines.iter().enumerate() {
        let separator = if at == last { ' ' } else { '-' };
        wire.extend_from_slice(format!("{}{separator}{enhanced}{line}\r\n", reply.code).as_bytes());
    }
}

/// Control characters become spaces; what is not ASCII becomes `\x{…}` (the unitext form of RFC 6533 §3).
fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            ' '..='~' => out.push(c),
            c if c.is_control() => out.push(' '),
            c => out.push_str(&format!("\\x{{{:X}}}", c as u32)),
        }
    }
    out
}

/// Cuts ASCII text into pieces of at most `room` octets, at a space where there is one.
fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while rest.len() > room {
        let cut = rest[..room].rfind(' ').filter(|at| *at > 0).unwrap_or(room);
        pieces.push(rest[..cut].to_owned());
        rest = rest[cut..].trim_start_matches(' ');
    }
    pieces.push(rest.to_owned());
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wire(reply: &Reply) -> String {
        let mut wire = Vec::new();
        write(reply, &mut wire);
        String::from_utf8(wire).expect("ASCII")
    }

    #[test]
    fn each_line_has_both_codes() {
        let mut reply = Reply::new(550, (5, 7, 1), "first");
        reply.lines.push("second".into());
        assert_eq!(wire(&reply), "550-5.7.1 first\r\n550 5.7.1 second\r\n");
        assert_eq!(wire(&Reply::plain(334, "")), "334 \r\n");
    }

    #[test]
    fn a_text_cannot_end_its_line() {
        let reply = Reply::new(550, (5, 7, 1), "a\r\n250 2.0.0 ok\0b gr\u{fc}n");
        assert_eq!(wire(&reply), "550 5.7.1 a  250 2.0.0 ok b gr\\x{FC}n\r\n");
    }

    proptest! {
        #[test]
        fn no_line_is_longer_than_512_octets(texts in prop::collection::vec(".{0,900}", 0..4)) {
            let reply = Reply { lines: texts, ..Reply::new(550, (5, 7, 1), "") };
            let wire = wire(&reply);
            prop_assert!(wire.ends_with("\r\n"));
            for line in wire.trim_end_matches("\r\n").split("\r\n") {
                prop_assert!(line.len() + 2 <= LINE_LIMIT);
                prop_assert!(line.bytes().all(|b| (b' '..=b'~').contains(&b)));
                prop_assert!(line.starts_with("550-5.7.1 ") || line.starts_with("550 5.7.1 "));
            }
        }
    }
}
