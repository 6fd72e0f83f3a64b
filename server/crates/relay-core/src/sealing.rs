//! Encryption at rest: AES-256-GCM under the key in `secret_key_file`.

use crate::{Error, Result};
use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf, hmac, rand,
};
use std::{fs, io::Write, os::unix::fs::OpenOptionsExt, path::Path};
use zeroize::Zeroizing;

/// The key of the installation, and what is derived from it.
pub(crate) struct SealingKey {
    seal: LessSafeKey,
    sign: hmac::Key,
}

impl SealingKey {
    /// Reads 32 octets, or makes them (mode 0600) when the file is missing.
    pub(crate) fn read_or_make(path: &Path) -> Result<Self> {
        if !path.exists() {
            return Self::of(path, make(path)?);
        }
        Self::read(path)
    }

    /// Reads 32 octets.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let octets = fs::read(path).map_err(|error| Error::internal(format!("{}: {error}", path.display())))?;
        Self::of(path, octets)
    }

    /// A key that is kept nowhere.
    pub(crate) fn of_chance() -> Result<Self> {
        Self::of(Path::new("a key of chance"), chance()?.to_vec())
    }

    fn of(path: &Path, octets: Vec<u8>) -> Result<Self> {
        let octets = Zeroizing::new(octets);
        if octets.len() != 32 {
            return Err(Error::internal(format!("{} must hold exactly 32 octets", path.display())));
        }
        let root = hkdf::Salt::new(hkdf::HKDF_SHA256, b"relaykeep").extract(&octets);
        Ok(Self {
            seal: LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &*derive(&root, b"seal")?).map_err(Error::internal)?),
            sign: hmac::Key::new(hmac::HMAC_SHA256, &*derive(&root, b"sign")?),
        })
    }

    /// Encrypts `plain`; `purpose` must be the same when it is opened, so that sealed values cannot be swapped.
    pub(crate) fn seal(&self, purpose: &str, plain: &[u8]) -> Result<Vec<u8>> {
        let mut nonce = [0u8; NONCE_LEN];
        rand::fill(&mut nonce).map_err(Error::internal)?;
        let mut sealed = plain.to_vec();
        self.seal
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(purpose.as_bytes()), &mut sealed)
            .map_err(Error::internal)?;
        Ok([&nonce[..], &sealed].concat())
    }

    /// Decrypts what [`Self::seal`] made.
    pub(crate) fn open(&self, purpose: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let broken = || Error::internal(format!("a sealed {purpose} cannot be opened with this key file"));
        let (nonce, body) = sealed.split_at_checked(NONCE_LEN).ok_or_else(broken)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| broken())?;
        let mut body = Zeroizing::new(body.to_vec());
        let length =
            self.seal.open_in_place(nonce, Aad::from(purpose.as_bytes()), &mut body).map_err(|_| broken())?.len();
        body.truncate(length);
        Ok(body)
    }

    /// HMAC-SHA-256 of `message` for `purpose`: signs links, keys caches.
    pub(crate) fn sign(&self, purpose: &str, message: &[u8]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.sign);
        context.update(purpose.as_bytes());
        context.update(&[0]);
        context.update(message);
        let mut signature = [0u8; 32];
        signature.copy_from_slice(context.sign().as_ref());
        signature
    }
}

fn chance() -> Result<Zeroizing<[u8; 32]>> {
    let mut octets = Zeroizing::new([0u8; 32]);
    rand::fill(&mut octets[..]).map_err(Error::internal)?;
    Ok(octets)
}

fn make(path: &Path) -> Result<Vec<u8>> {
    let octets = chance()?;
    let name = |error| Error::internal(format!("{}: {error}", path.display()));
    // Written beside it and then given its name, so that the file is never there by half, whatever ends this process;
    // of two that make it together one is first, and the other reads that.
    let mut name_of_draft = [0u8; 8];
    rand::fill(&mut name_of_draft).map_err(Error::internal)?;
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{:016x}", u64::from_be_bytes(name_of_draft)));
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(&draft).map_err(name)?;
    file.write_all(&octets[..]).and_then(|()| file.sync_all()).map_err(name)?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft).map_err(name)?;
    match linked {
        Ok(()) => {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(name)?;
            Ok(octets.to_vec())
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => fs::read(path).map_err(name),
        Err(error) => Err(name(error)),
    }
}

fn derive(root: &hkdf::Prk, purpose: &[u8]) -> Result<Zeroizing<[u8; 32]>> {
    let mut key = Zeroizing::new([0u8; 32]);
    root.expand(&[purpose], hkdf::HKDF_SHA256).and_then(|okm| okm.fill(&mut key[..])).map_err(Error::internal)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_make_the_key_together_have_the_same() {
        for _ in 0..20 {
            let folder = tempfile::tempdir().expect("a folder");
            let file = folder.path().join("key");
            let start = std::sync::Barrier::new(8);
            let signed = std::thread::scope(|scope| {
                let make = || {
                    start.wait();
                    SealingKey::read_or_make(&file).map(|key| key.sign("test", b"x"))
                };
                let makers: Vec<_> = (0..8).map(|_| scope.spawn(make)).collect();
                makers.into_iter().map(|maker| maker.join().expect("no panic").expect("a key")).collect::<Vec<_>>()
            });
            assert!(signed.windows(2).all(|two| two[0] == two[1]));
            assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 1, "only the key is left");
        }
    }

    #[test]
    fn a_sealed_value_opens_for_its_purpose_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("key");
        let key = SealingKey::read_or_make(&file).expect("a new key");
        let sealed = key.seal("smarthost", b"secret").expect("sealed");
        let again = SealingKey::read_or_make(&file).expect("the same key");
        assert_eq!(&again.open("smarthost", &sealed).expect("opened")[..], b"secret");
        assert!(again.open("dkim", &sealed).is_err());
        assert!(again.open("smarthost", &sealed[..5]).is_err());
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&file).expect("the file").permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_crash_while_the_key_is_made_does_not_stop_the_next_start() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("key");
        fs::write(folder.path().join("key.0123"), b"half a").expect("what a crash leaves");
        SealingKey::read_or_make(&file).expect("a key");
        assert_eq!(fs::read(&file).expect("the key").len(), 32);
    }
}
