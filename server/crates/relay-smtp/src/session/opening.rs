//! From the connection to a greeted, and maybe encrypted, client: the greeting, EHLO, HELO, STARTTLS.

use super::{AuthRule, Output, Phase, Session, TlsFacts, TlsOffer, replies};
use crate::command::Command;
use relay_types::Timestamp;

/// How the client introduced itself.
#[derive(Debug)]
pub(super) struct Hello {
    pub(super) name: String,
    /// EHLO, not HELO.
    pub(super) extended: bool,
}

impl Session {
    /// Sends the greeting. The driver calls it after the time it waits for early talkers: a client that has sent
    /// something by now does not speak SMTP, or not as it should, and is turned away.
    pub fn greet(&mut self) {
        if !matches!(self.phase, Phase::Greeting) {
            return;
        }
        if self.input.len() == 0 {
            self.phase = Phase::Command;
            self.reply(replies::greeting(&self.config.host_name));
        } else if self.input.starts_with_tls_hello() || self.begins_like_http() {
            self.interrupt(replies::foreign_protocol());
        } else {
            self.interrupt(replies::early_talker());
        }
    }

    /// TLS stands: everything known of the client is forgotten, and so is everything that came in clear
    /// (RFC 3207 §4.2). Also for implicit TLS, before the greeting.
    pub fn tls_established(&mut self, facts: TlsFacts) {
        if matches!(self.phase, Phase::Closed) {
            return;
        }
        self.input.clear();
        self.hello = None;
        self.authenticated = false;
        self.drop_transaction();
        self.tls = Some(facts);
        if matches!(self.phase, Phase::Handshake) {
            self.phase = Phase::Command;
        }
    }

    /// What the client called itself, after EHLO or HELO.
    pub fn client_name(&self) -> Option<&str> {
        self.hello.as_ref().map(|hello| hello.name.as_str())
    }

    /// The TLS of this session, when there is one.
    pub fn tls(&self) -> Option<&TlsFacts> {
        self.tls.as_ref()
    }

    pub(super) fn say_hello(&mut self, name: &str, extended: bool) {
        if self.is_out_of_step() {
            return;
        }
        if !is_name(name) {
            let form = if extended { "EHLO hostname" } else { "HELO hostname" };
            return self.refuse(replies::syntax(form));
        }
        self.drop_transaction();
        self.hello = Some(Hello { name: name.to_owned(), extended });
        let mut reply = replies::hello(&self.config.host_name, name);
        if extended {
            reply.lines.extend(self.keywords());
        }
        self.reply(reply);
    }

    pub(super) fn start_tls(&mut self, argument: &str) {
        if !argument.is_empty() {
            self.refuse(replies::syntax("STARTTLS"));
        } else if self.tls.is_some() {
            self.refuse(replies::out_of_order("TLS is already in use"));
        } else if self.config.tls != TlsOffer::StartTls {
            self.refuse(replies::not_offered("STARTTLS"));
        } else if self.hello.is_none() {
            self.refuse(replies::out_of_order("Send EHLO first"));
        } else {
            // What came behind the command is not protected and may be anyone's: it is never a command.
            self.input.clear();
            self.drop_transaction();
            self.authenticated = false;
            self.reply(replies::ready_for_tls());
            self.outputs.push_back(Output::StartTls);
            self.phase = Phase::Handshake;
        }
    }

    /// Whether AUTH can be used now: never in clear, save in the legacy profile.
    pub(super) fn offers_auth(&self) -> bool {
        self.config.auth != AuthRule::Networks && (self.tls.is_some() || self.config.plaintext_auth)
    }

    fn keywords(&self) -> Vec<String> {
        let mut keywords = vec![
            "PIPELINING".to_owned(),
            format!("SIZE {}", self.config.size_limit),
            "8BITMIME".to_owned(),
            "SMTPUTF8".to_owned(),
            "ENHANCEDSTATUSCODES".to_owned(),
            "CHUNKING".to_owned(),
            "BINARYMIME".to_owned(),
            "DSN".to_owned(),
            format!("LIMITS RCPTMAX={} MAILMAX={}", self.config.recipients_limit, self.config.transactions_limit),
        ];
        if let Some((seconds, until)) = self.config.hold_limit {
            keywords.push(format!("FUTURERELEASE {seconds} {}", Timestamp(until.seconds() * 1000).rfc3339()));
        }
        if self.tls.is_some() {
            keywords.push("REQUIRETLS".to_owned());
        }
        if self.config.tls == TlsOffer::StartTls && self.tls.is_none() {
            keywords.push("STARTTLS".to_owned());
        }
        if self.offers_auth() && !self.authenticated {
            keywords.push("AUTH PLAIN LOGIN".to_owned());
            if self.config.plaintext_auth {
                // The programs that need the legacy profile may know only the form of the 1999 draft.
                keywords.push("AUTH=LOGIN PLAIN".to_owned());
            }
        }
        keywords
    }

    fn begins_like_http(&self) -> bool {
        let start = self.input.waiting().split(|b| matches!(b, b'\r' | b'\n')).next().unwrap_or_default();
        matches!(Command::parse(&String::from_utf8_lossy(start)), Command::Foreign)
    }
}

/// Whether a client may call itself so: not judged as a name, only fit to stand in a Received field.
fn is_name(name: &str) -> bool {
    (1..=255).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_graphic() && !b"()<>\",;\\".contains(&b))
}
