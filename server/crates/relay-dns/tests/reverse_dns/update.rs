//! RFC 2136 with TSIG against Knot: each way it can end.

use crate::{
    NOW, fake,
    knot::{CLASSLESS, FOUR, Knot, PARENT, SIX},
    process::free_port,
};
use hickory_proto::{
    op::{Message, OpCode, ResponseCode},
    rr::{
        Name, RData, Record,
        rdata::tsig::{TSIG, TsigAlgorithm as Algorithm, TsigError},
    },
};
use relay_dns::{BackEnd, PtrChange, UpdateServer, WriteError};
use relay_types::{
    ZoneName,
    reverse::TsigAlgorithm,
    reverse_name::{owner_in, reverse_name},
};
use std::{
    io::{Read, Write},
    net::IpAddr,
    sync::Arc,
};
use zeroize::Zeroizing;

fn zone(text: &str) -> ZoneName {
    ZoneName::parse(text).unwrap()
}

pub fn change(name: &str, address: &str, before: &[&str], after: Option<&str>) -> PtrChange {
    let zone = zone(name);
    PtrChange {
        owner: owner_in(&zone, address.parse().unwrap()).unwrap(),
        zone,
        before: before.iter().map(|&name| name.to_owned()).collect(),
        after: after.map(str::to_owned),
        ttl: 300,
    }
}

#[tokio::test]
async fn a_name_is_added_replaced_and_removed() {
    let knot = Knot::start("", "");
    let sha512 =
        UpdateServer { key_name: "writer512".into(), algorithm: TsigAlgorithm::HmacSha512, ..knot.update_server() };
    for back_end in [knot.back_end(), BackEnd::Update(sha512)] {
        let soa = knot.dig(&[FOUR, "SOA"]);
        let tested = back_end.test(&zone(FOUR)).await.unwrap();
        assert!(tested.contains("serves 2.0.192.in-addr.arpa and takes updates"), "{tested}");
        assert_eq!(knot.dig(&[FOUR, "SOA"]), soa, "a test changes nothing");
        for (before, after, names) in [
            (&[][..], Some("a.uni.example"), vec!["a.uni.example."]),
            (&["A.uni.example"], Some("b.uni.example"), vec!["b.uni.example."]),
            (&["b.uni.example"], None, vec![]),
        ] {
            let change = change(FOUR, "192.0.2.7", before, after);
            assert_eq!(back_end.write(&change).await, Ok(()));
            assert_eq!(knot.dig(&["-x", "192.0.2.7"]), names);
            assert_eq!(back_end.write(&change).await, Ok(()), "the same again is done already");
        }
    }
}

#[tokio::test]
async fn several_names_become_one_whatever_their_case() {
    let knot = Knot::start("", "7 PTR VM7.Uni.Example.\n7 PTR b.uni.example.\n");
    let before = ["b.uni.example", "vm7.uni.example"];
    assert_eq!(knot.back_end().write(&change(FOUR, "192.0.2.7", &before, Some("c.uni.example"))).await, Ok(()));
    assert_eq!(knot.dig(&["-x", "192.0.2.7"]), ["c.uni.example."]);
}

#[tokio::test]
async fn ipv6_and_classless_zones_are_written() {
    let knot = Knot::start("", "");
    let (back_end, resolver) = (knot.back_end(), knot.resolver());
    for (name, address) in [(SIX, "2001:db8::7"), (CLASSLESS, "203.0.113.7")] {
        assert!(back_end.test(&zone(name)).await.is_ok());
        let change = change(name, address, &[], Some("vm.uni.example"));
        assert_eq!(back_end.write(&change).await, Ok(()));
        let found = resolver.ptr(address.parse().unwrap(), NOW).await;
        assert!(found.is_only("vm.uni.example") && found.zone == name, "{found:?}");
        assert_eq!(knot.dig(&[&change.owner, "PTR"]), ["vm.uni.example."]);
    }
}

#[tokio::test]
async fn a_change_by_others_is_not_overwritten() {
    let knot = Knot::start("", "7 PTR theirs.uni.example.\n");
    for (before, after) in [
        (&["ours.uni.example"][..], Some("new.uni.example")),
        (&[], Some("new.uni.example")),
        (&["ours.uni.example"], None),
        (&["theirs.uni.example", "ours.uni.example"], None),
    ] {
        let outcome = knot.back_end().write(&change(FOUR, "192.0.2.7", before, after)).await;
        let Err(WriteError::Changed { found, text }) = outcome else { panic!("{outcome:?}") };
        assert_eq!(found, Some(vec!["theirs.uni.example".to_owned()]));
        assert!(text.starts_with("7.2.0.192.in-addr.arpa has theirs.uni.example now"), "{text}");
    }
    assert_eq!(knot.dig(&["-x", "192.0.2.7"]), ["theirs.uni.example."]);
    let outcome = knot.back_end().write(&change(FOUR, "192.0.2.8", &["gone.uni.example"], Some("a.uni.example"))).await;
    assert!(matches!(&outcome, Err(WriteError::Changed { found: Some(found), .. }) if found.is_empty()), "{outcome:?}");
}

/// Stands between the back end and Knot, over TCP: `before` runs when an update comes, and its answer may get lost.
async fn between(knot: Arc<Knot>, lose: bool, before: impl Fn(&Knot) + Clone + Send + Sync + 'static) -> fake::Server {
    fake::Server::start("127.0.0.1", 0, move |question, octets, _| {
        let update = question.metadata.op_code == OpCode::Update;
        if update {
            before(&knot);
        }
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", knot.port)).unwrap();
        stream.write_all(&(octets.len() as u16).to_be_bytes()).unwrap();
        stream.write_all(octets).unwrap();
        let mut length = [0; 2];
        stream.read_exact(&mut length).unwrap();
        let mut answer = vec![0; u16::from_be_bytes(length).into()];
        stream.read_exact(&mut answer).unwrap();
        if update && lose { vec![] } else { vec![answer] }
    })
    .await
}

#[tokio::test]
async fn a_change_between_look_and_write_fails_as_a_whole() {
    let knot = Arc::new(Knot::start("", "7 PTR ours.uni.example.\n"));
    for (address, before, theirs) in [
        ("192.0.2.7", &["ours.uni.example"][..], "add 7.2.0.192.in-addr.arpa. 60 PTR theirs.uni.example."),
        ("192.0.2.8", &[], "add 8.2.0.192.in-addr.arpa. 60 PTR theirs.uni.example."),
        ("192.0.2.9", &[], "add 9.2.0.192.in-addr.arpa. 60 CNAME 9.elsewhere.uni.example."),
    ] {
        let between = between(knot.clone(), false, move |knot| knot.change_by_others(FOUR, theirs)).await;
        let server = UpdateServer { server: between.address.to_string(), ..knot.update_server() };
        let change = change(FOUR, address, before, Some("new.uni.example"));
        match BackEnd::Update(server).write(&change).await {
            Err(WriteError::Changed { found: Some(found), .. }) => {
                assert!(found.contains(&"theirs.uni.example".to_owned()), "{found:?}");
            }
            Err(WriteError::Refused(text)) => assert!(text.contains("alias (CNAME) of 9.elsewhere"), "{text}"),
            other => panic!("{other:?}"),
        }
        let there = knot.dig(&[&change.owner, "PTR"]);
        assert!(!there.contains(&"new.uni.example.".to_owned()) && there.len() == before.len() + 1, "{there:?}");
    }
}

#[tokio::test]
async fn a_change_whose_answer_got_lost_is_sent_again_without_harm() {
    let knot = Arc::new(Knot::start("", ""));
    let between = between(knot.clone(), true, |_| {}).await;
    let server = UpdateServer { server: between.address.to_string(), ..knot.update_server() };
    let back_end = BackEnd::Update(server);
    let add = change(FOUR, "192.0.2.7", &[], Some("a.uni.example"));
    assert!(matches!(back_end.write(&add).await, Err(WriteError::Away(_))));
    assert_eq!(knot.dig(&["-x", "192.0.2.7"]), ["a.uni.example."]);
    assert_eq!(back_end.write(&add).await, Ok(()));
}

#[tokio::test]
async fn an_alias_in_the_way_is_said() {
    let knot = Knot::start("", "");
    let outcome = knot.back_end().write(&change(PARENT, "203.0.113.7", &[], Some("a.uni.example"))).await;
    let Err(WriteError::Refused(text)) = outcome else { panic!("{outcome:?}") };
    assert!(text.contains("alias (CNAME) of 7.0/25.113.0.203.in-addr.arpa"), "{text}");
}

#[tokio::test]
async fn what_is_wrong_with_key_or_zone_is_said() {
    let knot = Knot::start("", "");
    let good = || knot.update_server();
    for (server, name, says) in [
        (UpdateServer { key: Zeroizing::new(b"x".repeat(32)), ..good() }, FOUR, "(NOTAUTH, BADSIG)"),
        (UpdateServer { key_name: "nobody".into(), ..good() }, FOUR, "(NOTAUTH, BADKEY)"),
        (UpdateServer { algorithm: TsigAlgorithm::HmacSha512, ..good() }, FOUR, "(NOTAUTH, BADKEY)"),
        (UpdateServer { key_name: "reader".into(), ..good() }, FOUR, "NOTAUTH"),
        (good(), "9.0.192.in-addr.arpa", "NOTAUTH"),
    ] {
        let back_end = BackEnd::Update(server);
        let address = if name == FOUR { "192.0.2.7" } else { "192.0.9.7" };
        let change = change(name, address, &[], Some("a.uni.example"));
        for outcome in [back_end.test(&zone(name)).await.map(|_| ()), back_end.write(&change).await] {
            let Err(WriteError::Refused(text)) = outcome else { panic!("{says}: {outcome:?}") };
            assert!(text.contains(says), "{says}: {text}");
            assert!(!text.contains("xxxx") && !format!("{back_end:?}").contains("120, 120"), "{back_end:?}");
        }
    }
    assert!(knot.dig(&["-x", "192.0.2.7"]).is_empty());
}

#[tokio::test]
async fn a_server_that_is_down_or_slow_is_away() {
    let mut server = Knot::start("", "").update_server();
    server.server = format!("127.0.0.1:{}", free_port());
    let down = BackEnd::Update(server.clone()).test(&zone(FOUR)).await;
    assert!(matches!(&down, Err(WriteError::Away(text)) if text.contains("not reached")), "{down:?}");

    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    server.server = silent.local_addr().unwrap().to_string();
    let slow = BackEnd::Update(server.clone()).test(&zone(FOUR)).await;
    assert!(matches!(&slow, Err(WriteError::Away(text)) if text.contains("no answer in 5 s")), "{slow:?}");

    server.server = "127.0.0.1:70000".into();
    assert!(matches!(BackEnd::Update(server).test(&zone(FOUR)).await, Err(WriteError::Refused(_))));
}

/// What a server answers that says this code, with a TSIG error and no signature.
fn unsigned(question: &Message, code: ResponseCode, error: Option<TsigError>) -> Vec<u8> {
    let mut reply = Message::response(question.metadata.id, question.metadata.op_code);
    reply.metadata.response_code = code;
    reply.queries = question.queries.clone();
    if let Some(error) = error {
        let data = TSIG::new(Algorithm::HmacSha256, 1, 300, vec![], question.metadata.id, Some(error), vec![]);
        let mut record = Record::from_rdata(Name::from_ascii("writer.").unwrap(), 0, RData::TSIG(data));
        record.dns_class = hickory_proto::rr::DNSClass::ANY;
        reply.additionals.push(record);
    }
    reply.to_vec().unwrap()
}

#[tokio::test]
async fn an_answer_without_signature_is_no_success() {
    for (code, error, refused, says) in [
        (ResponseCode::NoError, None, false, "is not signed"),
        (ResponseCode::YXRRSet, None, false, "is not signed"),
        (ResponseCode::ServFail, None, false, "SERVFAIL"),
        (ResponseCode::Refused, None, true, "REFUSED"),
        (ResponseCode::NotZone, None, true, "NOTZONE"),
        (ResponseCode::NotImp, None, true, "NOTIMP"),
        (ResponseCode::NotAuth, Some(TsigError::BadTime), true, "BADTIME"),
    ] {
        let server =
            fake::Server::start("127.0.0.1", 0, move |question, _, _| vec![unsigned(question, code, error)]).await;
        let update = UpdateServer {
            server: server.address.to_string(),
            key_name: "writer".into(),
            algorithm: TsigAlgorithm::HmacSha256,
            key: Zeroizing::new(vec![7; 32]),
        };
        let outcome = BackEnd::Update(update).write(&change(FOUR, "192.0.2.7", &[], Some("a.uni.example"))).await;
        match outcome {
            Err(WriteError::Refused(text)) if refused => assert!(text.contains(says), "{text}"),
            Err(WriteError::Away(text)) if !refused => assert!(text.contains(says), "{text}"),
            other => panic!("{code:?}: {other:?}"),
        }
    }
}

#[test]
fn the_dry_run_is_a_script_of_nsupdate() {
    let server = UpdateServer {
        server: "[2001:db8::53]".into(),
        key_name: "relaykeep".into(),
        algorithm: TsigAlgorithm::HmacSha512,
        key: Zeroizing::new(b"secret".to_vec()),
    };
    let back_end = BackEnd::Update(server);
    assert_eq!(
        back_end.describe(&change(FOUR, "192.0.2.7", &["old.uni.example"], Some("vm.uni.example"))),
        "; signed with the key relaykeep, hmac-sha512\n\
         server 2001:db8::53 53\n\
         zone 2.0.192.in-addr.arpa.\n\
         prereq nxrrset 7.2.0.192.in-addr.arpa. CNAME\n\
         prereq yxrrset 7.2.0.192.in-addr.arpa. PTR old.uni.example.\n\
         update delete 7.2.0.192.in-addr.arpa. PTR\n\
         update add 7.2.0.192.in-addr.arpa. 300 PTR vm.uni.example.\n\
         send\n"
    );
    let six: IpAddr = "2001:db8::7".parse().unwrap();
    let removal = BackEnd::Snippet.describe(&change(SIX, "2001:db8::7", &["old.uni.example"], None));
    assert!(removal.contains(&format!("; remove: {}. IN PTR old.uni.example.\n", reverse_name(six))), "{removal}");
}

#[tokio::test]
async fn the_dry_run_does_what_the_back_end_does() {
    let knot = Knot::start("", "7 PTR old.uni.example.\n");
    let back_end = knot.back_end();
    let script = back_end.describe(&change(FOUR, "192.0.2.7", &["old.uni.example"], Some("vm.uni.example")));
    let lines: Vec<&str> =
        script.lines().filter(|line| line.starts_with("prereq") || line.starts_with("update")).collect();
    knot.change_by_others(FOUR, &lines.join("\n"));
    assert_eq!(knot.dig(&["-x", "192.0.2.7"]), ["vm.uni.example."]);
    assert_eq!(BackEnd::Snippet.write(&change(FOUR, "192.0.2.7", &[], None)).await, Err(WriteError::ByHand));
}
