//! The HTTP API of a PowerDNS Authoritative Server: what is there is read and compared, then one PATCH.
//!
//! The API has no prerequisites: a change that somebody else makes between the two requests is overwritten. RFC 2136
//! has no such window.

use super::{PtrChange, WriteError, same};
use relay_types::ZoneName;
use reqwest::{Method, RequestBuilder, StatusCode, redirect};
use rustls::{ClientConfig, crypto::aws_lc_rs};
use rustls_platform_verifier::BuilderVerifierExt;
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc, time::Duration};
use zeroize::Zeroizing;

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The largest answer that is read: servers before 4.6 send the whole zone.
const LARGEST: usize = 8 * 1024 * 1024;

/// A PowerDNS API and its key.
#[derive(Clone)]
pub struct PowerDnsApi {
    /// Base of the API: `https://ns.example.org:8081`.
    pub url: String,
    /// Which server behind the API: `localhost` for all but proxies.
    pub server_id: String,
    /// Value of `X-API-Key`.
    pub api_key: Zeroizing<String>,
}

#[derive(Deserialize)]
struct Zone {
    kind: String,
    #[serde(default)]
    serial: u32,
    #[serde(default)]
    rrsets: Vec<RrSet>,
}

#[derive(Serialize, Deserialize)]
struct RrSet {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ttl: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    changetype: Option<String>,
    #[serde(default)]
    records: Vec<Content>,
}

#[derive(Serialize, Deserialize)]
struct Content {
    content: String,
    #[serde(default)]
    disabled: bool,
}

#[derive(Serialize)]
struct Patch {
    rrsets: [RrSet; 1],
}

#[derive(Deserialize)]
struct ApiError {
    error: String,
}

impl PowerDnsApi {
    /// The request, without the key.
    pub(super) fn describe(&self, change: &PtrChange) -> String {
        // Serialising strings and numbers cannot fail.
        let body = serde_json::to_string_pretty(&patch(change)).unwrap_or_default();
        let held = if change.before.is_empty() { "nothing".to_owned() } else { change.before.join(", ") };
        format!("PATCH {}\n{body}\n(only if {} holds {held} just before)\n", self.place(&change.zone), change.owner)
    }

    pub(super) async fn test(&self, zone: &ZoneName) -> Result<String, WriteError> {
        let read = self.read(zone, &[("rrsets", "false")]).await?;
        self.writable(&read, zone)?;
        let open = if self.is_in_clear() { ". The key travels without TLS: use https" } else { "" };
        Ok(format!("{} serves {zone} ({}, serial {}){open}", self.url, read.kind, read.serial))
    }

    pub(super) async fn write(&self, change: &PtrChange) -> Result<(), WriteError> {
        let owner = format!("{}.", change.owner);
        let zone = self.read(&change.zone, &[("rrset_name", &owner)]).await?;
        self.writable(&zone, &change.zone)?;
        let contents = |kind: &str| -> Vec<String> {
            let sets = zone.rrsets.iter().filter(|set| set.kind == kind && same(&set.name, &owner));
            let records = sets.flat_map(|set| &set.records).filter(|record| !record.disabled);
            records.map(|record| super::plain(&record.content)).collect()
        };
        if let Some(target) = contents("CNAME").first() {
            return Err(WriteError::Refused(format!(
                "{} is an alias (CNAME) of {target}, so it cannot hold a PTR record. Name the zone of {target} as the \
                 reverse zone (RFC 2317), or have the alias removed",
                change.owner
            )));
        }
        let found = contents("PTR");
        if change.is_done(&found) {
            return Ok(());
        }
        if !change.is_as_before(&found) {
            return Err(change.changed(Some(found)));
        }
        self.send(self.request(Method::PATCH, &change.zone)?.json(&patch(change)), &change.zone).await?;
        Ok(())
    }

    async fn read(&self, zone: &ZoneName, query: &[(&str, &str)]) -> Result<Zone, WriteError> {
        let body = self.send(self.request(Method::GET, zone)?.query(query), zone).await?;
        serde_json::from_slice(&body).map_err(|_| {
            WriteError::Refused(format!("{} does not answer as PowerDNS does. Check the address of the API", self.url))
        })
    }

    fn request(&self, method: Method, zone: &ZoneName) -> Result<RequestBuilder, WriteError> {
        let tls = tls().map_err(|error| WriteError::Away(format!("TLS cannot be spoken: {}", causes(&error))))?;
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .timeout(PATIENCE)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| WriteError::Away(format!("HTTP cannot be spoken: {}", causes(&error))))?;
        Ok(client.request(method, self.place(zone)).header("X-API-Key", self.api_key.as_str()))
    }

    /// Sends a request and reads the answer's body; in words when it is no success.
    async fn send(&self, request: RequestBuilder, zone: &ZoneName) -> Result<Vec<u8>, WriteError> {
        let away = |error: reqwest::Error| {
            // The URL is ours and is said already.
            let error = error.without_url();
            if error.is_builder() {
                return WriteError::Refused(format!("{} is no address of an API: {}", self.url, causes(&error)));
            }
            let why =
                if error.is_timeout() { format!("no answer in {} s", PATIENCE.as_secs()) } else { causes(&error) };
            WriteError::Away(format!("{} is not able to answer now: {why}", self.url))
        };
        let mut answer = request.send().await.map_err(away)?;
        let status = answer.status();
        let mut body = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(away)? {
            if body.len() + piece.len() > LARGEST {
                return Err(WriteError::Refused(format!("{} sends more than {} MiB", self.url, LARGEST >> 20)));
            }
            body.extend_from_slice(&piece);
        }
        if status.is_success() { Ok(body) } else { Err(self.judge(status, &body, zone)) }
    }

    fn judge(&self, status: StatusCode, body: &[u8], zone: &ZoneName) -> WriteError {
        let url = &self.url;
        let said = match serde_json::from_slice::<ApiError>(body) {
            Ok(ApiError { error }) => {
                let error: String = error.chars().filter(|c| !c.is_control()).take(300).collect();
                format!("{status}: {error}")
            }
            Err(_) => status.to_string(),
        };
        match status {
            StatusCode::UNAUTHORIZED => {
                WriteError::Refused(format!("{url} does not accept the API key ({said}). Enter the key anew"))
            }
            StatusCode::FORBIDDEN => WriteError::Refused(format!(
                "{url} does not allow it ({said}). Check the API key and webserver-allow-from of PowerDNS"
            )),
            StatusCode::NOT_FOUND => WriteError::Refused(format!(
                "{url} does not serve {zone} ({said}). Check the zone and the server id {}",
                self.server_id
            )),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => {
                WriteError::Away(format!("{url} is too busy ({said})"))
            }
            status if status.is_server_error() => {
                WriteError::Away(format!("{url} could not do it ({said}); its log says why"))
            }
            _ => WriteError::Refused(format!("{url} does not take the change ({said})")),
        }
    }

    /// A secondary takes its records from elsewhere; what is written to it is lost.
    fn writable(&self, read: &Zone, zone: &ZoneName) -> Result<(), WriteError> {
        if matches!(read.kind.as_str(), "Slave" | "Secondary" | "Consumer") {
            return Err(WriteError::Refused(format!(
                "{} is only a secondary of {zone}. Changes belong to its primary",
                self.url
            )));
        }
        Ok(())
    }

    fn place(&self, zone: &ZoneName) -> String {
        let base = self.url.trim_end_matches('/');
        format!("{base}/api/v1/servers/{}/zones/{}", self.server_id, zone_id(zone))
    }

    fn is_in_clear(&self) -> bool {
        let host = reqwest::Url::parse(&self.url).ok().filter(|url| url.scheme() == "http");
        let host = host.as_ref().and_then(|url| url.host_str()).map(|host| host.trim_matches(['[', ']']));
        host.is_some_and(|host| host != "localhost" && !host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback()))
    }
}

/// Certificates are verified as the system does. The provider is named, so that no other need be installed first.
fn tls() -> Result<ClientConfig, rustls::Error> {
    ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_platform_verifier()
        .map(|builder| builder.with_no_client_auth())
}

/// How PowerDNS names a zone in URLs: absolute, and what is no letter, digit, dot or hyphen as `=XX`.
fn zone_id(zone: &ZoneName) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    let octets = zone.as_str().chars().map(|c| if plain(c) { c.to_string() } else { format!("={:02X}", u32::from(c)) });
    octets.chain([".".to_owned()]).collect()
}

fn patch(change: &PtrChange) -> Patch {
    let content = |name: &String| Content { content: format!("{name}."), disabled: false };
    let set = RrSet {
        name: format!("{}.", change.owner),
        kind: "PTR".to_owned(),
        ttl: change.after.as_ref().map(|_| change.ttl),
        changetype: Some(if change.after.is_some() { "REPLACE" } else { "DELETE" }.to_owned()),
        records: change.after.iter().map(content).collect(),
    };
    Patch { rrsets: [set] }
}

/// An error with what caused it: the outermost says only that something failed.
fn causes(error: &dyn std::error::Error) -> String {
    let mut parts = vec![error.to_string()];
    let mut next = error.source();
    while let Some(cause) = next {
        parts.push(cause.to_string());
        next = cause.source();
    }
    parts.dedup();
    parts.join(": ")
}

/// Everything but the secret.
impl fmt::Debug for PowerDnsApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PowerDnsApi")
            .field("url", &self.url)
            .field("server_id", &self.server_id)
            .finish_non_exhaustive()
    }
}
