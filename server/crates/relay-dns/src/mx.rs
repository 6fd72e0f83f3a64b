//! From MX records to hosts in the order to try (RFC 5321 §5, RFC 7505). Pure: chance comes in as a seed.

use crate::MxRecord;
use relay_types::DomainName;
use std::{
    hash::{DefaultHasher, Hash, Hasher},
    net::IpAddr,
};

/// What a domain's MX records say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MxPlan {
    /// Hosts to try, best first; at least one.
    Hosts(Vec<String>),
    /// The domain takes no mail (RFC 7505): a permanent failure, 5.1.10.
    NullMx,
    /// This machine is the best exchanger there is: mail would come back (RFC 5321 §5.1), 5.4.6.
    Ourselves,
    /// There are MX records, but none names a host; the exchanges that were ignored, such as IP addresses
    /// (RFC 5321 §5.1 wants a domain name).
    NoUsableHost(Vec<String>),
}

/// Whether whoever connects to this address talks to the own machine, to what is beside it on the link, as the addresses of
/// clouds do that tell secrets, or to no single host. Nobody but the machine's administrator may name it as a place for
/// mail, zones or policies. Private networks are no such places: many an organisation has its servers there.
pub fn leads_back(address: IpAddr) -> bool {
    let address = address.to_canonical();
    let local = match address {
        IpAddr::V4(four) => four.is_link_local() || four.is_broadcast() || four.octets()[0] == 0,
        IpAddr::V6(six) => six.is_unicast_link_local(),
    };
    address.is_loopback() || address.is_unspecified() || address.is_multicast() || local
}

/// Orders the hosts of `domain`: lower preference first, equal ones shuffled by `seed` so that load spreads.
///
/// Without records the domain itself is the one host (RFC 5321 §5.1, implicit MX). When one of `own_names` is among
/// the exchanges, it and all that are not preferred to it are left out, so that mail never loops. A null MX beside
/// others is ignored.
pub fn plan(domain: &DomainName, records: &[MxRecord], own_names: &[DomainName], seed: u64) -> MxPlan {
    if records.is_empty() {
        let ours = own_names.contains(domain);
        return if ours { MxPlan::Ourselves } else { MxPlan::Hosts(vec![domain.to_string()]) };
    }
    let named: Vec<(u16, &str)> =
        records.iter().filter_map(|record| Some((record.preference, record.exchange.as_deref()?))).collect();
    if named.is_empty() {
        return MxPlan::NullMx;
    }
    let own = |host: &str| own_names.iter().any(|name| name.as_str().eq_ignore_ascii_case(host));
    let own_preference = named.iter().filter(|(_, host)| own(host)).map(|&(preference, _)| preference).min();
    let (mut usable, ignored): (Vec<_>, Vec<_>) = named.into_iter().partition(|(_, host)| is_name(host));
    if let Some(limit) = own_preference {
        usable.retain(|&(preference, _)| preference < limit);
        if usable.is_empty() {
            return MxPlan::Ourselves;
        }
    }
    usable.sort_by_cached_key(|&(preference, host)| (preference, place(seed, host), host.to_owned()));
    let mut hosts: Vec<String> = Vec::with_capacity(usable.len());
    for (_, host) in usable {
        if !hosts.iter().any(|known| known == host) {
            hosts.push(host.to_owned());
        }
    }
    if hosts.is_empty() {
        return MxPlan::NoUsableHost(ignored.into_iter().map(|(_, host)| host.to_owned()).collect());
    }
    MxPlan::Hosts(hosts)
}

/// An exchange must be a name; addresses there are a common mistake, and looking them up as names is of no use.
fn is_name(host: &str) -> bool {
    !host.is_empty() && host.parse::<IpAddr>().is_err()
}

/// Where chance puts a host among its equals.
fn place(seed: u64, host: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (seed, host).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn names(texts: &[&str]) -> Vec<DomainName> {
        texts.iter().map(|text| DomainName::parse(text).unwrap()).collect()
    }

    fn check(records: &[(u16, &str)], own: &[&str], expected: MxPlan) {
        let records: Vec<MxRecord> = records
            .iter()
            .map(|&(preference, host)| MxRecord { preference, exchange: (host != ".").then(|| host.to_owned()) })
            .collect();
        let domain = DomainName::parse("d.example").unwrap();
        assert_eq!(plan(&domain, &records, &names(own), 7), expected, "{records:?} without {own:?}");
    }

    fn hosts(texts: &[&str]) -> MxPlan {
        MxPlan::Hosts(texts.iter().map(|&text| text.to_owned()).collect())
    }

    #[test]
    fn hosts_are_tried_in_order_of_preference() {
        check(
            &[(20, "b.example"), (10, "a.example"), (65535, "c.example")],
            &[],
            hosts(&["a.example", "b.example", "c.example"]),
        );
        check(&[(20, "a.example"), (10, "a.example"), (15, "b.example")], &[], hosts(&["a.example", "b.example"]));
    }

    #[test]
    fn without_mx_the_domain_itself_is_the_host() {
        check(&[], &[], hosts(&["d.example"]));
        check(&[], &["d.example"], MxPlan::Ourselves);
    }

    #[test]
    fn a_null_mx_counts_only_when_alone() {
        check(&[(0, ".")], &[], MxPlan::NullMx);
        check(&[(0, "."), (10, "a.example")], &[], hosts(&["a.example"]));
    }

    #[test]
    fn we_and_what_is_not_preferred_to_us_are_left_out() {
        let us = &["mx.us.example", "us.example"];
        check(&[(10, "a.example"), (20, "mx.us.example"), (30, "c.example")], us, hosts(&["a.example"]));
        check(&[(10, "a.example"), (20, "MX.us.example"), (20, "c.example")], us, hosts(&["a.example"]));
        check(&[(10, "us.example"), (20, "c.example")], us, MxPlan::Ourselves);
    }

    #[test]
    fn an_address_is_no_exchange() {
        check(&[(5, "192.0.2.1"), (10, "a.example")], &[], hosts(&["a.example"]));
        check(&[(5, "192.0.2.1")], &[], MxPlan::NoUsableHost(vec!["192.0.2.1".into()]));
    }

    #[test]
    fn equals_are_shuffled_by_the_seed_alone() {
        let domain = DomainName::parse("d.example").unwrap();
        let record = |host: &str| MxRecord { preference: 10, exchange: Some(host.to_owned()) };
        let records = ["a.example", "b.example", "c.example"].map(record);
        let orders: HashSet<_> = (0..100)
            .map(|seed| match plan(&domain, &records, &[], seed) {
                MxPlan::Hosts(hosts) => hosts,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(orders.len(), 6);
        assert_eq!(plan(&domain, &records, &[], 3), plan(&domain, &records, &[], 3));
    }
}
