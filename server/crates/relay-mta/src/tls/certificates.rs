//! The certificates of a listener: PEM files, read again on request, or made here for a trial.
//!
//! A renewed certificate is used for the next handshake; one that cannot be read leaves the old one in use.

use super::{TlsError, validity};
use relay_core::listeners::Certificate;
use relay_types::Timestamp;
use rustls::{
    client::verify_server_name,
    crypto::aws_lc_rs,
    server::{ClientHello, ParsedCertificate, ResolvesServerCert},
    sign::CertifiedKey,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject};
use std::{
    fmt, fs,
    io::Write,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

/// How long a certificate that is made here holds, and how long before its end another is made.
const SELF_SIGNED_HOLDS: Duration = Duration::from_secs(397 * 86_400);
const SELF_SIGNED_RENEWS: Duration = Duration::from_secs(30 * 86_400);

/// Where a certificate chain and its key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The certificate and what its issuer gave with it, in PEM.
    pub certificate: PathBuf,
    /// The private key, in PEM.
    pub key: PathBuf,
    /// Made here for a trial: no client has a reason to trust it.
    pub self_signed: bool,
}

/// Certificates in use. The first is the one for clients that name no host, or a host none is for.
pub struct Certificates {
    files: Vec<CertificateFiles>,
    current: RwLock<Vec<Arc<CertifiedKey>>>,
    /// The files as they were when they were read last.
    read: Mutex<Vec<Stamp>>,
}

/// What tells that a file is not the one that was read: when it was written and how long it is.
type Stamp = Option<(SystemTime, u64)>;

impl Certificates {
    /// Reads all files.
    pub fn read(files: Vec<CertificateFiles>) -> Result<Self, TlsError> {
        let read = Mutex::new(stamps(&files));
        let current = RwLock::new(read_all(&files)?);
        Ok(Self { files, current, read })
    }

    /// Whether a file is not the one that was read last.
    pub fn were_changed(&self) -> bool {
        stamps(&self.files) != *self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads all files again; on an error everything stays as it was.
    pub fn reload(&self) -> Result<(), TlsError> {
        // Before they are read: what is written meanwhile is seen the next time.
        let stamps = stamps(&self.files);
        let fresh = read_all(&self.files)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        *self.read.lock().unwrap_or_else(PoisonError::into_inner) = stamps;
        Ok(())
    }

    /// What operators are told of the first certificate, as it serves a listener of this host name.
    pub fn first(&self, host: &str) -> Option<Certificate> {
        let certified = {
            let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
            current.first()?.clone()
        };
        let ends_at = validity::ends_at(certified.cert.first()?)?;
        let name = ServerName::try_from(host.to_owned()).ok();
        Some(Certificate {
            self_signed: self.files.first()?.self_signed,
            ends_at,
            names_host: name.as_ref().is_some_and(|name| is_for(&certified, name)),
            untrusted: name.and_then(|name| untrusted(&certified, &name)),
        })
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        let name = hello.server_name().and_then(|name| ServerName::try_from(name).ok());
        let named = name.and_then(|name| current.iter().find(|certified| is_for(certified, &name)));
        named.or(current.first()).cloned()
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.files.iter().map(|files| &files.certificate)).finish()
    }
}

fn is_for(certified: &CertifiedKey, name: &ServerName<'_>) -> bool {
    let Some(certificate) = certified.cert.first() else { return false };
    ParsedCertificate::try_from(certificate).is_ok_and(|parsed| verify_server_name(&parsed, name).is_ok())
}

/// Why this machine does not trust a chain, but for its end and its names, which are told apart.
fn untrusted(certified: &CertifiedKey, name: &ServerName<'_>) -> Option<String> {
    use rustls::{CertificateError, Error, client::danger::ServerCertVerifier};
    let verifier = match rustls_platform_verifier::Verifier::new(aws_lc_rs::default_provider().into()) {
        Ok(verifier) => verifier,
        Err(error) => return Some(format!("no certificate can be judged on this machine: {error}")),
    };
    let (end, chain) = certified.cert.split_first()?;
    match verifier.verify_server_cert(end, chain, name, &[], UnixTime::now()) {
        Ok(_) => None,
        Err(Error::InvalidCertificate(
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidForName
            | CertificateError::NotValidForNameContext { .. },
        )) => None,
        Err(Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {
            Some("no authority that this machine knows issued it, or the chain is not whole".to_owned())
        }
        Err(error) => Some(error.to_string()),
    }
}

fn stamps(files: &[CertificateFiles]) -> Vec<Stamp> {
    let stamp = |path: &PathBuf| {
        let facts = fs::metadata(path).ok()?;
        Some((facts.modified().ok()?, facts.len()))
    };
    files.iter().flat_map(|files| [stamp(&files.certificate), stamp(&files.key)]).collect()
}

fn read_all(files: &[CertificateFiles]) -> Result<Vec<Arc<CertifiedKey>>, TlsError> {
    files.iter().map(|files| read_one(files).map(Arc::new)).collect()
}

fn read_one(files: &CertificateFiles) -> Result<CertifiedKey, TlsError> {
    let wrong = |path: &Path, cause: String| TlsError::Certificate { path: path.display().to_string(), cause };
    let chain = CertificateDer::pem_slice_iter(&read_file(&files.certificate)?)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| wrong(&files.certificate, error.to_string()))?;
    if chain.is_empty() {
        return Err(wrong(&files.certificate, "there is no certificate in this file".to_owned()));
    }
    let key = PrivateKeyDer::from_pem_slice(&read_file(&files.key)?)
        .map_err(|error| wrong(&files.key, format!("there is no private key in this file: {error}")))?;
    CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider())
        .map_err(|error| wrong(&files.key, format!("not the key of {}: {error}", files.certificate.display())))
}

/// A certificate for `host` that is signed by itself: read from `folder`, or made there when it is missing, cannot be
/// read, or ends soon. For trials, and for opportunistic TLS between machines that trust no one anyway.
pub fn self_signed(folder: &Path, host: &str, now: Timestamp) -> Result<CertificateFiles, TlsError> {
    let file = |ending: &str| folder.join(format!("{host}.{ending}"));
    let files = CertificateFiles { certificate: file("crt"), key: file("key"), self_signed: true };
    let holds = read_one(&files).ok().and_then(|certified| validity::ends_at(certified.cert.first()?));
    if holds.is_none_or(|ends_at| ends_at.minus(SELF_SIGNED_RENEWS) < now) {
        make(&files, host, now)?;
    }
    Ok(files)
}

fn make(files: &CertificateFiles, host: &str, now: Timestamp) -> Result<(), TlsError> {
    let key = rcgen::KeyPair::generate()?;
    let mut parameters = rcgen::CertificateParams::new([host.to_owned()])?;
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters.distinguished_name.push(rcgen::DnType::CommonName, host);
    parameters.not_before = now.minus(Duration::from_secs(86_400)).utc();
    parameters.not_after = now.plus(SELF_SIGNED_HOLDS).utc();
    let certificate = parameters.self_signed(&key)?;
    if let Some(folder) = files.key.parent() {
        fs::create_dir_all(folder).map_err(|cause| file_error(folder, cause))?;
    }
    write_secret(&files.key, key.serialize_pem().as_bytes())?;
    fs::write(&files.certificate, certificate.pem()).map_err(|cause| file_error(&files.certificate, cause))
}

/// Writes a file that only its owner may read.
fn write_secret(path: &Path, content: &[u8]) -> Result<(), TlsError> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut file| file.write_all(content));
    written.map_err(|cause| file_error(path, cause))
}

fn read_file(path: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(path).map_err(|cause| file_error(path, cause))
}

fn file_error(path: &Path, cause: std::io::Error) -> TlsError {
    TlsError::File { path: path.display().to_string(), cause }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_780_000_000_000);

    #[test]
    fn a_trial_certificate_is_made_once_and_renewed_before_its_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = self_signed(folder.path(), "relay.example", NOW).expect("made");
        let first = fs::read(&files.certificate).expect("written");
        let soon = NOW.plus(Duration::from_secs(86_400));
        self_signed(folder.path(), "relay.example", soon).expect("read");
        assert_eq!(fs::read(&files.certificate).expect("kept"), first);
        let late = NOW.plus(Duration::from_secs(380 * 86_400));
        self_signed(folder.path(), "relay.example", late).expect("made again");
        assert_ne!(fs::read(&files.certificate).expect("new"), first);
        let certificates = Certificates::read(vec![files]).expect("readable");
        let first = certificates.first("relay.example").expect("read");
        assert_eq!((first.self_signed, first.ends_at, first.names_host), (true, late.plus(SELF_SIGNED_HOLDS), true));
        assert!(first.untrusted.is_some(), "no authority issued it");
        assert!(!certificates.first("other.example").expect("read").names_host);
    }

    #[cfg(unix)]
    #[test]
    fn a_key_is_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let files = self_signed(folder.path(), "relay.example", NOW).expect("made");
        assert_eq!(fs::metadata(files.key).expect("exists").permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_broken_renewal_leaves_the_old_certificate_in_use() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = self_signed(folder.path(), "relay.example", NOW).expect("made");
        let certificates = Certificates::read(vec![files.clone()]).expect("readable");
        let before = certificates.first("relay.example");
        fs::write(&files.certificate, "no certificate").expect("written");
        assert!(matches!(certificates.reload(), Err(TlsError::Certificate { .. })));
        assert_eq!(certificates.first("relay.example"), before);
    }

    #[test]
    fn a_key_of_another_certificate_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let one = self_signed(folder.path(), "one.example", NOW).expect("made");
        let other = self_signed(folder.path(), "other.example", NOW).expect("made");
        let mixed = CertificateFiles { key: other.key, ..one };
        assert!(matches!(Certificates::read(vec![mixed]), Err(TlsError::Certificate { .. })));
    }
}
