//! A scripted SMTP host on loopback: says what the script says, keeps what it hears.

use rcgen::{BasicConstraints, CertificateParams, DistinguishedName, IsCa, Issuer, KeyPair};
use rustls::{ServerConfig, crypto::aws_lc_rs};
use rustls_pki_types::{PrivateKeyDer, pem::PemObject};
use std::{
    io,
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

/// What the host does. Without a word it greets, takes everything, and speaks neither TLS nor extensions.
#[derive(Clone, Default)]
pub struct Script {
    offers: Vec<String>,
    /// Shared by all clones, so that a test can change them while the host runs.
    answers: Arc<Mutex<Vec<(String, String)>>>,
    greetings: Vec<(String, String)>,
    silent: Option<String>,
    drop_at: Option<String>,
    drop_after: Option<String>,
    close_after_message: bool,
    tls: Option<TlsAcceptor>,
    implicit: bool,
}

impl Script {
    /// Offers an extension in the answer to EHLO.
    pub fn offer(mut self, extension: &str) -> Self {
        self.offers.push(extension.to_owned());
        self
    }

    /// Answers commands that begin like this with this line.
    pub fn answer(self, command: &str, line: &str) -> Self {
        self.answers.lock().unwrap().push((command.to_owned(), line.to_owned()));
        self
    }

    /// Accepts connections at this local address and never says a word.
    pub fn silent_at(mut self, address: &str) -> Self {
        self.silent = Some(address.to_owned());
        self
    }

    /// Greets like this at this local address, and then hears nothing.
    pub fn greet_at(mut self, address: &str, line: &str) -> Self {
        self.greetings.push((address.to_owned(), line.to_owned()));
        self
    }

    /// Closes without an answer when a command begins like this; `.` is the end of a message.
    pub fn drop_at(mut self, command: &str) -> Self {
        self.drop_at = Some(command.to_owned());
        self
    }

    /// Closes behind the answer to a command that begins like this.
    pub fn drop_after(mut self, command: &str) -> Self {
        self.drop_after = Some(command.to_owned());
        self
    }

    /// Closes behind the answer to each message.
    pub fn close_after_message(mut self) -> Self {
        self.close_after_message = true;
        self
    }

    /// Offers STARTTLS and makes it.
    pub fn starttls(mut self, acceptor: TlsAcceptor) -> Self {
        self.tls = Some(acceptor);
        self
    }

    /// Speaks TLS from the first octet.
    pub fn implicit(mut self, acceptor: TlsAcceptor) -> Self {
        self.implicit = true;
        self.starttls(acceptor)
    }
}

/// A running host at three addresses with one port, so that a test can have several hosts.
pub struct Sink {
    pub address: SocketAddr,
    answers: Arc<Mutex<Vec<(String, String)>>>,
    kept: Arc<Kept>,
}

#[derive(Default)]
struct Kept {
    connections: AtomicUsize,
    messages: Mutex<Vec<Vec<u8>>>,
    heard: Mutex<Vec<String>>,
}

trait Octets: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Octets for S {}

impl Sink {
    pub async fn start(script: Script) -> Self {
        let listeners = listeners().await;
        let address = listeners[0].local_addr().unwrap();
        let kept = Arc::new(Kept::default());
        let answers = script.answers.clone();
        for listener in listeners {
            tokio::spawn(listen(listener, script.clone(), kept.clone()));
        }
        Self { address, answers, kept }
    }

    /// From now on takes everything.
    pub fn relent(&self) {
        self.answers.lock().unwrap().clear();
    }

    pub fn connections(&self) -> usize {
        self.kept.connections.load(Ordering::SeqCst)
    }

    /// Content with dots unstuffed, without the end of data.
    pub fn messages(&self) -> Vec<Vec<u8>> {
        self.kept.messages.lock().unwrap().clone()
    }

    /// How many messages arrived.
    pub fn received(&self) -> usize {
        self.kept.messages.lock().unwrap().len()
    }

    /// What arrived outside of messages, by segment.
    pub fn heard(&self) -> Vec<String> {
        self.kept.heard.lock().unwrap().clone()
    }
}

/// 127.0.0.1, 127.0.0.2 and 127.0.0.3 with the same free port.
async fn listeners() -> [TcpListener; 3] {
    loop {
        let first = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = first.local_addr().unwrap().port();
        let second = TcpListener::bind(("127.0.0.2", port)).await;
        let third = TcpListener::bind(("127.0.0.3", port)).await;
        if let (Ok(second), Ok(third)) = (second, third) {
            return [first, second, third];
        }
    }
}

async fn listen(listener: TcpListener, script: Script, kept: Arc<Kept>) {
    while let Ok((stream, _)) = listener.accept().await {
        kept.connections.fetch_add(1, Ordering::SeqCst);
        let (script, kept) = (script.clone(), kept.clone());
        // A connection that ends in the middle is part of many scripts.
        tokio::spawn(async move { serve(stream, &script, &kept).await.ok() });
    }
}

async fn serve(stream: TcpStream, script: &Script, kept: &Kept) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let local = stream.local_addr()?.ip().to_string();
    let mut stream: Box<dyn Octets> = Box::new(stream);
    let mut secured = false;
    if let Some(acceptor) = script.tls.as_ref().filter(|_| script.implicit) {
        stream = Box::new(acceptor.accept(stream).await?);
        secured = true;
    }
    if script.silent.as_ref() == Some(&local) {
        let mut nothing = [0];
        while stream.read(&mut nothing).await? > 0 {}
        return Ok(());
    }
    let odd = script.greetings.iter().find(|(address, _)| *address == local);
    let greeting = odd.map_or("220 mx.example ESMTP", |(_, line)| line);
    stream.write_all(format!("{greeting}\r\n").as_bytes()).await?;
    if odd.is_some() {
        return Ok(());
    }
    let mut waiting = Vec::new();
    loop {
        while let Some(end) = waiting.windows(2).position(|pair| pair == b"\r\n") {
            let line = String::from_utf8_lossy(&waiting[..end]).into_owned();
            waiting.drain(..end + 2);
            if script.drop_at.as_ref().is_some_and(|command| line.starts_with(command.as_str())) {
                return Ok(());
            }
            stream.write_all(answer(&line, script, secured).as_bytes()).await?;
            if script.drop_after.as_ref().is_some_and(|command| line.starts_with(command.as_str())) {
                return Ok(());
            }
            match (line.as_str(), &script.tls) {
                ("QUIT", _) => return Ok(()),
                ("STARTTLS", Some(acceptor)) => {
                    stream = Box::new(acceptor.accept(stream).await?);
                    secured = true;
                }
                ("DATA", _) => {
                    let message = content(&mut stream, &mut waiting).await?;
                    if script.drop_at.as_deref() == Some(".") {
                        return Ok(());
                    }
                    kept.messages.lock().unwrap().push(message);
                    stream.write_all(b"250 2.0.0 queued\r\n").await?;
                    if script.close_after_message {
                        return Ok(());
                    }
                }
                _ => {}
            }
        }
        let mut segment = vec![0; 64 * 1024];
        let length = stream.read(&mut segment).await?;
        if length == 0 {
            return Ok(());
        }
        segment.truncate(length);
        kept.heard.lock().unwrap().push(String::from_utf8_lossy(&segment).into_owned());
        waiting.extend(segment);
    }
}

fn answer(line: &str, script: &Script, secured: bool) -> String {
    let answers = script.answers.lock().unwrap();
    if let Some((_, answer)) = answers.iter().find(|(command, _)| line.starts_with(command.as_str())) {
        return format!("{answer}\r\n");
    }
    match line.split(' ').next().unwrap_or_default() {
        "EHLO" => {
            let starttls = (script.tls.is_some() && !secured).then_some("STARTTLS");
            let offers = script.offers.iter().map(String::as_str).chain(starttls);
            let lines: String = offers.map(|offer| format!("250-{offer}\r\n")).collect();
            format!("250-mx.example\r\n{lines}250 HELP\r\n")
        }
        "AUTH" => "235 2.7.0 ok\r\n".to_owned(),
        "STARTTLS" => "220 2.0.0 go\r\n".to_owned(),
        "DATA" => "354 go\r\n".to_owned(),
        "QUIT" => "221 2.0.0 bye\r\n".to_owned(),
        _ => "250 2.0.0 ok\r\n".to_owned(),
    }
}

/// Reads up to the end of data; what is behind it stays in `waiting`.
async fn content(stream: &mut Box<dyn Octets>, waiting: &mut Vec<u8>) -> io::Result<Vec<u8>> {
    let mut message = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    let mut read = 0;
    loop {
        while let Some(length) = waiting[read..].windows(2).position(|pair| pair == b"\r\n") {
            let line = &waiting[read..read + length + 2];
            read += length + 2;
            if line == b".\r\n" {
                waiting.drain(..read);
                return Ok(message);
            }
            message.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
        }
        let length = stream.read(&mut buffer).await?;
        if length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        waiting.extend_from_slice(&buffer[..length]);
    }
}

/// A certificate authority of a test, which no system trusts.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    folder: TempDir,
}

impl Authority {
    pub fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.distinguished_name = DistinguishedName::new();
        parameters.distinguished_name.push(rcgen::DnType::CommonName, "authority of a test");
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = parameters.self_signed(&key).unwrap();
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("ca.pem"), certificate.pem()).unwrap();
        Self { issuer: Issuer::new(parameters, key), folder }
    }

    /// Its own certificate.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// A server's side of TLS with a certificate for this name.
    pub fn server(&self, name: &str) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}
