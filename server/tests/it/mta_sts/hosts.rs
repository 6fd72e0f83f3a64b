//! A policy host and a mail server, both with real TLS and certificates of an authority of the test's own.

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    crypto::aws_lc_rs,
    pki_types::{PrivateKeyDer, pem::PemObject},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use std::{
    collections::HashMap,
    fmt,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};
use tempfile::TempDir;

/// Issues certificates.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    folder: TempDir,
}

impl Authority {
    pub fn new() -> Arc<Self> {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.distinguished_name.push(rcgen::DnType::CommonName, "authority of a test");
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = parameters.self_signed(&key).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), certificate.pem()).unwrap();
        Arc::new(Self { issuer: Issuer::new(parameters, key), folder })
    }

    /// Its own certificate.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    fn certificate(&self, name: &str, trusted: bool) -> Arc<CertifiedKey> {
        let key = KeyPair::generate().unwrap();
        let parameters = CertificateParams::new([name.to_owned()]).unwrap();
        let certificate =
            if trusted { parameters.signed_by(&key, &self.issuer) } else { parameters.self_signed(&key) }.unwrap();
        let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap();
        let chain = vec![certificate.der().clone()];
        Arc::new(CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider()).unwrap())
    }
}

fn server(resolver: Arc<dyn ResolvesServerCert>) -> Arc<ServerConfig> {
    let builder = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    Arc::new(builder.with_cert_resolver(resolver))
}

/// Serves policies over HTTPS, for each `mta-sts.DOMAIN` its own.
#[derive(Clone)]
pub struct PolicyHost {
    pub port: u16,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    answers: HashMap<String, String>,
    asked: HashMap<String, usize>,
}

/// Any name that is asked for gets a certificate, of the authority or of nobody.
struct EachName {
    authority: Arc<Authority>,
    untrusted: Vec<String>,
    made: Mutex<HashMap<String, Arc<CertifiedKey>>>,
}

impl fmt::Debug for EachName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EachName")
    }
}

impl ResolvesServerCert for EachName {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name()?.to_owned();
        let trusted = !self.untrusted.contains(&name);
        let mut made = self.made.lock().unwrap();
        Some(made.entry(name.clone()).or_insert_with(|| self.authority.certificate(&name, trusted)).clone())
    }
}

/// One certificate, whatever name is asked for.
#[derive(Debug)]
struct Always(Arc<CertifiedKey>);

impl ResolvesServerCert for Always {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}

impl PolicyHost {
    /// Starts; nobody has reason to trust its certificates for the names in `untrusted`.
    pub fn start(authority: &Arc<Authority>, untrusted: &[&str]) -> Self {
        let untrusted = untrusted.iter().map(|name| (*name).to_owned()).collect();
        let names = EachName { authority: authority.clone(), untrusted, made: Mutex::default() };
        let config = server(Arc::new(names));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = Self { port: listener.local_addr().unwrap().port(), state: Arc::default() };
        let serving = host.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (host, config) = (serving.clone(), config.clone());
                thread::spawn(move || host.answer(stream, config));
            }
        });
        host
    }

    /// Answers with this for a domain, octet for octet.
    pub fn serve(&self, domain: &str, answer: &str) {
        self.state.lock().unwrap().answers.insert(format!("mta-sts.{domain}"), answer.to_owned());
    }

    /// How often the policy of a domain was asked for.
    pub fn asked(&self, domain: &str) -> usize {
        self.state.lock().unwrap().asked.get(&format!("mta-sts.{domain}")).copied().unwrap_or(0)
    }

    fn answer(&self, stream: TcpStream, config: Arc<ServerConfig>) -> Option<()> {
        let mut reader = BufReader::new(StreamOwned::new(ServerConnection::new(config).ok()?, stream));
        let mut host = String::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            if let Some(name) = line.to_ascii_lowercase().strip_prefix("host:") {
                host = name.trim().split(':').next()?.to_owned();
            }
            if line == "\r\n" {
                break;
            }
        }
        let answer = {
            let mut state = self.state.lock().unwrap();
            *state.asked.entry(host.clone()).or_default() += 1;
            state.answers.get(&host).cloned().unwrap_or_default()
        };
        let stream = reader.get_mut();
        stream.write_all(answer.as_bytes()).ok()?;
        stream.conn.send_close_notify();
        stream.flush().ok()
    }
}

/// A mail server that offers STARTTLS with one certificate and takes everything.
#[derive(Clone)]
pub struct MailHost {
    pub port: u16,
    messages: Arc<AtomicUsize>,
}

enum Wire {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
}

impl MailHost {
    /// Starts with a certificate for this name.
    pub fn start(authority: &Arc<Authority>, name: &str) -> Self {
        let config = server(Arc::new(Always(authority.certificate(name, true))));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = Self { port: listener.local_addr().unwrap().port(), messages: Arc::default() };
        let serving = host.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (host, config) = (serving.clone(), config.clone());
                thread::spawn(move || host.serve(stream, config));
            }
        });
        host
    }

    /// How many messages came.
    pub fn messages(&self) -> usize {
        self.messages.load(Ordering::Relaxed)
    }

    fn serve(&self, stream: TcpStream, config: Arc<ServerConfig>) -> Option<()> {
        let mut wire = Wire::Plain(stream);
        wire.say("220 mx.sts.test ESMTP")?;
        let mut in_data = false;
        loop {
            let line = wire.line()?;
            if in_data {
                if line == "." {
                    in_data = false;
                    self.messages.fetch_add(1, Ordering::Relaxed);
                    wire.say("250 2.0.0 Ok")?;
                }
                continue;
            }
            match line.split([' ', ':']).next().unwrap_or_default() {
                "EHLO" if matches!(wire, Wire::Plain(_)) => wire.say("250-mx.sts.test\r\n250 STARTTLS")?,
                "STARTTLS" => {
                    wire.say("220 2.0.0 Go")?;
                    let Wire::Plain(stream) = wire else { return None };
                    let session = ServerConnection::new(config.clone()).ok()?;
                    wire = Wire::Tls(Box::new(StreamOwned::new(session, stream)));
                }
                "DATA" => {
                    in_data = true;
                    wire.say("354 Go on")?;
                }
                "QUIT" => return wire.say("221 2.0.0 Bye"),
                _ => wire.say("250 2.0.0 Ok")?,
            }
        }
    }
}

impl Wire {
    fn say(&mut self, reply: &str) -> Option<()> {
        let wire = format!("{reply}\r\n");
        match self {
            Self::Plain(stream) => stream.write_all(wire.as_bytes()).ok(),
            Self::Tls(stream) => stream.write_all(wire.as_bytes()).and_then(|()| stream.flush()).ok(),
        }
    }

    /// A line, an octet at a time: nothing behind STARTTLS is read too early.
    fn line(&mut self) -> Option<String> {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            let mut octet = [0];
            match self {
                Self::Plain(stream) => stream.read_exact(&mut octet).ok()?,
                Self::Tls(stream) => stream.read_exact(&mut octet).ok()?,
            }
            line.push(octet[0]);
        }
        Some(String::from_utf8_lossy(&line).trim_end().to_owned())
    }
}
