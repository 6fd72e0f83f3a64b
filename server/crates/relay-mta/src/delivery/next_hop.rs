//! Where a message goes next, and what it means when none of the hosts can be used. Decisions are pure functions.

use super::{
    DeliveryConfig,
    tls_policy::{self, Conditions},
};
use relay_core::routes::Way;
use relay_dns::{
    DnsError, Resolver,
    mta_sts::Policy,
    mx::{self, MxPlan, leads_back},
};
use relay_smtp::client::{ClientCredentials, TlsPolicy};
use relay_types::{
    DomainName,
    message::{Cause, Outcome},
    project::ProjectId,
    reply::Reply,
    route::SmarthostTls,
    tls::{StsMode, TlsReason, TlsRule},
};
use std::{net::IpAddr, sync::Arc};
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
    /// Who asked for that.
    pub reason: TlsReason,
    /// What its TLS is counted by; a smarthost's is not.
    pub counted: Option<Counted>,
    /// SASL, for a smarthost.
    pub credentials: Option<ClientCredentials>,
    /// Addresses that lead back to this machine are left out: a domain's or a project's owner chose them, not ours.
    pub others_only: bool,
}

/// What the TLS of an exchanger is counted by (RFC 8460).
#[derive(Debug, Clone)]
pub struct Counted {
    /// The recipient domain.
    pub domain: DomainName,
    /// It has an MTA-STS policy.
    pub mta_sts: bool,
    /// The policy, when there is one, has the exchanger.
    pub listed: bool,
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
    /// No exchanger is one of the domain's MTA-STS policy.
    Unlisted {
        /// Whose policy.
        domain: DomainName,
        /// In words.
        text: String,
    },
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

/// Turns a way into hosts; `seed` shuffles hosts of equal preference. `policy` finds the MTA-STS policy of the
/// recipient domain; it is asked for mail to exchangers alone, for a smarthost is not of the recipient (RFC 8461 §5).
pub async fn plan(
    way: &Way,
    resolver: &Resolver,
    config: &DeliveryConfig,
    seed: u64,
    rule: TlsRule,
    policy: impl Future<Output = relay_core::Result<Option<Arc<Policy>>>>,
) -> Plan {
    match way {
        Way::Capture => Plan::Capture,
        Way::Simulator => Plan::Simulator,
        Way::Smarthost(access) => {
            let credentials = access.credentials.as_ref();
            let (tls, reason) = tls_policy::of_smarthost(access.tls);
            Plan::Hops(vec![Hop {
                host: access.host.trim_matches(['[', ']']).to_owned(),
                port: access.port,
                tls,
                reason,
                counted: None,
                credentials: credentials.map(|(username, password)| ClientCredentials {
                    username: username.clone(),
                    password: password.clone(),
                }),
                others_only: access.others_only && !config.local_mx,
            }])
        }
        Way::Mx(domain) => {
            let (records, policy) = tokio::join!(resolver.mx(domain), policy);
            let policy = match policy {
                Ok(policy) => policy,
                Err(error) => {
                    tracing::warn!(%domain, %error, "an MTA-STS policy cannot be read");
                    let text = format!("The MTA-STS policy of {domain} cannot be read now");
                    return Plan::Failed(Outcome::TempFail(Cause::Local(Reply::new(451, (4, 3, 0), text))));
                }
            };
            let records = match records {
                Ok(records) => records,
                Err(DnsError::NoRecord) => Vec::new(),
                Err(DnsError::Temporary(why)) => {
                    let text = format!("The mail exchangers of {domain} cannot be looked up: {why}");
                    return Plan::Failed(Outcome::TempFail(Cause::Dns(Reply::new(451, (4, 4, 3), text))));
                }
            };
            let mut own = config.own_names.clone();
            own.push(config.hostname.clone());
            exchangers(domain, mx::plan(domain, &records, &own, seed), config, rule, policy.as_deref())
        }
    }
}

/// What the plan of a domain's exchangers means for its mail.
fn exchangers(
    domain: &DomainName,
    plan: MxPlan,
    config: &DeliveryConfig,
    rule: TlsRule,
    policy: Option<&Policy>,
) -> Plan {
    let failed = |code, enhanced, text| Plan::Failed(Outcome::PermFail(Cause::Dns(Reply::new(code, enhanced, text))));
    match plan {
        MxPlan::Hosts(hosts) => {
            let (tls, reason) = tls_policy::decide(Conditions { rule, mta_sts: policy.map(|policy| policy.mode) });
            let hop = |host: String| {
                let listed = policy.is_none_or(|policy| policy.allows(&host));
                let counted = Some(Counted { domain: domain.clone(), mta_sts: policy.is_some(), listed });
                let others_only = !config.local_mx;
                Hop { host, port: config.port, tls, reason, counted, credentials: None, others_only }
            };
            let hops: Vec<Hop> = hosts.into_iter().map(hop).collect();
            if reason != TlsReason::MtaSts(StsMode::Enforce) {
                return Plan::Hops(hops);
            }
            // RFC 8461 §5.1: an exchanger that the policy does not name is not used.
            let listed = |hop: &Hop| hop.counted.as_ref().is_none_or(|counted| counted.listed);
            let (listed, others): (Vec<_>, Vec<_>) = hops.into_iter().partition(listed);
            match others.first() {
                Some(first) if listed.is_empty() => Plan::Unlisted {
                    domain: domain.clone(),
                    text: format!(
                        "No mail exchanger of {domain} is in its MTA-STS policy (mode enforce), such as {}",
                        first.host
                    ),
                },
                _ => Plan::Hops(listed),
            }
        }
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
    let found = match hop.host.parse::<IpAddr>() {
        Ok(address) => vec![address],
        Err(_) => resolver.addresses(&hop.host).await.map_err(|error| no_address(&hop.host, &error))?,
    };
    let (here, others): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|address| hop.others_only && leads_back(*address));
    match here.first() {
        // RFC 5321 §5.1: a loop, or the port of another service of this machine, which is nobody's exchanger.
        Some(address) if others.is_empty() => {
            let text =
                format!("{} is at {address}, which is this machine itself or no host: mail cannot go there", hop.host);
            // A project's owner can mend its smarthost; the mail waits for that.
            let (code, class) = if hop.counted.is_some() { (554, 5) } else { (451, 4) };
            Err(Cause::Dns(Reply::new(code, (class, 4, 6), text)))
        }
        _ => Ok(in_turns(others)),
    }
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
mod tests;
