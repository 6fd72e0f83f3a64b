//! Where to go after sign-in: only to a page of ours.

/// `next` when it is a path on this host, else `/`.
///
/// `leptos_axum::redirect` panics on a control character and follows any URL; everything a person or a link can
/// influence goes through here first.
pub fn safe_next(next: &str) -> &str {
    let ours = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains('\\')
        && next.bytes().all(|byte| (0x21..0x7f).contains(&byte));
    if ours { next } else { "/" }
}

/// `text` as one value of a query string (RFC 3986 §2.3).
pub fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_ours_are_followed() {
        for ours in ["/", "/p/bio/messages?state=held&after=x", "/s/AB12"] {
            assert_eq!(safe_next(ours), ours);
        }
        for theirs in [
            "",
            "p",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\r\nSet-Cookie:x",
            "/a b",
            "/ä",
            "/\u{0}",
        ] {
            assert_eq!(safe_next(theirs), "/", "{theirs:?}");
        }
    }

    #[test]
    fn a_value_cannot_leave_its_place() {
        assert_eq!(encode("a b&c=d/é"), "a%20b%26c%3Dd%2F%C3%A9");
    }
}
