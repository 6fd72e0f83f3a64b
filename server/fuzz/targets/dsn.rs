//! Notifications about what others said: clean lines that pass every hop, ASCII but for a message that is returned whole,
//! and a header that reads as one. The files themselves are compiled here, so that the fuzzer need not build the use cases.

#![no_main]

#[path = "../../crates/relay-core/src/dsn.rs"]
mod dsn;

/// What `dsn` needs of its surroundings.
mod submission {
    pub(crate) mod prefix {
        //! Dates as the use cases write them.
        use time::format_description::well_known::Rfc2822;

        pub(crate) fn date(at: relay_types::Timestamp) -> String {
            at.utc().format(&Rfc2822).unwrap_or_default()
        }
    }
}

#[path = "../../crates/relay-core/src/submission/header.rs"]
#[expect(dead_code, reason = "the use cases need more of it")]
mod header;

use dsn::{Action, Fate, Notification};
use header::HeaderSection;
use libfuzzer_sys::fuzz_target;
use relay_types::{
    DomainName, EmailAddress, Timestamp,
    message::MessageId,
    reply::{EnhancedCode, Reply},
    terms::{EnvelopeId, OriginalRecipient},
};

fuzz_target!(|input: &[u8]| {
    let parts: Vec<&[u8]> = input.split(|&b| b == 0xFE).collect();
    let text = |place: usize| parts.get(place).map(|part| String::from_utf8_lossy(part).into_owned());
    let kind = input.first().copied().unwrap_or(0);
    let id: MessageId = "00000000000000000000000001".parse().expect("an id");
    // The boundary is of an identifier that nobody knows beforehand; the type is looked for below.
    let boundary = format!("--=_{id}");
    let told_apart_by = [boundary.as_str(), "message/delivery-status"];
    if told_apart_by.iter().any(|text| input.windows(text.len()).any(|part| part == text.as_bytes())) {
        return;
    }
    let boundary = format!("\r\n{boundary}");
    let hostname = DomainName::parse("relay.example.org").expect("a name");
    let to = EmailAddress::parse("app@d.example").expect("an address");
    let address = text(1).and_then(|text| EmailAddress::parse(&text).ok()).unwrap_or_else(|| to.clone());
    let lines = text(2).unwrap_or_default().split('|').map(str::to_owned).collect();
    let fate = Fate {
        address,
        original: text(3).and_then(|text| OriginalRecipient::parse(&text).ok()),
        reply: Reply { code: 550, enhanced: (kind & 1 == 0).then(|| EnhancedCode::new(5, 1, 1)), lines },
        theirs: kind & 2 == 0,
        host: text(4),
        at: Timestamp(1_795_269_482_114),
        until: Timestamp(1_795_701_482_114),
    };
    let message_id = text(5).unwrap_or_default();
    let envid = text(6).and_then(|text| EnvelopeId::parse(&text).ok());
    let headers = parts.get(7).copied().unwrap_or_default();
    // What comes back whole was accepted: its lines end as they must, and it has no NUL.
    let body = parts.get(8).map(|body| {
        let lines: Vec<&[u8]> = body.split(|&b| matches!(b, 0 | b'\r' | b'\n')).collect();
        lines.join(&b"\r\n"[..])
    });
    let whole = body.map(|body| [b"Subject: returned\r\n\r\n", &body[..], b"\r\n"].concat());
    let action = [Action::Failed, Action::Delayed, Action::Relayed, Action::Delivered][usize::from(kind >> 4 & 3)];
    let notification = Notification {
        id,
        action,
        hostname: &hostname,
        to: &to,
        now: Timestamp(1_795_269_483_000),
        about: id,
        message_id: &message_id,
        arrived: Timestamp(1_795_269_480_000),
        link: None,
        envid: envid.as_ref(),
        fates: &[fate],
        headers,
        whole: whole.as_deref(),
    };
    let written = notification.write();
    assert!(header::are_lines(&written));
    if let Some(whole) = &whole {
        assert!(written.windows(whole.len()).any(|part| part == &whole[..]), "returned as it was");
    } else {
        assert!(written.is_ascii(), "{}", String::from_utf8_lossy(&written));
        assert!(written.split(|&b| b == b'\n').all(|line| line.len() <= 999));
    }
    let section = HeaderSection::scan(&written).expect("a header");
    assert_eq!(section.named("Content-Type").count(), 1);
    // The three parts and the end: nothing of others makes another one.
    let text = String::from_utf8_lossy(&written).into_owned();
    assert_eq!(text.matches(&boundary).count(), 4, "{text}");
    let status = text.split("Content-Type: message/delivery-status").nth(1).unwrap_or_default();
    let status = status.split(&boundary).next().unwrap_or_default();
    assert_eq!(status.matches("\r\nAction: ").count(), 1, "{status}");
});
