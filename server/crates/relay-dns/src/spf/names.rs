//! From templates to names that DNS can be asked for, and the validated names of an address (RFC 7208 §4.8, §5.5, §7.3).

use super::{Question, macros::Template};
use crate::{
    Facts,
    facts::{Data, Kind},
};
use relay_types::reverse_name::reverse_name;
use std::net::IpAddr;

/// More names of an address are not looked at (RFC 7208 §4.6.4).
const NAMES: usize = 10;
/// A name has so many characters at most (RFC 7208 §7.3).
const LONGEST: usize = 253;

/// The name a template makes for a domain, shortened from the left until DNS can hold it (RFC 7208 §7.3); none when it
/// is no name.
pub(super) fn name(facts: &Facts, question: &Question, domain: &str, template: &Template) -> Option<String> {
    let filled = template.fill(|letter| value(facts, question, domain, letter));
    let mut name = filled.strip_suffix('.').unwrap_or(&filled);
    while name.len() > LONGEST {
        name = name.split_once('.')?.1;
    }
    // The only character that has a meaning of its own in names as text.
    is_name(name).then(|| name.replace('\\', "\\092").to_ascii_lowercase())
}

/// Whether every label has 1 to 63 octets (RFC 7208 §4.3).
pub(super) fn is_name(name: &str) -> bool {
    name.len() <= LONGEST && name.split('.').all(|label| (1..=63).contains(&label.len()))
}

/// What a macro letter stands for (RFC 7208 §7.2); `%{t}` is left to who knows the time.
pub(super) fn value(facts: &Facts, question: &Question, domain: &str, letter: char) -> String {
    let (local, sender_domain) = question.sender.rsplit_once('@').unwrap_or(("postmaster", &question.sender));
    match letter {
        's' => question.sender.clone(),
        'l' => local.to_owned(),
        'o' => sender_domain.to_owned(),
        'd' => domain.to_owned(),
        'i' => dotted(question.ip),
        'p' => validated_name(facts, question.ip, domain),
        'v' => if question.ip.is_ipv4() { "in-addr" } else { "ip6" }.to_owned(),
        'h' => question.helo.clone(),
        'c' => question.ip.to_string(),
        // Who receives is not known here.
        _ => "unknown".to_owned(),
    }
}

/// The address as dots want it: an IPv6 one by its nibbles.
fn dotted(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(four) => four.to_string(),
        IpAddr::V6(six) => {
            let nibbles = six.octets().into_iter().flat_map(|octet| [octet >> 4, octet & 15]);
            nibbles.map(|nibble| format!("{nibble:x}")).collect::<Vec<_>>().join(".")
        }
    }
}

/// A or AAAA, as the address wants it.
pub(super) fn family(ip: IpAddr) -> Kind {
    if ip.is_ipv4() { Kind::A } else { Kind::Aaaa }
}

/// Names of the address whose own addresses lead back to it (RFC 7208 §5.5), and whether there was a PTR record at
/// all. A failure of DNS is no match.
pub(super) fn validated(facts: &Facts, ip: IpAddr) -> (Vec<String>, bool) {
    let found = facts.read(&reverse_name(ip), Kind::Ptr, |data| match data {
        Data::Name(name) => Some(name.clone()),
        _ => None,
    });
    let is_void = found.as_ref().is_ok_and(Vec::is_empty);
    let mut names = found.unwrap_or_default();
    names.truncate(NAMES);
    // All are asked for at once.
    names.retain(|name| facts.addresses(name, family(ip)).is_ok_and(|addresses| addresses.contains(&ip)));
    (names, is_void)
}

/// Whether a name is a domain or below it.
pub(super) fn is_within(name: &str, domain: &str) -> bool {
    let (name, domain) = (name.to_ascii_lowercase(), domain.to_ascii_lowercase());
    name.strip_suffix(&domain).is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

/// `%{p}`: the domain itself, else a name below it, else any (RFC 7208 §7.3).
fn validated_name(facts: &Facts, ip: IpAddr, domain: &str) -> String {
    let (names, _) = validated(facts, ip);
    let best = names.into_iter().min_by_key(|name| {
        let same = name.eq_ignore_ascii_case(domain);
        if same {
            0
        } else if is_within(name, domain) {
            1
        } else {
            2
        }
    });
    best.unwrap_or_else(|| "unknown".to_owned())
}
