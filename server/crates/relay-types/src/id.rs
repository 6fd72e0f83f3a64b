//! Identifiers: UUID version 7 (they sort by time), written as 26 characters of Crockford base 32 in URLs and replies.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, marker::PhantomData, str::FromStr};
use uuid::Uuid;

/// Crockford's base 32: without I, L, O and U.
pub const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 26;

/// An identifier of one kind of thing; `K` is a marker and is never stored.
pub struct Id<K> {
    uuid: Uuid,
    kind: PhantomData<fn() -> K>,
}

/// The text is not an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier")]
pub struct IdError;

impl<K> Id<K> {
    /// A fresh identifier for something made at `uuid`'s own time. Only the server makes identifiers.
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self { uuid, kind: PhantomData }
    }

    /// The stored form.
    pub const fn uuid(self) -> Uuid {
        self.uuid
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K> Copy for Id<K> {}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}
impl<K> Eq for Id<K> {}
impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.uuid.cmp(&other.uuid)
    }
}
impl<K> std::hash::Hash for Id<K> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}
impl<K> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<K> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.uuid.as_u128();
        let mut text = [0u8; LENGTH];
        for (i, place) in text.iter_mut().enumerate() {
            let shift = 5 * (LENGTH - 1 - i);
            *place = ALPHABET[((value >> shift) & 31) as usize];
        }
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl<K> FromStr for Id<K> {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        if text.len() != LENGTH {
            return Err(IdError);
        }
        let mut value: u128 = 0;
        for (i, byte) in text.bytes().enumerate() {
            let upper = byte.to_ascii_uppercase();
            let digit = ALPHABET.iter().position(|&c| c == upper).ok_or(IdError)? as u128;
            if i == 0 && digit > 7 {
                return Err(IdError);
            }
            value = (value << 5) | digit;
        }
        Ok(Self::from_uuid(Uuid::from_u128(value)))
    }
}

impl<K> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, K> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// What someone typed for characters of [`ALPHABET`]: any case, look-alikes read as what they stand for, the rest left out.
pub fn read_typed(typed: &str) -> String {
    let read = |c: char| match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    typed.chars().filter(char::is_ascii_alphanumeric).map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_id_survives_its_text(value: u128) {
            let id = Id::<()>::from_uuid(Uuid::from_u128(value));
            prop_assert_eq!(id.to_string().parse::<Id<()>>(), Ok(id));
            prop_assert_eq!(id.to_string().to_lowercase().parse::<Id<()>>(), Ok(id));
        }
    }

    #[test]
    fn text_beyond_128_bits_is_refused() {
        assert_eq!("8ZZZZZZZZZZZZZZZZZZZZZZZZZ".parse::<Id<()>>(), Err(IdError));
        assert_eq!("".parse::<Id<()>>(), Err(IdError));
    }
}
