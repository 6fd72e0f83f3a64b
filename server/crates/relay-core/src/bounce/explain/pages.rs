//! The page of ours that mends a failure.

use super::{Context, is_suppressed};
use relay_types::{bounce_class::BounceClass, finding::Subject, message::Cause, reply::Reply};
use std::net::IpAddr;

/// Its path and the words of the link; none when nothing of ours mends it.
pub(super) fn page(
    class: BounceClass,
    about: Option<&str>,
    cause: &Cause,
    context: &Context,
) -> Option<(String, String)> {
    let base = format!("/p/{}", context.slug);
    let (path, words) = match class {
        BounceClass::Recipient if is_suppressed(cause) => {
            let search = context.recipient.as_ref().map(|address| format!("?q={}", encoded(&address.to_string())));
            (format!("{base}/suppressions{}", search.unwrap_or_default()), "See the suppression")
        }
        BounceClass::Authentication => match &context.domain {
            Some(domain) => {
                let anchor = failing(&domain.to_mend, about).map(|check| format!("#check-{check}")).unwrap_or_default();
                (format!("{base}/domains/{}{anchor}", domain.id), "See the domain's records")
            }
            None => (format!("{base}/senders"), "Senders and domains"),
        },
        BounceClass::Ptr => ptr(&base, cause.reply(), context),
        BounceClass::Blocklist if context.operator => ("/admin/egress".to_owned(), "See the egress addresses"),
        BounceClass::Network | BounceClass::Tls if about == Some("route") => {
            (format!("{base}/settings"), "See the route")
        }
        BounceClass::Network | BounceClass::Rate if context.operator => ("/admin/queue".to_owned(), "See the queue"),
        _ => return None,
    };
    Some((path, words.to_owned()))
}

/// The check of the domain's last report that the failure is about; else the worst of what proves a sender.
fn failing<'a>(to_mend: &'a [(Subject, String)], about: Option<&str>) -> Option<&'a str> {
    let subject = match about {
        Some("spf") => Some(Subject::Spf),
        Some("dkim") => Some(Subject::Dkim),
        Some("dmarc") => Some(Subject::Dmarc),
        Some("mx") => Some(Subject::Mx),
        _ => None,
    };
    let of = |wanted: Subject| to_mend.iter().find(|(subject, _)| *subject == wanted);
    let any = || to_mend.iter().find(|(subject, _)| [Subject::Spf, Subject::Dkim, Subject::Dmarc].contains(subject));
    // DMARC fails because SPF and DKIM do: its own record is seldom what has to change.
    let found = match subject {
        Some(Subject::Dmarc) | None => any(),
        Some(subject) => of(subject).or_else(any),
    };
    found.map(|(_, check)| check.as_str())
}

/// The ticket for the address the reply names. What the relay sends from is an operator's, on the egress page.
fn ptr(base: &str, reply: &Reply, context: &Context) -> (String, &'static str) {
    let named = named_address(reply);
    if context.operator && named.is_none_or(|address| context.egress.contains(&address)) {
        return ("/admin/egress".to_owned(), "See the egress addresses");
    }
    let address = named.map(|address| format!("&address={}", encoded(&address.to_string()))).unwrap_or_default();
    (format!("{base}/tickets?new=set-ptr{address}"), "Ask for a PTR record")
}

/// The first address in a reply, also inside brackets and URLs.
fn named_address(reply: &Reply) -> Option<IpAddr> {
    let pieces = reply.lines.iter().flat_map(|line| {
        line.split(|c: char| c.is_whitespace() || "[]()<>,;=&?\"'".contains(c))
            .map(|piece| piece.trim_end_matches(['.', ':']))
    });
    pieces.filter(|piece| !piece.is_empty()).find_map(|piece| piece.parse().ok())
}

/// Percent-encoded for a value in a query string.
fn encoded(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
