use super::*;

/// 2048 bits.
pub(crate) const RSA: &str = include_str!("rsa2048.txt");

fn parse(text: &str) -> KeyRecord {
    KeyRecord::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn a_record_is_read_by_its_tags() {
    let key = parse("v=DKIM1; h=sha256:SHA1; k=RSA; n=by hand; s=email:other; t=y:s; x=1; p=AA EC;");
    assert_eq!(key.kind, "rsa");
    assert_eq!(key.hashes.as_deref(), Some(&["sha256".to_owned(), "sha1".to_owned()][..]));
    assert_eq!((key.is_testing(), key.is_strict(), key.takes_sha256(), key.is_for_mail()), (true, true, true, true));
    assert_eq!(key.notes.as_deref(), Some("by hand"));
    assert_eq!(key.unknown, [("x".to_owned(), "1".to_owned())]);
    assert_eq!((key.public, key.spaces), (Public::Key(vec![0, 1, 2]), true));
}

#[test]
fn what_is_not_said_has_the_standards_default() {
    let key = parse("p=AAEC");
    assert_eq!((key.kind.as_str(), key.hashes.as_ref(), key.services.as_slice()), ("rsa", None, &["*".to_owned()][..]));
    assert_eq!((key.is_testing(), key.is_strict(), key.takes_sha256(), key.is_for_mail()), (false, false, true, true));
    assert_eq!(parse("v=DKIM1; p=").public, Public::Revoked);
    assert_eq!(parse("v=DKIM1; p=A!!A").public, Public::Broken);
    assert!(!parse("v=DKIM1; h=sha1; p=AAEC").takes_sha256());
    assert!(!parse("v=DKIM1; s=tlsrpt; p=AAEC").is_for_mail());
}

#[test]
fn what_is_no_key_is_told_apart() {
    let twice = |tag: &str| KeyError::Twice(tag.to_owned());
    for (text, error) in [
        ("v=spf1 -all", KeyError::AnotherText),
        ("v=DMARC1; p=none", KeyError::AnotherText),
        ("google-site-verification=abc", KeyError::AnotherText),
        ("", KeyError::AnotherText),
        ("\"v=DKIM1; k=rsa; \" \"p=AAEC\"", KeyError::Quotes),
        ("v=DKIM1; p=AA\" \"EC", KeyError::Quotes),
        ("v=DKIM2; p=AAEC", KeyError::Version),
        ("k=rsa; v=DKIM1; p=AAEC", KeyError::Version),
        ("v=dkim1; p=AAEC", KeyError::Version),
        ("v=DKIM1; p=AAEC; p=AAEC", twice("p")),
        ("v=DKIM1; k=rsa", KeyError::NoKey),
        ("v=DKIM1; k rsa; p=AAEC", KeyError::Malformed("k rsa".to_owned())),
    ] {
        assert_eq!(KeyRecord::parse(text), Err(error), "{text}");
    }
}

#[test]
fn the_size_of_a_key_is_seen() {
    assert_eq!(parse(RSA.trim()).bits(), Some(2048));
    // RFC 8463 §A.2.
    assert_eq!(parse("v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=").bits(), Some(256));
    assert_eq!(parse("v=DKIM1; k=ed25519; p=AAEC").bits(), None);
    // RFC 6376 §C.2: 1024 bits.
    let rfc = "v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYt\
               IxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gb\
               to/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB";
    assert_eq!(parse(rfc).bits(), Some(1024));
    assert_eq!(parse(&rfc[..rfc.len() - 40]).bits(), None, "cut off");
    assert_eq!(parse("v=DKIM1; k=future; p=AAEC").algorithm(), None);
}
