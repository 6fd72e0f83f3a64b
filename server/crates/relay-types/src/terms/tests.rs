use super::*;

#[test]
fn notify_is_never_alone_or_a_list_of_the_others() {
    let notify = |success, failure, delay| Ok(Notify { success, failure, delay });
    for (text, expected) in [
        ("NEVER", Ok(Notify::NEVER)),
        ("never", Ok(Notify::NEVER)),
        ("SUCCESS", notify(true, false, false)),
        ("Failure,DELAY", notify(false, true, true)),
        ("DELAY,SUCCESS,FAILURE", notify(true, true, true)),
        ("", Err(MalformedValue)),
        ("NEVER,FAILURE", Err(MalformedValue)),
        ("FAILURE,NEVER", Err(MalformedValue)),
        ("FAILURE,FAILURE", Err(MalformedValue)),
        ("FAILURE,", Err(MalformedValue)),
        (",FAILURE", Err(MalformedValue)),
        ("ALWAYS", Err(MalformedValue)),
    ] {
        assert_eq!(Notify::parse(text), expected, "{text:?}");
        if let Ok(notify) = expected {
            assert_eq!(Notify::parse(&notify.to_string()), Ok(notify));
        }
    }
}

#[test]
fn an_envelope_id_is_printable_xtext() {
    for (text, decoded) in [
        ("QQ314159", Some("QQ314159")),
        ("a+2Bb+3D", Some("a+b=")),
        ("a+20b", Some("a b")),
        ("a+2b", None),
        ("a+2", None),
        ("a=b", None),
        ("a+0D+0AX:", None),
        ("a+C3+BC", None),
        ("\u{fc}", None),
        ("", None),
    ] {
        assert_eq!(EnvelopeId::parse(text).ok().map(|id| id.decoded()).as_deref(), decoded, "{text:?}");
    }
    assert!(EnvelopeId::parse(&"a".repeat(100)).is_ok() && EnvelopeId::parse(&"a".repeat(101)).is_err());
}

#[test]
fn an_original_recipient_has_a_type_and_an_address_in_its_encoding() {
    for (text, expected) in [
        ("rfc822;a@b.example", Some(("rfc822", "a@b.example", "rfc822;a@b.example"))),
        ("RFC822;a+2Bc@b.example", Some(("rfc822", "a+c@b.example", "rfc822;a+2Bc@b.example"))),
        ("x400;/S=a", None),
        ("x400;/S+3Da", Some(("x400", "/S=a", "x400;/S+3Da"))),
        ("utf-8;gr\u{fc}n@b.example", Some(("utf-8", "gr\\x{FC}n@b.example", "utf-8;gr\\x{FC}n@b.example"))),
        ("UTF-8;gr\\x{FC}n@b.example", Some(("utf-8", "gr\\x{FC}n@b.example", "utf-8;gr\\x{FC}n@b.example"))),
        ("utf-8;a\\x{2B}c@b.example", Some(("utf-8", "a\\x{2B}c@b.example", "utf-8;a\\x{2B}c@b.example"))),
        ("utf-8;a\\x{D}c", None),
        ("utf-8;a\\x{0D}c", None),
        ("utf-8;a\\x{D800}c", None),
        ("utf-8;a\\x{fc}c", None),
        ("utf-8;a\\c", None),
        ("utf-8;a+2Bc", None),
        ("rfc822;gr\u{fc}n@b.example", None),
        ("rfc822;a+0D+0ATo:x", None),
        ("rfc822;", None),
        ("rfc822", None),
        (";a@b.example", None),
        ("rf c;a", None),
        ("a@b;c", None),
    ] {
        let parsed = OriginalRecipient::parse(text).ok();
        let seen = parsed.as_ref().map(|o| (o.kind().to_owned(), o.address().to_owned(), o.as_parameter()));
        let expected = expected.map(|(kind, address, wire)| (kind.to_owned(), address.to_owned(), wire.to_owned()));
        assert_eq!(seen, expected, "{text:?}");
        if let Some(original) = parsed {
            assert_eq!(OriginalRecipient::try_from(original.as_parameter()), Ok(original));
        }
    }
    assert!(OriginalRecipient::parse(&format!("rfc822;{}", "a".repeat(494))).is_err());
}

#[test]
fn a_hold_is_a_number_of_seconds_or_a_moment_in_utc() {
    assert_eq!(Hold::parse_for("3600"), Ok(Hold::For(3600)));
    for text in ["", "0", "-1", "+1", "1000000000", "1h", " 1"] {
        assert_eq!(Hold::parse_for(text), Err(MalformedValue), "{text:?}");
    }
    let moment = Timestamp(1_795_269_482_000);
    assert_eq!(Hold::parse_until("2026-11-21T13:58:02Z"), Ok(Hold::Until(moment)));
    for text in ["", "2026-11-21T13:58:02", "2026-11-21T14:58:02+01:00", "2026-11-21", "2026-13-21T13:58:02Z", "Z"] {
        assert_eq!(Hold::parse_until(text), Err(MalformedValue), "{text:?}");
    }
    assert_eq!(Hold::For(2).release_at(moment), Timestamp(moment.0 + 2000));
}

#[test]
fn terms_are_kept_as_json_that_is_short_where_little_was_asked() {
    let usual = serde_json::to_string(&MessageTerms::default()).expect("JSON");
    assert_eq!(usual, "{}");
    let terms = MessageTerms {
        ret: Some(Ret::Headers),
        envid: EnvelopeId::parse("a+2Bb").ok(),
        tls: TlsTerm::Required,
        binary: true,
        release_at: Some(Timestamp(7)),
    };
    let text = serde_json::to_string(&terms).expect("JSON");
    assert_eq!(text, r#"{"ret":"HDRS","envid":"a+2Bb","tls":"required","binary":true,"release_at":7}"#);
    assert_eq!(serde_json::from_str::<MessageTerms>(&text).ok(), Some(terms));
    let of_recipient = RecipientTerms {
        notify: Some(Notify::NEVER),
        orcpt: OriginalRecipient::parse(&format!("utf-8;{}", "\u{fc}".repeat(240))).ok(),
    };
    assert!(of_recipient.orcpt.is_some());
    let text = serde_json::to_string(&of_recipient).expect("JSON");
    assert_eq!(serde_json::from_str::<RecipientTerms>(&text).ok(), Some(of_recipient));
}

#[test]
fn without_notify_failures_and_delays_are_told() {
    let of = |notify: Option<&str>| RecipientTerms {
        notify: notify.map(|text| Notify::parse(text).expect("a value")),
        orcpt: None,
    };
    for (notify, success, failure, delay) in [
        (None, false, true, true),
        (Some("NEVER"), false, false, false),
        (Some("SUCCESS"), true, false, false),
        (Some("FAILURE"), false, true, false),
        (Some("DELAY,FAILURE"), false, true, true),
    ] {
        let terms = of(notify);
        let wants = (terms.wants(Report::Success), terms.wants(Report::Failure), terms.wants(Report::Delay));
        assert_eq!(wants, (success, failure, delay), "{notify:?}");
    }
}
