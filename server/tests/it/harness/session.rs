//! An SMTP session that a test leads line by line, in the clear or behind TLS.

use super::{Issued, PATIENCE};
use base64::{Engine, engine::general_purpose::STANDARD};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    sync::Arc,
};

/// The name on the relay's certificate.
pub const HOST: &str = "relay.test";

enum Wire {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(octets),
            Self::Tls(stream) => stream.write(octets),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

/// The session, greeted and past EHLO.
pub struct Session(BufReader<Wire>);

impl Session {
    /// In the clear.
    pub fn open(port: u16) -> Self {
        Self::try_open(port).unwrap()
    }

    /// In the clear; fails when the relay is not there.
    pub fn try_open(port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut session = Self(BufReader::new(Wire::Plain(stream)));
        session.reply()?;
        session.try_say("EHLO client.test")?;
        Ok(session)
    }

    /// With TLS from the first octet; the certificate must be the one in this file.
    pub fn open_tls(port: u16, certificate: &Path) -> Self {
        Self::try_open_tls(port, certificate).unwrap()
    }

    /// As [`Self::open_tls`]; fails when another certificate is shown.
    pub fn try_open_tls(port: u16, certificate: &Path) -> io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(certificate).unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connection = ClientConnection::new(Arc::new(config), ServerName::try_from(HOST).unwrap()).unwrap();
        let mut session = Self(BufReader::new(Wire::Tls(Box::new(StreamOwned::new(connection, stream)))));
        session.reply()?;
        session.try_say("EHLO client.test")?;
        Ok(session)
    }

    /// Behind TLS and signed in, on the relay's port for implicit TLS.
    pub fn signed_in(relay: &super::Relaykeep, account: &Issued) -> Self {
        let mut session = Self::open_tls(relay.submissions, &relay.certificate());
        let reply = session.auth(&account.username, &account.secret);
        assert!(reply.starts_with("235 "), "{reply}");
        session
    }

    /// The reply to AUTH PLAIN.
    pub fn auth(&mut self, username: &str, secret: &str) -> String {
        self.say(&format!("AUTH PLAIN {}", STANDARD.encode(format!("\0{username}\0{secret}"))))
    }

    /// Sends a line and waits for the whole reply, which is returned without its last line end.
    pub fn say(&mut self, line: &str) -> String {
        self.try_say(line).unwrap()
    }

    /// As [`Self::say`]; fails when the connection is lost.
    pub fn try_say(&mut self, line: &str) -> io::Result<String> {
        self.0.get_mut().write_all(format!("{line}\r\n").as_bytes())?;
        self.reply()
    }

    /// A whole transaction: the reply to the first command that is refused, else the one to the content.
    pub fn send(&mut self, reverse_path: &str, recipients: &[&str], content: &[u8]) -> String {
        self.try_send(reverse_path, recipients, content).unwrap()
    }

    /// As [`Self::send`]; fails when the connection is lost.
    pub fn try_send(&mut self, reverse_path: &str, recipients: &[&str], content: &[u8]) -> io::Result<String> {
        let body = if content.is_ascii() { "" } else { " BODY=8BITMIME" };
        let mut commands = vec![format!("MAIL FROM:<{reverse_path}>{body}")];
        commands.extend(recipients.iter().map(|recipient| format!("RCPT TO:<{recipient}>")));
        commands.push("DATA".to_owned());
        for command in commands {
            let reply = self.try_say(&command)?;
            if !reply.starts_with(['2', '3']) {
                self.try_say("RSET")?;
                return Ok(reply);
            }
        }
        self.try_content(content)
    }

    /// Sends content after `354`, dots stuffed, to the lone dot, and waits for the reply.
    pub fn try_content(&mut self, content: &[u8]) -> io::Result<String> {
        let mut stuffed = Vec::with_capacity(content.len() + 5);
        for line in content.split_inclusive(|&octet| octet == b'\n') {
            if line.starts_with(b".") {
                stuffed.push(b'.');
            }
            stuffed.extend_from_slice(line);
        }
        if !stuffed.is_empty() && !stuffed.ends_with(b"\r\n") {
            stuffed.extend_from_slice(b"\r\n");
        }
        stuffed.extend_from_slice(b".\r\n");
        self.0.get_mut().write_all(&stuffed)?;
        self.reply()
    }

    /// Sends these octets as they are, and waits for the reply.
    pub fn octets(&mut self, octets: &[u8]) -> String {
        self.0.get_mut().write_all(octets).unwrap();
        self.reply().unwrap()
    }

    /// The next reply.
    pub fn reply(&mut self) -> io::Result<String> {
        let mut whole = String::new();
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            whole.push_str(&line);
            if line.as_bytes().get(3) != Some(&b'-') {
                return Ok(whole.trim_end().to_owned());
            }
        }
    }
}
