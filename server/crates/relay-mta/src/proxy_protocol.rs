//! The PROXY protocol, versions 1 and 2: the client's address as a load balancer tells it.
//!
//! Read only from addresses that the listener lists, because whoever sends it is believed. There it must be: a listed
//! peer without it is turned away. Nothing behind it is read.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};
use tokio::io::{AsyncRead, AsyncReadExt};

/// First octets of version 2.
const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
/// Longest line of version 1 with its CRLF.
const LINE_LIMIT: usize = 107;
/// Addresses and extras of version 2 that are read at most; balancers send far less.
const BODY_LIMIT: usize = 4096;

/// Reads the header. Gives the client's address; none when the balancer speaks for itself (health checks).
pub async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<IpAddr>> {
    let first = stream.read_u8().await?;
    if first == SIGNATURE[0] {
        let mut head = [first; 16];
        stream.read_exact(&mut head[1..]).await?;
        let length = usize::from(u16::from_be_bytes([head[14], head[15]]));
        if head[..12] != SIGNATURE || length > BODY_LIMIT {
            return Err(malformed());
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        return version_2(head[12], head[13], &body).ok_or_else(malformed);
    }
    let mut line = vec![first];
    while !line.ends_with(b"\r\n") {
        if line.len() == LINE_LIMIT {
            return Err(malformed());
        }
        line.push(stream.read_u8().await?);
    }
    std::str::from_utf8(&line).ok().and_then(version_1).ok_or_else(malformed)
}

/// `PROXY TCP4 source destination port port`, or `PROXY UNKNOWN …`.
fn version_1(line: &str) -> Option<Option<IpAddr>> {
    let words: Vec<&str> = line.strip_suffix("\r\n")?.split(' ').collect();
    match words.as_slice() {
        ["PROXY", "UNKNOWN", ..] => Some(None),
        ["PROXY", family @ ("TCP4" | "TCP6"), source, destination, port, other_port] => {
            let source: IpAddr = source.parse().ok()?;
            let destination: IpAddr = destination.parse().ok()?;
            let is_v4 = *family == "TCP4";
            let ports = [port, other_port].iter().all(|port| port.parse::<u16>().is_ok());
            (source.is_ipv4() == is_v4 && destination.is_ipv4() == is_v4 && ports).then_some(Some(source))
        }
        _ => None,
    }
}

fn version_2(version_and_command: u8, family: u8, body: &[u8]) -> Option<Option<IpAddr>> {
    match (version_and_command, family) {
        (0x20, _) => Some(None),
        (0x21, 0x11) => {
            let source: [u8; 4] = body.get(..12)?.get(..4)?.try_into().ok()?;
            Some(Some(Ipv4Addr::from(source).into()))
        }
        (0x21, 0x21) => {
            let source: [u8; 16] = body.get(..36)?.get(..16)?.try_into().ok()?;
            Some(Some(Ipv6Addr::from(source).into()))
        }
        (0x21, 0x00) => Some(None),
        _ => None,
    }
}

fn malformed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "no header of the PROXY protocol")
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read_from(bytes: &[u8]) -> (Option<Option<IpAddr>>, usize) {
        let mut rest = bytes;
        let read = read(&mut rest).await.ok();
        (read, rest.len())
    }

    fn v2(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
        let length = (body.len() as u16).to_be_bytes();
        [&SIGNATURE[..], &[command, family], &length, body].concat()
    }

    #[tokio::test]
    async fn the_source_is_the_client_and_nothing_behind_is_read() {
        let v4: IpAddr = "192.0.2.7".parse().expect("an address");
        let v6: IpAddr = "2001:db8::7".parse().expect("an address");
        let four = [192, 0, 2, 7, 192, 0, 2, 1, 0, 1, 0, 25];
        let IpAddr::V6(address) = v6 else { unreachable!() };
        let six = [&address.octets()[..], &[0; 20]].concat();
        let extras = [&four[..], &[4, 0, 1, 9]].concat();
        for (header, client) in [
            (b"PROXY TCP4 192.0.2.7 192.0.2.1 4000 25\r\n".to_vec(), Some(v4)),
            (b"PROXY TCP6 2001:db8::7 2001:db8::1 4000 25\r\n".to_vec(), Some(v6)),
            (b"PROXY UNKNOWN\r\n".to_vec(), None),
            (b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n".to_vec(), None),
            (v2(0x21, 0x11, &four), Some(v4)),
            (v2(0x21, 0x11, &extras), Some(v4)),
            (v2(0x21, 0x21, &six), Some(v6)),
            (v2(0x20, 0x00, &[]), None),
            (v2(0x20, 0x11, &four), None),
            (v2(0x21, 0x00, &[]), None),
        ] {
            let bytes = [&header[..], b"EHLO a\r\n"].concat();
            assert_eq!(read_from(&bytes).await, (Some(client), 8), "{:?}", String::from_utf8_lossy(&header));
        }
    }

    #[tokio::test]
    async fn what_is_no_header_is_an_error() {
        let long = [b"PROXY UNKNOWN ".to_vec(), vec![b'a'; 100]].concat();
        for bytes in [
            b"".to_vec(),
            b"EHLO a\r\n".to_vec(),
            b"PROXY TCP4 192.0.2.7 192.0.2.1 4000\r\n".to_vec(),
            b"PROXY TCP4 2001:db8::7 192.0.2.1 4000 25\r\n".to_vec(),
            b"PROXY TCP4 192.0.2.7 192.0.2.1 4000 99999\r\n".to_vec(),
            b"PROXY TCP4 192.0.2.7 192.0.2.1 4000 25\n".to_vec(),
            long,
            b"\r\n\r\n\0\r\nQUIT\r\x21\x11\0\0".to_vec(),
            v2(0x21, 0x11, &[0; 11]),
            v2(0x21, 0x21, &[0; 35]),
            v2(0x31, 0x11, &[0; 12]),
            v2(0x21, 0x12, &[0; 12]),
            v2(0x21, 0x11, &[0; 5000]),
        ] {
            assert_eq!(read_from(&bytes).await.0, None, "{:?}", String::from_utf8_lossy(&bytes));
        }
    }
}
