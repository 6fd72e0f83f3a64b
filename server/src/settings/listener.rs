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
    (
        "certificate",
        "",
        "PEM file with the certificate chain, or a list of them: each client gets the one for the name it asks for, others the first. A renewed file is used within a minute. Default: a self-signed one, made for trials.",
    ),
    ("key", "", "PEM file with the certificate's private key, or a list in the order of `certificate`."),
    ("proxy_protocol_from", "", "Addresses or blocks of proxies that speak the PROXY protocol to this listener."),
    (
        "plaintext_auth_from",
        "",
        "Legacy profile: blocks whose programs may sign in without TLS, secrets in clear. IPv4 blocks of /8 or longer, IPv6 blocks of /16 or longer.",
    ),
];

/// Shortest prefixes of blocks that may sign in without TLS.
const WIDEST_LEGACY_IPV4: u8 = 8;
const WIDEST_LEGACY_IPV6: u8 = 16;

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
    /// Certificate chains and their keys.
    pub certificates: Vec<(PathBuf, PathBuf)>,
    /// Blocks of proxies.
    pub proxy_protocol_from: Vec<Cidr>,
    /// Blocks whose programs may sign in without TLS.
    pub plaintext_auth_from: Vec<Cidr>,
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
        // A list in the file is one value with commas; as a flag the key is given again.
        let all = |name: &str| {
            let values = pairs.iter().filter(|(key, _)| key == name).flat_map(|(_, value)| value.split(','));
            values.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).collect::<Vec<_>>()
        };
        let (certificates, keys) = (all("certificate"), all("key"));
        if certificates.len() != keys.len() {
            bail!("listener {name}: certificate and key belong together: as many of the one as of the other");
        }
        let blocks = |name: &str| all(name).iter().map(|text| value::parsed(text)).collect::<Result<Vec<Cidr>>>();
        Ok(Self {
            listen,
            tls,
            auth,
            hostname: get("hostname").map(value::parsed).transpose().with_context(place)?,
            certificates: certificates
                .into_iter()
                .map(PathBuf::from)
                .zip(keys.into_iter().map(PathBuf::from))
                .collect(),
            proxy_protocol_from: blocks("proxy_protocol_from").with_context(place)?,
            plaintext_auth_from: blocks("plaintext_auth_from").with_context(place)?,
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
            certificates: Vec::new(),
            proxy_protocol_from: Vec::new(),
            plaintext_auth_from: Vec::new(),
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
        judge_legacy(listener)?;
        if listener.tls == ListenerTls::None
            && listener.auth == ListenerAuth::Required
            && listener.plaintext_auth_from.is_empty()
        {
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

/// Secrets in clear are for networks somebody named and answers for, never for the world or a good part of it.
fn judge_legacy(listener: &ListenerSettings) -> Result<()> {
    let name = &listener.name;
    if listener.plaintext_auth_from.is_empty() {
        return Ok(());
    }
    if listener.tls == ListenerTls::Implicit {
        bail!("listener {name}: plaintext_auth_from is of no use with tls = \"implicit\"");
    }
    if listener.auth == ListenerAuth::Networks {
        bail!("listener {name}: plaintext_auth_from is of no use with auth = \"networks\": nobody signs in there");
    }
    let narrowest = |block: &Cidr| if block.first().is_ipv4() { WIDEST_LEGACY_IPV4 } else { WIDEST_LEGACY_IPV6 };
    match listener.plaintext_auth_from.iter().find(|block| block.prefix_len() < narrowest(block)) {
        Some(block) => bail!(
            "listener {name}: plaintext_auth_from has {block}: secrets in clear are never taken from so many addresses; \
             list the networks of the programs that need it (/{} or longer)",
            narrowest(block)
        ),
        None => Ok(()),
    }
}
