//! SASL PLAIN (RFC 4616) and LOGIN (draft-murchison-sasl-login), as far as bytes go.
//!
//! Decoded secrets live in `Zeroizing` memory only. CRAM-MD5 and its like are not here and will not be: they need the
//! secret in clear on the server.

use base64::{Engine, engine::general_purpose::STANDARD};
use std::fmt;
use zeroize::Zeroizing;

/// A way to authenticate that is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mechanism {
    /// RFC 4616.
    Plain,
    /// The old two-prompt form; many devices know no other.
    Login,
}

impl Mechanism {
    /// Reads the name, in any case.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Plain, Self::Login].into_iter().find(|mechanism| name.eq_ignore_ascii_case(mechanism.name()))
    }

    /// The registered name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::Login => "LOGIN",
        }
    }
}

/// What a client gave as its secret. It is wiped from memory when dropped and is not shown by `Debug`.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Keeps a secret.
    pub fn new(text: Zeroizing<String>) -> Self {
        Self(text)
    }

    /// The secret, to be compared with a hash and for nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What PLAIN carries: authorization identity (may be empty), user name, secret.
pub struct PlainMessage {
    /// Whom to act as; empty means the user.
    pub authorization: String,
    /// Who it is.
    pub username: String,
    /// The proof.
    pub secret: Secret,
}

/// A response of a client is not base64, not UTF-8, or not of the mechanism's form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MalformedResponse;

/// Undoes base64 (RFC 4648 §4, with padding) of one response line.
pub fn decode(response: &str) -> Result<Zeroizing<String>, MalformedResponse> {
    let bytes = Zeroizing::new(STANDARD.decode(response).map_err(|_| MalformedResponse)?);
    let text = std::str::from_utf8(&bytes).map_err(|_| MalformedResponse)?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// Reads `authzid NUL authcid NUL passwd` (RFC 4616 §2).
pub fn parse_plain(message: &str) -> Result<PlainMessage, MalformedResponse> {
    let mut parts = message.split('\0');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(authorization), Some(username), Some(secret), None) => Ok(PlainMessage {
            authorization: authorization.to_owned(),
            username: username.to_owned(),
            secret: Secret::new(Zeroizing::new(secret.to_owned())),
        }),
        _ => Err(MalformedResponse),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_has_exactly_three_parts() {
        let message = decode("AGEAYg==").and_then(|text| parse_plain(&text)).ok();
        let parts = message.map(|m| (m.authorization, m.username, m.secret.expose().to_owned()));
        assert_eq!(parts, Some((String::new(), "a".into(), "b".into())));
        for malformed in ["", "a", "a\0b", "a\0b\0c\0d"] {
            assert!(parse_plain(malformed).is_err(), "{malformed:?}");
        }
    }

    #[test]
    fn only_padded_base64_of_utf8_is_read() {
        for malformed in ["AGEAYg", "AGEAYg=", "A GEA", "*", "=", "//4="] {
            assert_eq!(decode(malformed).err(), Some(MalformedResponse), "{malformed:?}");
        }
        assert_eq!(decode("").map(|text| text.to_string()), Ok(String::new()));
    }

    #[test]
    fn a_secret_does_not_show_itself() {
        assert_eq!(format!("{:?}", Secret::new(Zeroizing::new("word".into()))), "Secret(…)");
    }
}
