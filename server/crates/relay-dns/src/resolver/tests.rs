//! The resolver against a server of a few lines on loopback, and the merging of AAAA and A as a table.

use super::*;
use hickory_proto::{
    op::{Message, MessageType},
    rr::rdata::{A, CNAME, MX, SOA, TXT},
};
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, UdpSocket},
};

/// Counts the questions it answered.
struct Server {
    address: SocketAddr,
    asked: Arc<AtomicUsize>,
}

/// Answers over UDP and TCP on one port. `big.example` is truncated over UDP.
async fn server() -> Server {
    let (udp, tcp) = loop {
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        if let Ok(udp) = UdpSocket::bind(tcp.local_addr().unwrap()).await {
            break (udp, tcp);
        }
    };
    let address = tcp.local_addr().unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = asked.clone();
    tokio::spawn(async move {
        let mut buffer = [0; 4096];
        while let Ok((length, from)) = udp.recv_from(&mut buffer).await {
            counter.fetch_add(1, Ordering::SeqCst);
            let reply = answer(&buffer[..length], false);
            udp.send_to(&reply, from).await.unwrap();
        }
    });
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = tcp.accept().await {
            tokio::spawn(async move {
                while let Ok(length) = stream.read_u16().await {
                    let mut question = vec![0; length.into()];
                    stream.read_exact(&mut question).await.unwrap();
                    let reply = answer(&question, true);
                    stream.write_u16(reply.len() as u16).await.unwrap();
                    stream.write_all(&reply).await.unwrap();
                }
            });
        }
    });
    Server { address, asked }
}

fn answer(question: &[u8], tcp: bool) -> Vec<u8> {
    let question = Message::from_vec(question).unwrap();
    let query = question.queries[0].clone();
    let mut reply = Message::response(question.metadata.id, question.metadata.op_code);
    reply.metadata.message_type = MessageType::Response;
    reply.metadata.recursion_available = true;
    reply.queries.push(query.clone());
    let name = query.name().clone();
    let text = name.to_ascii().to_ascii_lowercase();
    let mut add = |data: RData| {
        reply.answers.push(Record::from_rdata(name.clone(), 300, data));
    };
    match (text.as_str(), query.query_type()) {
        ("mail.example.", RecordType::MX) => {
            add(RData::MX(MX::new(20, Name::from_ascii("B.Example.").unwrap())));
            add(RData::MX(MX::new(10, Name::from_ascii("a.example.").unwrap())));
        }
        ("null.example.", RecordType::MX) => add(RData::MX(MX::new(0, Name::root()))),
        ("four.example.", RecordType::A) => add(RData::A(A("192.0.2.1".parse().unwrap()))),
        ("four.example.", _) => {}
        ("txt.example.", RecordType::TXT) => {
            add(RData::TXT(TXT::new(vec!["v=spf1 ".to_owned(), "-all".to_owned()])));
            add(RData::TXT(TXT::new(vec!["second".to_owned()])));
        }
        ("big.example.", RecordType::TXT) if !tcp => reply.metadata.truncation = true,
        ("big.example.", RecordType::TXT) => add(RData::TXT(TXT::new(vec!["x".repeat(250); 8]))),
        ("alias.example.", RecordType::TXT) => {
            let target = Name::from_ascii("target.example.").unwrap();
            reply.answers.push(Record::from_rdata(name, 30, RData::CNAME(CNAME(target.clone()))));
            reply.answers.push(Record::from_rdata(target, 300, RData::TXT(TXT::new(vec!["found".to_owned()]))));
        }
        ("gone.example.", _) => {
            reply.metadata.response_code = ResponseCode::NXDomain;
            let zone = Name::from_ascii("example.").unwrap();
            let soa = SOA::new(zone.clone(), zone.clone(), 1, 3_600, 600, 86_400, 60);
            reply.authorities.push(Record::from_rdata(zone, 900, RData::SOA(soa)));
        }
        ("broken.example.", _) => reply.metadata.response_code = ResponseCode::ServFail,
        _ => reply.metadata.response_code = ResponseCode::NXDomain,
    }
    reply.to_vec().unwrap()
}

fn domain(text: &str) -> DomainName {
    DomainName::parse(text).unwrap()
}

#[tokio::test]
async fn records_come_back_in_the_form_mail_needs() {
    let server = server().await;
    let resolver = Resolver::new(&[server.address]).unwrap();
    let mut mx = resolver.mx(&domain("mail.example")).await.unwrap();
    mx.sort_by_key(|record| record.preference);
    assert_eq!(
        mx,
        [
            MxRecord { preference: 10, exchange: Some("a.example".into()) },
            MxRecord { preference: 20, exchange: Some("b.example".into()) },
        ]
    );
    assert_eq!(resolver.mx(&domain("null.example")).await.unwrap(), [MxRecord { preference: 0, exchange: None }]);
    assert_eq!(resolver.addresses("four.example").await.unwrap(), ["192.0.2.1".parse::<IpAddr>().unwrap()]);
    let txt = TxtAnswer { texts: vec!["v=spf1 -all".into(), "second".into()], ttl: Some(300) };
    assert_eq!(resolver.txt("txt.example").await, Ok(txt));
    assert_eq!(resolver.servers(), [server.address.to_string()]);
}

#[tokio::test]
async fn absence_is_certain_and_servfail_is_not() {
    let server = server().await;
    let resolver = Resolver::new(&[server.address]).unwrap();
    assert_eq!(resolver.mx(&domain("nowhere.example")).await, Err(DnsError::NoRecord));
    assert_eq!(resolver.mx(&domain("four.example")).await, Err(DnsError::NoRecord));
    assert!(matches!(resolver.mx(&domain("broken.example")).await, Err(DnsError::Temporary(_))));
    assert!(matches!(resolver.addresses("broken.example").await, Err(DnsError::Temporary(_))));
    let long = format!("{}.example", "a".repeat(64));
    assert_eq!(resolver.txt(&long).await, Ok(TxtAnswer { texts: vec![], ttl: None }));
    assert_eq!(resolver.txt("nowhere.example").await, Ok(TxtAnswer { texts: vec![], ttl: None }));
    assert_eq!(resolver.txt("gone.example").await, Ok(TxtAnswer { texts: vec![], ttl: Some(60) }), "SOA MINIMUM");
    assert!(matches!(resolver.txt("broken.example").await, Err(DnsError::Temporary(_))));
}

#[tokio::test]
async fn a_truncated_answer_is_asked_again_over_tcp() {
    let server = server().await;
    let resolver = Resolver::new(&[server.address]).unwrap();
    assert_eq!(resolver.txt("big.example").await.unwrap().texts, ["x".repeat(2000)]);
}

#[tokio::test]
async fn text_is_never_from_the_cache_and_mail_exchangers_are() {
    let server = server().await;
    let resolver = Resolver::new(&[server.address]).unwrap();
    for (text, asked) in [(false, 1), (false, 1), (true, 2), (true, 3), (false, 3)] {
        if text {
            resolver.txt("txt.example").await.unwrap();
        } else {
            resolver.mx(&domain("mail.example")).await.unwrap();
        }
        assert_eq!(server.asked.load(Ordering::SeqCst), asked);
    }
}

#[tokio::test]
async fn the_shortest_life_on_the_way_is_the_answers() {
    let server = server().await;
    let resolver = Resolver::new(&[server.address]).unwrap();
    assert_eq!(resolver.txt("alias.example").await, Ok(TxtAnswer { texts: vec!["found".into()], ttl: Some(30) }));
}

#[test]
fn a_server_is_named_with_its_port_when_that_is_not_53() {
    let named = |address: &str| server_text(&servers(&[address.parse().unwrap()]).name_servers()[0]);
    assert_eq!(named("192.0.2.53:53"), "192.0.2.53");
    assert_eq!(named("192.0.2.53:5353"), "192.0.2.53:5353");
    assert_eq!(named("[2001:db8::53]:5353"), "[2001:db8::53]:5353");
}

#[tokio::test]
async fn fixed_answers_change_while_the_resolver_is_in_use() {
    let answers = FixedAnswers::new();
    let resolver = Resolver::fixed(answers.clone());
    let texts = async |name: &str| resolver.txt(name).await.map(|answer| answer.texts);
    assert_eq!(texts("_relaykeep-challenge.example.org").await, Ok(vec![]));
    answers.set_txt("_relaykeep-challenge.example.org", &["token"]);
    assert_eq!(texts("_relaykeep-challenge.Example.org.").await.unwrap(), ["token"]);
    answers.set_temporary_failure("_relaykeep-challenge.example.org", "SERVFAIL");
    assert!(matches!(texts("_relaykeep-challenge.example.org").await, Err(DnsError::Temporary(_))));
    answers.forget("_relaykeep-challenge.example.org");
    assert_eq!(texts("_relaykeep-challenge.example.org").await, Ok(vec![]));
}

#[test]
fn one_kind_of_address_is_enough() {
    let six: IpAddr = "2001:db8::1".parse().unwrap();
    let four: IpAddr = "192.0.2.1".parse().unwrap();
    let temporary = || DnsError::Temporary("SERVFAIL".into());
    for (aaaa, a, expected) in [
        (Ok(vec![six]), Ok(vec![four]), Ok(vec![six, four])),
        (Err(DnsError::NoRecord), Ok(vec![four]), Ok(vec![four])),
        (Err(temporary()), Ok(vec![four]), Ok(vec![four])),
        (Ok(vec![six]), Err(temporary()), Ok(vec![six])),
        (Err(DnsError::NoRecord), Err(temporary()), Err(temporary())),
        (Err(temporary()), Err(DnsError::NoRecord), Err(temporary())),
        (Err(DnsError::NoRecord), Err(DnsError::NoRecord), Err(DnsError::NoRecord)),
    ] {
        assert_eq!(both(aaaa, a), expected);
    }
}
