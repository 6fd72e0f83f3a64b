//! A record in words, term by term.

use crate::spf::{Kind, Mechanism, Qualifier, Record, Term};

/// A line for each term.
pub(super) fn explain(record: &Record, domain: &str) -> impl Iterator<Item = String> {
    record.terms.iter().map(move |term| format!("{}: {}.", term.text, meaning(term, domain)))
}

fn meaning(term: &Term, domain: &str) -> String {
    let name = |given: bool| match term.text.split_once([':', '=']) {
        Some((_, name)) if given => name.split('/').next().unwrap_or_default(),
        _ => domain,
    };
    let near = |wide: bool| if wide { ", and those near them," } else { "" };
    let (qualifier, mechanism) = match &term.kind {
        Kind::Redirect(_) => return format!("when nothing else matches, the record of {} decides", name(true)),
        Kind::Exp(_) => return format!("the text at {} tells those who are refused why", name(true)),
        Kind::Unknown(_) => return "receivers pass over it".to_owned(),
        Kind::Directive(qualifier, mechanism) => (qualifier, mechanism),
    };
    let who = match mechanism {
        Mechanism::All => "everyone else".to_owned(),
        Mechanism::Include(_) => format!("whoever passes by the record of {}", name(true)),
        Mechanism::A(hosts) => {
            format!("the addresses of {}{}", name(hosts.name.is_some()), near(hosts.four < 32 || hosts.six < 128))
        }
        Mechanism::Mx(hosts) => {
            let wide = near(hosts.four < 32 || hosts.six < 128);
            format!("the mail servers of {}{wide}", name(hosts.name.is_some()))
        }
        Mechanism::Ptr(given) => format!("addresses whose own name is in {}", name(given.is_some())),
        Mechanism::Ip(address, length) if *length == if address.is_ipv4() { 32 } else { 128 } => {
            format!("the address {address}")
        }
        Mechanism::Ip(address, length) => format!("the addresses in {address}/{length}"),
        Mechanism::Exists(_) => format!("addresses for which {} has an A record", name(true)),
    };
    match qualifier {
        Qualifier::Pass => format!("{who} may send"),
        Qualifier::Fail => format!("{who} may not send"),
        Qualifier::SoftFail => format!("{who} should not send"),
        Qualifier::Neutral => format!("nothing is said about {who}"),
    }
}
