//! Names between text and the library's form. Labels may hold any octet: RFC 2317 uses `/`, and hostile answers anything.

use hickory_proto::rr::Name;

/// A name from text with or without trailing dot, `\DDD` as in zone files (RFC 1035 §5.1); none when DNS cannot hold it.
pub(crate) fn from_text(text: &str) -> Option<Name> {
    let mut labels: Vec<Vec<u8>> = Vec::new();
    let mut label = Vec::new();
    let mut octets = text.strip_suffix('.').unwrap_or(text).bytes();
    while let Some(octet) = octets.next() {
        match octet {
            b'.' => labels.push(std::mem::take(&mut label)),
            b'\\' => {
                let digits = [octets.next()?, octets.next()?, octets.next()?];
                label.push(std::str::from_utf8(&digits).ok()?.parse().ok()?);
            }
            other => label.push(other),
        }
    }
    labels.push(label);
    let mut name = Name::from_labels(labels).ok()?;
    name.set_fqdn(true);
    Some(name)
}

/// Lower case, without trailing dot; what is no letter, digit or `-_/*` as `\DDD`. Empty for the root.
pub(crate) fn to_text(name: &Name) -> String {
    let labels = name.iter().map(|label| {
        label.iter().fold(String::new(), |mut text, octet| {
            match octet {
                b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'_' | b'/' | b'*' => {
                    text.push(char::from(octet.to_ascii_lowercase()));
                }
                other => text += &format!("\\{other:03}"),
            }
            text
        })
    });
    labels.collect::<Vec<_>>().join(".")
}

/// The name and those above it, the root last.
pub(crate) fn upwards(name: &Name) -> impl Iterator<Item = Name> {
    std::iter::successors(Some(name.clone()), |name| (!name.is_root()).then(|| name.base_name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_label_survives_as_text() {
        for text in ["7.0/25.2.0.192.in-addr.arpa", "a_b.example", "\\032\\046\\255.example", ""] {
            assert_eq!(from_text(text).map(|name| to_text(&name)).as_deref(), (!text.is_empty()).then_some(text));
        }
        assert_eq!(to_text(&from_text("VM.Example.").unwrap()), "vm.example");
        for text in ["a..b", "\\300.example", "\\1", &"a".repeat(64), &"abc.".repeat(70)] {
            assert_eq!(from_text(text), None, "{text:?}");
        }
    }

    #[test]
    fn upwards_ends_at_the_root() {
        let names: Vec<String> = upwards(&from_text("a.b.example").unwrap()).map(|name| to_text(&name)).collect();
        assert_eq!(names, ["a.b.example", "b.example", "example", ""]);
    }
}
