//! The client's side of TLS: 1.2 and 1.3 with aws-lc-rs; verified as the system does, or only observed.

use super::DeliveryError;
use relay_smtp::client::TlsPolicy;
use relay_types::tls::TlsOutcome;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme,
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
    sync::{Arc, Mutex, MutexGuard, PoisonError},
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
    judgement: Arc<Judgement>,
}

/// What was found about the certificate; none until the host has shown it.
#[derive(Debug, Default)]
struct Judgement(Mutex<Option<Result<(), Untrusted>>>);

/// Why a certificate is none that this machine trusts for a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untrusted {
    /// As it is counted.
    pub outcome: TlsOutcome,
    /// In words.
    pub why: String,
}

impl Judgement {
    fn lock(&self) -> MutexGuard<'_, Option<Result<(), Untrusted>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connector {
    /// Why the certificate of the handshake that was made is none the system trusts for that name; none when it is.
    pub fn untrusted(&self) -> Option<Untrusted> {
        self.judgement.lock().clone()?.err()
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

    /// For a handshake under this policy. Under `Opportunistic` and `Encrypted` any certificate will do and it is only
    /// noted whether it could be verified; under every other policy one that cannot be verified ends the handshake.
    pub fn connector(&self, policy: TlsPolicy) -> Result<Connector, Error> {
        let judgement = Arc::<Judgement>::default();
        let verifier = Observer {
            inner: self.verifier.clone(),
            algorithms: self.provider.signature_verification_algorithms,
            judgement: judgement.clone(),
            lenient: matches!(policy, TlsPolicy::Opportunistic | TlsPolicy::Encrypted),
        };
        let mut config = ClientConfig::builder_with_provider(self.provider.clone())
            .with_protocol_versions(&[&TLS13, &TLS12])?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        // A resumed session shows no certificate, so that nothing could be noted about it.
        config.resumption = Resumption::disabled();
        Ok(Connector { connector: TlsConnector::from(Arc::new(config)), judgement })
    }
}

/// What the verifier's refusal means (RFC 8460 §4.3), in words of our own where they are plainer.
fn judge(error: &Error, host: &ServerName<'_>) -> Untrusted {
    use CertificateError as Wrong;
    let (outcome, why) = match error {
        Error::InvalidCertificate(Wrong::Expired | Wrong::ExpiredContext { .. }) => {
            (TlsOutcome::CertificateExpired, "the certificate has ended".to_owned())
        }
        Error::InvalidCertificate(Wrong::NotValidForName | Wrong::NotValidForNameContext { .. }) => {
            (TlsOutcome::CertificateHostMismatch, format!("the certificate is not for {}", host.to_str()))
        }
        Error::InvalidCertificate(Wrong::UnknownIssuer) => {
            let why = "no authority that this machine knows issued the certificate, or its chain is not whole";
            (TlsOutcome::CertificateNotTrusted, why.to_owned())
        }
        other => (TlsOutcome::CertificateNotTrusted, other.to_string()),
    };
    Untrusted { outcome, why }
}

/// Asks the system's verifier and notes what it says. The handshake's signatures count under every policy: they prove
/// that the peer holds the key of the certificate it shows.
#[derive(Debug)]
struct Observer {
    inner: Option<Arc<dyn ServerCertVerifier>>,
    algorithms: WebPkiSupportedAlgorithms,
    judgement: Arc<Judgement>,
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
        *self.judgement.lock() = Some(judgement.as_ref().map(|_| ()).map_err(|error| judge(error, server_name)));
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
