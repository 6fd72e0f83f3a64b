//! Judgements of egress addresses that do not rest on DNS: port 25 of others, and the listeners' certificates. Pure.

use super::Port25;
use crate::listeners::Listener;
use relay_dns::judge::blocklist::Blocklist;
use relay_types::{
    DomainName, Timestamp,
    finding::{Finding, Severity, Subject},
};
use std::{sync::Arc, time::Duration};

const DAY: Duration = Duration::from_secs(86_400);
/// So long before its end a certificate should have been renewed, and so long before it is urgent.
const SOON: Duration = Duration::from_secs(21 * 86_400);
const URGENT: Duration = Duration::from_secs(3 * 86_400);

/// The lists to look in, with what is known of each.
pub(super) fn blocklists(zones: &[DomainName]) -> Vec<Blocklist> {
    zones.iter().map(|zone| Blocklist::of(zone.as_str())).collect()
}

/// What being able to reach port 25, or not, does to mail.
pub(super) fn port(port: &Port25) -> Finding {
    let (outcome, severity, title, effect) = match port {
        Port25::NotTried(why) => {
            ("not_tried", Severity::Note, "Port 25 of others was not tried".to_owned(), why.clone())
        }
        Port25::Unknown(why) => (
            "unknown",
            Severity::Unknown,
            "Port 25 of others could not be tried".to_owned(),
            format!("Nothing is known: {why}."),
        ),
        Port25::Open(host) => (
            "open",
            Severity::Good,
            "Port 25 of others is open".to_owned(),
            format!("{host} greeted, so mail can leave from here."),
        ),
        Port25::Closed(hosts, why) => (
            "closed",
            Severity::Error,
            "Port 25 of others cannot be reached".to_owned(),
            format!(
                "No mail leaves from here: {} did not answer ({why}). Ask who runs the network to open TCP port 25 outward, or send by a smarthost.",
                hosts.join(", ")
            ),
        ),
    };
    Finding::new(("port25", outcome), Subject::Port25, severity, title, effect)
}

/// The certificates of listeners.
pub(super) fn certificates(listeners: &[Arc<Listener>], now: Timestamp) -> Vec<Finding> {
    listeners.iter().filter_map(|listener| certificate(listener, now)).collect()
}

fn certificate(listener: &Listener, now: Timestamp) -> Option<Finding> {
    let certificate = listener.certificate()?;
    let (name, host) = (&listener.name, &listener.hostname);
    let ends = certificate.ends_at;
    let days = |left: Duration| match left.as_secs() / DAY.as_secs() {
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    };
    let (outcome, severity, title, effect) = if ends <= now {
        (
            "ended",
            Severity::Error,
            format!("The certificate of {name} has ended"),
            format!(
                "Programs that check certificates do not send since {}. Put a renewed one in its file; it is read at once on SIGHUP.",
                ends.date_text()
            ),
        )
    } else if certificate.self_signed {
        (
            "self_signed",
            Severity::Warning,
            format!("The certificate of {name} was made here"),
            "Programs that check certificates refuse it. Set certificate and key of the listener to PEM files of an authority they trust.".to_owned(),
        )
    } else if !certificate.names_host {
        (
            "name",
            Severity::Error,
            format!("The certificate of {name} is not for {host}"),
            format!("Programs that check certificates do not send when they connect to {host}. Get one that names it."),
        )
    } else if let Some(why) = &certificate.untrusted {
        (
            "chain",
            Severity::Warning,
            format!("The certificate of {name} is not one this machine trusts"),
            format!(
                "Programs that trust only public authorities refuse it ({why}). If an authority of your own issued it, this is as it should be; else add the chain to the file."
            ),
        )
    } else {
        let left = ends.since(now);
        let (outcome, severity) = match left {
            left if left < URGENT => ("ends_soon", Severity::Error),
            left if left < SOON => ("ends_soon", Severity::Warning),
            _ => ("good", Severity::Good),
        };
        let effect = match severity {
            Severity::Good => format!("It names {host}, is trusted, and ends on {}.", ends.date_text()),
            _ => format!(
                "It ends on {}; after that programs that check certificates do not send. Renew it.",
                ends.date_text()
            ),
        };
        (outcome, severity, format!("The certificate of {name} holds for {}", days(left)), effect)
    };
    Some(Finding::new((&format!("certificate.{name}"), outcome), Subject::Certificate, severity, title, effect))
}
