//! `[[listener]]`: where the relay listens, and for whom.

use super::{file::unknown, value};
use anyhow::{Context, Result, bail};
use relay_types::{
    Cidr, DomainName,
    listener::{ListenerAuth, ListenerTls},
};
use std::{net::SocketAddr, path::PathBuf};

/// Keys of a listener with their meaning and default, for the manual.
pub const LISTENER_KEYS: &[(&str, &str, &str)] = &[
    ("name", "", "Its name in logs, the portal and refusals."),
    ("listen", "", "Address and port."),
    ("tls", "starttls", "`starttls`, `implicit` (TLS from the first byte) or `none`."),
    ("auth", "required", "`required` (service accounts), `networks` (trusted networks) or `either`."),
    ("hostname", "", "Host name in the greeting. Default: the key `hostname`."),
    ("certificate", "", "PEM file with the certificate chain. Default: a self-signed one, made for trials."),
    ("key", "", "PEM file with the certificate's private key."),
    ("proxy_protocol_from", "", "Addresses or blocks of proxies that speak the PROXY protocol to this listener."),
];

/// Settings of one listener.
#[derive(Debug, Clone)]
pub struct ListenerSettings {
    /// Name.
    pub name: String,
    /// Address and port.
    pub listen: SocketAddr,
    /// TLS mode.
    pub tls: ListenerTls,
    /// Auth rule.
    pub auth: ListenerAuth,
    /// Host name, when not the relay's.
    pub hostname: Option<DomainName>,
    /// Certificate chain and key.
    pub certificate: Option<(PathBuf, PathBuf)>,
    /// Blocks of proxies.
    pub proxy_protocol_from: Vec<Cidr>,
}

impl ListenerSettings {
    /// Reads `name=…,listen=…`.
    pub fn from_flag(text: &str) -> Result<Self> {
        let pairs = text.split(',').map(|pair| {
            let (key, value) = pair.split_once('=').with_context(|| format!("listener: {pair} is not KEY=VALUE"))?;
            Ok((key.trim().to_owned(), value.trim().to_owned()))
        });
        Self::from_pairs(pairs.collect::<Result<_>>()?)
    }

    /// Reads keys and values.
    pub fn from_pairs(pairs: Vec<(String, String)>) -> Result<Self> {
        if let Some((key, _)) = pairs.iter().find(|(key, _)| LISTENER_KEYS.iter().all(|(known, ..)| known != key)) {
            return Err(unknown(key, LISTENER_KEYS.iter().map(|(known, ..)| *known)).context("listener"));
        }
        let get = |name: &str| {
            pairs
                .iter()
                .rev()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.as_str())
                .filter(|value| !value.is_empty())
        };
        let listen = get("listen").context("a listener needs listen = \"ADDRESS:PORT\"")?;
        let listen: SocketAddr = listen.parse().with_context(|| format!("listener: {listen} is not ADDRESS:PORT"))?;
        let name = get("name").map_or_else(|| format!("port-{}", listen.port()), str::to_owned);
        let place = || format!("listener {name}");
        let tls = match get("tls").unwrap_or("starttls") {
            "starttls" => ListenerTls::Starttls,
            "implicit" => ListenerTls::Implicit,
            "none" => ListenerTls::None,
            other => bail!("listener {name}: tls must be starttls, implicit or none, not {other}"),
        };
        let auth = match get("auth").unwrap_or("required") {
            "required" => ListenerAuth::Required,
            "networks" => ListenerAuth::Networks,
            "either" => ListenerAuth::Either,
            other => bail!("listener {name}: auth must be required, networks or either, not {other}"),
        };
        let certificate = match (get("certificate"), get("key")) {
            (Some(certificate), Some(key)) => Some((certificate.into(), key.into())),
            (None, None) => None,
            _ => bail!("listener {name}: certificate and key belong together"),
        };
        let proxies = get("proxy_protocol_from").unwrap_or_default();
        Ok(Self {
            listen,
            tls,
            auth,
            hostname: get("hostname").map(value::parsed).transpose().with_context(place)?,
            certificate,
            proxy_protocol_from: proxies
                .split(',')
                .map(str::trim)
                .filter(|text| !text.is_empty())
                .map(value::parsed)
                .collect::<Result<_>>()
                .with_context(place)?,
            name,
        })
    }

    /// The listeners of a machine nobody has configured.
    pub fn for_a_trial() -> Vec<Self> {
        let listener = |name: &str, port: u16, tls, auth| Self {
            name: name.to_owned(),
            listen: SocketAddr::from(([127, 0, 0, 1], port)),
            tls,
            auth,
            hostname: None,
            certificate: None,
            proxy_protocol_from: Vec::new(),
        };
        vec![
            listener("submission", 2587, ListenerTls::Starttls, ListenerAuth::Required),
            listener("submissions", 2465, ListenerTls::Implicit, ListenerAuth::Required),
            listener("networks", 2525, ListenerTls::None, ListenerAuth::Networks),
        ]
    }
}

/// What cannot work or would be unsafe.
pub fn judge(listeners: &[ListenerSettings]) -> Result<()> {
    for (place, listener) in listeners.iter().enumerate() {
        let name = &listener.name;
        if listener.tls == ListenerTls::None && listener.auth == ListenerAuth::Required {
            bail!(
                "listener {name}: auth = \"required\" without TLS could never be used; set tls to starttls or implicit"
            );
        }
        let earlier = &listeners[..place];
        if earlier.iter().any(|other| other.name == *name) {
            bail!("two listeners are named {name}");
        }
        if listener.listen.port() != 0 && earlier.iter().any(|other| other.listen == listener.listen) {
            bail!("two listeners want {}", listener.listen);
        }
    }
    Ok(())
}
