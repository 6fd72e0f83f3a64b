//! Questions about any domain or address, asked of authoritative servers and judged: what the HTTP API, the command line
//! and the tools of the portal show.
//!
//! For everyone who is signed in, and bounded, for each question costs dozens of queries to servers of others.

use super::{look, ours};
use crate::{Access, Actor, Core, Error, Result, domains, projects};
use relay_dns::{
    Ask, Facts, gather,
    judge::{self, Subject},
    spf,
};
use relay_types::{
    DomainName, EmailAddress,
    finding::{Finding, Report},
    prediction::Prediction,
    project::Slug,
};
use std::net::IpAddr;

/// Everything about a domain, by its keys and proof where the one who asks may see it in the portal. Anyone signed in.
pub async fn report(core: &Core, actor: &Actor, domain: &DomainName) -> Result<Report> {
    let _turn = super::turn(core, actor).await?;
    let subject = subject(core, actor, domain).await?;
    Ok(look(core, &subject, &ours(core).await?, Ask::Authoritative).await.report)
}

/// How SPF comes out for an address and a sender (RFC 7208 §4), term by term. Anyone signed in.
pub async fn spf(core: &Core, actor: &Actor, question: &spf::Question) -> Result<Report> {
    let _turn = super::turn(core, actor).await?;
    let now = core.now();
    // Names are asked for in their ASCII form (RFC 7208 §4.3).
    let sender = match question.sender.rsplit_once('@') {
        Some((local, domain)) => format!("{local}@{}", in_ascii(domain)),
        None => in_ascii(&question.sender),
    };
    let (domain, helo) = (in_ascii(&question.domain), in_ascii(&question.helo));
    let question = &spf::Question { ip: question.ip, domain, sender, helo };
    let judge = |facts: &Facts| {
        let evaluation = spf::evaluate(facts, question);
        // Without a domain it is the one of the sender.
        let report = judge::report(facts, &evaluation.domain, Vec::new(), now);
        Report { evaluations: vec![evaluation], ..report }
    };
    Ok(gather(core.resolver(), Ask::Authoritative, now, judge).await.0)
}

/// A domain's DKIM keys: the one at a selector, else all that the portal knows and the one who asks may see. Anyone signed
/// in. Field: `selector`.
pub async fn dkim(core: &Core, actor: &Actor, domain: &DomainName, selector: Option<&str>) -> Result<Report> {
    let _turn = super::turn(core, actor).await?;
    let mut subject = subject(core, actor, domain).await?;
    if let Some(selector) = selector {
        if !is_selector(selector) {
            return Err(Error::invalid("selector", "Enter the name before ._domainkey, such as rk2026a"));
        }
        subject.keys.retain(|key| key.selector == selector);
    }
    match (selector, subject.keys.is_empty()) {
        (None, true) => Err(Error::invalid("selector", format!("Enter a selector: no key of {domain} is known here"))),
        (Some(selector), true) => {
            let judge = |facts: &Facts| vec![judge::dkim::selector(facts, domain.as_str(), selector)];
            Ok(judged(core, domain.as_str(), judge).await)
        }
        (_, false) => Ok(judged(core, domain.as_str(), |facts| judge::dkim::judge(facts, &subject)).await),
    }
}

/// A domain's DMARC policy (RFC 9989), and whether what this relay sends is aligned with it. Anyone signed in.
pub async fn dmarc(core: &Core, actor: &Actor, domain: &DomainName) -> Result<Report> {
    let _turn = super::turn(core, actor).await?;
    let (subject, ours) = (subject(core, actor, domain).await?, ours(core).await?);
    let judge = |facts: &Facts| {
        let (_, evaluations) = judge::spf::judge(facts, &subject, &ours);
        judge::dmarc::judge(facts, &subject, &evaluations)
    };
    Ok(judged(core, domain.as_str(), judge).await)
}

/// Whether a domain takes mail (RFC 5321 §5, RFC 7505). Anyone signed in.
pub async fn mx(core: &Core, actor: &Actor, domain: &DomainName) -> Result<Report> {
    let _turn = super::turn(core, actor).await?;
    let subject = plain(domain);
    Ok(judged(core, domain.as_str(), |facts| judge::mx::judge(facts, &subject)).await)
}

/// An address's names, and whether they point back (RFC 8601 §2.7.3). Anyone signed in.
pub async fn ptr(core: &Core, actor: &Actor, address: IpAddr) -> Result<Report> {
    let _turn = super::turn(core, actor).await?;
    let address = address.to_canonical();
    Ok(judged(core, &address.to_string(), |facts| judge::egress::names(facts, address, None)).await)
}

/// What would become of mail with a header From at this address or domain: by the last report where there is one. Any
/// member. Field: `from`.
pub async fn predict(core: &Core, actor: &Actor, project: &Slug, from: &str) -> Result<Vec<Prediction>> {
    let project = projects::authorize(core, actor, project, Access::View).await?;
    let domain = match from.contains('@') {
        true => EmailAddress::parse(from).ok().map(|address| address.domain().clone()),
        false => DomainName::parse(from).ok(),
    };
    let domain = domain.ok_or_else(|| Error::invalid("from", "Enter an email address or a domain"))?;
    let subject = match domains::signing(core, project, &domain).await? {
        Some((_, Some(report))) => return Ok(report.predictions),
        Some((subject, None)) => subject,
        None => plain(&domain),
    };
    let _turn = super::turn(core, actor).await?;
    Ok(look(core, &subject, &ours(core).await?, Ask::Resolver).await.report.predictions)
}

async fn judged(core: &Core, about: &str, judge: impl Fn(&Facts) -> Vec<Finding>) -> Report {
    let now = core.now();
    let judge = |facts: &Facts| judge::report(facts, about, judge(facts), now);
    gather(core.resolver(), Ask::Authoritative, now, judge).await.0
}

async fn subject(core: &Core, actor: &Actor, domain: &DomainName) -> Result<Subject> {
    Ok(domains::known(core, actor, domain).await?.unwrap_or_else(|| plain(domain)))
}

/// A domain of which nothing is known here.
fn plain(domain: &DomainName) -> Subject {
    Subject { domain: domain.clone(), keys: Vec::new(), proof: None, delegated_to: None, next_selectors: Vec::new() }
}

/// What has no such form stays as it is.
fn in_ascii(name: &str) -> String {
    match name.is_ascii() {
        true => name.to_owned(),
        false => DomainName::parse(name).map_or_else(|_| name.to_owned(), |name| name.to_string()),
    }
}

/// Labels of letters, digits, hyphens and underscores (RFC 6376 §3.1).
fn is_selector(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len()) && label.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'_')
    };
    text.len() <= 200 && text.split('.').all(label)
}
