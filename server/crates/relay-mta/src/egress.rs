//! Whether mail can leave from an egress address: who has TCP port 25 open is greeted by others.
//!
//! Only asks for the greeting (RFC 5321 §4.3.1) and says QUIT; no mail is begun. What it finds out is judged and kept by
//! `relay-core`.

use crate::{
    DeliveryConfig,
    delivery::next_hop::{Hop, addresses},
};
use relay_core::{
    Actor, Core, Result,
    egress::{self, Claimed, Port25},
};
use relay_dns::{
    DnsError,
    mx::{self, MxPlan},
};
use relay_smtp::client::TlsPolicy;
use relay_types::{DomainName, route::RouteKind};
use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpSocket,
    time::timeout,
};

/// How long one host may take to greet.
const PATIENCE: Duration = Duration::from_secs(10);
/// So many hosts are tried.
const HOSTS: usize = 3;

/// Ends all checks that are due; returns how many. System only.
pub async fn check_due(core: &Core, actor: &Actor, config: &DeliveryConfig) -> Result<u64> {
    let mut checked = 0;
    for claimed in egress::claim_due(core, actor).await? {
        let port = port25(core, config, &claimed).await;
        match egress::record(core, actor, &claimed, port).await {
            Ok(()) => checked += 1,
            Err(error) => tracing::warn!(egress = %claimed.address, %error, "not checked, tried again"),
        }
    }
    Ok(checked)
}

/// Greets the mail exchangers of the probe's domain from the address.
async fn port25(core: &Core, config: &DeliveryConfig, claimed: &Claimed) -> Port25 {
    let route = core.config().route.kind();
    if route != RouteKind::Mx {
        let way = if route == RouteKind::Capture { "Mail is captured here" } else { "Mail goes by a smarthost" };
        return Port25::NotTried(format!("{way}, so port 25 of others is not needed."));
    }
    let Some(domain) = &core.config().egress.probe else {
        return Port25::NotTried("The setting egress.probe is empty.".to_owned());
    };
    let hosts = match exchangers(core, domain).await {
        Ok(hosts) => hosts,
        Err(why) => return Port25::Unknown(why),
    };
    let mut trouble = format!("no mail exchanger of {domain} has an address that {} can reach", claimed.address);
    let mut tried = Vec::new();
    for host in hosts.into_iter().take(HOSTS) {
        let hop = Hop {
            host: host.clone(),
            port: config.port,
            tls: TlsPolicy::Opportunistic,
            credentials: None,
            others_only: !config.local_mx,
        };
        let Ok(found) = addresses(&hop, core.resolver()).await else { continue };
        let Some(address) = found.into_iter().find(|address| address.is_ipv4() == claimed.address.is_ipv4()) else {
            continue;
        };
        match timeout(PATIENCE, greeted(claimed.address, SocketAddr::new(address, config.port))).await {
            Ok(Ok(())) => return Port25::Open(host),
            Ok(Err(error)) => trouble = error.to_string(),
            Err(_) => trouble = format!("no answer in {} s", PATIENCE.as_secs()),
        }
        tried.push(host);
    }
    if tried.is_empty() { Port25::Unknown(trouble) } else { Port25::Closed(tried, trouble) }
}

async fn exchangers(core: &Core, domain: &DomainName) -> std::result::Result<Vec<String>, String> {
    let records = match core.resolver().mx(domain).await {
        Ok(records) => records,
        Err(DnsError::NoRecord) => Vec::new(),
        Err(DnsError::Temporary(why)) => {
            return Err(format!("the mail exchangers of {domain} cannot be looked up ({why})"));
        }
    };
    match mx::plan(domain, &records, &[], 0) {
        MxPlan::Hosts(hosts) => Ok(hosts),
        _ => Err(format!("{domain} has no mail exchanger")),
    }
}

/// Whether a server at `to` greets. Sent from `from` where that is an address of this machine; behind a translation of
/// addresses the system chooses.
async fn greeted(from: IpAddr, to: SocketAddr) -> io::Result<()> {
    let new = || if to.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
    let mut socket = new()?;
    if socket.bind(SocketAddr::new(from, 0)).is_err() {
        socket = new()?;
        let any = if to.is_ipv4() { IpAddr::V4(Ipv4Addr::UNSPECIFIED) } else { IpAddr::V6(Ipv6Addr::UNSPECIFIED) };
        socket.bind(SocketAddr::new(any, 0))?;
    }
    let mut stream = socket.connect(to).await?;
    let mut greeting = [0; 3];
    stream.read_exact(&mut greeting).await?;
    stream.write_all(b"QUIT\r\n").await?;
    match &greeting {
        // A server that greets with 554 wants no mail from here, but the port is open (RFC 5321 §3.1).
        b"220" | b"554" => Ok(()),
        other => Err(io::Error::other(format!("it greeted with {}", String::from_utf8_lossy(other).escape_debug()))),
    }
}
