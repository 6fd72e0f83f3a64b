//! A project's route as stored: JSON without the password, which is sealed beside it.

use super::authorize_operator;
use crate::{
    Actor, Core, Error, Result,
    config::{PlatformRoute, SmarthostAccess},
    tables::project,
};
use relay_dns::mx::leads_back;
use relay_types::{
    DomainName,
    route::{Route, RouteChange, RouteKind, Smarthost, SmarthostTls},
};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use zeroize::Zeroizing;

/// What the sealed password is bound to.
const PURPOSE: &str = "smarthost";

/// The JSON in `project.route`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "kind")]
pub(super) enum Stored {
    Platform,
    Mx,
    Capture,
    Smarthost {
        host: String,
        port: u16,
        tls: SmarthostTls,
        username: Option<String>,
        /// An owner chose host and port: it may not be this machine itself.
        #[serde(default)]
        others_only: bool,
    },
}

impl Stored {
    /// Reads the column.
    pub(super) fn read(project: &project::Model) -> Result<Self> {
        serde_json::from_str(&project.route).map_err(Error::internal)
    }

    /// The column's text.
    pub(super) fn json(&self) -> Result<String> {
        serde_json::to_string(self).map_err(Error::internal)
    }

    /// As pages show it.
    pub(super) fn shown(self, platform: RouteKind) -> Route {
        match self {
            Self::Platform => Route::Platform(platform),
            Self::Mx => Route::Mx,
            Self::Capture => Route::Capture,
            Self::Smarthost { host, port, tls, username, .. } => {
                Route::Smarthost(Smarthost { host, port, tls, username })
            }
        }
    }

    /// Who chose host and port, for the audit trail.
    pub(super) fn chosen_by(&self) -> Option<String> {
        let Self::Smarthost { others_only, .. } = self else { return None };
        Some(if *others_only { "an owner" } else { "an operator" }.to_owned())
    }

    /// In words, for the audit trail.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Platform => "platform".to_owned(),
            Self::Mx => "mx".to_owned(),
            Self::Capture => "capture".to_owned(),
            Self::Smarthost { host, port, tls, username, .. } => {
                let login = username.as_ref().map(|name| format!(", signs in as {name}")).unwrap_or_default();
                format!("smarthost {host}:{port} ({}{login})", tls.as_str())
            }
        }
    }
}

/// The route delivery takes, with the password opened; `None` when the project follows the platform.
pub(super) fn opened(core: &Core, project: &project::Model) -> Result<Option<PlatformRoute>> {
    Ok(match Stored::read(project)? {
        Stored::Platform => None,
        Stored::Mx => Some(PlatformRoute::Mx),
        Stored::Capture => Some(PlatformRoute::Capture),
        Stored::Smarthost { host, port, tls, username, others_only } => {
            let credentials = match (username, &project.route_password_sealed) {
                (Some(username), Some(sealed)) => Some((username, open_password(core, sealed)?)),
                _ => None,
            };
            Some(PlatformRoute::Smarthost(SmarthostAccess { host, port, tls, credentials, others_only }))
        }
    })
}

fn open_password(core: &Core, sealed: &[u8]) -> Result<Zeroizing<String>> {
    let octets = core.sealing.open(PURPOSE, sealed)?;
    Ok(Zeroizing::new(std::str::from_utf8(&octets).map_err(Error::internal)?.to_owned()))
}

/// Judges a change: the JSON and the sealed password to store. `before` lends its password when the change names none
/// and host and user name stay the same, so that a password never goes to a host it was not given for. Only an operator
/// may choose this machine itself, whose ports nobody else may try; an owner may keep what an operator chose.
pub(super) fn judged(
    core: &Core,
    actor: &Actor,
    before: Option<&project::Model>,
    change: RouteChange,
) -> Result<(Stored, Option<Vec<u8>>)> {
    let (host, port, tls, username, password) = match change {
        RouteChange::Platform => return Ok((Stored::Platform, None)),
        RouteChange::Mx => return Ok((Stored::Mx, None)),
        RouteChange::Capture => return Ok((Stored::Capture, None)),
        RouteChange::Smarthost { host, port, tls, username, password } => (host, port, tls, username, password),
    };
    let host = host_of(&host)?;
    if port == 0 {
        return Err(Error::invalid("port", "Enter a port between 1 and 65535, usually 587 or 465"));
    }
    let others_only = authorize_operator(actor).is_err() && !chosen_by_operator(before, &host, port)?;
    if others_only && host.parse().is_ok_and(leads_back) {
        let reason = format!("{host} is this machine itself or no single host: only an operator may choose it");
        return Err(Error::invalid("host", reason));
    }
    let username = filled(username);
    let password = filled(password).map(Zeroizing::new);
    let Some(name) = &username else {
        return match password {
            Some(_) => Err(Error::invalid("username", "Enter the user name this password belongs to")),
            None => Ok((Stored::Smarthost { host, port, tls, username, others_only }, None)),
        };
    };
    if !tls.verifies() {
        let reason =
            "A password is sent only over verified TLS: choose STARTTLS or implicit TLS, or leave the user name empty";
        return Err(Error::invalid("username", reason));
    }
    if name.chars().any(char::is_control) || name.len() > 255 {
        return Err(Error::invalid(
            "username",
            "Enter a user name of at most 255 characters without control characters",
        ));
    }
    let secret = match password {
        Some(password) if password.contains('\0') || password.len() > 1024 => {
            return Err(Error::invalid("password", "Enter a password of at most 1024 characters without NUL"));
        }
        Some(password) => sealed(core, before, &password)?,
        None => kept(before, &host, name)?
            .ok_or_else(|| Error::invalid("password", "Enter the password of this user name on this host"))?,
    };
    Ok((Stored::Smarthost { host, port, tls, username, others_only }, Some(secret)))
}

/// What is stored already when it is the same password, so that setting a route again changes nothing.
fn sealed(core: &Core, before: Option<&project::Model>, password: &str) -> Result<Vec<u8>> {
    if let Some(stored) = before.and_then(|before| before.route_password_sealed.as_ref())
        && *open_password(core, stored)? == *password
    {
        return Ok(stored.clone());
    }
    core.sealing.seal(PURPOSE, password.as_bytes())
}

fn kept(before: Option<&project::Model>, host: &str, username: &str) -> Result<Option<Vec<u8>>> {
    let Some(before) = before else { return Ok(None) };
    Ok(match Stored::read(before)? {
        Stored::Smarthost { host: old_host, username: Some(old), .. } if old == username && old_host == host => {
            before.route_password_sealed.clone()
        }
        _ => None,
    })
}

fn chosen_by_operator(before: Option<&project::Model>, host: &str, port: u16) -> Result<bool> {
    let Some(before) = before else { return Ok(false) };
    Ok(match Stored::read(before)? {
        Stored::Smarthost { host: old, port: old_port, others_only: false, .. } => old == host && old_port == port,
        _ => false,
    })
}

fn host_of(text: &str) -> Result<String> {
    let text = text.trim();
    if let Ok(address) = text.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
        return Ok(address.to_string());
    }
    let name = DomainName::parse(text.trim_end_matches('.'));
    name.map(|name| name.to_string())
        .map_err(|_| Error::invalid("host", "Enter a host name such as smtp.example.org, or an IP address"))
}

fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}
