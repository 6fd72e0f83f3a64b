//! Many domains that rest on the same records ask for those once.

use crate::{NOW, fake, fake::name};
use hickory_proto::{
    op::{Message, ResponseCode},
    rr::{
        RData, Record, RecordType,
        rdata::{SOA, TXT},
    },
};
use relay_dns::{
    Ask, Resolver, gather,
    spf::{self, Question},
};
use relay_types::{Timestamp, spf::SpfResult};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::task::JoinSet;

const DOMAINS: usize = 1000;

/// Every domain includes `shared.example`, which has an `a` of a name that does not exist.
fn answer(question: &Message) -> Vec<u8> {
    let query = &question.queries[0];
    let text = match (query.name().to_ascii().as_str(), query.query_type()) {
        ("shared.example.", RecordType::TXT) => "v=spf1 a:gone.example ip4:192.0.2.10 -all",
        (asked, RecordType::TXT) if asked.starts_with('d') => "v=spf1 include:shared.example -all",
        _ => {
            let mut reply = fake::answer(question, ResponseCode::NXDomain, vec![]);
            let soa = SOA::new(name("ns.example"), name("h.example"), 1, 60, 60, 60, 60);
            reply.authorities.push(Record::from_rdata(name("example"), 60, RData::SOA(soa)));
            return reply.to_vec().unwrap();
        }
    };
    let records = vec![RData::TXT(TXT::new(vec![text.to_owned()]))];
    fake::answer(question, ResponseCode::NoError, records).to_vec().unwrap()
}

async fn check_all(resolver: &Resolver, now: Timestamp) {
    let mut checks = JoinSet::new();
    for number in 0..DOMAINS {
        let resolver = resolver.clone();
        checks.spawn(async move {
            let question = Question {
                ip: "192.0.2.10".parse().unwrap(),
                domain: format!("d{number}.example"),
                sender: String::new(),
                helo: "relay.example".to_owned(),
            };
            gather(&resolver, Ask::Resolver, now, |facts| spf::evaluate(facts, &question)).await.0.result
        });
    }
    assert!(checks.join_all().await.into_iter().all(|result| result == SpfResult::Pass));
}

#[tokio::test]
async fn a_thousand_domains_that_include_one_record_ask_for_it_once() {
    let shared = Arc::new(AtomicUsize::new(0));
    let count = shared.clone();
    let server = fake::Server::start("127.0.0.1", 0, move |question, _, _| {
        let asked = question.queries[0].name().to_ascii();
        count.fetch_add(usize::from(!asked.starts_with('d')), Ordering::SeqCst);
        vec![answer(question)]
    })
    .await;
    let resolver = Resolver::new(&[server.address]).unwrap();
    let counts = || (server.udp.load(Ordering::SeqCst), shared.load(Ordering::SeqCst));
    check_all(&resolver, NOW).await;
    assert_eq!(counts(), (DOMAINS + 2, 2), "one for the record, one for the name that does not exist");
    // Within the life of the answers, 60 seconds, nothing is asked; then all is asked anew, once.
    check_all(&resolver, Timestamp(NOW.0 + 59_000)).await;
    assert_eq!(counts(), (DOMAINS + 2, 2));
    check_all(&resolver, Timestamp(NOW.0 + 61_000)).await;
    assert_eq!(counts(), (2 * (DOMAINS + 2), 4));
}
