//! Delivery status notifications (RFC 3461 §6, RFC 3464, RFC 6522): written from facts, no I/O.
//!
//! A notification is ASCII throughout, but for a whole message that it returns, with lines of 998 octets at most, whatever the next hop or the message said:
//! text of others is escaped (`\x{FC}`, as utf-8-addr-xtext of RFC 6533 §3 does) and cut. So it passes every hop.

use crate::submission::prefix;
use relay_types::{
    DomainName, EmailAddress, Timestamp,
    message::MessageId,
    reply::{EnhancedCode, Reply},
    terms::{EnvelopeId, OriginalRecipient},
};
use std::fmt::Write;

/// Octets of the original's header section that are returned.
const HEADERS_MOST: usize = 16 * 1024;
/// Characters of a reply that are returned.
const REPLY_MOST: usize = 2_000;

/// What a notification tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// These recipients will never get it.
    Failed,
    /// These recipients have not got it yet.
    Delayed,
    /// It is where these recipients read it.
    Delivered,
    /// It went on to a mail system that cannot be asked for reports.
    Relayed,
}

/// One recipient it is about.
#[derive(Debug, Clone)]
pub(crate) struct Fate {
    /// Forward-path.
    pub(crate) address: EmailAddress,
    /// As the sender wrote it first.
    pub(crate) original: Option<OriginalRecipient>,
    /// The next hop's reply, or the one in its stead.
    pub(crate) reply: Reply,
    /// Whether the next hop said it.
    pub(crate) theirs: bool,
    /// The next hop's name, when one was reached.
    pub(crate) host: Option<String>,
    /// The last attempt.
    pub(crate) at: Timestamp,
    /// Until when it is tried, for delays.
    pub(crate) until: Timestamp,
}

/// The facts of a notification.
#[derive(Debug, Clone)]
pub(crate) struct Notification<'a> {
    /// Its own queue id.
    pub(crate) id: MessageId,
    /// Failed or delayed.
    pub(crate) action: Action,
    /// Our name.
    pub(crate) hostname: &'a DomainName,
    /// To whom: the original's reverse-path.
    pub(crate) to: &'a EmailAddress,
    /// When it is written.
    pub(crate) now: Timestamp,
    /// The original's queue id.
    pub(crate) about: MessageId,
    /// The original's Message-ID, empty when not known.
    pub(crate) message_id: &'a str,
    /// When the original was accepted.
    pub(crate) arrived: Timestamp,
    /// Where the story can be read.
    pub(crate) link: Option<&'a str>,
    /// The sender's own name for the envelope.
    pub(crate) envid: Option<&'a EnvelopeId>,
    /// At least one.
    pub(crate) fates: &'a [Fate],
    /// The original's header section as sent.
    pub(crate) headers: &'a [u8],
    /// The whole original as sent, returned in the place of its header section. Without header fields beyond ASCII.
    pub(crate) whole: Option<&'a [u8]>,
}

impl Notification<'_> {
    /// The subject, in lists too.
    pub(crate) fn subject(&self) -> &'static str {
        match self.action {
            Action::Failed => "Your message could not be delivered",
            Action::Delayed => "Your message is delayed",
            Action::Delivered => "Your message was delivered",
            Action::Relayed => "Your message was passed on",
        }
    }

    /// The From field's value.
    pub(crate) fn from(&self) -> String {
        format!("Mail Delivery System <mailer-daemon@{}>", self.hostname)
    }

    /// The whole message, with CRLF line ends.
    pub(crate) fn write(&self) -> Vec<u8> {
        // Fresh for each notification and with characters headers of others do not have: it delimits nothing else.
        let boundary = format!("=_{}", self.id);
        let mut text = self.header(&boundary);
        let _ = write!(
            text,
            "--{boundary}\r\nContent-Type: text/plain; charset=us-ascii\r\nContent-Description: Notification\r\n\r\n{}",
            self.words()
        );
        let _ = write!(
            text,
            "\r\n--{boundary}\r\nContent-Type: message/delivery-status\r\nContent-Description: Delivery report\r\n\r\n{}",
            self.status()
        );
        let mut octets = match self.whole {
            None => {
                let _ = write!(
                    text,
                    "\r\n--{boundary}\r\nContent-Type: text/rfc822-headers; charset=us-ascii\r\nContent-Description: Header of the message\r\n\r\n{}",
                    returned_headers(self.headers)
                );
                text.into_bytes()
            }
            Some(whole) => {
                let _ = write!(
                    text,
                    "\r\n--{boundary}\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: {}\r\nContent-Description: The message\r\n\r\n",
                    if whole.is_ascii() { "7bit" } else { "8bit" }
                );
                [text.as_bytes(), whole].concat()
            }
        };
        octets.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        octets
    }

    fn header(&self, boundary: &str) -> String {
        let mut text = String::new();
        let mut field = |name: &str, value: &str| {
            let _ = write!(text, "{name}: {value}\r\n");
        };
        field("Date", &prefix::date(self.now));
        field("From", &self.from());
        field("To", &format!("<{}>", self.to));
        field("Subject", self.subject());
        field("Message-ID", &format!("<{}@{}>", self.id, self.hostname));
        if is_message_id(self.message_id) {
            field("In-Reply-To", self.message_id);
            field("References", self.message_id);
        }
        field("Auto-Submitted", "auto-replied");
        field("MIME-Version", "1.0");
        // RFC 2045 §6.4: what a part is, the whole is.
        if self.whole.is_some_and(|whole| !whole.is_ascii()) {
            field("Content-Transfer-Encoding", "8bit");
        }
        field("Content-Type", &format!("multipart/report; report-type=delivery-status;\r\n\tboundary=\"{boundary}\""));
        text.push_str("\r\n");
        text
    }

    /// For the person: what, whom, why, and where to read more.
    fn words(&self) -> String {
        let mut lines: Vec<String> = Vec::new();
        lines.push(format!("This is the mail system at {}.", self.hostname));
        lines.push(String::new());
        match self.action {
            Action::Failed => lines.push("Your message could not be delivered to:".to_owned()),
            Action::Delayed => {
                lines.push("Your message has not been delivered yet. It is not lost, and you need not send".to_owned());
                lines.push("it again: delivery is still being tried. It waits for:".to_owned());
            }
            Action::Delivered => lines.push("As you asked to be told: your message was delivered to:".to_owned()),
            Action::Relayed => {
                lines.push(
                    "As you asked to be told: your message was passed on to the next mail system, which".to_owned(),
                );
                lines.push("will not report whether it arrives. It went on to:".to_owned());
            }
        }
        for fate in self.fates {
            lines.push(String::new());
            lines.push(format!("  {}", escaped(&fate.address.to_string(), 400)));
            let who = match &fate.host {
                Some(host) if fate.theirs => format!("{} answered:", escaped(host, 255)),
                _ => "Reason:".to_owned(),
            };
            lines.push(format!("    {who}"));
            for line in reply_lines(&fate.reply) {
                lines.push(format!("    {line}"));
            }
            if self.action == Action::Delayed {
                lines.push(format!("    Tried until {}.", fate.until.text()));
            }
        }
        lines.push(String::new());
        lines.push(format!("Queue id: {}, accepted {}.", self.about, self.arrived.text()));
        if let Some(link) = self.link {
            lines.push(format!("The whole story: {link}"));
        }
        lines.iter().map(|line| format!("{line}\r\n")).collect()
    }

    /// The machine-readable part (RFC 3464 §2).
    fn status(&self) -> String {
        let mut text =
            format!("Reporting-MTA: dns; {}\r\nArrival-Date: {}\r\n", self.hostname, prefix::date(self.arrived));
        if let Some(envid) = self.envid {
            // RFC 3461 §6.3: without its encoding.
            let _ = write!(text, "Original-Envelope-Id: {}\r\n", envid.decoded());
        }
        for fate in self.fates {
            text.push_str("\r\n");
            if let Some(original) = &fate.original {
                let _ = write!(text, "Original-Recipient: {}; {}\r\n", original.kind(), original.address());
            }
            let address = fate.address.to_string();
            let kind = if address.is_ascii() { "rfc822" } else { "utf-8" };
            let _ = write!(text, "Final-Recipient: {kind}; {}\r\n", escaped(&address, 400));
            let (action, class) = match self.action {
                Action::Failed => ("failed", 5),
                Action::Delayed => ("delayed", 4),
                Action::Delivered => ("delivered", 2),
                Action::Relayed => ("relayed", 2),
            };
            let status = fate.reply.enhanced.filter(|code| code.class == class);
            let _ =
                write!(text, "Action: {action}\r\nStatus: {}\r\n", status.unwrap_or(EnhancedCode::new(class, 0, 0)));
            if let Some(host) = &fate.host {
                let _ = write!(text, "Remote-MTA: dns; {}\r\n", escaped(host, 255));
            }
            // A diagnostic code is what the next hop said (§2.3.6); of what we say, the words above tell.
            let kind = if fate.theirs { "smtp" } else { "x-relaykeep" };
            let _ = write!(text, "Diagnostic-Code: {kind}; {}\r\n", reply_lines(&fate.reply).join("\r\n "));
            let _ = write!(text, "Last-Attempt-Date: {}\r\n", prefix::date(fate.at));
            if self.action == Action::Delayed {
                let _ = write!(text, "Will-Retry-Until: {}\r\n", prefix::date(fate.until));
            }
        }
        text
    }
}

/// The reply as lines of at most 900 characters, escaped, code first; blank lines would end a field and are left out.
fn reply_lines(reply: &Reply) -> Vec<String> {
    let enhanced = reply.enhanced.map(|code| format!(" {code}")).unwrap_or_default();
    let mut left = REPLY_MOST;
    let mut lines = Vec::new();
    for line in reply.lines.iter().map(|line| escaped(line, 900)) {
        let line = line.trim();
        if line.is_empty() && !lines.is_empty() {
            continue;
        }
        if line.len() > left {
            break;
        }
        left -= line.len();
        lines.push(format!("{}{enhanced} {line}", reply.code).trim_end().to_owned());
    }
    if lines.is_empty() {
        lines.push(format!("{}{enhanced}", reply.code));
    }
    lines
}

/// Printable ASCII; everything else as `\x{…}`, cut at about `most` characters.
fn escaped(text: &str, most: usize) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if out.len() >= most {
            out.push_str("...");
            break;
        }
        match c {
            ' '..='~' => out.push(c),
            '\t' => out.push(' '),
            c => {
                let _ = write!(out, "\\x{{{:X}}}", u32::from(c));
            }
        }
    }
    out
}

/// The header section as printable ASCII (other octets as `?`), cut at the end of a line.
fn returned_headers(headers: &[u8]) -> String {
    let mut out = String::new();
    for line in headers.split(|&b| b == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            continue;
        }
        if out.len() + line.len() > HEADERS_MOST {
            break;
        }
        let printable = |&b: &u8| if b == b'\t' || (b' '..=b'~').contains(&b) { char::from(b) } else { '?' };
        out.extend(line.iter().take(998).map(printable));
        out.push_str("\r\n");
    }
    out
}

/// Safe to repeat in a field: `<…@…>` of printable ASCII without spaces.
fn is_message_id(text: &str) -> bool {
    text.len() <= 250
        && text.starts_with('<')
        && text.ends_with('>')
        && text.bytes().all(|b| (33..=126).contains(&b))
        && text.matches(['<', '>']).count() == 2
}

#[cfg(test)]
mod tests;
