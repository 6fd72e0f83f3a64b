//! The client's side of TLS: 1.2 and 1.3 with aws-lc-rs; verified as the system does, or only observed.

use super::DeliveryError;
use relay_smtp::client::TlsPolicy;
use rustls::{
    ClientConfig, DigitallySignedStruct, Error, SignatureScheme,
    client::{
        Resumption,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls12_signature, verify_tls13_signature},
    version::{TLS12, TLS13},
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject};
use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio_rustls::TlsConnector;

/// Makes connectors.
#[derive(Debug, Clone)]
pub struct ClientTls {
    provider: Arc<CryptoProvider>,
    /// The system's judgement; none on a machine without any trusted certificate.
    verifier: Option<Arc<dyn ServerCertVerifier>>,
}

/// For one handshake.
pub struct Connector {
    /// Makes the handshake.
    pub connector: TlsConnector,
    verified: Arc<AtomicBool>,
}

impl Connector {
    /// Whether the certificate of the handshake that was made is one the system trusts for that name.
    pub fn was_verified(&self) -> bool {
        self.verified.load(Ordering::Relaxed)
    }
}

impl ClientTls {
    /// Trusts what the system trusts, and the authorities in these PEM files.
    pub fn new(extra_ca: &[PathBuf]) -> Result<Self, DeliveryError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut extra = Vec::new();
        for path in extra_ca {
            let fault = |cause: String| DeliveryError::Certificate { path: path.display().to_string(), cause };
            let before = extra.len();
            for certificate in CertificateDer::pem_file_iter(path).map_err(|error| fault(error.to_string()))? {
                extra.push(certificate.map_err(|error| fault(error.to_string()))?);
            }
            if extra.len() == before {
                return Err(fault("there is no certificate in it".to_owned()));
            }
        }
        let verifier = rustls_platform_verifier::Verifier::new_with_extra_roots(extra, provider.clone());
        let verifier = match verifier {
            Ok(verifier) => Some(Arc::new(verifier) as Arc<dyn ServerCertVerifier>),
            Err(error) => {
                tracing::warn!(%error, "no certificate of another host can be verified");
                None
            }
        };
        Ok(Self { provider, verifier })
    }

    /// For a handshake under this policy. Under `Opportunistic` any certificate will do and it is only noted whether
    /// it could be verified; under every other policy one that cannot be verified ends the handshake.
    pub fn connector(&self, policy: TlsPolicy) -> Result<Connector, Error> {
        let verified = Arc::new(AtomicBool::new(false));
        let verifier = Observer {
            inner: self.verifier.clone(),
            algorithms: self.provider.signature_verification_algorithms,
            verified: verified.clone(),
            lenient: policy == TlsPolicy::Opportunistic,
        };
        let mut config = ClientConfig::builder_with_provider(self.provider.clone())
            .with_protocol_versions(&[&TLS13, &TLS12])?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        // A resumed session shows no certificate, so that nothing could be noted about it.
        config.resumption = Resumption::disabled();
        Ok(Connector { connector: TlsConnector::from(Arc::new(config)), verified })
    }
}

/// Asks the system's verifier and notes what it says. The handshake's signatures count under every policy: they prove
/// that the peer holds the key of the certificate it shows.
#[derive(Debug)]
struct Observer {
    inner: Option<Arc<dyn ServerCertVerifier>>,
    algorithms: WebPkiSupportedAlgorithms,
    verified: Arc<AtomicBool>,
    lenient: bool,
}

impl ServerCertVerifier for Observer {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let judgement = match &self.inner {
            Some(inner) => inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now),
            None => Err(Error::General("this machine trusts no certificate authority".to_owned())),
        };
        self.verified.store(judgement.is_ok(), Ordering::Relaxed);
        if self.lenient { Ok(ServerCertVerified::assertion()) } else { judgement }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
