//! Address blocks of trusted networks and allowed sources.

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, net::IpAddr, str::FromStr};

/// An IPv4 or IPv6 block with its host bits clear; a lone address is a block of one. Never the whole address space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cidr(IpNet);

/// Why a text is not an address block, in words for the person who typed it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CidrError {
    /// Neither an address nor a block.
    #[error("Enter an address or a block such as 192.0.2.0/24 or 2001:db8::/48")]
    Malformed,
    /// Bits are set after the prefix.
    #[error("The block has bits set after its prefix; did you mean {0}?")]
    HostBits(Cidr),
    /// `/0`: everyone.
    #[error("A block of all addresses would let everyone in")]
    Everyone,
}

impl Cidr {
    /// Reads `192.0.2.0/24`, `2001:db8::/48` or a single address. IPv4-mapped IPv6 addresses become IPv4.
    pub fn parse(text: &str) -> Result<Self, CidrError> {
        let net = match text.parse::<IpNet>() {
            Ok(net) => net,
            Err(_) => IpNet::from(text.parse::<IpAddr>().map_err(|_| CidrError::Malformed)?.to_canonical()),
        };
        if net.prefix_len() == 0 {
            return Err(CidrError::Everyone);
        }
        if net.trunc() != net {
            return Err(CidrError::HostBits(Self(net.trunc())));
        }
        Ok(Self(net))
    }

    /// Whether `address` lies in the block; an IPv4-mapped IPv6 address counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }

    /// Whether the two blocks share an address.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.0.contains(&other.0) || other.0.contains(&self.0)
    }

    /// Its first address.
    pub fn first(&self) -> IpAddr {
        self.0.network()
    }

    /// Its last address.
    pub fn last(&self) -> IpAddr {
        self.0.broadcast()
    }

    /// The address, when the block has only one.
    pub fn single(&self) -> Option<IpAddr> {
        (self.0.prefix_len() == self.0.max_prefix_len()).then(|| self.0.network())
    }

    /// The address of a block of one, else the block.
    pub fn short(&self) -> String {
        self.single().map_or_else(|| self.to_string(), |address| address.to_string())
    }

    /// Whether the whole of `other` lies in the block.
    pub fn covers(&self, other: &Self) -> bool {
        self.0.contains(&other.0)
    }

    /// The length of the prefix in bits.
    pub fn prefix_len(&self) -> u8 {
        self.0.prefix_len()
    }

    /// First and last address as 17 octets that sort: 4 or 6, then the address right-aligned. For range queries.
    pub fn bounds(&self) -> ([u8; 17], [u8; 17]) {
        (sort_key(self.0.network()), sort_key(self.0.broadcast()))
    }
}

/// An address as 17 octets that sort as [`Cidr::bounds`] do.
pub fn sort_key(address: IpAddr) -> [u8; 17] {
    let mut key = [0u8; 17];
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            key[0] = 4;
            key[13..].copy_from_slice(&v4.octets());
        }
        IpAddr::V6(v6) => {
            key[0] = 6;
            key[1..].copy_from_slice(&v6.octets());
        }
    }
    key
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Cidr {
    type Err = CidrError;

    fn from_str(text: &str) -> Result<Self, CidrError> {
        Self::parse(text)
    }
}

impl Serialize for Cidr {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Cidr {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_read_and_judged() {
        assert_eq!(Cidr::parse("192.0.2.7").map(|c| c.to_string()), Ok("192.0.2.7/32".to_owned()));
        assert_eq!(Cidr::parse("::ffff:192.0.2.7").map(|c| c.to_string()), Ok("192.0.2.7/32".to_owned()));
        assert_eq!(Cidr::parse("0.0.0.0/0"), Err(CidrError::Everyone));
        assert_eq!(Cidr::parse("::/0"), Err(CidrError::Everyone));
        assert_eq!(Cidr::parse("10.0.0.1/8"), Err(CidrError::HostBits(Cidr::parse("10.0.0.0/8").expect("a block"))));
        assert_eq!(Cidr::parse("ten"), Err(CidrError::Malformed));
    }

    #[test]
    fn a_mapped_address_counts_as_ipv4() {
        let block = Cidr::parse("192.0.2.0/24").expect("a block");
        assert!(block.contains("::ffff:192.0.2.9".parse().expect("an address")));
        assert!(!block.contains("2001:db8::1".parse().expect("an address")));
    }
}
