//! Servers that answer with malice: what they say is bounded, shown as text, and never bad luck for anybody else.

use crate::{NOW, fake, fake::name};
use hickory_proto::{
    op::{Message, ResponseCode},
    rr::{
        RData, Record, RecordType,
        rdata::{A, CNAME, NS, SOA, TXT},
    },
};
use relay_dns::{
    Ask, Resolver,
    facts::{Data, Kind, Known},
    gather, judge,
    spf::{self, Question},
};
use relay_types::{DomainName, spf::SpfResult};
use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// A server of everything under `example` that answers questions about TXT as the test says, asked directly and as a
/// resolver.
async fn lab(
    answer: impl Fn(&Message, bool) -> Vec<Vec<u8>> + Clone + Send + Sync + 'static,
) -> (fake::Server, Resolver) {
    let server = fake::Server::start("127.0.0.1", 0, move |question, _, tcp| {
        let query = &question.queries[0];
        if query.query_type() == RecordType::TXT { answer(question, tcp) } else { vec![delegation(question)] }
    })
    .await;
    let resolver = Resolver::new(&[server.address]).unwrap().with_authoritative_port(server.address.port());
    (server, resolver)
}

fn delegation(question: &Message) -> Vec<u8> {
    let query = &question.queries[0];
    let records = match (query.name().to_ascii().as_str(), query.query_type()) {
        ("ns.example.", RecordType::A) => vec![RData::A(A(Ipv4Addr::LOCALHOST))],
        ("example.", RecordType::NS) => vec![RData::NS(NS(name("ns.example")))],
        _ => vec![],
    };
    let mut reply = fake::answer(question, ResponseCode::NoError, records);
    if reply.answers.is_empty() {
        let soa = SOA::new(name("ns.example"), name("h.example"), 1, 60, 60, 60, 60);
        reply.authorities.push(Record::from_rdata(name("example"), 60, RData::SOA(soa)));
    }
    reply.to_vec().unwrap()
}

fn texts(question: &Message, texts: Vec<Vec<&[u8]>>) -> Vec<u8> {
    let records = texts.into_iter().map(|strings| RData::TXT(TXT::from_bytes(strings)));
    fake::answer(question, ResponseCode::NoError, records.collect()).to_vec().unwrap()
}

fn question() -> Question {
    Question {
        ip: "192.0.2.10".parse().unwrap(),
        domain: "d.example".to_owned(),
        sender: "postmaster@d.example".to_owned(),
        helo: "relay.example".to_owned(),
    }
}

/// What SPF says, asked both ways, and that no way takes long.
async fn results(resolver: &Resolver) -> [(SpfResult, String); 2] {
    let began = Instant::now();
    let mut results = Vec::new();
    for ask in [Ask::Authoritative, Ask::Resolver] {
        let (evaluation, facts) = gather(resolver, ask, NOW, |facts| spf::evaluate(facts, &question())).await;
        assert!(facts.shown().iter().all(|answer| answer.dig.len() < 100_000 && !answer.dig.contains('\0')));
        results.push((evaluation.result, evaluation.because));
    }
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    results.try_into().unwrap()
}

#[tokio::test]
async fn a_record_of_64_kilobytes_is_read_to_a_bound() {
    let (server, resolver) = lab(|question, tcp| {
        if !tcp {
            let mut reply = fake::answer(question, ResponseCode::NoError, vec![]);
            reply.metadata.truncation = true;
            return vec![reply.to_vec().unwrap()];
        }
        let long = [b'a'; 255];
        let mut strings: Vec<&[u8]> = vec![b"v=spf1 "];
        strings.extend(std::iter::repeat_n(&long[..], 250));
        vec![texts(question, vec![strings])]
    })
    .await;
    for ask in [Ask::Authoritative, Ask::Resolver] {
        let answer = resolver.look_up("d.example", Kind::Txt, ask, NOW).await;
        let Known::Records(records) = &answer.known else { panic!("{answer:?}") };
        let [Data::Text(strings)] = records.as_slice() else { panic!("{answer:?}") };
        let text = strings.concat();
        assert_eq!((text.chars().count(), text.chars().last()), (4096 + 1, Some('\u{2026}')));
        assert!(answer.shown.dig.len() < 10_000);
    }
    assert!(server.tcp.load(Ordering::SeqCst) >= 2);
    for (result, because) in results(&resolver).await {
        assert_eq!(result, SpfResult::PermError, "{because}");
    }
}

#[tokio::test]
async fn any_octet_is_shown_and_none_is_taken_for_a_record() {
    let all: Vec<u8> = (0..=255).collect();
    let (_server, resolver) = lab(move |question, _| {
        vec![texts(
            question,
            vec![vec![&all[..128], &all[128..]], vec![b"v=spf1\0-all"], vec![b""], vec![b"v=spf1 ip4:192.0.2.10 -all"]],
        )]
    })
    .await;
    for (result, because) in results(&resolver).await {
        assert_eq!((result, because.as_str()), (SpfResult::Pass, "ip4:192.0.2.10 matched in the record of d.example"));
    }
    let answer = resolver.look_up("d.example", Kind::Txt, Ask::Authoritative, NOW).await;
    assert!(answer.shown.dig.contains("\"v=spf1\\000-all\""), "{}", answer.shown.dig);
}

#[tokio::test]
async fn a_nul_or_an_octet_beyond_ascii_in_a_record_is_told_with_its_column() {
    let (_server, resolver) = lab(|question, _| vec![texts(question, vec![vec![b"v=spf1 a\0 mx\xff -all"]])]).await;
    for (result, because) in results(&resolver).await {
        assert_eq!(result, SpfResult::PermError);
        assert!(
            because
                .contains("column 9: the character U+0000 is not allowed; column 13: the character that is not UTF-8"),
            "{because}"
        );
    }
}

#[tokio::test]
async fn aliases_in_a_circle_are_unknown() {
    let (server, resolver) = lab(|question, _| {
        let other = if question.queries[0].name() == &name("d.example") { "e.example" } else { "d.example" };
        vec![fake::answer(question, ResponseCode::NoError, vec![RData::CNAME(CNAME(name(other)))]).to_vec().unwrap()]
    })
    .await;
    for (result, because) in results(&resolver).await {
        assert_eq!(result, SpfResult::TempError, "{because}");
    }
    assert!(server.udp.load(Ordering::SeqCst) < 100);
    // The circle whole in one answer.
    let (server, resolver) = lab(|question, _| {
        let mut reply = fake::answer(question, ResponseCode::NoError, vec![]);
        for (from, to) in [("d.example", "e.example"), ("e.example", "d.example")] {
            reply.answers.push(Record::from_rdata(name(from), 60, RData::CNAME(CNAME(name(to)))));
        }
        vec![reply.to_vec().unwrap()]
    })
    .await;
    for (result, because) in results(&resolver).await {
        assert_eq!(result, SpfResult::TempError, "{because}");
    }
    assert!(server.udp.load(Ordering::SeqCst) < 100);
}

#[tokio::test]
async fn answers_that_cannot_be_read_are_unknown() {
    let number = Arc::new(AtomicUsize::new(0));
    let (_server, resolver) = lab(move |question, tcp| {
        // A header of an answer with one question and one record whose names point at themselves.
        let mut looping = question.metadata.id.to_be_bytes().to_vec();
        looping.extend([
            0x84, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0xc0, 12, 0, 16, 0, 1, 0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 0, 0, 2, 0xc0, 12,
        ]);
        let mut octets = texts(question, vec![vec![b"v=spf1 -all"; 20]]);
        let turn = number.fetch_add(1, Ordering::SeqCst);
        octets.truncate(12 + turn * 7 % octets.len());
        let servfail = fake::answer(question, ResponseCode::ServFail, vec![]).to_vec().unwrap();
        if tcp { vec![looping] } else { vec![looping, octets, servfail] }
    })
    .await;
    for _ in 0..20 {
        for (result, because) in results(&resolver).await {
            assert_eq!(result, SpfResult::TempError, "{because}");
        }
    }
}

#[tokio::test]
async fn a_thousand_records_and_includes_without_end_are_bounded() {
    let (server, resolver) = lab(|question, tcp| {
        let asked = question.queries[0].name().to_ascii();
        let below = |label: &str| format!(" include:{label}.{}", asked.trim_end_matches('.'));
        let record = format!("v=spf1{}{}{}", below("a"), below("b"), below("c"));
        let others = (0..1000).map(|number| format!("filler {number}"));
        let all: Vec<String> = others.chain([record]).collect();
        let mut reply = texts(question, all.iter().map(|text| vec![text.as_bytes()]).collect());
        if !tcp {
            let mut short = fake::answer(question, ResponseCode::NoError, vec![]);
            short.metadata.truncation = true;
            reply = short.to_vec().unwrap();
        }
        vec![reply]
    })
    .await;
    for (result, because) in results(&resolver).await {
        assert_eq!(result, SpfResult::TempError, "{because}");
        assert!(because.ends_with("1001 records at one name, and at most 500 are read"), "{because}");
    }
    assert!(server.udp.load(Ordering::SeqCst) < 20);
}

#[tokio::test]
async fn includes_without_end_and_terms_without_number_are_bounded() {
    let (server, resolver) = lab(|question, tcp| {
        if !tcp {
            let mut reply = fake::answer(question, ResponseCode::NoError, vec![]);
            reply.metadata.truncation = true;
            return vec![reply.to_vec().unwrap()];
        }
        let asked = question.queries[0].name().to_ascii();
        let below = |label: &str| format!(" include:{label}.{}", asked.trim_end_matches('.'));
        let networks = " ip4:9.9.9.9".repeat(300);
        let record = format!("v=spf1{networks}{}{}{} wrong", below("a"), below("b"), below("c"));
        let record = if asked.starts_with("d.") { record.trim_end_matches(" wrong") } else { &record };
        let record = if asked.len() < 40 { record.trim_end_matches(" wrong") } else { record };
        vec![texts(question, vec![record.as_bytes().chunks(255).collect()])]
    })
    .await;
    let subject = judge::Subject {
        domain: DomainName::parse("d.example").unwrap(),
        keys: Vec::new(),
        proof: None,
        delegated_to: None,
        next_selectors: Vec::new(),
    };
    let ours = judge::Ours { egress: vec![question().ip], ehlo: "relay.example".to_owned(), spf_include: None };
    for ask in [Ask::Authoritative, Ask::Resolver] {
        let began = Instant::now();
        let ((findings, evaluations), facts) =
            gather(&resolver, ask, NOW, |facts| judge::spf::judge(facts, &subject, &ours)).await;
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
        assert_eq!(evaluations[0].result, SpfResult::PermError);
        assert!(evaluations[0].steps.len() < 330, "{}", evaluations[0].steps.len());
        assert!(evaluations[0].steps.last().unwrap().said.ends_with("more terms, which decided nothing"));
        let lines: usize = findings.iter().map(|finding| finding.details.len()).sum();
        assert!(lines < 200 && facts.len() < 120, "{lines} {}", facts.len());
    }
    assert!(server.udp.load(Ordering::SeqCst) < 600);
}

#[tokio::test]
async fn a_part_of_a_set_of_records_is_not_taken_for_all_of_it() {
    // Cut off over TCP, too: what is there may be the lesser part (RFC 2181 §9).
    let (_server, resolver) = lab(|question, _| {
        let records = vec![RData::TXT(TXT::from_bytes(vec![b"no SPF"]))];
        let mut reply = fake::answer(question, ResponseCode::NoError, records);
        reply.metadata.truncation = true;
        vec![reply.to_vec().unwrap()]
    })
    .await;
    for ask in [Ask::Authoritative, Ask::Resolver] {
        let answer = resolver.look_up("d.example", Kind::Txt, ask, NOW).await;
        assert!(matches!(&answer.known, Known::Unknown(why) if why.ends_with("its answer is cut off")), "{answer:?}");
    }
}
