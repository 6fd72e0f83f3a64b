//! Ranges: blocks of addresses the organisation holds, with how their names are written and by what.

use crate::{Cidr, Id, dns_backend::DnsBackendId, reverse_name::ZoneName};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, net::IpAddr, str::FromStr};

/// Marker of [`RangeId`].
pub enum RangeKind {}
/// Identifies a range.
pub type RangeId = Id<RangeKind>;

/// A range of the inventory. Ranges do not overlap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// Identifier.
    pub id: RangeId,
    /// What it is called.
    pub label: String,
    /// Its addresses.
    pub block: Cidr,
    /// Where it is used; may be empty.
    pub site: String,
    /// The name of an address that nobody asked a name for; none when such addresses have no PTR.
    pub template: Option<PtrTemplate>,
    /// The zone that holds the PTR records of the range.
    pub zone: ZoneName,
    /// TTL of PTR records, in seconds.
    pub ttl: u32,
    /// What writes the zone; none when nothing can be written yet.
    pub backend: Option<BackendName>,
    /// Addresses and prefixes in it that are assigned or known.
    pub addresses: u64,
    /// Of these, those with a name of their own.
    pub named: u64,
}

/// A DNS back end as other pages name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackendName {
    /// Identifier.
    pub id: DnsBackendId,
    /// Its label.
    pub label: String,
}

/// What a person types to describe a range; `relay-core` judges each field.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RangeInput {
    /// What it is called.
    pub label: String,
    /// Its addresses.
    pub block: String,
    /// Where it is used; may be empty.
    pub site: String,
    /// Template of default names; empty when addresses without a name of their own have no PTR.
    pub template: String,
    /// The reverse zone; empty for [`plain_zone`].
    pub zone: String,
    /// Seconds; empty for [`Range::TTL`].
    pub ttl: String,
    /// Identifier of a DNS back end, or empty.
    pub backend: String,
}

impl Range {
    /// TTL of PTR records where nobody chose another, in seconds.
    pub const TTL: u32 = 3_600;
    /// TTLs that may be chosen, in seconds: a minute to a week.
    pub const TTLS: std::ops::RangeInclusive<u32> = 60..=604_800;
}

/// The zone that usually holds the PTR records of a block: cut at an octet (IPv4) or a nibble (IPv6) above it.
///
/// `192.0.2.0/24` and what is smaller is in `2.0.192.in-addr.arpa`; the smallest usual zone of IPv6 is that of a /64.
/// A classless zone (RFC 2317) cannot be guessed.
pub fn plain_zone(block: &Cidr) -> ZoneName {
    let name = crate::reverse_name::reverse_name(block.first());
    let (labels, kept) = match block.first() {
        IpAddr::V4(_) => (4, usize::from(block.prefix_len() / 8).min(3)),
        IpAddr::V6(_) => (32, usize::from(block.prefix_len() / 4).min(16)),
    };
    let zone = name.splitn(labels - kept + 1, '.').last().unwrap_or(&name);
    ZoneName::parse(zone).expect("what is above a reverse name is a zone")
}

/// A pattern for the default names of a range: `vm{d}.kaj.example.fi`, `fip-{a}-{b}-{c}-{d}.example.fi`.
///
/// For IPv4 `{a}` to `{d}` are the octets in decimal, and `{c3}`, `{d3}` (any octet) the same in three digits. For IPv6
/// `{hex}` is the address in 32 hexadecimal digits and `{groups}` its eight groups between hyphens.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PtrTemplate(String);

/// Why a text is not a template, in words for the person who typed it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PtrTemplateError {
    /// A word in braces that means nothing.
    #[error("{{{0}}} is not known; use {{a}} to {{d}} for the octets of IPv4, {{hex}} or {{groups}} for IPv6")]
    Unknown(String),
    /// A brace without its partner.
    #[error("Each {{ needs its }}")]
    Braces,
    /// What comes out is not a host name.
    #[error("With an address filled in this is not a host name: {0}")]
    Name(String),
    /// Two addresses would get the same name.
    #[error("Each address needs a name of its own: use {{d}}, {{hex}} or {{groups}} in it")]
    Same,
}

impl PtrTemplate {
    /// Reads a template and tries it on the first and the last address of `block`.
    pub fn parse(text: &str, block: &Cidr) -> Result<Self, PtrTemplateError> {
        let template = Self(text.trim().trim_end_matches('.').to_ascii_lowercase());
        let (first, last) = (block.first(), block.last());
        let name = |address: IpAddr| {
            let name = fill(&template.0, address)?;
            crate::DomainName::parse(&name).map_err(|error| PtrTemplateError::Name(format!("{name}: {error}")))
        };
        if name(first)? == name(last)? && first != last {
            return Err(PtrTemplateError::Same);
        }
        Ok(template)
    }

    /// As [`Self::parse`], of what was judged before.
    pub fn stored(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The default name of an address; none when the template is for the other family.
    pub fn name_of(&self, address: IpAddr) -> Option<String> {
        fill(&self.0, address).ok()
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn fill(template: &str, address: IpAddr) -> Result<String, PtrTemplateError> {
    let mut name = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (word, after) = after.split_once('}').ok_or(PtrTemplateError::Braces)?;
        name.push_str(before);
        name.push_str(&place(word, address).ok_or_else(|| PtrTemplateError::Unknown(word.to_owned()))?);
        rest = after;
    }
    if rest.contains('}') || name.contains('}') {
        return Err(PtrTemplateError::Braces);
    }
    name.push_str(rest);
    Ok(name)
}

/// What a word in braces stands for.
fn place(word: &str, address: IpAddr) -> Option<String> {
    match address.to_canonical() {
        IpAddr::V4(four) => {
            let (letter, wide) = match word.strip_suffix('3') {
                Some(letter) => (letter, true),
                None => (word, false),
            };
            let at = ["a", "b", "c", "d"].iter().position(|&known| known == letter)?;
            let octet = *four.octets().get(at)?;
            Some(if wide { format!("{octet:03}") } else { octet.to_string() })
        }
        IpAddr::V6(six) => match word {
            "hex" => Some(format!("{:032x}", u128::from(six))),
            "groups" => Some(six.segments().map(|group| format!("{group:x}")).join("-")),
            _ => None,
        },
    }
}

impl fmt::Display for PtrTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for PtrTemplate {
    type Err = PtrTemplateError;

    /// Without a block to try it on; for what was judged before.
    fn from_str(text: &str) -> Result<Self, PtrTemplateError> {
        Ok(Self::stored(text))
    }
}

impl Serialize for PtrTemplate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for PtrTemplate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(String::deserialize(deserializer)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(text: &str) -> Cidr {
        Cidr::parse(text).expect("a block")
    }

    #[test]
    fn the_plain_zone_is_cut_above_the_block() {
        for (range, zone) in [
            ("192.0.2.0/24", "2.0.192.in-addr.arpa"),
            ("192.0.2.64/26", "2.0.192.in-addr.arpa"),
            ("192.0.2.7", "2.0.192.in-addr.arpa"),
            ("192.0.0.0/20", "0.192.in-addr.arpa"),
            ("10.0.0.0/8", "10.in-addr.arpa"),
            ("10.0.0.0/7", "in-addr.arpa"),
            ("2001:db8::/32", "8.b.d.0.1.0.0.2.ip6.arpa"),
            ("2001:db8::/35", "8.b.d.0.1.0.0.2.ip6.arpa"),
            ("2001:db8::/36", "0.8.b.d.0.1.0.0.2.ip6.arpa"),
            ("2001:db8::1", "0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"),
        ] {
            assert_eq!(plain_zone(&block(range)).as_str(), zone, "{range}");
        }
    }

    #[test]
    fn a_template_names_each_address() {
        for (range, template, address, name) in [
            ("86.50.168.0/24", "vm{d}.kaj.example.fi", "86.50.168.120", "vm120.kaj.example.fi"),
            ("86.50.168.0/24", "vm{d3}.kaj.example.fi.", "86.50.168.7", "vm007.kaj.example.fi"),
            ("86.50.168.0/24", "Fip-{a}-{b}-{c}-{d}.example.fi", "86.50.168.7", "fip-86-50-168-7.example.fi"),
            ("2001:db8::/48", "h{hex}.example.fi", "2001:db8::1", "h20010db8000000000000000000000001.example.fi"),
            ("2001:db8::/48", "{groups}.example.fi", "2001:db8::1f", "2001-db8-0-0-0-0-0-1f.example.fi"),
        ] {
            let template = PtrTemplate::parse(template, &block(range)).expect("a template");
            assert_eq!(template.name_of(address.parse().expect("an address")).as_deref(), Some(name));
        }
    }

    #[test]
    fn a_template_that_cannot_work_is_refused_with_the_reason() {
        let error = |text: &str, range: &str| PtrTemplate::parse(text, &block(range)).expect_err(text).to_string();
        assert!(error("vm{e}.example.fi", "192.0.2.0/24").starts_with("{e} is not known"));
        assert!(error("vm{d}.example.fi", "2001:db8::/64").starts_with("{d} is not known"));
        assert_eq!(error("vm{d.example.fi", "192.0.2.0/24"), "Each { needs its }");
        assert_eq!(error("vm}d.example.fi", "192.0.2.0/24"), "Each { needs its }");
        assert!(error("vm.example.fi", "192.0.2.0/24").starts_with("Each address needs a name"));
        assert!(error("vm_{d}.example.fi", "192.0.2.0/24").contains("not a host name"));
        assert!(PtrTemplate::parse("vm.example.fi", &block("192.0.2.7/32")).is_ok());
    }
}
