//! Values as each file format wants them.

/// A string literal of Python and of Java: in double quotes.
pub(super) fn string(value: &str) -> String {
    let mut text = String::from("\"");
    for c in value.chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            c => text.push(c),
        }
    }
    text + "\""
}

/// One word of a POSIX shell: in single quotes.
pub(super) fn shell(value: &str) -> String {
    format!("'{}'", value.replace('\'', "'\\''"))
}

/// A value of an `.env` file: bare when that is safe for every reader, else in single quotes, which a shell and the
/// dotenv libraries take literally; in double quotes when it holds a single quote.
pub(super) fn env(value: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || "-_.@+/:".contains(c);
    if !value.is_empty() && value.chars().all(bare) {
        value.to_owned()
    } else if !value.contains('\'') {
        format!("'{value}'")
    } else {
        let mut text = String::from("\"");
        for c in value.chars() {
            if matches!(c, '"' | '\\' | '$' | '`') {
                text.push('\\');
            }
            text.push(c);
        }
        text + "\""
    }
}

/// A value in Postfix's `main.cf`, where `$` begins a parameter (postconf(5)).
pub(super) fn main_cf(value: &str) -> String {
    value.replace('$', "$$")
}

/// A field of sendmail's `authinfo` map, in double quotes. The map has no escape, so a quote is left out: user names
/// and secrets made here never hold one.
pub(super) fn authinfo(tag: char, value: &str) -> String {
    format!("\"{tag}:{}\"", value.replace(['"', '\n'], ""))
}

/// A part of Exim's `client_send` (Exim specification §34.2): expanded, a list with colons, `^` stands for NUL.
pub(super) fn client_send(value: &str) -> String {
    let mut text = String::new();
    for c in value.chars() {
        match c {
            '$' | '\\' => text.extend(['\\', c]),
            ':' => text.push_str("::"),
            '^' => text.push_str("^^"),
            c => text.push(c),
        }
    }
    text
}

/// An argument of msmtp: in double quotes, which it strips at both ends and nowhere else.
pub(super) fn msmtp(value: &str) -> String {
    format!("\"{}\"", value.replace('\n', ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_leave_its_quotes() {
        let value = r#"a'b"c\d$e`f:g^h"#;
        assert_eq!(string(value), r#""a'b\"c\\d$e`f:g^h""#);
        assert_eq!(shell(value), r#"'a'\''b"c\d$e`f:g^h'"#);
        assert_eq!(env(value), r#""a'b\"c\\d\$e\`f:g^h""#);
        assert_eq!(env("a b$c"), "'a b$c'");
        assert_eq!(env("sa-x:Y_z-1"), "sa-x:Y_z-1");
        assert_eq!(env(""), "''");
        assert_eq!(main_cf("a$b"), "a$$b");
        assert_eq!(client_send(value), r#"a'b"c\\d\$e`f::g^^h"#);
        assert_eq!(authinfo('P', "a\"b"), r#""P:ab""#);
        assert_eq!(msmtp("a\"b#c"), "\"a\"b#c\"");
    }
}
