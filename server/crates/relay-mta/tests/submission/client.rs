//! A client that says exactly what a test says.

use crate::harness::HOST;
use relay_mta::CertificateFiles;
use rustls::{ALL_VERSIONS, ClientConfig, RootCertStore, SupportedProtocolVersion, crypto::aws_lc_rs};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject};
use std::{net::SocketAddr, sync::Arc};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

/// A connection, in clear or under TLS.
pub struct Client<S> {
    stream: BufReader<S>,
}

/// A client in clear.
pub async fn connect(address: SocketAddr) -> Client<TcpStream> {
    Client { stream: BufReader::new(TcpStream::connect(address).await.expect("a listener")) }
}

/// A client that trusts this certificate only.
pub fn trusting(files: &CertificateFiles) -> Arc<ClientConfig> {
    trusting_by(ALL_VERSIONS, files)
}

/// As [`trusting`], by these versions of TLS.
pub fn trusting_by(versions: &[&'static SupportedProtocolVersion], files: &CertificateFiles) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&files.certificate).expect("PEM")).expect("a certificate");
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(versions)
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

impl Client<TcpStream> {
    /// The bare connection, once every reply was read.
    pub fn into_stream(self) -> TcpStream {
        self.stream.into_inner()
    }

    /// Makes TLS on the connection.
    pub async fn tls(self, config: &Arc<ClientConfig>) -> std::io::Result<Client<TlsStream<TcpStream>>> {
        self.tls_with(HOST, config).await
    }

    /// Makes TLS with a host of this name.
    pub async fn tls_with(
        self,
        host: &str,
        config: &Arc<ClientConfig>,
    ) -> std::io::Result<Client<TlsStream<TcpStream>>> {
        let name = ServerName::try_from(host.to_owned()).expect("a name");
        let stream = TlsConnector::from(config.clone()).connect(name, self.stream.into_inner()).await?;
        Ok(Client { stream: BufReader::new(stream) })
    }
}

impl Client<TlsStream<TcpStream>> {
    /// Whether the handshake took up an earlier session.
    pub fn is_resumed(&self) -> bool {
        self.stream.get_ref().get_ref().1.handshake_kind() == Some(rustls::HandshakeKind::Resumed)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    /// Sends exactly this.
    pub async fn send(&mut self, bytes: &str) {
        self.stream.get_mut().write_all(bytes.as_bytes()).await.expect("the relay reads");
        self.stream.get_mut().flush().await.expect("the relay reads");
    }

    /// Sends exactly these octets.
    pub async fn send_octets(&mut self, octets: &[u8]) {
        self.stream.get_mut().write_all(octets).await.expect("the relay reads");
        self.stream.get_mut().flush().await.expect("the relay reads");
    }

    /// As [`Self::send_octets`], to a relay that may close before it has read them.
    pub async fn try_send(&mut self, octets: &[u8]) {
        let _ = self.stream.get_mut().write_all(octets).await;
    }

    /// The next reply, its lines joined by `|`.
    pub async fn reply(&mut self) -> String {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).await.expect("the relay writes");
            assert!(line.ends_with("\r\n"), "closed in the middle of a reply: {lines:?} {line:?}");
            let last = line.as_bytes().get(3) == Some(&b' ');
            lines.push(line.trim_end().to_owned());
            if last {
                return lines.join("|");
            }
        }
    }

    /// Sends a line and gives its reply.
    pub async fn say(&mut self, line: &str) -> String {
        self.send(&format!("{line}\r\n")).await;
        self.reply().await
    }

    /// What comes until the end of the connection.
    pub async fn rest(&mut self) -> String {
        let mut rest = Vec::new();
        // A reset is as good as an end.
        let _ = self.stream.read_to_end(&mut rest).await;
        String::from_utf8_lossy(&rest).into_owned()
    }

    /// The relay closes and says nothing more.
    pub async fn is_closed(&mut self) {
        let mut rest = Vec::new();
        self.stream.read_to_end(&mut rest).await.expect("an orderly close");
        assert_eq!(String::from_utf8_lossy(&rest), "");
    }
}
