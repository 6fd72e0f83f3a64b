//! xtext (RFC 3461 §4): printable ASCII without `+` and `=`, or `+` and two upper-case hexadecimal digits.

/// Undoes it; none when the text is not xtext, or does not decode to UTF-8.
pub(super) fn decode(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'+' => {
                decoded.push(hex(*bytes.get(at + 1)?)? * 16 + hex(*bytes.get(at + 2)?)?);
                at += 3;
            }
            b'!'..=b'~' if byte != b'=' => {
                decoded.push(byte);
                at += 1;
            }
            _ => return None,
        }
    }
    String::from_utf8(decoded).ok()
}

/// Writes ASCII text in it.
pub(super) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'!'..=b'~' if !b"+=".contains(&byte) => encoded.push(char::from(byte)),
            byte => encoded.push_str(&format!("+{byte:02X}")),
        }
    }
    encoded
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}
