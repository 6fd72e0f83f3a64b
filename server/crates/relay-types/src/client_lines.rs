//! Ready lines for the programs that send: what to write into which file of Postfix, sendmail, Exim, msmtp, Python,
//! Java and curl for one account or one trusted network.
//!
//! Pure texts from the listeners' real host and ports. Every value is quoted for the file it goes into; nothing is
//! trusted not to hold a quote, a dollar sign or a colon. The tests of the repository feed these very lines to a real
//! Postfix, msmtp, Python and curl.

mod mail_servers;
mod programs;
mod quote;

use crate::{EmailAddress, service_account::ClientAccess};

/// Stands for the secret where it is not known any more.
pub const SECRET_PLACEHOLDER: &str = "<secret>";
/// Stands for the sender where none is chosen.
pub const SENDER_PLACEHOLDER: &str = "sender@example.org";

/// How a client comes to TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientTls {
    /// It asks for it after the greeting (RFC 3207).
    Starttls,
    /// From the first byte (RFC 8314).
    Implicit,
}

/// Who signs in, and as whom it sends.
#[derive(Clone, Copy)]
pub struct Login<'a> {
    /// SASL user name.
    pub username: &'a str,
    /// The secret, or [`SECRET_PLACEHOLDER`].
    pub secret: &'a str,
    /// Whose address stands in From.
    pub sender: Option<&'a EmailAddress>,
}

/// The lines of one client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientLines {
    /// `Postfix`, `Python`, …
    pub client: &'static str,
    /// Its files, in the order to write them; commands to run come last.
    pub files: Vec<ClientFile>,
    /// What to know besides, in a sentence or two.
    pub note: Option<&'static str>,
}

/// One file, or commands for a shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientFile {
    /// Where the text goes: `/etc/postfix/main.cf`, `in a shell`.
    pub place: &'static str,
    /// The text, with its last newline.
    pub text: String,
}

impl ClientLines {
    /// The text that goes to `place`.
    pub fn file(&self, place: &str) -> Option<&str> {
        self.files.iter().find(|file| file.place == place).map(|file| file.text.as_str())
    }
}

/// What all generators need of an account's connection.
struct Submission<'a> {
    host: &'a str,
    port: u16,
    tls: ClientTls,
    self_signed: bool,
    username: &'a str,
    secret: &'a str,
    sender: String,
}

/// Lines of every client for an account; none when no listener offers `tls` with AUTH.
pub fn for_account(access: &ClientAccess, tls: ClientTls, login: Login<'_>) -> Option<Vec<ClientLines>> {
    let port = match tls {
        ClientTls::Starttls => access.starttls_port,
        ClientTls::Implicit => access.implicit_port,
    };
    let at = Submission {
        host: &access.host,
        port: port?,
        tls,
        self_signed: access.self_signed,
        username: login.username,
        secret: login.secret,
        sender: sender_text(login.sender),
    };
    Some(vec![
        mail_servers::postfix(&at),
        mail_servers::sendmail(&at),
        mail_servers::exim(&at),
        programs::msmtp(&at),
        programs::python(&at),
        programs::java(&at),
        programs::curl(&at),
    ])
}

/// Lines for a machine in a trusted network: no user name, no secret. None when no listener serves such networks.
pub fn for_network(access: &ClientAccess, sender: Option<&EmailAddress>) -> Option<Vec<ClientLines>> {
    let (host, port) = (access.host.as_str(), access.network_port?);
    let sender = sender_text(sender);
    Some(vec![
        mail_servers::network_postfix(host, port),
        mail_servers::network_sendmail(host, port),
        mail_servers::network_exim(host, port),
        programs::network_python(host, port, &sender),
    ])
}

/// The content of an `.env` file: `SMTP_HOST`, `SMTP_PORT`, `SMTP_TLS` (`starttls` or `implicit`), `SMTP_USERNAME`,
/// `SMTP_PASSWORD` and `SMTP_FROM`.
pub fn env_file(access: &ClientAccess, login: Login<'_>) -> String {
    let (tls, port) = match (access.starttls_port, access.implicit_port) {
        (Some(port), _) => ("starttls", Some(port)),
        (None, port) => ("implicit", port),
    };
    let mut text = format!("SMTP_HOST={}\n", quote::env(&access.host));
    if let Some(port) = port {
        text.push_str(&format!("SMTP_PORT={port}\nSMTP_TLS={tls}\n"));
    }
    text.push_str(&format!("SMTP_USERNAME={}\n", quote::env(login.username)));
    text.push_str(&format!("SMTP_PASSWORD={}\n", quote::env(login.secret)));
    if let Some(sender) = login.sender {
        text.push_str(&format!("SMTP_FROM={}\n", quote::env(&sender.to_string())));
    }
    text
}

fn sender_text(sender: Option<&EmailAddress>) -> String {
    sender.map_or_else(|| SENDER_PLACEHOLDER.to_owned(), ToString::to_string)
}

#[cfg(test)]
mod tests;
