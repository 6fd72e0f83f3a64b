use super::*;
use mail_parser::{MessageParser, MimeHeaders};
use relay_types::Id;
use uuid::Uuid;

fn fate(address: &str, reply: Reply, host: Option<&str>) -> Fate {
    Fate {
        address: EmailAddress::parse(address).expect("an address"),
        original: None,
        reply,
        theirs: host.is_some(),
        host: host.map(str::to_owned),
        at: Timestamp(1_795_269_482_114),
        until: Timestamp(1_795_701_482_114),
    }
}

fn written(action: Action, fates: &[Fate], headers: &[u8]) -> String {
    written_to("app@d.example", action, fates, headers)
}

fn written_to(to: &str, action: Action, fates: &[Fate], headers: &[u8]) -> String {
    let hostname = DomainName::parse("relay.example.org").expect("a name");
    let to = EmailAddress::parse(to).expect("an address");
    let notification = Notification {
        id: Id::from_uuid(Uuid::from_u128(2)),
        action,
        hostname: &hostname,
        to: &to,
        now: Timestamp(1_795_269_483_000),
        about: Id::from_uuid(Uuid::from_u128(1)),
        message_id: "<1@d.example>",
        arrived: Timestamp(1_795_269_480_000),
        link: Some("https://mail.example.org/p/physics/messages/00000000000000000000000001"),
        fates,
        headers,
        envid: None,
        whole: None,
    };
    text(&notification)
}

fn text(notification: &Notification<'_>) -> String {
    String::from_utf8(notification.write()).expect("UTF-8")
}

const HEADERS: &[u8] = b"Received: by relay.example.org\r\nFrom: a@d.example\r\nSubject: report\r\n";

#[test]
fn a_failure_is_told_with_the_reply_and_the_place_to_read_more() {
    let fates = [
        fate("gone@e.example", Reply::new(550, (5, 1, 1), "No such user"), Some("mx1.e.example")),
        fate("late@f.example", Reply::new(554, (5, 4, 7), "Message expired after 4 days"), None),
    ];
    insta::assert_snapshot!(written(Action::Failed, &fates, HEADERS).replace("\r\n", "\n"));
}

#[test]
fn a_delay_is_told_with_how_long_it_is_tried() {
    let fates = [fate("slow@e.example", Reply::new(451, (4, 7, 1), "Greylisted"), Some("mx1.e.example"))];
    insta::assert_snapshot!(written(Action::Delayed, &fates, HEADERS).replace("\r\n", "\n"));
}

#[test]
fn text_of_others_is_escaped_and_cut() {
    let hostile = Reply {
        code: 550,
        enhanced: None,
        lines: vec![
            "Benutzer unbekannt: grüße\u{0}\u{1b}[31m".to_owned(),
            String::new(),
            "--=_00000000000000000000000002--".to_owned(),
            "x".repeat(5000),
            "y".repeat(800),
            "z".repeat(800),
        ],
    };
    let text = written(
        Action::Failed,
        &[fate("grün@e.example", hostile, Some("mx\r\nX-Evil: 1"))],
        "Subject: Grüße\r\nX: \0\r\n\r\nFrom: body\r\n".as_bytes(),
    );
    insta::assert_snapshot!(text.replace("\r\n", "\n"));
}

#[test]
fn every_notification_is_ascii_in_lines_that_pass() {
    let long = [b"X: ", "ü".repeat(3000).as_bytes(), b"\r\n"].concat();
    let many: Vec<_> = (0..100)
        .map(|n| fate(&format!("u{n}@e.example"), Reply::plain(550, "ü".repeat(3000)), Some("mx.e.example")))
        .collect();
    for text in [
        written(Action::Failed, &many, &long.repeat(100)),
        written(Action::Failed, &many[..1], b""),
        written(Action::Delayed, &many[..1], b"no line end"),
    ] {
        assert!(text.is_ascii());
        assert!(text.ends_with("\r\n"));
        assert!(!crate::submission::header::is_spoiled(text.as_bytes()));
        assert!(text.split("\r\n").all(|line| line.len() <= 998));
        assert!(text.len() < 1_000_000);
    }
}

#[test]
fn only_an_address_that_is_not_ascii_itself_is_written_as_it_is() {
    let fates = [fate("grün@e.example", Reply::plain(550, "nö"), Some("mx.e.example"))];
    let text = written_to("grüße@d.example", Action::Failed, &fates, "Subject: Grüße\r\n".as_bytes());
    let odd: Vec<_> = text.split("\r\n").filter(|line| !line.is_ascii()).collect();
    assert_eq!(odd, ["To: <grüße@d.example>"]);
}

#[test]
fn other_readers_find_the_three_parts() {
    let fates = [fate("gone@e.example", Reply::new(550, (5, 1, 1), "No such user"), Some("mx1.e.example"))];
    let text = written(Action::Failed, &fates, HEADERS);
    let message = MessageParser::default().parse(text.as_bytes()).expect("a message");
    let kinds: Vec<_> = message
        .parts
        .iter()
        .filter_map(|part| part.content_type())
        .map(|kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()))
        .collect();
    assert_eq!(kinds, ["multipart/report", "text/plain", "message/delivery-status", "text/rfc822-headers"]);
    assert_eq!(message.content_type().and_then(|kind| kind.attribute("report-type")), Some("delivery-status"));
}

#[test]
fn a_message_id_that_is_not_one_is_not_repeated() {
    for (text, is) in [
        ("<1@d.example>", true),
        ("", false),
        ("1@d.example", false),
        ("<1@d.example>\r\nX: y", false),
        ("<1@d.example> <2@d.example>", false),
        ("<ü@d.example>", false),
    ] {
        assert_eq!(is_message_id(text), is, "{text:?}");
    }
}

/// A notification with everything that RFC 3461 can ask for.
fn asked(action: Action, whole: Option<&[u8]>) -> String {
    let hostname = DomainName::parse("relay.example.org").expect("a name");
    let to = EmailAddress::parse("app@d.example").expect("an address");
    let envid = EnvelopeId::parse("QQ+2B1+3D2").ok();
    let original = OriginalRecipient::parse("rfc822;Old+2BName@e.example").ok();
    let fates = [Fate { original, ..fate("new@e.example", Reply::new(250, (2, 1, 5), "Ok"), Some("mx1.e.example")) }];
    let notification = Notification {
        id: Id::from_uuid(Uuid::from_u128(2)),
        action,
        hostname: &hostname,
        to: &to,
        now: Timestamp(1_795_269_483_000),
        about: Id::from_uuid(Uuid::from_u128(1)),
        message_id: "",
        arrived: Timestamp(1_795_269_480_000),
        link: None,
        envid: envid.as_ref(),
        fates: &fates,
        headers: HEADERS,
        whole,
    };
    text(&notification)
}

#[test]
fn a_success_is_told_with_the_names_that_the_sender_knows() {
    insta::assert_snapshot!(asked(Action::Relayed, None).replace("\r\n", "\n"));
    let delivered = asked(Action::Delivered, None);
    for line in ["Subject: Your message was delivered\r\n", "Action: delivered\r\n", "Status: 2.1.5\r\n"] {
        assert!(delivered.contains(line), "no {line:?} in\n{delivered}");
    }
    assert!(!delivered.contains("Will-Retry-Until"));
}

#[test]
fn a_whole_message_is_returned_as_it_is() {
    for (whole, encoding, of_all) in
        [("From: a@d.example\r\n\r\nhello\r\n", "7bit", false), ("From: a@d.example\r\n\r\ngr\u{fc}n", "8bit", true)]
    {
        let text = asked(Action::Failed, Some(whole.as_bytes()));
        let part = format!(
            "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: {encoding}\r\nContent-Description: The message\r\n\r\n{whole}\r\n--="
        );
        assert!(text.contains(&part), "{text}");
        let (head, _) = text.split_once("\r\n\r\n").expect("a header");
        assert_eq!(head.contains("Content-Transfer-Encoding: 8bit"), of_all, "{head}");
        let parsed = MessageParser::default().parse(text.as_bytes()).expect("a message");
        let inner = parsed.attachment(1).and_then(|part| part.message()).expect("the message in it");
        assert_eq!(inner.from().and_then(|from| from.first()).and_then(|from| from.address()), Some("a@d.example"));
    }
}
