//! TLS of a listener: TLS 1.2 and 1.3 with aws-lc-rs, certificates that can be renewed while it runs, tickets of its own.
//!
//! Never offers older versions, never asks clients for certificates. A session ticket of one listener is of no use on
//! another, because each has its own key.

pub mod certificates;
pub mod validity;

use certificates::{CertificateFiles, Certificates};
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    version::{TLS12, TLS13},
};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

/// Why a listener has no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read or written.
    #[error("{path}: {cause}")]
    File {
        /// Which.
        path: String,
        /// What the system says.
        cause: std::io::Error,
    },
    /// A file has no certificate or no key, or they are not of each other.
    #[error("{path}: {cause}")]
    Certificate {
        /// Which.
        path: String,
        /// What is wrong with it.
        cause: String,
    },
    /// The TLS library refuses the settings.
    #[error(transparent)]
    Rustls(#[from] rustls::Error),
    /// A certificate for trials cannot be made.
    #[error("cannot make a certificate: {0}")]
    SelfSigned(#[from] rcgen::Error),
}

/// What a listener needs to speak TLS.
#[derive(Clone)]
pub struct Tls {
    /// Makes the server's side of a handshake.
    pub acceptor: TlsAcceptor,
    /// The certificates in use, to be renewed.
    pub certificates: Arc<Certificates>,
}

impl Tls {
    /// Reads the certificates and prepares the handshake.
    pub fn new(files: Vec<CertificateFiles>) -> Result<Self, TlsError> {
        let certificates = Arc::new(Certificates::read(files)?);
        let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(&[&TLS13, &TLS12])?
            .with_no_client_auth()
            .with_cert_resolver(certificates.clone());
        config.ticketer = aws_lc_rs::Ticketer::new()?;
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), certificates })
    }
}
