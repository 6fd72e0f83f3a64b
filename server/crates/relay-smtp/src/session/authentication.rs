//! AUTH PLAIN and LOGIN (RFC 4954): the exchange, up to the question.

use super::{Asked, Credentials, Mechanism, Phase, Question, Secret, Session, Verdict, replies};
use crate::sasl;

/// `Username:` and `Password:` in base64, as every LOGIN client expects them.
const USERNAME: &str = "VXNlcm5hbWU6";
const PASSWORD: &str = "UGFzc3dvcmQ6";

/// What the client's next line is.
#[derive(Debug)]
pub(super) enum Exchange {
    Plain,
    LoginUsername,
    LoginSecret { username: String },
}

impl Session {
    pub(super) fn authenticate(&mut self, argument: &str) {
        if self.is_out_of_step() {
            return;
        }
        let mut words = argument.split(' ').filter(|word| !word.is_empty());
        let (name, initial, more) = (words.next(), words.next(), words.next());
        let refusal = if self.hello.is_none() {
            Some(replies::out_of_order("Send EHLO first"))
        } else if self.authenticated {
            Some(replies::out_of_order("Already authenticated"))
        } else if self.transaction.is_some() {
            Some(replies::out_of_order("Not inside a transaction"))
        } else if self.config.auth == super::AuthRule::Networks {
            Some(replies::not_offered("AUTH"))
        } else if !self.offers_auth() {
            Some(replies::encryption_required())
        } else if more.is_some() {
            Some(replies::syntax("AUTH mechanism [response]"))
        } else {
            None
        };
        if let Some(reply) = refusal {
            return self.refuse(reply);
        }
        let Some(name) = name else { return self.refuse(replies::syntax("AUTH mechanism [response]")) };
        let exchange = match Mechanism::parse(name) {
            None => return self.refuse(replies::unknown_mechanism()),
            Some(Mechanism::Plain) => Exchange::Plain,
            Some(Mechanism::Login) => Exchange::LoginUsername,
        };
        match initial {
            None => self.prompt(exchange),
            // RFC 4954 §4: an empty response in the place of the initial one.
            Some("=") => self.respond(exchange, ""),
            Some(response) => self.respond(exchange, response),
        }
    }

    pub(super) fn continue_authentication(&mut self, exchange: Exchange, line: &str) {
        if self.is_out_of_step() {
            return;
        }
        if line == "*" {
            return self.refuse(replies::authentication_cancelled());
        }
        self.respond(exchange, line);
    }

    pub(super) fn authentication_judged(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Refuse(reply) | Verdict::Close(reply) if reply.is_permanent() => self.refuse(reply),
            Verdict::Refuse(reply) | Verdict::Close(reply) => self.reply(reply),
            Verdict::Accept | Verdict::Queued(_) => {
                self.authenticated = true;
                self.reply(replies::authenticated());
            }
        }
    }

    fn prompt(&mut self, exchange: Exchange) {
        self.reply(replies::prompt(match exchange {
            Exchange::Plain => "",
            Exchange::LoginUsername => USERNAME,
            Exchange::LoginSecret { .. } => PASSWORD,
        }));
        self.phase = Phase::Authentication(exchange);
    }

    fn respond(&mut self, exchange: Exchange, response: &str) {
        let Ok(text) = sasl::decode(response) else { return self.refuse(replies::malformed_response()) };
        let (mechanism, username, secret) = match exchange {
            // As in PLAIN, where it stands between them, no name and no secret has one.
            Exchange::LoginUsername | Exchange::LoginSecret { .. } if text.contains('\0') => {
                return self.refuse(replies::malformed_response());
            }
            Exchange::LoginUsername => return self.prompt(Exchange::LoginSecret { username: text.to_string() }),
            Exchange::LoginSecret { username } => (Mechanism::Login, username, Secret::new(text)),
            Exchange::Plain => match sasl::parse_plain(&text) {
                Err(_) => return self.refuse(replies::malformed_response()),
                // No one acts as another here.
                Ok(message) if !["", message.username.as_str()].contains(&message.authorization.as_str()) => {
                    return self.refuse(replies::invalid_credentials());
                }
                Ok(message) => (Mechanism::Plain, message.username, message.secret),
            },
        };
        self.ask(Question::Authenticate(Credentials { mechanism, username, secret }), Asked::Authenticate);
    }
}
