//! The policy, fetched over HTTPS from `mta-sts.DOMAIN` (RFC 8461 §3.3).
//!
//! The domain's owner chose the host and what it says: the addresses are looked up here and those of this machine are
//! left out, the certificate must be trusted and name the host, no redirect is followed, time and size have an end.

use super::Policy;
use crate::{DnsError, Resolver, mx::leads_back};
use relay_types::DomainName;
use reqwest::{StatusCode, header, redirect};
use rustls::{ClientConfig, crypto::aws_lc_rs};
use rustls_pki_types::{CertificateDer, pem::PemObject};
use rustls_platform_verifier::Verifier;
use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

/// How long it may take in all.
const PATIENCE: Duration = Duration::from_secs(20);
/// The largest policy (§3.3 leaves it to us, and names 64 KB).
const LARGEST: usize = 64 * 1024;

/// How policy hosts are reached.
#[derive(Debug, Clone)]
pub struct Access {
    /// TCP port; 443 but in laboratories.
    pub port: u16,
    /// Hosts may be at addresses of this machine: for tests and laboratories.
    pub local: bool,
    /// PEM files of authorities that are trusted besides the system's.
    pub extra_ca: Vec<PathBuf>,
}

impl Default for Access {
    fn default() -> Self {
        Self { port: 443, local: false, extra_ca: Vec::new() }
    }
}

/// Why there is no policy to be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// No answer, or one that is not the policy.
    #[error("{0}")]
    Away(String),
    /// The certificate of the host will not do.
    #[error("{0}")]
    Certificate(String),
    /// What came is no policy.
    #[error("the policy cannot be read: {0}")]
    Invalid(String),
}

/// Fetches the policy of a domain.
pub async fn fetch(resolver: &Resolver, domain: &DomainName, access: &Access) -> Result<Policy, FetchError> {
    match tokio::time::timeout(PATIENCE, ask(resolver, domain, access)).await {
        Ok(answer) => answer,
        Err(_) => Err(FetchError::Away(format!("no policy within {} seconds", PATIENCE.as_secs()))),
    }
}

async fn ask(resolver: &Resolver, domain: &DomainName, access: &Access) -> Result<Policy, FetchError> {
    let host = format!("mta-sts.{domain}");
    let addresses: Vec<SocketAddr> = places(resolver, &host, access).await?;
    let away = |error: reqwest::Error| judge(&host, error);
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls(access).map_err(FetchError::Away)?)
        .timeout(PATIENCE)
        .redirect(redirect::Policy::none())
        .https_only(true)
        .no_proxy()
        // Looked up and judged above: nothing else may choose another address.
        .resolve_to_addrs(&host, &addresses)
        .build()
        .map_err(away)?;
    let port = if access.port == 443 { String::new() } else { format!(":{}", access.port) };
    let url = format!("https://{host}{port}/.well-known/mta-sts.txt");
    let mut answer = client.get(url).send().await.map_err(away)?;
    if answer.status() != StatusCode::OK {
        return Err(FetchError::Away(format!("{host} answers with status {}", answer.status().as_u16())));
    }
    let kind = answer.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("text/plain") {
        return Err(FetchError::Invalid("it does not come as text/plain".to_owned()));
    }
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(away)? {
        if body.len() + piece.len() > LARGEST {
            return Err(FetchError::Invalid(format!("it is larger than {} KiB", LARGEST >> 10)));
        }
        body.extend_from_slice(&piece);
    }
    let text = std::str::from_utf8(&body).map_err(|_| FetchError::Invalid("it is not UTF-8".to_owned()))?;
    Policy::parse(text).map_err(FetchError::Invalid)
}

async fn places(resolver: &Resolver, host: &str, access: &Access) -> Result<Vec<SocketAddr>, FetchError> {
    let found = resolver.addresses(host).await.map_err(|error| {
        FetchError::Away(match error {
            DnsError::NoRecord => format!("{host} has no address"),
            DnsError::Temporary(why) => format!("{host} cannot be looked up: {why}"),
        })
    })?;
    let (near, others): (Vec<_>, Vec<_>) = found.into_iter().partition(|address| !access.local && leads_back(*address));
    match near.first() {
        Some(address) if others.is_empty() => {
            Err(FetchError::Away(format!("{host} is at {address}, which is this machine itself or no host")))
        }
        _ => Ok(others.into_iter().map(|address| SocketAddr::new(address, access.port)).collect()),
    }
}

/// Certificates are verified as the system does. The provider is named, so that no other need be installed first.
fn tls(access: &Access) -> Result<ClientConfig, String> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut extra = Vec::new();
    for path in &access.extra_ca {
        for certificate in CertificateDer::pem_file_iter(path).map_err(|error| error.to_string())? {
            extra.push(certificate.map_err(|error| error.to_string())?);
        }
    }
    let verifier = Verifier::new_with_extra_roots(extra, provider.clone()).map_err(|error| error.to_string())?;
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth())
}

/// Tells a certificate that will not do from every other trouble.
fn judge(host: &str, error: reqwest::Error) -> FetchError {
    let error = error.without_url();
    let mut parts = vec![error.to_string()];
    let mut certificate = false;
    let mut next = std::error::Error::source(&error);
    while let Some(cause) = next {
        certificate |= is_of_certificate(cause);
        parts.push(cause.to_string());
        next = cause.source();
    }
    parts.dedup();
    let words = format!("{host}: {}", parts.join(": "));
    if certificate { FetchError::Certificate(words) } else { FetchError::Away(words) }
}

/// Errors of I/O do not name what they wrap as their source, and may wrap each other.
fn is_of_certificate(cause: &(dyn std::error::Error + 'static)) -> bool {
    if let Some(error) = cause.downcast_ref::<rustls::Error>() {
        return matches!(error, rustls::Error::InvalidCertificate(_));
    }
    let inside = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    inside.is_some_and(|inside| is_of_certificate(inside))
}
