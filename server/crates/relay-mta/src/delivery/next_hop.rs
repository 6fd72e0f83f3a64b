//! Where a message goes next, and what it means when none of the hosts can be used. Decisions are pure functions.

use super::DeliveryConfig;
use relay_core::routes::Way;
use relay_dns::{
    DnsError, Resolver,
    mx::{self, MxPlan},
};
use relay_smtp::client::{ClientCredentials, TlsPolicy};
use relay_types::{
    DomainName,
    message::{Cause, Outcome},
    project::ProjectId,
    reply::Reply,
    route::SmarthostTls,
};
use std::net::IpAddr;
use zeroize::Zeroizing;

/// A host to try.
#[derive(Debug, Clone)]
pub struct Hop {
    /// Name, or address of a smarthost.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// How much TLS.
    pub tls: TlsPolicy,
    /// SASL, for a smarthost.
    pub credentials: Option<ClientCredentials>,
    /// Addresses that lead back to this machine are left out: the domain's owner chose them, not ours.
    pub others_only: bool,
}

/// What to do with a message.
#[derive(Debug)]
pub enum Plan {
    /// Try these, in order; there is at least one.
    Hops(Vec<Hop>),
    /// Show it in the portal.
    Capture,
    /// Answer in the stead of simulated recipients.
    Simulator,
    /// It cannot go anywhere, now or for good.
    Failed(Outcome),
}

/// Connections with the same key lead to the same place in the same manner and with the same rights: who does not know
/// the password of a smarthost never sends through a connection that was opened with it. In memory only.
#[derive(Clone, PartialEq, Eq)]
pub enum Key {
    /// The exchangers of a domain; anyone may speak to them.
    Mx(DomainName),
    /// A project's or the platform's smarthost.
    Smarthost {
        /// For whom.
        project: Option<ProjectId>,
        /// Host name or address, and port.
        place: (String, u16),
        /// TLS mode.
        tls: SmarthostTls,
        /// SASL user name and password.
        credentials: Option<(String, Zeroizing<String>)>,
    },
    /// Nowhere.
    Capture,
    /// Simulated recipients.
    Simulator,
}

/// The key of a way for mail of a project.
pub fn key(way: &Way, project: Option<ProjectId>) -> Key {
    match way {
        Way::Mx(domain) => Key::Mx(domain.clone()),
        Way::Smarthost(access) => Key::Smarthost {
            project,
            place: (access.host.clone(), access.port),
            tls: access.tls,
            credentials: access.credentials.clone(),
        },
        Way::Capture => Key::Capture,
        Way::Simulator => Key::Simulator,
    }
}

/// Turns a way into hosts; `seed` shuffles hosts of equal preference.
pub async fn plan(way: &Way, resolver: &Resolver, config: &DeliveryConfig, seed: u64) -> Plan {
    match way {
        Way::Capture => Plan::Capture,
        Way::Simulator => Plan::Simulator,
        Way::Smarthost(access) => {
            let credentials = access.credentials.as_ref();
            Plan::Hops(vec![Hop {
                host: access.host.trim_matches(['[', ']']).to_owned(),
                port: access.port,
                tls: match access.tls {
                    SmarthostTls::Opportunistic => TlsPolicy::Opportunistic,
                    SmarthostTls::Starttls => TlsPolicy::Required,
                    SmarthostTls::Implicit => TlsPolicy::Implicit,
                },
                credentials: credentials.map(|(username, password)| ClientCredentials {
                    username: username.clone(),
                    password: password.clone(),
                }),
                others_only: false,
            }])
        }
        Way::Mx(domain) => {
            let records = match resolver.mx(domain).await {
                Ok(records) => records,
                Err(DnsError::NoRecord) => Vec::new(),
                Err(DnsError::Temporary(why)) => {
                    let text = format!("The mail exchangers of {domain} cannot be looked up: {why}");
                    return Plan::Failed(Outcome::TempFail(Cause::Dns(Reply::new(451, (4, 4, 3), text))));
                }
            };
            let mut own = config.own_names.clone();
            own.push(config.hostname.clone());
            exchangers(domain, mx::plan(domain, &records, &own, seed), config)
        }
    }
}

/// What the plan of a domain's exchangers means for its mail.
fn exchangers(domain: &DomainName, plan: MxPlan, config: &DeliveryConfig) -> Plan {
    let failed = |code, enhanced, text| Plan::Failed(Outcome::PermFail(Cause::Dns(Reply::new(code, enhanced, text))));
    match plan {
        MxPlan::Hosts(hosts) => Plan::Hops(
            hosts
                .into_iter()
                .map(|host| Hop {
                    host,
                    port: config.port,
                    tls: TlsPolicy::Opportunistic,
                    credentials: None,
                    others_only: !config.local_mx,
                })
                .collect(),
        ),
        // RFC 7505 §4.1.
        MxPlan::NullMx => failed(556, (5, 1, 10), format!("{domain} takes no mail (null MX)")),
        MxPlan::Ourselves => failed(554, (5, 4, 6), format!("Mail for {domain} would come back to us")),
        MxPlan::NoUsableHost(named) => {
            failed(554, (5, 4, 4), format!("{domain} names no host as mail exchanger, but {}", named.join(", ")))
        }
    }
}

/// The addresses of a host, in the order to try; the cause when there is none.
pub async fn addresses(hop: &Hop, resolver: &Resolver) -> Result<Vec<IpAddr>, Cause> {
    if let Ok(address) = hop.host.parse::<IpAddr>() {
        return Ok(vec![address]);
    }
    let found = resolver.addresses(&hop.host).await.map_err(|error| no_address(&hop.host, &error))?;
    let (here, others): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|address| hop.others_only && leads_back(*address));
    match here.first() {
        // RFC 5321 §5.1: a loop, or the port of another service of this machine, which is nobody's exchanger.
        Some(address) if others.is_empty() => {
            let text =
                format!("{} is at {address}, which is this machine itself or no host: mail cannot go there", hop.host);
            Err(Cause::Dns(Reply::new(554, (5, 4, 6), text)))
        }
        _ => Ok(in_turns(others)),
    }
}

/// Whether whoever connects to this address talks to the own machine, or to no single host.
fn leads_back(address: IpAddr) -> bool {
    let address = address.to_canonical();
    let local = match address {
        IpAddr::V4(four) => four.is_link_local() || four.is_broadcast() || four.octets()[0] == 0,
        IpAddr::V6(six) => six.is_unicast_link_local(),
    };
    address.is_loopback() || address.is_unspecified() || address.is_multicast() || local
}

/// AAAA and A in turns, so that a machine without IPv6 soon comes to an address it can reach.
fn in_turns(addresses: Vec<IpAddr>) -> Vec<IpAddr> {
    let (six, four): (Vec<_>, Vec<_>) = addresses.into_iter().partition(IpAddr::is_ipv6);
    let mut turns = Vec::with_capacity(six.len() + four.len());
    let (mut six, mut four) = (six.into_iter(), four.into_iter());
    loop {
        let (one, other) = (six.next(), four.next());
        if one.is_none() && other.is_none() {
            return turns;
        }
        turns.extend(one);
        turns.extend(other);
    }
}

fn no_address(host: &str, error: &DnsError) -> Cause {
    Cause::Dns(match error {
        DnsError::NoRecord => Reply::new(550, (5, 1, 2), format!("{host} has no address in DNS")),
        DnsError::Temporary(why) => Reply::new(451, (4, 4, 3), format!("{host} cannot be looked up: {why}")),
    })
}

/// What it means that no host could be used: permanent only when every host said so for good. The most telling cause
/// is named: a reply before a fault of the network before one of DNS, the later of equals.
pub fn verdict(failures: Vec<Cause>) -> Outcome {
    let permanent = failures.iter().all(|cause| cause.reply().is_permanent());
    let weight = |cause: &Cause| match cause {
        Cause::Local(_) => 3,
        Cause::Reply(_) | Cause::Recipient(_) => 2,
        Cause::Network(_) => 1,
        Cause::Dns(_) => 0,
    };
    let counts = |cause: &Cause| permanent || !cause.reply().is_permanent();
    match failures.into_iter().filter(counts).max_by_key(weight) {
        Some(cause) if permanent => Outcome::PermFail(cause),
        Some(cause) => Outcome::TempFail(cause),
        None => Outcome::TempFail(Cause::Network(Reply::new(451, (4, 4, 1), "No host could be tried in time"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use relay_core::config::SmarthostAccess;
    use relay_dns::FixedAnswers;

    fn reply(code: u16) -> Cause {
        Cause::Reply(Reply::plain(code, "r"))
    }

    fn network() -> Cause {
        Cause::Network(Reply::new(451, (4, 4, 1), "n"))
    }

    #[test]
    fn a_failure_is_permanent_only_when_every_host_says_so() {
        for (failures, permanent, named) in [
            (vec![reply(554)], true, reply(554)),
            (vec![reply(554), reply(550)], true, reply(550)),
            (vec![reply(554), network()], false, network()),
            (vec![reply(450), network()], false, reply(450)),
            (vec![network(), no_address("h", &DnsError::NoRecord)], false, network()),
            (vec![no_address("h", &DnsError::NoRecord)], true, no_address("h", &DnsError::NoRecord)),
        ] {
            let expected = if permanent { Outcome::PermFail(named) } else { Outcome::TempFail(named) };
            assert_eq!(verdict(failures.clone()), expected, "{failures:?}");
        }
        assert!(matches!(verdict(vec![]), Outcome::TempFail(Cause::Network(_))));
    }

    #[test]
    fn kinds_of_addresses_take_turns() {
        let addresses = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<IpAddr>>();
        for (found, tried) in [
            (
                &["::1", "::2", "::3", "192.0.2.1", "192.0.2.2"][..],
                &["::1", "192.0.2.1", "::2", "192.0.2.2", "::3"][..],
            ),
            (&["192.0.2.1", "192.0.2.2"], &["192.0.2.1", "192.0.2.2"]),
            (&["::1"], &["::1"]),
            (&[], &[]),
        ] {
            assert_eq!(in_turns(addresses(found)), addresses(tried));
        }
    }

    #[tokio::test]
    async fn an_exchanger_is_never_this_machine_unless_that_was_allowed() {
        let answers = FixedAnswers::new();
        let resolver = Resolver::fixed(answers.clone());
        let found = async |texts: &[&str], local_mx: bool| {
            let addresses: Vec<IpAddr> = texts.iter().map(|text| text.parse().unwrap()).collect();
            answers.set_addresses("d.example", &addresses);
            let ours = DomainName::parse("us.example").unwrap();
            let config = DeliveryConfig { local_mx, ..DeliveryConfig::new(ours) };
            let way = Way::Mx(DomainName::parse("d.example").unwrap());
            let Plan::Hops(hops) = plan(&way, &resolver, &config, 1).await else { panic!("a hop") };
            super::addresses(&hops[0], &resolver).await
        };
        for here in ["127.0.0.1", "127.8.8.8", "::1", "0.0.0.0", "::", "169.254.1.1", "fe80::1", "224.0.0.1", "ff02::1"]
        {
            let cause = found(&[here], false).await.unwrap_err();
            assert!(cause.reply().to_string().starts_with("554 5.4.6 d.example is at "), "{here}: {}", cause.reply());
            assert_eq!(found(&[here], true).await, Ok(vec![here.parse().unwrap()]));
            assert_eq!(found(&[here, "192.0.2.1"], false).await, Ok(vec!["192.0.2.1".parse().unwrap()]), "{here}");
        }
        // Networks of an organisation have exchangers too.
        for there in ["10.0.0.1", "192.168.1.1", "fd00::1"] {
            assert_eq!(found(&[there], false).await, Ok(vec![there.parse().unwrap()]));
        }
    }

    async fn judged(answers: &FixedAnswers) -> String {
        let domain = DomainName::parse("d.example").unwrap();
        let config = DeliveryConfig { port: 2500, ..DeliveryConfig::new(DomainName::parse("us.example").unwrap()) };
        let resolver = Resolver::fixed(answers.clone());
        match plan(&Way::Mx(domain), &resolver, &config, 1).await {
            Plan::Hops(hops) => {
                let hops: Vec<_> =
                    hops.into_iter().map(|hop| format!("{}:{} {:?}", hop.host, hop.port, hop.tls)).collect();
                hops.join(", ")
            }
            Plan::Capture | Plan::Simulator => "capture".to_owned(),
            Plan::Failed(Outcome::PermFail(cause)) => format!("permanent {}", cause.reply()),
            Plan::Failed(Outcome::TempFail(cause)) => format!("temporary {}", cause.reply()),
            Plan::Failed(other) => format!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn exchangers_become_hops_in_their_order() {
        let answers = FixedAnswers::new();
        assert_eq!(judged(&answers).await, "d.example:2500 Opportunistic");
        answers.set_mx("d.example", &[(20, "b.example"), (10, "a.example")]);
        assert_eq!(judged(&answers).await, "a.example:2500 Opportunistic, b.example:2500 Opportunistic");
        answers.set_mx("d.example", &[(0, ".")]);
        assert_eq!(judged(&answers).await, "permanent 556 5.1.10 d.example takes no mail (null MX)");
        answers.set_mx("d.example", &[(10, "us.example"), (20, "b.example")]);
        assert_eq!(judged(&answers).await, "permanent 554 5.4.6 Mail for d.example would come back to us");
        answers.set_mx("d.example", &[(10, "192.0.2.1")]);
        assert_eq!(
            judged(&answers).await,
            "permanent 554 5.4.4 d.example names no host as mail exchanger, but 192.0.2.1"
        );
        answers.set_temporary_failure("d.example", "SERVFAIL");
        assert_eq!(
            judged(&answers).await,
            "temporary 451 4.4.3 The mail exchangers of d.example cannot be looked up: SERVFAIL"
        );
    }

    #[tokio::test]
    async fn a_smarthost_is_its_own_hop_with_its_own_key() {
        let access = |tls, user: Option<&str>| SmarthostAccess {
            host: "[2001:db8::1]".to_owned(),
            port: 587,
            tls,
            credentials: user.map(|user| (user.to_owned(), String::from("secret").into())),
        };
        let config = DeliveryConfig::new(DomainName::parse("us.example").unwrap());
        let resolver = Resolver::fixed(FixedAnswers::new());
        for (mode, policy) in [
            (SmarthostTls::Opportunistic, TlsPolicy::Opportunistic),
            (SmarthostTls::Starttls, TlsPolicy::Required),
            (SmarthostTls::Implicit, TlsPolicy::Implicit),
        ] {
            let Plan::Hops(hops) = plan(&Way::Smarthost(access(mode, None)), &resolver, &config, 1).await else {
                panic!("a smarthost is a hop");
            };
            assert_eq!((hops[0].port, hops[0].tls), (587, policy));
            assert_eq!(addresses(&hops[0], &resolver).await, Ok(vec!["2001:db8::1".parse().unwrap()]));
        }
        let way = |user| Way::Smarthost(access(SmarthostTls::Starttls, user));
        let keys = [None, Some("a"), Some("b")].map(|user| key(&way(user), None));
        assert!(keys[0] != keys[1] && keys[1] != keys[2] && keys[1] == key(&way(Some("a")), None));
    }
}
