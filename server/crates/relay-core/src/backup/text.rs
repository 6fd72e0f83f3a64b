//! Values in the text form of PostgreSQL's COPY: columns apart by tabs, rows by line feeds, `\N` for none.

/// Adds a value to a line.
pub(super) fn write(line: &mut Vec<u8>, value: Option<&str>) {
    let Some(value) = value else { return line.extend_from_slice(b"\\N") };
    for octet in value.bytes() {
        match octet {
            b'\\' => line.extend_from_slice(b"\\\\"),
            b'\t' => line.extend_from_slice(b"\\t"),
            b'\n' => line.extend_from_slice(b"\\n"),
            b'\r' => line.extend_from_slice(b"\\r"),
            octet => line.push(octet),
        }
    }
}

/// The values of a line; `None` for what is no line of this form.
pub(super) fn read(line: &[u8]) -> Option<Vec<Option<String>>> {
    line.split(|&octet| octet == b'\t').map(value).collect()
}

fn value(text: &[u8]) -> Option<Option<String>> {
    if text == b"\\N" {
        return Some(None);
    }
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(&octet) = rest.next() {
        octets.push(match octet {
            b'\\' => match rest.next()? {
                b't' => b'\t',
                b'n' => b'\n',
                b'r' => b'\r',
                b'b' => 8,
                b'f' => 12,
                b'v' => 11,
                b'\\' => b'\\',
                _ => return None,
            },
            octet => octet,
        });
    }
    String::from_utf8(octets).ok().map(Some)
}

/// Octets of hexadecimal digits, dashes left out.
pub(super) fn octets(hex: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = hex.bytes().filter(|&octet| octet != b'-').collect();
    let digit = |octet: u8| char::from(octet).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    digits.chunks(2).map(|pair| Some(digit(*pair.first()?)? * 16 + digit(*pair.get(1)?)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let values = [Some("a\tb\\c\r\nd"), None, Some(""), Some("\\N"), Some("ä")];
        let mut line = Vec::new();
        for (place, value) in values.into_iter().enumerate() {
            if place > 0 {
                line.push(b'\t');
            }
            write(&mut line, value);
        }
        assert_eq!(line, "a\\tb\\\\c\\r\\nd\t\\N\t\t\\\\N\tä".as_bytes());
        assert_eq!(read(&line), Some(values.map(|value| value.map(str::to_owned)).to_vec()));
        assert_eq!(read(b"a\\"), None);
        assert_eq!(read(b"\\x41"), None);
        assert_eq!(read(b"\xff"), None);
    }

    #[test]
    fn hexadecimal_digits_are_octets() {
        assert_eq!(octets("00-fFa1"), Some(vec![0, 255, 161]));
        assert_eq!(octets("0"), None);
        assert_eq!(octets("0x"), None);
    }
}
