//! Servers that answer wrongly, late, partly or with malice: never certain, never harmful.

use crate::{NOW, fake, fake::name};
use hickory_proto::{
    op::{Message, ResponseCode},
    rr::{
        RData, Record, RecordType,
        rdata::{A, CNAME, NS, PTR, SOA},
    },
};
use relay_dns::Resolver;
use relay_types::{
    DomainName, Timestamp,
    reverse::{ForwardFound, ForwardState},
};
use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{net::UdpSocket, time::timeout};

const WANTED: &str = "192.0.2.7";

/// A server that is both: the resolver that says where `uni.example` is served, and that zone's server, which answers
/// as the test says.
async fn lab(
    answer: impl Fn(&Message, bool) -> Vec<Vec<u8>> + Clone + Send + Sync + 'static,
) -> (fake::Server, Resolver) {
    let server = fake::Server::start("127.0.0.1", 0, move |question, _, tcp| {
        if question.metadata.recursion_desired { vec![delegation(question)] } else { answer(question, tcp) }
    })
    .await;
    let resolver = Resolver::new(&[server.address]).unwrap().with_authoritative_port(server.address.port());
    (server, resolver)
}

/// `uni.example` and `2.0.192.in-addr.arpa` are zones of `ns.uni.example`, which is at 127.0.0.1.
fn delegation(question: &Message) -> Vec<u8> {
    let query = &question.queries[0];
    let asked = query.name().to_ascii();
    let zone = ["uni.example.", "2.0.192.in-addr.arpa."].into_iter().find(|zone| asked.ends_with(zone)).unwrap_or(".");
    let records = match (asked.as_str(), query.query_type()) {
        ("ns.uni.example.", RecordType::A) => vec![RData::A(A(Ipv4Addr::LOCALHOST))],
        (name_asked, RecordType::NS) if name_asked == zone => vec![RData::NS(NS(name("ns.uni.example")))],
        _ => vec![],
    };
    let mut reply = fake::answer(question, ResponseCode::NoError, records);
    reply.metadata.authoritative = false;
    if reply.answers.is_empty() {
        let soa = SOA::new(name("ns.uni.example"), name("h.uni.example"), 1, 60, 60, 60, 60);
        reply.authorities.push(Record::from_rdata(name(zone.trim_end_matches('.')), 60, RData::SOA(soa)));
    }
    reply.to_vec().unwrap()
}

fn wanted(question: &Message) -> Message {
    let records = match question.queries[0].query_type() {
        RecordType::A => vec![RData::A(A(WANTED.parse().unwrap()))],
        _ => vec![],
    };
    fake::answer(question, ResponseCode::NoError, records)
}

async fn forward(resolver: &Resolver) -> ForwardFound {
    resolver.forward(&DomainName::parse("vm.uni.example").unwrap(), NOW).await
}

fn state(found: &ForwardFound) -> ForwardState {
    found.points_to(WANTED.parse::<IpAddr>().unwrap())
}

#[tokio::test]
async fn a_truncated_answer_is_asked_again_over_tcp() {
    let (server, resolver) = lab(|question, tcp| {
        let mut reply = wanted(question);
        if !tcp {
            reply.metadata.truncation = true;
            reply.answers.clear();
        }
        vec![reply.to_vec().unwrap()]
    })
    .await;
    assert_eq!(state(&forward(&resolver).await), ForwardState::Matches);
    assert_eq!(server.tcp.load(Ordering::SeqCst), 2, "A and AAAA");
}

#[tokio::test]
async fn what_is_no_answer_to_the_question_is_read_past() {
    let (_server, resolver) = lab(|question, _| {
        let lie = |change: &dyn Fn(&mut Message)| {
            let mut reply = fake::answer(question, ResponseCode::NXDomain, vec![]);
            change(&mut reply);
            reply.to_vec().unwrap()
        };
        vec![
            b"rubbish".to_vec(),
            lie(&|reply| reply.metadata.id ^= 1),
            lie(&|reply| {
                reply.queries[0].set_name(name("other.example"));
            }),
            lie(&|reply| {
                reply.queries[0].set_query_type(RecordType::MX);
            }),
            lie(&|reply| reply.queries.clear()),
            question.to_vec().unwrap(),
            wanted(question).to_vec().unwrap(),
        ]
    })
    .await;
    assert_eq!(state(&forward(&resolver).await), ForwardState::Matches);
}

#[tokio::test]
async fn a_packet_from_another_source_is_not_heard() {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let stranger = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let mut buffer = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
            let question = Message::from_vec(&buffer[..length]).unwrap();
            let reply = if question.metadata.recursion_desired {
                delegation(&question)
            } else {
                let lie = fake::answer(&question, ResponseCode::NXDomain, vec![]).to_vec().unwrap();
                stranger.send_to(&lie, from).await.unwrap();
                wanted(&question).to_vec().unwrap()
            };
            socket.send_to(&reply, from).await.unwrap();
        }
    });
    let resolver = Resolver::new(&[address]).unwrap().with_authoritative_port(address.port());
    assert_eq!(state(&forward(&resolver).await), ForwardState::Matches);
    server.abort();
}

#[tokio::test]
async fn trouble_is_never_a_certain_absence() {
    for (code, authoritative, says) in [
        (ResponseCode::ServFail, true, "SERVFAIL"),
        (ResponseCode::Refused, true, "refused (REFUSED)"),
        (ResponseCode::NotImp, true, "NOTIMP"),
        (ResponseCode::FormErr, true, "FORMERR"),
        (ResponseCode::NXDomain, false, "it does not serve the zone"),
        (ResponseCode::NoError, false, "it does not serve the zone"),
    ] {
        let (_server, resolver) = lab(move |question, _| {
            let mut reply = fake::answer(question, code, vec![]);
            reply.metadata.authoritative = authoritative;
            vec![reply.to_vec().unwrap()]
        })
        .await;
        let found = forward(&resolver).await;
        assert_eq!((state(&found), found.certain, found.servers[0].temporary), (ForwardState::Unknown, false, true));
        assert!(found.servers[0].said.contains(says), "{found:?}");
    }
}

#[tokio::test]
async fn a_stranger_s_records_in_an_answer_are_not_taken() {
    let (_server, resolver) = lab(|question, _| {
        let mut reply = fake::answer(question, ResponseCode::NoError, vec![]);
        let address = RData::A(A(WANTED.parse().unwrap()));
        reply.answers.push(Record::from_rdata(name("other.example"), 60, address));
        vec![reply.to_vec().unwrap()]
    })
    .await;
    assert_eq!(state(&forward(&resolver).await), ForwardState::Missing);
}

#[tokio::test]
async fn aliases_and_referrals_without_end_are_given_up() {
    let (server, resolver) = lab(|question, _| {
        let asked = question.queries[0].name().to_ascii();
        let number: u32 = asked.split('.').next().and_then(|label| label.strip_prefix('n')?.parse().ok()).unwrap_or(0);
        let next = name(&format!("n{}.uni.example", number + 1));
        vec![fake::answer(question, ResponseCode::NoError, vec![RData::CNAME(CNAME(next))]).to_vec().unwrap()]
    })
    .await;
    let found = forward(&resolver).await;
    assert_eq!((state(&found), found.certain), (ForwardState::Unknown, false));
    assert!(found.servers[0].said.contains("an alias of n9.uni.example"), "{found:?}");
    assert!(server.udp.load(Ordering::SeqCst) < 100);

    let (server, resolver) = lab(|question, _| {
        let mut reply = fake::answer(question, ResponseCode::NoError, vec![]);
        reply.metadata.authoritative = false;
        let host = RData::NS(NS(name("ns.uni.example")));
        reply.authorities.push(Record::from_rdata(question.queries[0].name().clone(), 60, host));
        vec![reply.to_vec().unwrap()]
    })
    .await;
    assert_eq!(state(&forward(&resolver).await), ForwardState::Unknown);
    assert!(server.udp.load(Ordering::SeqCst) < 100);
}

#[tokio::test]
async fn octets_of_any_kind_do_no_harm() {
    // A small generator of its own: the same octets at each run.
    let next = |state: &mut u64| {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        *state
    };
    let seed = Arc::new(AtomicUsize::new(1));
    let (server, resolver) = lab(move |question, tcp| {
        let mut state = 0x9e37_79b9_7f4a_7c15 ^ seed.fetch_add(1, Ordering::SeqCst) as u64;
        let records = match question.queries[0].query_type() {
            RecordType::PTR => vec![RData::PTR(PTR(name("vm.uni.example"))); 3],
            _ => vec![RData::CNAME(CNAME(name("a.uni.example")))],
        };
        let mut octets = fake::answer(question, ResponseCode::NoError, records).to_vec().unwrap();
        // The id is left, so that what follows is read.
        for _ in 0..1 + next(&mut state) % 8 {
            let place = 2 + next(&mut state) as usize % (octets.len() - 2);
            octets[place] = next(&mut state) as u8;
        }
        octets.truncate(2 + next(&mut state) as usize % octets.len());
        let mut looping = question.metadata.id.to_be_bytes().to_vec();
        // A header of an answer with one question and one record whose names point at themselves.
        looping.extend([
            0x84, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0xc0, 12, 0, 12, 0, 1, 0xc0, 12, 0, 12, 0, 1, 0, 0, 0, 0, 0, 2, 0xc0, 12,
        ]);
        // The right answer last, so that each question ends at once.
        let end = fake::answer(question, ResponseCode::NoError, vec![]).to_vec().unwrap();
        if tcp { vec![octets] } else { vec![octets, looping, end] }
    })
    .await;
    for last in 0..=200 {
        let found = resolver.ptr(IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)), Timestamp(0)).await;
        assert!(found.names.len() <= 3, "{found:?}");
    }
    assert!(server.udp.load(Ordering::SeqCst) >= 200);
}

#[tokio::test]
async fn a_sweep_is_no_herd_on_one_server() {
    let most = Arc::new(AtomicUsize::new(0));
    let highest = most.clone();
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (mut buffer, mut open) = ([0; 512], Vec::new());
        loop {
            // Answers only when nobody asks more: all that may ask at a time have asked.
            let Ok(received) = timeout(Duration::from_millis(20), socket.recv_from(&mut buffer)).await else {
                highest.fetch_max(open.len(), Ordering::SeqCst);
                for (question, from) in open.drain(..) {
                    let reply = fake::answer(&question, ResponseCode::NXDomain, vec![]).to_vec().unwrap();
                    socket.send_to(&reply, from).await.unwrap();
                }
                continue;
            };
            let (length, from) = received.unwrap();
            let question = Message::from_vec(&buffer[..length]).unwrap();
            if question.metadata.recursion_desired {
                socket.send_to(&delegation(&question), from).await.unwrap();
            } else {
                open.push((question, from));
            }
        }
    });
    let resolver = Resolver::new(&[address]).unwrap().with_authoritative_port(address.port());
    let mut asking = tokio::task::JoinSet::new();
    for last in 0..=255 {
        let resolver = resolver.clone();
        asking.spawn(async move { resolver.ptr(IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)), NOW).await });
    }
    let found = asking.join_all().await;
    assert!(
        found.iter().all(|found| found.certain && found.names.is_empty()),
        "{:?}",
        found.iter().find(|found| !found.certain)
    );
    assert_eq!(most.load(Ordering::SeqCst), 8, "at a time");
    server.abort();
}

#[tokio::test]
async fn a_server_that_says_nothing_does_not_hold_up_a_sweep() {
    let (server, resolver) = lab(|_, _| vec![]).await;
    let began = std::time::Instant::now();
    let mut asking = tokio::task::JoinSet::new();
    for last in 0..100 {
        let resolver = resolver.clone();
        asking.spawn(async move { resolver.ptr(IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)), NOW).await });
    }
    let found = asking.join_all().await;
    assert!(found.iter().all(|found| !found.certain && found.servers[0].temporary));
    assert!(found.iter().any(|found| found.servers[0].said == "no answer in 6 s"), "{found:?}");
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    drop(server);
}
