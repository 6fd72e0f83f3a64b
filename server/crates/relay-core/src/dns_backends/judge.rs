//! Whether what was typed makes a DNS back end. Secrets go in as text and come out sealed.

use super::{PURPOSE, settings};
use crate::{Core, Error, Result, label::label, tables::dns_backend::Model};
use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use relay_types::{
    DomainName,
    dns_backend::{BackendKind, BackendSettings},
    reverse::TsigAlgorithm,
};
use std::net::{IpAddr, SocketAddr};
use zeroize::Zeroizing;

/// A secret of fewer octets can be guessed; `tsig-keygen` and `keymgr` make 32 and more.
const SHORTEST: usize = 16;
/// RFC 2104 §2: longer keys gain nothing.
const LONGEST: usize = 512;

/// What a person types to describe a DNS back end; only the fields of its kind are looked at. It has no `Debug`, for it
/// holds the secret.
#[derive(Clone, Default)]
pub struct DnsBackendInput {
    /// What it is called.
    pub label: String,
    /// A word of [`BackendKind`].
    pub kind: String,
    /// `HOST` or `HOST:PORT` (update).
    pub server: String,
    /// Name of the TSIG key (update).
    pub key_name: String,
    /// A word of [`TsigAlgorithm`] (update).
    pub algorithm: String,
    /// Base of the API (PowerDNS).
    pub url: String,
    /// The server's id in the API (PowerDNS); empty for `localhost`.
    pub server_id: String,
    /// The TSIG secret in base64, or the API key. Empty to keep the one there is.
    pub secret: Zeroizing<String>,
}

/// What was typed, read.
pub(super) struct Judged {
    pub(super) label: String,
    pub(super) settings: BackendSettings,
    /// Sealed.
    pub(super) secret: Option<Vec<u8>>,
}

/// Reads and judges the input. `before` lends its secret when none is typed and it is that of the same key, or goes to
/// the same place: it is never sent to a server it was not given for.
pub(super) fn judge(core: &Core, input: DnsBackendInput, before: Option<&Model>) -> Result<Judged> {
    let label = label("label", &input.label)?;
    let kind =
        BackendKind::parse(input.kind.trim()).ok_or_else(|| Error::invalid("kind", "Choose one of the kinds"))?;
    let settings = match kind {
        BackendKind::Update => BackendSettings::Update {
            server: server_of(&input.server)?,
            key_name: key_name_of(&input.key_name)?,
            algorithm: TsigAlgorithm::parse(input.algorithm.trim())
                .ok_or_else(|| Error::invalid("algorithm", "Choose hmac-sha256 or hmac-sha512"))?,
        },
        BackendKind::PowerDns => {
            BackendSettings::PowerDns { url: url_of(&input.url)?, server_id: server_id_of(&input.server_id)? }
        }
        BackendKind::Snippet => return Ok(Judged { label, settings: BackendSettings::Snippet, secret: None }),
    };
    let typed = input.secret.trim();
    let secret = if typed.is_empty() {
        kept(before, &settings)?.ok_or_else(|| Error::invalid("secret", missing(kind, before.is_some())))?
    } else {
        sealed(core, before, &secret_of(kind, typed)?)?
    };
    Ok(Judged { label, settings, secret: Some(secret) })
}

fn missing(kind: BackendKind, edits: bool) -> &'static str {
    match (kind, edits) {
        (BackendKind::PowerDns, false) => "Enter the API key",
        (BackendKind::PowerDns, true) => "Enter the API key again: it goes to another place",
        (_, false) => "Enter the secret of the key, in base64",
        (_, true) => "Enter the secret of this key",
    }
}

/// What is stored already when it is the same secret, so that typing it again changes nothing.
fn sealed(core: &Core, before: Option<&Model>, secret: &[u8]) -> Result<Vec<u8>> {
    if let Some(stored) = before.and_then(|before| before.secret_sealed.as_ref())
        && **core.sealing.open(PURPOSE, stored)? == *secret
    {
        return Ok(stored.clone());
    }
    core.sealing.seal(PURPOSE, secret)
}

fn kept(before: Option<&Model>, after: &BackendSettings) -> Result<Option<Vec<u8>>> {
    use BackendSettings::{PowerDns, Update};
    let Some(before) = before else { return Ok(None) };
    let same = match (settings(before)?, after) {
        // This one signs, and goes nowhere.
        (Update { key_name: old, .. }, Update { key_name, .. }) => old == *key_name,
        (PowerDns { url: old, .. }, PowerDns { url, .. }) => old == *url,
        _ => false,
    };
    Ok(if same { before.secret_sealed.clone() } else { None })
}

fn secret_of(kind: BackendKind, typed: &str) -> Result<Zeroizing<Vec<u8>>> {
    let invalid = |reason: &str| Error::invalid("secret", reason);
    if kind == BackendKind::PowerDns {
        let good = typed.len() <= LONGEST && typed.bytes().all(|octet| octet.is_ascii_graphic());
        return match good {
            true => Ok(Zeroizing::new(typed.as_bytes().to_vec())),
            false => Err(invalid("An API key has no spaces and at most 512 plain characters")),
        };
    }
    let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let octets = GeneralPurpose::new(&alphabet::STANDARD, lenient).decode(typed).map(Zeroizing::new);
    let octets = octets.map_err(|_| invalid("This is not base64; copy the secret as it stands in the server's key"))?;
    match octets.len() {
        ..SHORTEST => Err(invalid("The secret is shorter than 16 octets; make a new key")),
        SHORTEST..=LONGEST => Ok(octets),
        _ => Err(invalid("The secret is longer than 512 octets")),
    }
}

/// `HOST` or `HOST:PORT`; IPv6 with a port stands in brackets.
fn server_of(typed: &str) -> Result<String> {
    let typed = typed.trim();
    if let Ok(address) = typed.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
        return Ok(if address.is_ipv6() { format!("[{address}]:53") } else { address.to_string() });
    }
    if let Ok(address) = typed.parse::<SocketAddr>()
        && address.port() > 0
    {
        return Ok(address.to_string());
    }
    let invalid = || Error::invalid("server", "Enter a host or an address, with :port unless it is 53");
    let (host, port) = match typed.split_once(':') {
        Some((host, port)) => (host, Some(port_of(port).ok_or_else(invalid)?)),
        None => (typed, None),
    };
    let host = DomainName::parse(host).map_err(|_| invalid())?;
    Ok(port.map_or_else(|| host.to_string(), |port| format!("{host}:{port}")))
}

fn port_of(text: &str) -> Option<u16> {
    text.parse().ok().filter(|port| *port > 0)
}

/// Any domain name (RFC 8945 §4.2), of one label or more.
fn key_name_of(typed: &str) -> Result<String> {
    let name = typed.trim().trim_end_matches('.').to_ascii_lowercase();
    let label = |label: &str| {
        (1..=63).contains(&label.len()) && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    if name.len() <= 253 && name.split('.').all(label) {
        return Ok(name);
    }
    Err(Error::invalid("key_name", "Enter the name of the key as it stands in the server's configuration"))
}

/// `http` or `https`, host, perhaps a port and a path; nothing else, for the key goes there.
fn url_of(typed: &str) -> Result<String> {
    let url = typed.trim().trim_end_matches('/');
    let invalid = |reason: &str| Error::invalid("url", reason);
    let rest = ["https://", "http://"].into_iter().find_map(|scheme| url.strip_prefix(scheme));
    let rest =
        rest.ok_or_else(|| invalid("Begin with https:// or http://, for example https://dns.example.org:8081"))?;
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    if authority.contains('@') {
        return Err(invalid("Leave name and password out of the address; the API key goes into its own field"));
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'_' | b'.' | b'~');
    if !path.bytes().all(plain) || url.len() > 500 {
        return Err(invalid("Enter the base of the API without query or fragment"));
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let known = match address {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => host == "localhost" || host.parse::<std::net::Ipv4Addr>().is_ok() || DomainName::parse(host).is_ok(),
    };
    if !known || port.is_some_and(|port| port_of(port).is_none()) {
        return Err(invalid("Enter a host behind the scheme, for example https://dns.example.org:8081"));
    }
    Ok(url.to_owned())
}

fn server_id_of(typed: &str) -> Result<String> {
    let id = typed.trim();
    if id.is_empty() {
        return Ok("localhost".to_owned());
    }
    let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    if id.len() <= 100 && id.bytes().all(good) {
        return Ok(id.to_owned());
    }
    Err(Error::invalid("server_id", "Enter the id of the server in the API, usually localhost"))
}

/// In words, for the audit trail.
pub(super) fn words(settings: &BackendSettings) -> String {
    match settings {
        BackendSettings::Update { server, key_name, algorithm } => {
            format!("update {server} with {key_name} ({})", algorithm.as_str())
        }
        BackendSettings::PowerDns { url, server_id } => format!("powerdns {url} ({server_id})"),
        BackendSettings::Snippet => "snippet".to_owned(),
    }
}
