//! A DNS server of a few lines that answers as a test tells it: over UDP and TCP on one port.

use hickory_proto::{
    op::{Message, ResponseCode},
    rr::{Name, RData, Record},
};
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, UdpSocket},
    task::JoinSet,
};

/// Ends with its test.
pub struct Server {
    pub address: SocketAddr,
    /// Questions so far, over UDP and over TCP.
    pub udp: Arc<AtomicUsize>,
    pub tcp: Arc<AtomicUsize>,
    _tasks: JoinSet<()>,
}

impl Server {
    /// `answer` gives the messages to send for a question, none for silence; it gets the question, its octets, and
    /// whether it came over TCP.
    pub async fn start(
        address: &str,
        port: u16,
        answer: impl Fn(&Message, &[u8], bool) -> Vec<Vec<u8>> + Clone + Send + Sync + 'static,
    ) -> Self {
        let (tcp, udp) = loop {
            let tcp = TcpListener::bind((address, port)).await.unwrap();
            match UdpSocket::bind(tcp.local_addr().unwrap()).await {
                Ok(udp) => break (tcp, udp),
                Err(error) => assert_eq!(port, 0, "{error}"),
            }
        };
        let address = tcp.local_addr().unwrap();
        let counts: [Arc<AtomicUsize>; 2] = Default::default();
        let [udp_count, tcp_count] = counts.clone();
        let mut tasks = JoinSet::new();
        let reply = answer.clone();
        tasks.spawn(async move {
            let mut buffer = [0; 4096];
            while let Ok((length, from)) = udp.recv_from(&mut buffer).await {
                udp_count.fetch_add(1, Ordering::SeqCst);
                let question = Message::from_vec(&buffer[..length]).unwrap();
                for message in reply(&question, &buffer[..length], false) {
                    let _ = udp.send_to(&message, from).await;
                }
            }
        });
        tasks.spawn(async move {
            while let Ok((mut stream, _)) = tcp.accept().await {
                let (answer, tcp_count) = (answer.clone(), tcp_count.clone());
                tokio::spawn(async move {
                    let Ok(length) = stream.read_u16().await else { return };
                    let mut octets = vec![0; length.into()];
                    if stream.read_exact(&mut octets).await.is_err() {
                        return;
                    }
                    tcp_count.fetch_add(1, Ordering::SeqCst);
                    let question = Message::from_vec(&octets).unwrap();
                    for message in answer(&question, &octets, true) {
                        let _ = stream.write_u16(message.len() as u16).await;
                        let _ = stream.write_all(&message).await;
                    }
                });
            }
        });
        let [udp, tcp] = counts;
        Self { address, udp, tcp, _tasks: tasks }
    }
}

pub fn name(text: &str) -> Name {
    let mut name = Name::from_labels(text.trim_end_matches('.').split('.').map(str::as_bytes)).unwrap();
    name.set_fqdn(true);
    name
}

/// An answer with authority.
pub fn answer(question: &Message, code: ResponseCode, records: Vec<RData>) -> Message {
    let mut reply = Message::response(question.metadata.id, question.metadata.op_code);
    reply.metadata.authoritative = true;
    reply.metadata.response_code = code;
    reply.queries = question.queries.clone();
    let owner = question.queries[0].name().clone();
    reply.answers = records.into_iter().map(|data| Record::from_rdata(owner.clone(), 60, data)).collect();
    reply
}
