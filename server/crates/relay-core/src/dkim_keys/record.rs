//! The TXT record of a key (RFC 6376 §3.6.1, RFC 8463 §4): written for people to publish, read as verifiers read it.

use relay_types::domain::DkimAlgorithm;

/// The value to publish; `public` is base64.
pub(super) fn value(algorithm: DkimAlgorithm, public: &str) -> String {
    let kind = match algorithm {
        DkimAlgorithm::RsaSha256 => "rsa",
        DkimAlgorithm::Ed25519Sha256 => "ed25519",
    };
    format!("v=DKIM1; k={kind}; p={public}")
}

/// Whether one of the texts publishes the expected key.
pub(super) fn published(texts: &[String], expected: &str) -> bool {
    texts.iter().any(|text| publishes(text, expected))
}

/// Whether `found` publishes the same key as `expected`: tags in any order, white space and unknown tags apart.
fn publishes(found: &str, expected: &str) -> bool {
    match (Key::read(found), Key::read(expected)) {
        (Some(found), Some(expected)) => found == expected,
        _ => false,
    }
}

/// What makes two records the same key.
#[derive(Debug, PartialEq, Eq)]
struct Key {
    kind: String,
    public: String,
}

impl Key {
    /// None when a verifier would find no usable key: another version, a tag twice, a revoked key, not for mail, or
    /// no hash that we use.
    fn read(record: &str) -> Option<Self> {
        let mut tags: Vec<(&str, &str)> = Vec::new();
        for part in record.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=')?;
            let name = name.trim();
            if tags.iter().any(|&(known, _)| known == name) {
                return None;
            }
            tags.push((name, value.trim()));
        }
        let get = |name: &str| tags.iter().find(|&&(known, _)| known == name).map(|&(_, value)| value);
        let lists = |name: &str, wanted: &[&str]| {
            get(name).is_none_or(|list| list.split(':').any(|one| wanted.contains(&one.trim())))
        };
        // RFC 6376 §3.6.1: `v=` is the first tag when it is there.
        let version = get("v").is_none_or(|version| version == "DKIM1" && tags[0].0 == "v");
        if !version || !lists("h", &["sha256"]) || !lists("s", &["*", "email"]) {
            return None;
        }
        let public: String = get("p")?.chars().filter(|c| !c.is_whitespace()).collect();
        if public.is_empty() {
            return None;
        }
        Some(Self { kind: get("k").unwrap_or("rsa").to_owned(), public })
    }
}

#[cfg(test)]
mod tests {
    use super::publishes;

    #[test]
    fn a_record_is_read_by_its_tags() {
        let expected = "v=DKIM1; k=rsa; p=AAAA";
        for (found, same) in [
            ("v=DKIM1; k=rsa; p=AAAA", true),
            ("v=DKIM1;p=AAAA;k=rsa;", true),
            ("v=DKIM1; p=AA AA", true),
            ("p=AAAA", true),
            ("v=DKIM1; h=sha1:sha256; t=y; s=email; n=by hand; p=AAAA", true),
            ("v=DKIM1; k=rsa; p=BBBB", false),
            ("v=DKIM1; k=ed25519; p=AAAA", false),
            ("v=DKIM1; k=rsa; p=", false),
            ("v=DKIM2; k=rsa; p=AAAA", false),
            ("k=rsa; v=DKIM1; p=AAAA", false),
            ("v=DKIM1; p=AAAA; p=AAAA", false),
            ("v=DKIM1; h=sha1; p=AAAA", false),
            ("v=spf1 -all", false),
            ("", false),
        ] {
            assert_eq!(publishes(found, expected), same, "{found}");
        }
    }
}
