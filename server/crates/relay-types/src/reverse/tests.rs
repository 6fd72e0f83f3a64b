//! What follows from the servers' answers, as tables.

use super::*;

const ADDRESS: &str = "192.0.2.7";

fn said(records: &[&str], temporary: bool) -> ServerAnswer {
    ServerAnswer {
        server: "ns.example (192.0.2.53)".into(),
        said: "as the test says".into(),
        records: records.iter().map(|&text| text.to_owned()).collect(),
        temporary,
    }
}

fn forward(servers: Vec<ServerAnswer>, certain: bool) -> ForwardFound {
    let mut addresses: Vec<IpAddr> =
        servers.iter().flat_map(|answer| &answer.records).map(|text| text.parse().unwrap()).collect();
    addresses.sort();
    addresses.dedup();
    let zone = "example".to_owned();
    ForwardFound { name: "vm.example".into(), addresses, zone, ttl: None, servers, certain, asked_at: Timestamp(0) }
}

fn ptr(names: &[&str], certain: bool) -> PtrFound {
    PtrFound {
        address: ADDRESS.parse().unwrap(),
        owner: "7.2.0.192.in-addr.arpa".into(),
        alias: false,
        names: names.iter().map(|&name| name.to_owned()).collect(),
        zone: "2.0.192.in-addr.arpa".into(),
        ttl: Some(300),
        servers: vec![said(names, !certain)],
        agreed: certain,
        certain,
        asked_at: Timestamp(0),
    }
}

#[test]
fn a_name_points_to_an_address_when_all_who_answer_say_so() {
    use ForwardState::*;
    let (has, other, none, away) =
        (said(&[ADDRESS], false), said(&["192.0.2.8"], false), said(&[], false), said(&[], true));
    for (servers, certain, state, words) in [
        (vec![has.clone()], true, Matches, "vm.example points to 192.0.2.7"),
        (vec![has.clone(), away.clone()], true, Matches, "vm.example points to 192.0.2.7"),
        (vec![said(&[ADDRESS], true)], false, Matches, "vm.example points to 192.0.2.7"),
        (vec![other.clone()], true, Missing, "vm.example points to 192.0.2.8, not to 192.0.2.7"),
        (vec![none.clone(), away.clone()], true, Missing, "vm.example has no address"),
        (vec![has.clone(), other], true, Unknown, "1 of 2 servers have 192.0.2.7; not every server has it yet"),
        (vec![none], false, Unknown, "The servers of vm.example do not answer with certainty just now"),
        (vec![away], false, Unknown, "The servers of vm.example do not answer with certainty just now"),
        (vec![], false, Unknown, "The servers of vm.example could not be found just now"),
    ] {
        let found = forward(servers, certain);
        assert_eq!(
            (found.points_to(ADDRESS.parse().unwrap()), found.words(ADDRESS.parse().unwrap())),
            (state, words.into())
        );
    }
    let mapped = "::ffff:192.0.2.7".parse().unwrap();
    assert_eq!(forward(vec![has], true).points_to(mapped), Matches);
}

#[test]
fn the_round_trip_is_judged_as_rfc_8601_says() {
    let back = || forward(vec![said(&[ADDRESS], false)], true);
    let astray = || forward(vec![said(&[], false)], true);
    let silent = || forward(vec![], false);
    for (ptr, forward, result) in [
        (ptr(&["vm.example"], true), vec![back()], Fcrdns::Pass),
        (ptr(&["other.example", "VM.example"], true), vec![back()], Fcrdns::Pass),
        (ptr(&["vm.example"], true), vec![astray()], Fcrdns::Fail),
        (ptr(&["vm.example"], true), vec![silent()], Fcrdns::Temperror),
        (ptr(&["vm.example"], true), vec![], Fcrdns::Temperror),
        (ptr(&["vm.example"], false), vec![astray()], Fcrdns::Temperror),
        (ptr(&[], true), vec![], Fcrdns::Permerror),
        (ptr(&[], false), vec![], Fcrdns::Temperror),
    ] {
        assert_eq!(Fcrdns::judge(&ptr, &forward), result, "{ptr:?} {forward:?}");
    }
}

#[test]
fn one_name_alone_is_what_is_wanted() {
    assert!(ptr(&["vm.example"], true).is_only("VM.example"));
    assert!(!ptr(&["vm.example", "x.example"], true).is_only("vm.example"));
    assert!(!ptr(&["vm.example"], false).is_only("vm.example"));
}

#[test]
fn words_are_read_back() {
    assert!(Fcrdns::ALL.into_iter().all(|result| Fcrdns::parse(result.as_str()) == Some(result)));
    assert!(
        TsigAlgorithm::ALL.into_iter().all(|algorithm| TsigAlgorithm::parse(algorithm.as_str()) == Some(algorithm))
    );
    let stored = serde_json::to_string(&TsigAlgorithm::HmacSha512).unwrap();
    assert_eq!(stored, "\"hmac-sha512\"");
}
