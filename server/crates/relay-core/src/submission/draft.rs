//! What becomes of a message that was judged: what is put before its content, its signatures, its terms as they are kept,
//! and what pages show of it.
//!
//! It decides nothing about who may send, and keeps nothing: that is [`kept`].

use super::{
    Arrival, Content, Submission, Terms,
    header::{self, Ambiguous, HeaderSection},
    kept::{self, NewMessage, Origin},
    prefix,
    signing::{self, BodyHash},
};
use crate::{Core, Error, Result};
use mail_parser::{HeaderValue, parsers::MessageStream};
use relay_types::{
    EmailAddress, Timestamp,
    message::{EventKind, MessageId},
    project::ProjectId,
    terms::{Hold, MessageTerms, TlsTerm},
};

/// A message that was judged and is not yet written.
pub(crate) struct Draft {
    pub(super) id: MessageId,
    pub(super) project: Option<ProjectId>,
    pub(super) origin: Origin,
    pub(super) plan: signing::Plan,
    /// With their destinations.
    pub(super) recipients: Vec<(EmailAddress, String)>,
    pub(super) submission: Submission,
}

impl Draft {
    /// The message with this content.
    pub(crate) fn with_content(mut self, core: &Core, content: Vec<u8>) -> Result<NewMessage> {
        self.submission.content = content.into();
        self.write(core).map_err(|why| Error::internal(why.0))
    }

    /// The message with the content that was handed in. Signing takes a millisecond of computing and more for large
    /// messages: not on the threads that serve sessions.
    pub(super) async fn finish(self, core: &Core) -> Result<NewMessage> {
        let finished = if self.plan.signs() {
            let core = core.clone();
            tokio::task::spawn_blocking(move || self.write(&core)).await.map_err(Error::internal)?
        } else {
            self.write(core)
        };
        finished.map_err(|why| Error::internal(why.0))
    }

    fn write(self, core: &Core) -> std::result::Result<NewMessage, Ambiguous> {
        let Submission { arrival, reverse_path, recipients, smtputf8, terms, content } = self.submission;
        let now = core.now();
        let hostname = match &arrival {
            Arrival::Smtp { hostname, .. } => hostname.as_str(),
            Arrival::Portal | Arrival::System => core.config.hostname.as_str(),
        };
        let Content { at_hand: content, body, .. } = content;
        let is_lines = body.as_ref().map_or_else(|| header::are_lines(&content), |body| body.is_lines);
        let binary = terms.message.binary && !is_lines;
        let stripped = prefix::strip(&HeaderSection::scan(&content)?, &content, binary);
        let content = stripped.unwrap_or(content);
        let section = HeaderSection::scan(&content)?;
        // Declared is not needed (RFC 6531 §3.4): what is ASCII where it matters may go to any host.
        let smtputf8 = smtputf8
            && (!content[..section.end].is_ascii()
                || recipients.iter().chain(reverse_path.address()).any(EmailAddress::needs_smtputf8));
        let added = prefix::missing(&section, hostname, self.id, now);
        let terms = Terms { message: settled(terms.message, terms.hold, &section, binary, now), ..terms };
        let plan = if terms.message.binary { signing::Plan::Not(BINARY.to_owned()) } else { self.plan };
        let (signatures, signed) = plan.sign(&added, &section, &content[..section.body], || match &body {
            Some(body) => body.hash.clone(),
            None => BodyHash::of(&content[section.body..]),
        });
        let received = prefix::received(&arrival, hostname, self.id, &recipients, smtputf8, now);
        let text = |name: &str| section.named(name).next().map(|field| unfolded(field.value)).unwrap_or_default();
        let message_id = match text("Message-ID") {
            found if section.has("Message-ID") => found,
            _ => format!("<{}@{hostname}>", self.id),
        };
        Ok(NewMessage {
            id: self.id,
            project: self.project,
            accepted_at: now,
            lifetime: core.config.queue_lifetime,
            origin: self.origin,
            reverse_path,
            header_from: text("From"),
            subject: subject(&section),
            message_id,
            recipients: self.recipients,
            smtputf8,
            prefix: [received, signatures, added].concat().into_bytes(),
            about: None,
            claims: Vec::new(),
            limits: Vec::new(),
            events: vec![accepted(arrival), signed],
            terms: terms.message,
            recipient_terms: terms.recipients,
            content,
            body,
        })
    }
}

/// Why a message is not signed whose lines end in other ways than by CRLF.
const BINARY: &str = "The body is binary (BODY=BINARYMIME), and verifiers do not agree on the signature of such a body";

/// The terms as they are kept: what was declared and is not needed is dropped, what the header says is added, and the
/// moment of release is found.
fn settled(
    mut terms: MessageTerms,
    hold: Option<Hold>,
    section: &HeaderSection<'_>,
    binary: bool,
    now: Timestamp,
) -> MessageTerms {
    // Many clients declare what they do not send: clean lines pass every hop, octet for octet.
    terms.binary = binary;
    let mut wishes = section.named("TLS-Required");
    // RFC 8689 §3, §4: the field stands once, and the parameter counts before it.
    if let (TlsTerm::Usual, Some(wish), None) = (terms.tls, wishes.next(), wishes.next())
        && unfolded(wish.value).eq_ignore_ascii_case("no")
    {
        terms.tls = TlsTerm::Optional;
    }
    terms.release_at = hold.map(|hold| hold.release_at(now)).filter(|&at| at > now);
    terms
}

fn accepted(arrival: Arrival) -> EventKind {
    match arrival {
        Arrival::Smtp { listener, client, helo, tls, mechanism, .. } => EventKind::Accepted {
            tls,
            mechanism,
            listener,
            client: Some(client.to_canonical().to_string()),
            helo: Some(kept::line(&helo, 255)),
        },
        Arrival::Portal | Arrival::System => {
            let listener = if matches!(arrival, Arrival::Portal) { "portal" } else { "system" };
            EventKind::Accepted { tls: None, mechanism: None, listener: listener.to_owned(), client: None, helo: None }
        }
    }
}

fn unfolded(value: &[u8]) -> String {
    String::from_utf8_lossy(value).replace("\r\n", "").trim().to_owned()
}

/// Octets of a subject that are read: to decode it takes time with the square of its length, and a line of it is shown.
const SUBJECT_MOST: usize = 8 * 1024;

/// The subject, decoded (RFC 2047). No other field is decoded here: who writes one decides how long that takes.
fn subject(section: &HeaderSection<'_>) -> String {
    let value = section.named("Subject").last().map_or(&[][..], |field| field.value);
    // The parser gives a value that ends.
    let line = [&value[..value.len().min(SUBJECT_MOST)], b"\r\n"].concat();
    match MessageStream::new(&line).parse_unstructured() {
        HeaderValue::Text(text) => text.into_owned(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    #[test]
    fn a_header_cannot_make_the_subject_take_long() {
        // Each of these begins an encoded word that could go on to the end of the field.
        let hostile = "=?aa?q?x".repeat(100_000);
        let header = format!("Comments: {hostile}\r\nSubject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?=\r\n {hostile}\r\n");
        let section = HeaderSection::scan(header.as_bytes()).expect("a header");
        let began = Instant::now();
        let subject = subject(&section);
        assert!(subject.starts_with("Gr\u{fc}\u{df}e =?aa?q?x") && subject.len() <= SUBJECT_MOST, "{}", subject.len());
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    }

    #[test]
    fn a_subject_is_decoded_and_unfolded() {
        for (header, expected) in [
            ("", ""),
            ("Subject:\r\n", ""),
            ("subject: a\r\n b\r\n", "a b"),
            ("Subject: =?UTF-8?Q?Gr=C3=BC?=\r\n =?UTF-8?B?w59l?=\r\nX: y\r\n", "Gr\u{fc}\u{df}e"),
            ("Subject: one\r\nSubject: two\r\n", "two"),
        ] {
            let section = HeaderSection::scan(header.as_bytes()).expect("a header");
            assert_eq!(subject(&section), expected, "{header:?}");
        }
    }
}
