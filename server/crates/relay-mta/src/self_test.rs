//! The open-relay test: at every start an outsider asks each listener to take mail, and must be refused.

use lettre::{
    Address,
    transport::smtp::{
        client::{AsyncSmtpConnection, TlsParameters},
        commands::{Mail, Rcpt},
        extension::ClientId,
    },
};
use relay_types::listener::ListenerTls;
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

/// No network of anyone's holds this address, so that the test is an outsider also where 127.0.0.1 is trusted.
const OUTSIDER: Ipv4Addr = Ipv4Addr::new(127, 255, 255, 253);
/// Can never be verified: `.invalid` resolves nowhere (RFC 6761 §6.4).
const PROBE: &str = "probe@open-relay-test.invalid";
/// What it calls itself.
const HELLO: &str = "open-relay-test.invalid";
const WAIT: Duration = Duration::from_secs(10);

/// What the test found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// Mail of an outsider is refused with this reply.
    Closed(String),
    /// Mail of an outsider was taken: this must not be on a network.
    Open(String),
    /// The listener could not be asked.
    Unknown(String),
}

/// Asks a listener that is bound to `address`; with STARTTLS on offer it is asked before and after.
pub async fn ask(address: SocketAddr, tls: ListenerTls) -> Finding {
    let plain = match tls {
        ListenerTls::Implicit => None,
        _ => Some(attempt(address, false, false).await),
    };
    let encrypted = match tls {
        ListenerTls::None => None,
        ListenerTls::Starttls => Some(attempt(address, false, true).await),
        ListenerTls::Implicit => Some(attempt(address, true, false).await),
    };
    let findings = [plain, encrypted].into_iter().flatten();
    let weight = |finding: &Finding| match finding {
        Finding::Closed(_) => 0,
        Finding::Unknown(_) => 1,
        Finding::Open(_) => 2,
    };
    findings.max_by_key(weight).unwrap_or_else(|| Finding::Unknown("nothing was asked".to_owned()))
}

/// Whether a client is this test: what it is refused is no one's refusal. The name alone would let strangers hide; only
/// this machine has these addresses.
pub(crate) fn is_this(client: IpAddr, helo: Option<&str>, listener: IpAddr) -> bool {
    let near = client == OUTSIDER || client.is_loopback() || client == listener;
    near && helo.is_some_and(|helo| helo.eq_ignore_ascii_case(HELLO))
}

async fn attempt(address: SocketAddr, implicit: bool, starttls: bool) -> Finding {
    match tokio::time::timeout(WAIT, dialogue(address, implicit, starttls)).await {
        Ok(Ok(finding)) => finding,
        Ok(Err(error)) => Finding::Unknown(error.to_string()),
        Err(_) => Finding::Unknown("no answer within 10 s".to_owned()),
    }
}

async fn dialogue(
    address: SocketAddr,
    implicit: bool,
    starttls: bool,
) -> Result<Finding, Box<dyn std::error::Error + Send + Sync>> {
    let (target, source) = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => (IpAddr::V4(Ipv4Addr::LOCALHOST), Some(IpAddr::V4(OUTSIDER))),
        IpAddr::V4(ip) if ip.is_loopback() => (ip.into(), Some(IpAddr::V4(OUTSIDER))),
        IpAddr::V6(ip) if ip.is_unspecified() => (IpAddr::V6(Ipv6Addr::LOCALHOST), None),
        ip => (ip, None),
    };
    // Its own certificate is not what is tested here.
    let parameters = || {
        TlsParameters::builder("localhost".to_owned())
            .dangerous_accept_invalid_certs(true)
            .dangerous_accept_invalid_hostnames(true)
            .build_rustls()
    };
    let hello = ClientId::Domain(HELLO.to_owned());
    let target = SocketAddr::new(target, address.port());
    let tls = if implicit { Some(parameters()?) } else { None };
    let mut connection = AsyncSmtpConnection::connect_tokio1(target, Some(WAIT), &hello, tls, source).await?;
    if starttls {
        connection.starttls(parameters()?, &hello).await?;
    }
    let probe: Address = PROBE.parse()?;
    let mail = connection.command(Mail::new(Some(probe.clone()), vec![])).await;
    let finding = match mail {
        Err(error) if error.is_permanent() => Finding::Closed(error.to_string()),
        Err(error) => Finding::Unknown(error.to_string()),
        Ok(_) => match connection.command(Rcpt::new(probe, vec![])).await {
            Err(error) if error.is_permanent() => Finding::Closed(error.to_string()),
            Err(error) => Finding::Unknown(error.to_string()),
            Ok(reply) => Finding::Open(reply.code().to_string()),
        },
    };
    connection.abort().await;
    Ok(finding)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_the_test() {
        let is = |client: &str, helo| is_this(client.parse().unwrap(), helo, "192.0.2.25".parse().unwrap());
        assert!(is("127.255.255.253", Some(HELLO)) && is("::1", Some(HELLO)) && is("192.0.2.25", Some(HELLO)));
        assert!(!is("192.0.2.26", Some(HELLO)));
        assert!(!is("127.0.0.1", Some("client.example")) && !is("127.0.0.1", None));
    }
}
