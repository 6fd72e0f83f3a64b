//! One question to one server over the network: UDP, and TCP when the answer does not fit (RFC 1035 §4.2, RFC 7766).
//!
//! Believes only what comes from the server's address with the id and the question that were sent; everything else is
//! read past or refused, never trusted.

use hickory_proto::{
    op::{Message, MessageType, OpCode, Query, ResponseCode},
    rr::{Name, RecordType},
};
use std::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UdpSocket},
    time::timeout,
};

/// How often a question is sent over UDP.
const TRIES: u32 = 2;
/// So many datagrams that are no answer are read past before the try is given up.
const STRAY: usize = 64;

/// Why a server gave no answer that can be used. Never certain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoAnswer {
    #[error("no answer in {} s", .0.as_secs())]
    Silent(Duration),
    #[error("not reached: {0}")]
    Unreachable(String),
    #[error("its answer cannot be read")]
    Malformed,
    /// A part of a set of records is not to be used (RFC 2181 §9).
    #[error("its answer is cut off")]
    CutOff,
}

impl From<std::io::Error> for NoAnswer {
    fn from(error: std::io::Error) -> Self {
        Self::Unreachable(error.to_string())
    }
}

/// What is asked.
#[derive(Debug, Clone)]
pub(crate) struct Question<'a> {
    pub name: &'a Name,
    pub kind: RecordType,
    /// Whether the server shall find the answer for us. Never set for authoritative servers.
    pub recursive: bool,
    /// How long one try may take.
    pub patience: Duration,
}

impl Question<'_> {
    /// Asks over UDP, and over TCP when the answer is truncated.
    pub(crate) async fn ask(&self, server: SocketAddr) -> Result<Message, NoAnswer> {
        for _ in 0..TRIES {
            match timeout(self.patience, self.over_udp(server)).await {
                Err(_) => {}
                Ok(Ok(answer)) if answer.metadata.truncation => return self.ask_over_tcp(server).await,
                Ok(answer) => return answer,
            }
        }
        Err(NoAnswer::Silent(self.patience * TRIES))
    }

    /// Asks over TCP alone.
    pub(crate) async fn ask_over_tcp(&self, server: SocketAddr) -> Result<Message, NoAnswer> {
        let (id, question) = self.message()?;
        let answer = exchange(server, &question, self.patience).await?;
        let answer = self.read(id, &answer).ok_or(NoAnswer::Malformed)?;
        if answer.metadata.truncation { Err(NoAnswer::CutOff) } else { Ok(answer) }
    }

    async fn over_udp(&self, server: SocketAddr) -> Result<Message, NoAnswer> {
        let (id, question) = self.message()?;
        let any = match server {
            SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
            SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
        };
        // A port of its own for each question, and the system drops what is from elsewhere (RFC 5452).
        let socket = UdpSocket::bind(any).await?;
        socket.connect(server).await?;
        socket.send(&question).await?;
        let mut buffer = [0; 4096];
        for _ in 0..STRAY {
            let length = socket.recv(&mut buffer).await?;
            if let Some(answer) = self.read(id, &buffer[..length]) {
                return Ok(answer);
            }
        }
        Err(NoAnswer::Malformed)
    }

    fn message(&self) -> Result<(u16, Vec<u8>), NoAnswer> {
        let mut message = Message::query();
        message.metadata.recursion_desired = self.recursive;
        message.add_query(Query::query(self.name.clone(), self.kind));
        let octets = message.to_vec().map_err(|_| NoAnswer::Malformed)?;
        Ok((message.metadata.id, octets))
    }

    /// The answer, when it is one to this question. An error may come without repeating the question.
    fn read(&self, id: u16, octets: &[u8]) -> Option<Message> {
        let answer = Message::from_vec(octets).ok()?;
        let header = &answer.metadata;
        let ours = header.id == id && header.message_type == MessageType::Response && header.op_code == OpCode::Query;
        let about = match answer.queries.as_slice() {
            [query] => query.name() == self.name && query.query_type() == self.kind,
            [] => !matches!(header.response_code, ResponseCode::NoError | ResponseCode::NXDomain),
            _ => false,
        };
        (ours && about).then_some(answer)
    }
}

/// Sends one message over TCP and reads one (RFC 1035 §4.2.2).
pub(crate) async fn exchange(server: SocketAddr, message: &[u8], patience: Duration) -> Result<Vec<u8>, NoAnswer> {
    let length = u16::try_from(message.len()).map_err(|_| NoAnswer::Malformed)?;
    let talk = async {
        let mut stream = TcpStream::connect(server).await?;
        let mut frame = Vec::with_capacity(message.len() + 2);
        frame.extend_from_slice(&length.to_be_bytes());
        frame.extend_from_slice(message);
        stream.write_all(&frame).await?;
        let mut answer = vec![0; stream.read_u16().await?.into()];
        stream.read_exact(&mut answer).await?;
        Ok(answer)
    };
    timeout(patience, talk).await.unwrap_or(Err(NoAnswer::Silent(patience)))
}

/// The code of an answer as people know it.
pub(crate) fn code_text(code: ResponseCode) -> String {
    match code {
        ResponseCode::NoError => "NOERROR",
        ResponseCode::FormErr => "FORMERR",
        ResponseCode::ServFail => "SERVFAIL",
        ResponseCode::NXDomain => "NXDOMAIN",
        ResponseCode::NotImp => "NOTIMP",
        ResponseCode::Refused => "REFUSED",
        ResponseCode::YXDomain => "YXDOMAIN",
        ResponseCode::YXRRSet => "YXRRSET",
        ResponseCode::NXRRSet => "NXRRSET",
        ResponseCode::NotAuth => "NOTAUTH",
        ResponseCode::NotZone => "NOTZONE",
        other => return format!("RCODE {}", u16::from(other)),
    }
    .to_owned()
}
