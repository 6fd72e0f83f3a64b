//! What is put before the content: Received (RFC 5321 §4.4), and the Date and Message-ID a client forgot (RFC 6409 §8).
//!
//! The content itself is never changed, save that Return-Path and blind-copy fields are taken out ([`strip`]) and that
//! the last line ends with CRLF, as the end of data on the wire implies.

use super::{Arrival, header::HeaderSection};
use relay_types::{EmailAddress, Timestamp, message::MessageId};
use std::{fmt::Write, net::IpAddr};
use time::format_description::well_known::Rfc2822;

/// Fields of a submission that go no further: Return-Path is for final delivery alone (RFC 5321 §4.4), and a blind
/// copy that travels is none (RFC 5322 §3.6.3).
const NOT_CARRIED: [&str; 3] = ["Return-Path", "Bcc", "Resent-Bcc"];

/// A moment as mail writes it.
pub(crate) fn date(at: Timestamp) -> String {
    at.utc().format(&Rfc2822).unwrap_or_default()
}

/// The content as it is kept: without the fields that are not carried, and its last line ended unless it is `binary`.
pub(crate) fn strip(section: &HeaderSection<'_>, content: &[u8], binary: bool) -> Option<Vec<u8>> {
    let gone: Vec<_> = section.fields.iter().filter(|field| NOT_CARRIED.iter().any(|name| field.is(name))).collect();
    let ended = binary || content.is_empty() || content.ends_with(b"\r\n");
    if gone.is_empty() && ended {
        return None;
    }
    let mut kept = Vec::with_capacity(content.len() + 2);
    let mut from = 0;
    for field in gone {
        kept.extend_from_slice(&content[from..field.place.start]);
        from = field.place.end;
    }
    kept.extend_from_slice(&content[from..]);
    if !ended {
        kept.extend_from_slice(b"\r\n");
    }
    Some(kept)
}

/// The Received field of this hop, with its line end.
pub(crate) fn received(
    arrival: &Arrival,
    hostname: &str,
    id: MessageId,
    recipients: &[EmailAddress],
    smtputf8: bool,
    at: Timestamp,
) -> String {
    let mut field = String::from("Received:");
    match arrival {
        Arrival::Smtp { hostname, client, helo, esmtp, tls, mechanism, .. } => {
            let protocol = protocol(*esmtp, smtputf8, tls.is_some(), mechanism.is_some());
            let _ = write!(field, " from {} ({})\r\n\tby {hostname} with {protocol}", name(helo), literal(*client));
        }
        Arrival::Portal | Arrival::System => {
            let _ = write!(field, " by {hostname} (Relaykeep)");
        }
    }
    let _ = write!(field, " id {id}");
    if let [one] = recipients {
        let _ = write!(field, "\r\n\tfor <{one}>");
    }
    let _ = write!(field, ";\r\n\t{}\r\n", date(at));
    field
}

/// Date and Message-ID, those that `section` lacks, each with its line end.
pub(crate) fn missing(section: &HeaderSection<'_>, hostname: &str, id: MessageId, at: Timestamp) -> String {
    let mut fields = String::new();
    if !section.has("Date") {
        let _ = write!(fields, "Date: {}\r\n", date(at));
    }
    if !section.has("Message-ID") {
        let _ = write!(fields, "Message-ID: <{id}@{hostname}>\r\n");
    }
    fields
}

/// The registered names of RFC 3848 and RFC 6531 §4.3.
fn protocol(esmtp: bool, smtputf8: bool, tls: bool, authenticated: bool) -> String {
    let base = match (esmtp, smtputf8) {
        (_, true) => "UTF8SMTP",
        (true, false) => "ESMTP",
        (false, false) => return "SMTP".to_owned(),
    };
    format!("{base}{}{}", if tls { "S" } else { "" }, if authenticated { "A" } else { "" })
}

/// What a client calls itself is not trusted to be a name: anything that would change the field's meaning is dropped.
fn name(helo: &str) -> &str {
    let harmless = |b: u8| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b);
    if !helo.is_empty() && helo.len() <= 255 && helo.bytes().all(harmless) { helo } else { "unknown" }
}

fn literal(client: IpAddr) -> String {
    match client.to_canonical() {
        IpAddr::V4(v4) => format!("[{v4}]"),
        IpAddr::V6(v6) => format!("[IPv6:{v6}]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use relay_types::Id;
    use uuid::Uuid;

    const AT: Timestamp = Timestamp(1_795_269_482_114);

    fn id() -> MessageId {
        Id::from_uuid(Uuid::from_u128(1))
    }

    fn smtp(helo: &str, client: &str, esmtp: bool, tls: bool, authenticated: bool) -> Arrival {
        Arrival::Smtp {
            listener: "submission".to_owned(),
            hostname: "relay.example".to_owned(),
            client: client.parse().expect("an address"),
            helo: helo.to_owned(),
            esmtp,
            tls: tls.then(|| "TLS 1.3".to_owned()),
            mechanism: authenticated.then(|| "PLAIN".to_owned()),
        }
    }

    #[test]
    fn received_says_how_it_came() {
        let one = [EmailAddress::parse("b@e.example").expect("an address")];
        let two = [one[0].clone(), EmailAddress::parse("c@e.example").expect("an address")];
        let tail = "id 00000000000000000000000001";
        let date = "Sat, 21 Nov 2026 13:58:02 +0000";
        for (arrival, recipients, utf8, expected) in [
            (
                smtp("client.example", "192.0.2.7", true, true, true),
                &one[..],
                false,
                format!(
                    "Received: from client.example ([192.0.2.7])\r\n\tby relay.example with ESMTPSA {tail}\r\n\tfor <b@e.example>;\r\n\t{date}\r\n"
                ),
            ),
            (
                smtp("x) (y", "::ffff:192.0.2.7", false, false, false),
                &two[..],
                false,
                format!("Received: from unknown ([192.0.2.7])\r\n\tby relay.example with SMTP {tail};\r\n\t{date}\r\n"),
            ),
            (
                smtp("[IPv6:2001:db8::1]", "2001:db8::1", true, true, false),
                &two[..],
                true,
                format!(
                    "Received: from [IPv6:2001:db8::1] ([IPv6:2001:db8::1])\r\n\tby relay.example with UTF8SMTPS {tail};\r\n\t{date}\r\n"
                ),
            ),
            (
                Arrival::Portal,
                &one[..],
                false,
                format!("Received: by relay.example (Relaykeep) {tail}\r\n\tfor <b@e.example>;\r\n\t{date}\r\n"),
            ),
        ] {
            assert_eq!(received(&arrival, "relay.example", id(), recipients, utf8, AT), expected);
        }
    }

    #[test]
    fn every_protocol_name_is_a_registered_one() {
        for (esmtp, utf8, tls, auth, expected) in [
            (true, false, false, false, "ESMTP"),
            (true, false, true, false, "ESMTPS"),
            (true, false, false, true, "ESMTPA"),
            (true, false, true, true, "ESMTPSA"),
            (true, true, false, false, "UTF8SMTP"),
            (true, true, true, true, "UTF8SMTPSA"),
            (false, false, false, false, "SMTP"),
        ] {
            assert_eq!(protocol(esmtp, utf8, tls, auth), expected);
        }
    }

    #[test]
    fn only_what_is_missing_is_added() {
        for (header, expected) in [
            (
                "From: a@d.example\r\n\r\n",
                "Date: Sat, 21 Nov 2026 13:58:02 +0000\r\nMessage-ID: <00000000000000000000000001@relay.example>\r\n",
            ),
            ("date: x\r\n\r\n", "Message-ID: <00000000000000000000000001@relay.example>\r\n"),
            ("Date : x\r\nMESSAGE-ID: y\r\n\r\n", ""),
        ] {
            let section = HeaderSection::scan(header.as_bytes()).expect("a header");
            assert_eq!(missing(&section, "relay.example", id(), AT), expected, "{header:?}");
        }
    }

    #[test]
    fn blind_copies_and_return_paths_are_taken_out_and_nothing_else() {
        for (content, expected) in [
            ("A: b\r\n\r\nBcc: body\r\n", None),
            ("Bcc: x\r\nA: b\r\n\r\n", Some("A: b\r\n\r\n")),
            ("A: b\r\nbcc: x,\r\n y\r\nC: d\r\n\r\nz\r\n", Some("A: b\r\nC: d\r\n\r\nz\r\n")),
            ("Return-Path: <x>\r\nA: b\r\nRETURN-PATH : <y>\r\n\r\n", Some("A: b\r\n\r\n")),
            ("Resent-Bcc: x\r\n\r\n", Some("\r\n")),
            ("X-Bcc: x\r\n\r\n", None),
            ("A: b\r\n\r\nno end", Some("A: b\r\n\r\nno end\r\n")),
            ("", None),
        ] {
            let section = HeaderSection::scan(content.as_bytes()).expect("a header");
            let kept = strip(&section, content.as_bytes(), false);
            assert_eq!(kept.as_deref(), expected.map(str::as_bytes), "{content:?}");
        }
    }
}
