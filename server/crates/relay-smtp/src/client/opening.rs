//! From the greeting to a session that can send: EHLO or HELO, STARTTLS, AUTH.

use super::{ClientOutput, ClientSession, Extensions, Phase, TlsPolicy, judgement};
use base64::{Engine, engine::general_purpose::STANDARD};
use relay_types::{message::Cause, reply::Reply, terms::TlsTerm};

/// Where an authentication stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// PLAIN with its initial response was sent.
    Plain,
    /// The server asked for the response of PLAIN once more; it was sent.
    PlainAgain,
    /// `AUTH LOGIN` was sent.
    Login,
    /// The user name was sent.
    LoginUsername,
    /// The password was sent.
    LoginPassword,
}

impl ClientSession {
    pub(super) fn hear_greeting(&mut self, reply: Reply) {
        if reply.code / 100 == 2 { self.say_ehlo() } else { self.give_up(Cause::Reply(reply)) }
    }

    pub(super) fn say_ehlo(&mut self) {
        self.phase = Phase::Ehlo;
        self.command_alone(&format!("EHLO {}", self.config.name));
    }

    pub(super) fn hear_ehlo(&mut self, reply: Reply) {
        if reply.is_permanent() {
            // RFC 5321 §3.2: a server that does not know EHLO is spoken to with HELO.
            self.phase = Phase::Helo;
            return self.command_alone(&format!("HELO {}", self.config.name));
        }
        if reply.code / 100 != 2 {
            return self.give_up(Cause::Reply(reply));
        }
        self.offered = Extensions::read(&reply);
        let wanted = !matches!(self.config.tls, TlsPolicy::Never | TlsPolicy::Implicit);
        if self.tls.is_none() && wanted && self.offered.starttls {
            self.phase = Phase::StartTls;
            return self.command_alone("STARTTLS");
        }
        self.after_hello();
    }

    pub(super) fn hear_helo(&mut self, reply: Reply) {
        if reply.code / 100 != 2 {
            return self.give_up(Cause::Reply(reply));
        }
        self.offered = Extensions::default();
        self.after_hello();
    }

    pub(super) fn hear_starttls(&mut self, reply: Reply) {
        if reply.code / 100 != 2 {
            return self.after_hello();
        }
        // Octets behind the 220 came in the clear and would be read as if they came inside TLS (CVE-2011-0411).
        if self.replies.has_rest() {
            return self.give_up(judgement::broken("octets in the clear behind STARTTLS"));
        }
        self.phase = Phase::Handshake;
        self.outputs.push_back(ClientOutput::StartTls);
    }

    fn after_hello(&mut self) {
        if matches!(self.config.tls, TlsPolicy::Encrypted | TlsPolicy::Required) && self.tls.is_none() {
            let by_sender = self.next.as_ref().is_some_and(|next| next.terms.tls == TlsTerm::Required);
            if by_sender {
                return self.give_up(judgement::no_require_tls(false));
            }
            return self.give_up(judgement::no_tls("The next hop offers no STARTTLS, which is required"));
        }
        if self.config.credentials.is_some() { self.authenticate() } else { self.open() }
    }

    fn authenticate(&mut self) {
        if self.tls != Some(true) {
            let why = "Credentials are sent over verified TLS only, which this next hop does not have";
            return self.give_up(judgement::not_authenticated(why));
        }
        if self.offered.auth_plain {
            self.phase = Phase::Authentication(Step::Plain);
            let wire = format!("AUTH PLAIN {}\r\n", self.plain_response());
            self.secret("AUTH PLAIN (credentials)", wire);
        } else if self.offered.auth_login {
            self.phase = Phase::Authentication(Step::Login);
            self.command_alone("AUTH LOGIN");
        } else {
            self.give_up(judgement::not_authenticated("The next hop offers neither AUTH PLAIN nor AUTH LOGIN"));
        }
    }

    pub(super) fn hear_authentication(&mut self, step: Step, reply: Reply) {
        match (reply.code, step) {
            (200..=299, _) => self.open(),
            (334, Step::Plain) => {
                self.phase = Phase::Authentication(Step::PlainAgain);
                let wire = format!("{}\r\n", self.plain_response());
                self.secret("(credentials)", wire);
            }
            (334, Step::Login) => {
                self.phase = Phase::Authentication(Step::LoginUsername);
                let username = self.config.credentials.as_ref().map(|c| STANDARD.encode(&c.username));
                self.secret("(user name)", format!("{}\r\n", username.unwrap_or_default()));
            }
            (334, Step::LoginUsername) => {
                self.phase = Phase::Authentication(Step::LoginPassword);
                let password = self.config.credentials.as_ref().map(|c| STANDARD.encode(c.password.as_bytes()));
                self.secret("(password)", format!("{}\r\n", password.unwrap_or_default()));
            }
            _ => {
                let why = format!("The next hop refused our credentials: {reply}");
                self.give_up(judgement::not_authenticated(&why));
            }
        }
    }

    fn plain_response(&self) -> String {
        let credentials = self.config.credentials.as_ref();
        credentials.map(|c| STANDARD.encode(format!("\0{}\0{}", c.username, c.password.as_str()))).unwrap_or_default()
    }

    /// Sends octets that hold a secret; `shown` stands for them in the dialogue.
    fn secret(&mut self, shown: &str, wire: String) {
        self.dialogue.ours(shown);
        self.send(wire.into_bytes());
    }

    fn open(&mut self) {
        self.phase = Phase::Ready;
        if let Some(transaction) = self.next.take() {
            self.begin(transaction);
        }
    }

    /// Sends a command unless its answer is there already: then replies and commands have lost each other.
    fn command_alone(&mut self, line: &str) {
        if self.replies.has_rest() {
            return self.give_up(judgement::broken("an answer that nobody asked for"));
        }
        self.say(line);
    }

    /// This host will not do. QUIT is polite (RFC 5321 §3.1); its answer is not waited for.
    pub(super) fn give_up(&mut self, cause: Cause) {
        self.say("QUIT");
        self.phase = Phase::Closed;
        self.outputs.push_back(ClientOutput::Unusable(cause));
        self.outputs.push_back(ClientOutput::Close);
    }
}
