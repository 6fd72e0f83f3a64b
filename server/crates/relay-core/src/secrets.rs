//! Secrets of service accounts and tokens of the HTTP API: made here, shown once, kept as a hash.

use crate::{Error, Result};
use aws_lc_rs::rand;
use zeroize::Zeroizing;

/// A secret in the clear, on its one way to the person who asked for it. It has no `Debug`.
pub struct IssuedSecret(Zeroizing<String>);

impl IssuedSecret {
    /// Characters of a secret; 62 to the power of 32 is 190 bits.
    const LENGTH: usize = 32;
    /// Before a token of the HTTP API, so that people and scanners of repositories know what they see.
    pub(crate) const TOKEN: &str = "rk_";
    /// Characters of a token behind that; 62 to the power of 43 is 256 bits.
    const TOKEN_LENGTH: usize = 43;

    /// Random letters and digits and nothing else: no shell, URL or configuration file needs them quoted, a
    /// command line does not take one for an option as it would a leading `-`, and a double click marks it whole.
    pub(crate) fn generate() -> Result<Self> {
        Self::random("", Self::LENGTH)
    }

    /// A token of the HTTP API.
    pub(crate) fn token() -> Result<Self> {
        Self::random(Self::TOKEN, Self::TOKEN_LENGTH)
    }

    fn random(prefix: &str, length: usize) -> Result<Self> {
        const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let length = prefix.len() + length;
        let mut secret = Zeroizing::new(String::with_capacity(length));
        secret.push_str(prefix);
        let mut octets = Zeroizing::new([0u8; Self::LENGTH]);
        while secret.len() < length {
            rand::fill(&mut octets[..]).map_err(Error::internal)?;
            // 248 is four times 62: an octet above it would make the first letters likelier than the others.
            let fair =
                octets.iter().filter(|octet| **octet < 248).map(|octet| char::from(ALPHABET[usize::from(octet % 62)]));
            let missing = length - secret.len();
            secret.extend(fair.take(missing));
        }
        Ok(Self(secret))
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_secret_is_32_letters_and_digits_and_each_is_another() {
        let secrets: BTreeSet<String> =
            (0..200).map(|_| IssuedSecret::generate().expect("random").reveal().to_owned()).collect();
        assert_eq!(secrets.len(), 200);
        for secret in &secrets {
            assert_eq!(secret.len(), 32, "{secret}");
            assert!(secret.chars().all(|c| c.is_ascii_alphanumeric()), "{secret}");
        }
        let seen: BTreeSet<char> = secrets.iter().flat_map(|secret| secret.chars()).collect();
        assert_eq!(seen.len(), 62, "6,400 characters hold each of the 62");
    }
}
