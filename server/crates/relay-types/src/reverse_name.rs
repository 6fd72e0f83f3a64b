//! Names of the reverse tree: from an address to the name its PTR record is at, and back.
//!
//! Pure. Knows RFC 1035 §3.5, RFC 3596 §2.5 and classless delegation (RFC 2317); never asks DNS.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{
    fmt::{self, Write as _},
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

const FOUR: &str = "in-addr.arpa";
const SIX: &str = "ip6.arpa";

/// The name of an address's PTR record in the reverse tree: lower case, no trailing dot.
///
/// RFC 1035 §3.5 and RFC 3596 §2.5. An IPv4-mapped IPv6 address is its IPv4 address.
pub fn reverse_name(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(four) => {
            let [a, b, c, d] = four.octets();
            format!("{d}.{c}.{b}.{a}.{FOUR}")
        }
        IpAddr::V6(six) => {
            let mut name = String::with_capacity(72);
            for octet in six.octets().iter().rev() {
                let (low, high) = (octet & 0x0f, octet >> 4);
                // Writing to a String cannot fail.
                let _ = write!(name, "{low:x}.{high:x}.");
            }
            name + SIX
        }
    }
}

/// The address whose reverse name this is; none for a name above, below or outside the names of single addresses.
pub fn address_of(name: &str) -> Option<IpAddr> {
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    if let Some(labels) = name.strip_suffix(FOUR).and_then(|labels| labels.strip_suffix('.')) {
        let octets: Vec<u8> = labels.split('.').map(octet).collect::<Option<_>>()?;
        let &[d, c, b, a] = octets.as_slice() else { return None };
        return Some(Ipv4Addr::new(a, b, c, d).into());
    }
    let labels = name.strip_suffix(SIX)?.strip_suffix('.')?;
    let mut bits: u128 = 0;
    let mut count = 0;
    for label in labels.rsplit('.') {
        let &[digit] = label.as_bytes() else { return None };
        bits = (bits << 4) | u128::from(char::from(digit).to_digit(16)?);
        count += 1;
        if count > 32 {
            return None;
        }
    }
    (count == 32).then(|| Ipv6Addr::from_bits(bits).into())
}

/// One octet as a label: decimal, without leading zeros.
fn octet(label: &str) -> Option<u8> {
    label.parse().ok().filter(|value: &u8| value.to_string() == label)
}

/// A zone of DNS, as its name: lower case, no trailing dot. Labels may hold `/` and `_`, as RFC 2317 delegations do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ZoneName(String);

/// Why a text is not the name of a zone, in words for the person who typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ZoneNameError {
    /// Nothing was typed.
    #[error("Enter the name of a zone, for example 2.0.192.in-addr.arpa")]
    Empty,
    /// Longer than 253 octets, or a label longer than 63.
    #[error("The name of a zone has at most 253 characters, and 63 between two dots")]
    TooLong,
    /// An address or a block where a name belongs.
    #[error("This is an address; the zone of 192.0.2.0/24 is called 2.0.192.in-addr.arpa")]
    Address,
    /// One label only.
    #[error("The name of a zone has a dot in it, for example 2.0.192.in-addr.arpa")]
    OneLabel,
    /// A character or dot where none may be.
    #[error("The name of a zone consists of letters, digits, hyphens, / and _ between dots")]
    Malformed,
}

impl ZoneName {
    /// Reads the name of a zone. A trailing dot is dropped, upper case becomes lower case.
    pub fn parse(text: &str) -> Result<Self, ZoneNameError> {
        let name = text.trim();
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        if name.is_empty() {
            return Err(ZoneNameError::Empty);
        }
        if name.contains(':') || name.split('/').next().is_some_and(|host| host.parse::<Ipv4Addr>().is_ok()) {
            return Err(ZoneNameError::Address);
        }
        if name.len() > 253 || name.split('.').any(|label| label.len() > 63) {
            return Err(ZoneNameError::TooLong);
        }
        let good = |label: &str| {
            !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'/' | b'_'))
        };
        if !name.split('.').all(good) {
            return Err(ZoneNameError::Malformed);
        }
        if !name.contains('.') {
            return Err(ZoneNameError::OneLabel);
        }
        Ok(Self(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a name is this zone's or below it.
    pub fn holds(&self, name: &str) -> bool {
        let above = name.strip_suffix(self.as_str());
        above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
    }
}

impl fmt::Display for ZoneName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ZoneName {
    type Err = ZoneNameError;

    fn from_str(text: &str) -> Result<Self, ZoneNameError> {
        Self::parse(text)
    }
}

impl Serialize for ZoneName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ZoneName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// Why a zone cannot hold the PTR of an address, in words with a zone that could.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OwnerError {
    /// The address's reverse name is not below the zone.
    #[error("The PTR of {address} does not belong into the zone {zone}; {fits} would fit")]
    Elsewhere {
        /// The address.
        address: IpAddr,
        /// The zone that was named.
        zone: ZoneName,
        /// A zone that would fit.
        fits: String,
    },
    /// A classless zone (RFC 2317) whose label names other addresses.
    #[error("{address} is not among the addresses of the classless zone {zone} (RFC 2317)")]
    OutsideBlock {
        /// The address.
        address: IpAddr,
        /// The zone that was named.
        zone: ZoneName,
    },
}

/// The owner name of an address's PTR record in a zone.
///
/// Either the address's reverse name, or, in a zone one label below a /24 such as `0/25.2.0.192.in-addr.arpa`
/// (RFC 2317), its last octet below that label. Labels `first-last` and `first/length` must hold the octet.
pub fn owner_in(zone: &ZoneName, address: IpAddr) -> Result<String, OwnerError> {
    let address = address.to_canonical();
    let plain = reverse_name(address);
    if zone.holds(&plain) {
        return Ok(plain);
    }
    let elsewhere = |fits: &str| OwnerError::Elsewhere { address, zone: zone.clone(), fits: fits.to_owned() };
    let IpAddr::V4(four) = address else {
        // The usual zone of IPv6 is a /64 or wider: 16 of 32 nibbles.
        return Err(elsewhere(&plain[32..]));
    };
    let last = four.octets()[3];
    let block = plain.split_once('.').map_or("", |(_, block)| block);
    let label = zone.as_str().strip_suffix(block).and_then(|above| above.strip_suffix('.'));
    let Some(label) = label.filter(|label| !label.contains('.')) else { return Err(elsewhere(block)) };
    // The zone of another single address is no delegation of a block.
    if octet(label).is_some() {
        return Err(elsewhere(block));
    }
    if !label_holds(label, last) {
        return Err(OwnerError::OutsideBlock { address, zone: zone.clone() });
    }
    Ok(format!("{last}.{zone}"))
}

/// Whether a label of RFC 2317 speaks of this octet. Labels that are no block, such as a customer's name, hold any.
fn label_holds(label: &str, last: u8) -> bool {
    let read = |separator| {
        let (first, second) = label.split_once(separator)?;
        Some((octet(first)?, octet(second)?))
    };
    let in_prefix = |first: u8, length: u8| {
        (24..=32).contains(&length) && u32::from(first) >> (32 - length) == u32::from(last) >> (32 - length)
    };
    if let Some((first, length)) = read('/') {
        return in_prefix(first, length);
    }
    // `128-191` and `128-26` are both in use.
    match read('-') {
        Some((first, second)) => (first..=second).contains(&last) || in_prefix(first, second),
        None => true,
    }
}

#[cfg(test)]
mod tests;
