//! Secrets of service accounts: made here, shown once, kept as a hash.

use crate::{Error, Result};
use aws_lc_rs::rand;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

/// A secret in the clear, on its one way to the person who asked for it. It has no `Debug`.
pub struct IssuedSecret(Zeroizing<String>);

impl IssuedSecret {
    /// 192 random bits as 32 URL-safe characters, so that no client needs to quote them.
    pub(crate) fn generate() -> Result<Self> {
        let mut octets = Zeroizing::new([0u8; 24]);
        rand::fill(&mut octets[..]).map_err(Error::internal)?;
        Ok(Self(Zeroizing::new(URL_SAFE_NO_PAD.encode(&octets[..]))))
    }

    /// The secret, to be shown once.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The last four characters, to tell two secrets apart.
    pub(crate) fn hint(&self) -> String {
        self.0[self.0.len() - 4..].to_owned()
    }
}

/// `length` random lower-case letters and digits without look-alikes (base 32 of RFC 4648), for names and challenges.
pub(crate) fn random_base32(length: usize) -> Result<String> {
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut octets = vec![0u8; length];
    rand::fill(&mut octets).map_err(Error::internal)?;
    Ok(octets.into_iter().map(|octet| char::from(ALPHABET[usize::from(octet & 31)])).collect())
}
