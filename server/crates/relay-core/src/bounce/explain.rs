//! What a failure means and where it is mended: a pure function of the reply and of what is known about the sender.
//!
//! A reply is read in this order: the texts that large providers and common servers are known for
//! (`explain/known_texts.json`), an enhanced code that says something definite (`explain/enhanced_codes.json`; RFC 3463
//! and the registry of RFC 5248), what many servers say in words, the rest of the enhanced codes, the basic code. What
//! we say in a server's stead (DNS, connections, our own rules) is read by its code alone. It decides nothing: what is
//! suppressed is decided in `suppressions`.

mod known;
mod pages;

use crate::{queue::stored_reply, suppressions};
use known::Entry;
use relay_types::{
    EmailAddress,
    bounce_class::{BounceClass, Explained},
    domain::DomainId,
    finding::Subject,
    message::Cause,
    project::Slug,
    reply::Reply,
};
use std::net::IpAddr;

/// What the pages of an explanation depend on.
#[derive(Debug, Clone)]
pub struct Context {
    /// The project whose message it is.
    pub slug: Slug,
    /// Whether who reads it runs the platform.
    pub operator: bool,
    /// Whose mailbox it is about.
    pub recipient: Option<EmailAddress>,
    /// The domain of header From, when it is one of the project's.
    pub domain: Option<SenderDomain>,
    /// The addresses the relay sends from.
    pub egress: Vec<IpAddr>,
}

/// A domain of the project and what was found wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SenderDomain {
    /// Which.
    pub id: DomainId,
    /// The checks of its last report that are to be mended, the worst first.
    pub to_mend: Vec<(Subject, String)>,
}

/// A failure in plain words.
pub fn explain(cause: &Cause, context: &Context) -> Explained {
    let reply = cause.reply();
    if let Some(last) = last_reason(cause) {
        let last = explain(&Cause::Reply(last), context);
        return Explained { meaning: format!("It could not be delivered in time. {}", last.meaning), ..last };
    }
    let found = if cause.is_theirs() { by_reply(reply) } else { known::enhanced(reply) };
    let Some(entry) = found else { return by_code(cause, context) };
    Explained {
        class: entry.class,
        provider: entry.provider.clone(),
        meaning: entry.meaning.clone(),
        advice: entry.advice.clone().unwrap_or_else(|| advice(entry.class, context).to_owned()),
        page: pages::page(entry.class, entry.about.as_deref(), cause, context),
        source: Some(entry.source.clone()),
    }
}

/// The explanation of a stored line, where the cause itself is not known any more: `550 5.1.1 No such user`.
pub fn explain_line(line: &str, context: &Context) -> Explained {
    explain(&Cause::Reply(stored_reply(line)), context)
}

fn by_reply(reply: &Reply) -> Option<&'static Entry> {
    let text = known::readable(reply);
    known::of_provider(&text)
        .or_else(|| known::enhanced(reply).filter(|entry| entry.is_definite(reply)))
        .or_else(|| known::in_words(&text))
        .or_else(|| known::enhanced(reply))
}

/// Words that speak of something else than the mailbox, or of a moment: they say too little to explain a failure by, and
/// enough to doubt a code that says "no such mailbox". Whom that spares wrongly bounces once more.
const DOUBTFUL: [&str; 25] = [
    "policy",
    "policies",
    "blocked",
    "reputation",
    "listed by",
    "rbl",
    "spamhaus",
    "ptr",
    "helo",
    "ehlo",
    "your ip",
    "from ip",
    "this ip",
    "client host",
    "access denied",
    "relay access",
    "relaying",
    "to relay",
    "sender",
    "authentic",
    "too many",
    "temporar",
    "try again",
    "try later",
    "at this time",
];

/// Whether everything in a server's reply is about the recipient: the code, and words that are known, too.
pub(crate) fn is_of_recipient_alone(reply: &Reply) -> bool {
    let text = known::readable(reply);
    let found = [known::of_provider(&text), known::in_words(&text), known::enhanced(reply)];
    found.into_iter().flatten().all(|entry| entry.class == BounceClass::Recipient)
        && !DOUBTFUL.iter().any(|words| text.contains(words))
}

/// What stood behind a message that grew too old: it says more than its age.
fn last_reason(cause: &Cause) -> Option<Reply> {
    let Cause::Local(reply) = cause else { return None };
    let code = reply.enhanced?;
    let (_, last) = reply.lines.first()?.split_once(crate::queue::LAST_REASON)?;
    ((code.subject, code.detail) == (4, 7)).then(|| stored_reply(last))
}

/// By the basic code (RFC 5321 §4.2.3, RFC 7504), and last by the kind of cause.
fn by_code(cause: &Cause, context: &Context) -> Explained {
    use BounceClass::{Content, MailboxFull, Network, Other, Recipient};
    let at_rcpt = matches!(cause, Cause::Recipient(_));
    let (class, meaning) = match (cause, cause.reply().code) {
        (Cause::Dns(_), _) => (Network, "DNS did not say where the recipient's mail goes."),
        (Cause::Network(_), _) => (Network, "The receiving server could not be reached, or the connection broke."),
        (Cause::Local(_), _) => (Other, "This relay itself could not send it."),
        (_, 421) => (Network, "The receiving server ended the connection."),
        (_, 432 | 451 | 454 | 500..=504) => (Network, "The receiving server has a problem, or did not understand."),
        (_, 452) => (Network, "The receiving server has no room at the moment."),
        (_, 521 | 556) => (Recipient, "The recipient's domain takes no mail."),
        (_, 530 | 534 | 535) => (Network, "The next hop wants another user name and password."),
        (_, 551) => (Recipient, "The mailbox is not at this server."),
        (_, 552) if at_rcpt => (MailboxFull, "The recipient's mailbox is full."),
        (_, 552) => (Content, "The message is larger than the receiving server takes."),
        (_, 553) if at_rcpt => (Recipient, "The receiving server does not take this for an address of its own."),
        (_, 450) => (Other, "The mailbox cannot be written to for now; the server does not say why."),
        (_, 550) => (Other, "There is no such mailbox, or a rule of the server forbids it: it does not say which."),
        (_, 400..=499) => (Other, "The receiving server refused it for now and gave no reason that is known here."),
        _ => (Other, "The receiving server refused it for good and gave no reason that is known here."),
    };
    Explained {
        class,
        provider: None,
        meaning: meaning.to_owned(),
        advice: advice(class, context).to_owned(),
        page: pages::page(class, None, cause, context),
        source: None,
    }
}

/// What to do about a class.
fn advice(class: BounceClass, context: &Context) -> &'static str {
    match class {
        BounceClass::Recipient => {
            "Take the address out of the program's recipients; if it takes mail again, take it off the suppressions."
        }
        BounceClass::MailboxFull => "Only its owner can make room. Try later, or by another way.",
        BounceClass::Rate => "Nothing is lost: it is tried again by itself. Send less at once if it happens often.",
        BounceClass::Authentication if context.domain.is_some() => {
            "Publish what the domain's page asks for; mail sent after that is proven."
        }
        BounceClass::Authentication => {
            "Add the sender's domain to the project and publish its records, so that its mail can be proven."
        }
        BounceClass::Ptr if context.operator => {
            "Give the address a PTR record whose name points back to it, and let the relay say that name in EHLO."
        }
        BounceClass::Ptr => "Ask for a PTR record; for an address of the relay itself an operator decides.",
        BounceClass::Blocklist if context.operator => {
            "See which lists have the address, end what put it there, and ask for its removal."
        }
        BounceClass::Blocklist => {
            "The operators of this relay can ask for removal: send them the reply. The recipient's address is not at fault."
        }
        BounceClass::Content => "Change what is sent, or ask the recipient's administrators to let it in.",
        BounceClass::Tls => "The administrators of both servers have to look at their TLS settings.",
        BounceClass::Network => "Nothing is to be done here unless it lasts; what waits is tried again by itself.",
        BounceClass::Other => "Read the reply, and ask the recipient's administrators if it does not say enough.",
    }
}

/// Whether the suppression list has what this failure put there.
fn is_suppressed(cause: &Cause) -> bool {
    suppressions::says_nobody(cause).is_some()
}

#[cfg(test)]
mod tests;
