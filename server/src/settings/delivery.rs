//! `[delivery]`: the platform's route, and what is asked of TLS with other mail servers.

use super::value::Values;
use anyhow::{Context, Result, bail};
use relay_core::config::{PlatformRoute, SmarthostAccess, TlsConfig};
use relay_dns::mta_sts::Access;
use relay_types::{
    DomainName,
    route::{RouteKind, SmarthostTls},
    tls::TlsRule,
};
use zeroize::Zeroizing;

/// The platform's route.
pub fn platform_route(values: &Values) -> Result<PlatformRoute> {
    let word: String = values.get("delivery.route")?;
    let kind = RouteKind::parse(&word)
        .with_context(|| format!("delivery.route must be mx, smarthost or capture, not {word}"))?;
    Ok(match kind {
        RouteKind::Mx => PlatformRoute::Mx,
        RouteKind::Capture => PlatformRoute::Capture,
        RouteKind::Smarthost => {
            let place: String = values
                .optional("delivery.smarthost")?
                .context("delivery.route is smarthost: set delivery.smarthost to HOST:PORT")?;
            let (host, port) = place.rsplit_once(':').context("delivery.smarthost must be HOST:PORT")?;
            let word: String = values.get("delivery.smarthost_tls")?;
            let tls = SmarthostTls::parse(&word).with_context(|| {
                format!("delivery.smarthost_tls must be starttls, implicit, require or opportunistic, not {word}")
            })?;
            let credentials = match (
                values.optional::<String>("delivery.smarthost_username")?,
                values.optional::<String>("delivery.smarthost_password")?,
            ) {
                (Some(username), Some(password)) => Some((username, Zeroizing::new(password))),
                (None, None) => None,
                _ => bail!("delivery.smarthost_username and delivery.smarthost_password belong together"),
            };
            if credentials.is_some() && !tls.verifies() {
                bail!(
                    "credentials are never sent with delivery.smarthost_tls = \"{}\"; use starttls or implicit",
                    tls.as_str()
                );
            }
            PlatformRoute::Smarthost(SmarthostAccess {
                host: host.trim_matches(['[', ']']).to_owned(),
                port: port.parse().context("delivery.smarthost: the port is not a number")?,
                tls,
                credentials,
                others_only: false,
            })
        }
    })
}

/// TLS with mail exchangers: the rule, those of single domains, and how policy hosts are reached.
pub fn tls(values: &Values) -> Result<TlsConfig> {
    let word: String = values.get("delivery.tls")?;
    let rules: Vec<(DomainName, TlsRule)> = values.list("delivery.tls_for", |text| {
        let (domain, word) = text.split_once('=').with_context(|| format!("{text} is not DOMAIN=RULE"))?;
        Ok((DomainName::parse(domain.trim())?, rule(word.trim())?))
    })?;
    for (place, (domain, _)) in rules.iter().enumerate() {
        if rules[..place].iter().any(|(earlier, _)| earlier == domain) {
            bail!("delivery.tls_for has two rules for {domain}");
        }
    }
    Ok(TlsConfig {
        rule: rule(&word).context("delivery.tls")?,
        rules,
        mta_sts: Access {
            port: values.number("delivery.mta_sts_port", 1..=u16::MAX)?,
            local: values.get("delivery.local_mx")?,
            extra_ca: values.optional("delivery.extra_ca")?.into_iter().collect(),
        },
    })
}

fn rule(word: &str) -> Result<TlsRule> {
    TlsRule::parse(word).with_context(|| format!("must be opportunistic, require or verify, not {word}"))
}
