//! Whether a domain's mail exchangers greet whoever connects from here: asks for the greeting (RFC 5321 §4.3.1) and says
//! QUIT; no mail is begun.

use crate::{
    DeliveryConfig,
    delivery::next_hop::{Hop, addresses},
};
use relay_core::Core;
use relay_dns::{
    DnsError,
    mx::{self, MxPlan},
};
use relay_smtp::client::TlsPolicy;
use relay_types::DomainName;
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

/// What came of it.
pub(crate) enum Greeting {
    /// This host greeted.
    By(String),
    /// None of these hosts did, and what the last one's failure was.
    None(Vec<String>, String),
    /// It could not be found out, and why, in words.
    Unknown(String),
}

/// Connects to the exchangers of a domain, best first, until one greets. `from` is an address of ours, whose family the
/// hosts must be reached in; none for any.
pub(crate) async fn of_exchangers(
    core: &Core,
    config: &DeliveryConfig,
    from: Option<IpAddr>,
    domain: &DomainName,
) -> Greeting {
    let hosts = match exchangers(core, domain).await {
        Ok(hosts) => hosts,
        Err(why) => return Greeting::Unknown(why),
    };
    let mut trouble = format!("no mail exchanger of {domain} has an address that can be reached from here");
    let mut tried = Vec::new();
    for host in hosts.into_iter().take(HOSTS) {
        let hop = Hop {
            host: host.clone(),
            port: config.port,
            tls: TlsPolicy::Opportunistic,
            reason: Default::default(),
            counted: None,
            credentials: None,
            others_only: !config.local_mx,
        };
        let Ok(found) = addresses(&hop, core.resolver()).await else { continue };
        let near = |address: &IpAddr| from.is_none_or(|from| from.is_ipv4() == address.is_ipv4());
        let mut reachable = found.into_iter().filter(near).peekable();
        if reachable.peek().is_none() {
            continue;
        }
        // One of each family: where IPv6 leads nowhere, IPv4 may.
        for address in reachable.take(2) {
            match timeout(PATIENCE, greeted(from, SocketAddr::new(address, config.port))).await {
                Ok(Ok(())) => return Greeting::By(host),
                Ok(Err(error)) => trouble = error.to_string(),
                Err(_) => trouble = format!("no answer in {} s", PATIENCE.as_secs()),
            }
        }
        tried.push(host);
    }
    if tried.is_empty() { Greeting::Unknown(trouble) } else { Greeting::None(tried, trouble) }
}

async fn exchangers(core: &Core, domain: &DomainName) -> Result<Vec<String>, String> {
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
async fn greeted(from: Option<IpAddr>, to: SocketAddr) -> io::Result<()> {
    let new = || if to.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
    let mut socket = new()?;
    let any = if to.is_ipv4() { IpAddr::V4(Ipv4Addr::UNSPECIFIED) } else { IpAddr::V6(Ipv6Addr::UNSPECIFIED) };
    if socket.bind(SocketAddr::new(from.unwrap_or(any), 0)).is_err() {
        socket = new()?;
        socket.bind(SocketAddr::new(any, 0))?;
    }
    let mut stream = socket.connect(to).await?;
    let mut greeting = [0; 3];
    stream.read_exact(&mut greeting).await?;
    stream.write_all(b"QUIT\r\n").await?;
    match &greeting {
        // A server that greets with 554 wants no mail from here, and one that says 421 has no time now, but the port is
        // open (RFC 5321 §3.1, §3.8).
        b"220" | b"554" | b"421" => Ok(()),
        other => Err(io::Error::other(format!("it greeted with {}", String::from_utf8_lossy(other).escape_debug()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn who_greets_answers_whether_it_wants_mail_or_not() {
        for (said, expected) in [
            ("220 mx.example ESMTP\r\n", Ok(())),
            ("554 no mail from you\r\n", Ok(())),
            ("421 too busy\r\n", Ok(())),
            ("SSH-2.0-OpenSSH\r\n", Err("it greeted with SSH")),
            ("\u{1}\n\r\n", Err("it greeted with \\u{1}\\n\\r")),
            ("", Err("early eof")),
        ] {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
            let to = listener.local_addr().expect("an address");
            let serve = async {
                let (mut stream, _) = listener.accept().await.expect("a connection");
                stream.write_all(said.as_bytes()).await.expect("said");
            };
            // Not an address of this machine, as behind a translation: the system chooses.
            let from = Some(IpAddr::from([192, 0, 2, 1]));
            let (greeted, ()) = tokio::join!(greeted(from, to), serve);
            assert_eq!(greeted.map_err(|error| error.to_string()), expected.map_err(str::to_owned), "{said:?}");
        }
    }
}
