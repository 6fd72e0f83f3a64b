//! What comes of one question when a zone's servers are not of one mind, or not all there.

use crate::{NOW, fake, knot::Knot, process::free_port};
use hickory_proto::op::ResponseCode;
use relay_dns::{
    Ask, Resolver,
    facts::{Answer, Data, Kind, Known},
};

const THREE: [&str; 3] = ["ns1.test.", "ns2.test.", "ns3.test."];

fn at(address: &'static str, port: u16, records: &str) -> Knot {
    Knot::serving(address, port, &THREE, &[("example", records)])
}

async fn text(resolver: &Resolver, name: &str) -> Answer {
    resolver.look_up(name, Kind::Txt, Ask::Authoritative, NOW).await
}

fn is(text: &str) -> Known {
    Known::Records(vec![Data::Text(vec![text.to_owned()])])
}

#[tokio::test]
async fn what_most_servers_have_counts_and_each_is_heard() {
    let port = free_port();
    let one = at("127.0.0.1", port, "d 60 TXT old\ne TXT here\n");
    let two = at("127.0.0.2", port, "d 90 TXT new\nx.f A 192.0.2.1\n");
    let three = at("127.0.0.3", port, "d 90 TXT new\n");
    let resolver = one.resolver();
    let found = text(&resolver, "d.example").await;
    assert_eq!((&found.known, found.agreed, found.shown.ttl), (&is("new"), false, Some(60)));
    let heard: Vec<_> =
        found.shown.servers.iter().map(|server| (server.said.as_str(), server.records[0].as_str())).collect();
    assert_eq!(heard, [("1 record", "\"old\""), ("1 record", "\"new\""), ("1 record", "\"new\"")]);
    let beside = found.shown.resolver.unwrap();
    assert_eq!((beside.said.as_str(), beside.records), ("1 record, kept for 60 s more", vec!["\"old\"".to_owned()]));

    // What only one has is on its way; nothing is nothing, with a name below or without.
    let found = text(&resolver, "e.example").await;
    assert_eq!((found.known, found.agreed), (is("here"), false));
    let found = text(&resolver, "f.example").await;
    assert_eq!((found.known, found.agreed), (Known::Nothing { no_such_name: true }, true));

    drop((two, three));
    let found = text(&resolver, "d.example").await;
    assert_eq!((found.known, found.agreed), (is("old"), true), "who is silent says nothing else");
    let silent = found.shown.servers.iter().filter(|server| server.temporary);
    assert!(silent.clone().count() == 2 && silent.clone().all(|server| server.said.starts_with("not reached")));
}

#[tokio::test]
async fn a_server_that_does_not_serve_the_zone_is_told_and_not_believed() {
    let port = free_port();
    let one = at("127.0.0.1", port, "d TXT here\n");
    let _refuses = fake::Server::start("127.0.0.2", port, |question, _, _| {
        vec![fake::answer(question, ResponseCode::Refused, vec![]).to_vec().unwrap()]
    })
    .await;
    let _without_authority = fake::Server::start("127.0.0.3", port, |question, _, _| {
        let mut reply = fake::answer(question, ResponseCode::NXDomain, vec![]);
        reply.metadata.authoritative = false;
        vec![reply.to_vec().unwrap()]
    })
    .await;
    let resolver = one.resolver();
    let found = text(&resolver, "d.example").await;
    assert_eq!((found.known, found.agreed), (is("here"), true));
    let said: Vec<&str> = found.shown.servers.iter().map(|server| server.said.as_str()).collect();
    assert_eq!(said, ["1 record", "refused (REFUSED)", "it does not serve the zone"]);
    // With the one that serves it away, nothing is known.
    let alone = Resolver::new(&["127.0.0.1:1".parse().unwrap()]).unwrap();
    assert!(matches!(text(&alone, "d.example").await.known, Known::Unknown(_)));
    let only_lame = Knot::serving("127.0.0.1", free_port(), &["ns2.test."], &[("example", "d TXT here\n")]);
    let nameserver = format!("127.0.0.1:{}", only_lame.port).parse().unwrap();
    let resolver = Resolver::new(&[nameserver]).unwrap().with_authoritative_port(port);
    let found = text(&resolver, "d.example").await;
    assert!(matches!(&found.known, Known::Unknown(why) if why.contains("REFUSED")), "{found:?}");
}

#[tokio::test]
async fn eight_aliases_are_followed_and_nine_are_not() {
    let chain: String = (0..9).map(|number| format!("c{number} 90 CNAME c{}\n", number + 1)).collect();
    let knot =
        Knot::serving("127.0.0.1", free_port(), &["ns1.test."], &[("example", &format!("{chain}c9 60 TXT end\n"))]);
    let resolver = knot.resolver();
    for ask in [Ask::Authoritative, Ask::Resolver] {
        let found = resolver.look_up("c1.example", Kind::Txt, ask, NOW).await;
        assert_eq!((&found.known, found.shown.ttl), (&is("end"), Some(60)), "{found:#?}");
        let aliases: Vec<String> = (2..=9).map(|number| format!("c{number}.example")).collect();
        assert_eq!(found.aliases, aliases);
        assert!(
            found.shown.dig.contains("c8.example. 60 IN CNAME c9.example.\nc9.example. 60 IN TXT \"end\"\n"),
            "{}",
            found.shown.dig
        );
        let found = resolver.look_up("c0.example", Kind::Txt, ask, NOW).await;
        assert!(matches!(&found.known, Known::Unknown(why) if why.contains("more than 8 aliases")), "{found:#?}");
        let alias = resolver.look_up("c0.example", Kind::Cname, ask, NOW).await;
        assert_eq!(alias.known, Known::Records(vec![Data::Name("c1.example".to_owned())]));
    }
}
