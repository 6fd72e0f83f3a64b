//! The socket of a session, in clear or under TLS.

use relay_smtp::TlsFacts;
use std::{io, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// How long and how far a client's rest is read after the close, so that it can read our last reply before a reset.
const LINGER: Duration = Duration::from_secs(2);
const LINGER_OCTETS: usize = 1024 * 1024;
/// How long a client may take to read what we say.
const WRITE: Duration = Duration::from_secs(60);

/// A connection.
pub(super) enum Wire {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Wire {
    pub(super) async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer).await,
            Self::Tls(stream) => stream.read(buffer).await,
        }
    }

    /// Writes all of `bytes`; a client that does not read is an error, not a wait.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let written = async {
            match self {
                Self::Plain(stream) => stream.write_all(bytes).await,
                Self::Tls(stream) => {
                    stream.write_all(bytes).await?;
                    stream.flush().await
                }
            }
        };
        timeout(WRITE, written).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    /// Makes TLS, once.
    pub(super) async fn start_tls(self, acceptor: &TlsAcceptor, longest: Duration) -> io::Result<(Self, TlsFacts)> {
        let Self::Plain(stream) = self else { return Err(io::Error::other("TLS is already in use")) };
        let handshake = timeout(longest, acceptor.accept(stream)).await;
        let stream = handshake.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))?;
        let (_, connection) = stream.get_ref();
        let version = connection.protocol_version().and_then(|version| version.as_str()).unwrap_or("TLS");
        let cipher = connection.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str()).unwrap_or_default();
        let facts = TlsFacts { version: version.replace("TLSv1_", "TLS 1."), cipher: cipher.replace("TLS13_", "TLS_") };
        Ok((Self::Tls(Box::new(stream)), facts))
    }

    /// Says that nothing more comes, and lets the client read it.
    pub(super) async fn close(mut self) {
        let closing = async {
            match &mut self {
                Self::Plain(stream) => stream.shutdown().await?,
                Self::Tls(stream) => stream.shutdown().await?,
            }
            let mut rest = [0; 4096];
            let mut octets = 0;
            while octets < LINGER_OCTETS {
                match self.read(&mut rest).await? {
                    0 => break,
                    read => octets += read,
                }
            }
            Ok::<(), io::Error>(())
        };
        // Nothing depends on how it ends: what was promised to the client is on disk.
        let _ = timeout(LINGER, closing).await;
    }
}
