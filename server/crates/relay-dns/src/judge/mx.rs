//! Whether the domain takes mail: bounces and replies need a place to go, and many receivers ask before they accept.
//!
//! What DNS says is judged (RFC 5321 §5, RFC 7505); no server is contacted.

use super::{
    Subject,
    say::{addresses, finding, list, publish, remove, unknown},
};
use crate::facts::{Data, Facts, Kind};
use relay_types::finding::{Finding, Severity, Subject as About};
use std::net::IpAddr;

/// The check of the domain's own records.
const RECORD: &str = "mx.record";
/// The check of what they name.
const HOSTS: &str = "mx.hosts";

/// `mx.record`, and `mx.hosts` where there are hosts to judge.
pub fn judge(facts: &Facts, subject: &Subject) -> Vec<Finding> {
    let domain = subject.domain.as_str();
    let asked = [(domain, Kind::Mx)];
    let records = facts.read(domain, Kind::Mx, |data| match data {
        Data::Mx(preference, exchange) => Some((*preference, exchange.clone())),
        _ => None,
    });
    let records = match records {
        Err(why) => return vec![unknown(RECORD, About::Mx, "where mail to the domain goes", why, &asked)],
        Ok(records) if records.is_empty() => return vec![implicit(facts, domain)],
        Ok(records) => records,
    };
    let null: Vec<String> =
        records.iter().filter(|(_, host)| host.is_none()).map(|(preference, _)| format!("{preference} .")).collect();
    let hosts: Vec<(u16, String)> =
        records.into_iter().filter_map(|(preference, host)| Some((preference, host?))).collect();
    if hosts.is_empty() {
        return vec![null_mx(domain, null)];
    }
    let record = if null.is_empty() {
        let mut named = hosts.clone();
        named.sort();
        let title = format!("Mail to the domain goes to {}", list(named.iter().map(|(_, host)| host)));
        let effect = "Replies and bounces have a place to go, and receivers that ask for one are content.";
        finding((RECORD, "found"), About::Mx, Severity::Good, title, effect, &asked)
    } else {
        let effect = "Some senders take the domain for one that takes no mail at all, because a null MX stands beside \
                      real servers (RFC 7505 §3 wants it alone).";
        Finding {
            changes: vec![remove(domain, Kind::Mx, null)],
            ..finding(
                (RECORD, "null_beside_others"),
                About::Mx,
                Severity::Warning,
                "A null MX stands beside servers",
                effect,
                &asked,
            )
        }
    };
    vec![record, judge_hosts(facts, domain, &hosts)]
}

/// Without MX records the domain's own address takes its mail (RFC 5321 §5.1).
fn implicit(facts: &Facts, domain: &str) -> Finding {
    let asked = [(domain, Kind::Mx), (domain, Kind::A), (domain, Kind::Aaaa)];
    match addresses(facts, domain) {
        Err(why) => unknown(RECORD, About::Mx, "whether the domain takes mail", &why, &asked),
        Ok(found) if found.is_empty() => {
            let effect = "Many receivers refuse all mail from the domain, because replies and bounces could go nowhere: \
                          it has neither an MX nor an address record.";
            Finding {
                changes: vec![publish(domain, Kind::Mx, Vec::new(), format!("10 mail.{domain}."))],
                details: vec![format!("Name the server that takes mail for {domain}; mail.{domain} is an example.")],
                ..finding((RECORD, "nowhere"), About::Mx, Severity::Error, "The domain takes no mail", effect, &asked)
            }
        }
        Ok(found) => {
            let effect = "Replies and bounces go to the domain's own address, which works only where a mail server \
                          listens there.";
            Finding {
                details: vec![format!("{domain} has the address {}.", list(found))],
                ..finding((RECORD, "implicit"), About::Mx, Severity::Note, "There is no MX record", effect, &asked)
            }
        }
    }
}

fn null_mx(domain: &str, found: Vec<String>) -> Finding {
    let effect = "Large receivers refuse mail from the domain (550 5.7.27), because its null MX says that it takes no \
                  replies and no bounces (RFC 7505 §4.2).";
    let asked = [(domain, Kind::Mx)];
    Finding {
        changes: vec![publish(domain, Kind::Mx, found, format!("10 mail.{domain}."))],
        details: vec![format!("Name the server that takes mail for {domain}; mail.{domain} is an example.")],
        ..finding((RECORD, "null"), About::Mx, Severity::Error, "The domain says that it takes no mail", effect, &asked)
    }
}

/// What is wrong with one exchange, the worst last.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    Unknown(String),
    Private(Vec<IpAddr>),
    NoAddress,
    Alias(String),
    Literal,
}

fn judge_hosts(facts: &Facts, domain: &str, hosts: &[(u16, String)]) -> Finding {
    let mut asked = vec![(domain, Kind::Mx)];
    let mut faults: Vec<(Fault, u16, &str)> = Vec::new();
    for (preference, host) in hosts {
        if host.parse::<IpAddr>().is_err() {
            asked.extend([(host.as_str(), Kind::Cname), (host.as_str(), Kind::A), (host.as_str(), Kind::Aaaa)]);
        }
        if let Some(fault) = fault(facts, host) {
            faults.push((fault, *preference, host));
        }
    }
    faults.sort_by(|a, b| b.0.cmp(&a.0));
    let Some((worst, ..)) = faults.first() else {
        let effect = "Servers that deliver replies and bounces find their way.";
        return finding((HOSTS, "good"), About::Mx, Severity::Good, "Its mail servers have addresses", effect, &asked);
    };
    let all = faults.iter().filter(|(fault, ..)| !matches!(fault, Fault::Unknown(_))).count() == hosts.len();
    let (outcome, severity, title, effect) = match worst {
        Fault::Literal => (
            "address_literal",
            Severity::Error,
            "An MX record names an address in place of a host",
            "Replies and bounces are lost, because an MX record must hold a host name and senders do not look further \
             (RFC 5321 §5.1).",
        ),
        Fault::Alias(_) => (
            "alias",
            Severity::Error,
            "An MX record points to an alias (CNAME)",
            "Some servers refuse the domain or cannot deliver to it, because an MX record must name a host that has \
             addresses of its own (RFC 5321 §5.1, RFC 2181 §10.3).",
        ),
        Fault::NoAddress if all => (
            "no_address",
            Severity::Error,
            "No mail server of the domain has an address",
            "Many receivers refuse mail from the domain, because replies and bounces could reach no server.",
        ),
        Fault::NoAddress => (
            "no_address",
            Severity::Warning,
            "A mail server of the domain has no address",
            "Replies and bounces are delayed whenever that server's turn comes, because it cannot be reached.",
        ),
        Fault::Private(_) => (
            "private_address",
            if all { Severity::Error } else { Severity::Warning },
            "A mail server of the domain has an address that is not public",
            "Replies and bounces from the Internet cannot reach it, because such addresses are reached only from inside.",
        ),
        Fault::Unknown(why) => {
            return unknown(HOSTS, About::Mx, "the addresses of the domain's mail servers", why, &asked);
        }
    };
    Finding {
        details: faults.iter().map(|(fault, _, host)| words(fault, host)).collect(),
        changes: faults
            .iter()
            .filter_map(|(fault, preference, host)| change(fault, domain, *preference, host))
            .collect(),
        ..finding((HOSTS, outcome), About::Mx, severity, title, effect, &asked)
    }
}

fn fault(facts: &Facts, host: &str) -> Option<Fault> {
    if host.parse::<IpAddr>().is_ok() {
        return Some(Fault::Literal);
    }
    let alias = facts.read(host, Kind::Cname, |data| match data {
        Data::Name(target) => Some(target.clone()),
        _ => None,
    });
    if let Ok(targets) = &alias
        && let Some(target) = targets.first()
    {
        return Some(Fault::Alias(target.clone()));
    }
    match addresses(facts, host) {
        Err(why) => Some(Fault::Unknown(why)),
        Ok(found) if found.is_empty() => Some(Fault::NoAddress),
        Ok(found) if found.iter().all(|address| !is_public(*address)) => Some(Fault::Private(found)),
        Ok(_) => alias.err().map(|why| Fault::Unknown(why.to_owned())),
    }
}

fn words(fault: &Fault, host: &str) -> String {
    match fault {
        Fault::Unknown(why) => format!("{host}: DNS did not answer: {why}."),
        Fault::Private(found) => format!("{host} has the address {}, which is not public.", list(found)),
        Fault::NoAddress => format!("{host} has neither an A nor an AAAA record."),
        Fault::Alias(target) => format!("{host} is an alias of {target}."),
        Fault::Literal => format!("{host} is an address, not a host name."),
    }
}

fn change(fault: &Fault, domain: &str, preference: u16, host: &str) -> Option<relay_types::finding::RecordChange> {
    let found = vec![format!("{preference} {host}.")];
    match fault {
        Fault::Alias(target) => Some(publish(domain, Kind::Mx, found, format!("{preference} {target}."))),
        Fault::Literal => Some(publish(domain, Kind::Mx, found, format!("{preference} mail.{domain}."))),
        Fault::Private(_) | Fault::NoAddress | Fault::Unknown(_) => None,
    }
}

/// Whether the Internet can reach an address (RFC 6890): neither private, nor local, nor shared by a provider's customers.
/// Addresses of documentation count as public, so that examples can be judged.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(four) => {
            let [a, b, ..] = four.octets();
            let shared = a == 100 && (64..128).contains(&b);
            !(four.is_private() || four.is_loopback() || four.is_link_local() || a == 0 || a >= 224 || shared)
        }
        IpAddr::V6(six) => {
            let first = six.segments()[0];
            let local = (first & 0xfe00) == 0xfc00 || (first & 0xffc0) == 0xfe80;
            !(local || six.is_loopback() || six.is_unspecified() || six.is_multicast())
        }
    }
}

#[cfg(test)]
mod tests;
