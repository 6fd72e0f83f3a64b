use super::*;
use crate::judge::tests::{Case, plain, told, zone};

#[test]
fn the_proof_is_looked_for() {
    let name = "_relaykeep-challenge.uni.example";
    let subject = Subject { proof: Some((name.to_owned(), "k3v9".to_owned())), ..plain("uni.example") };
    let cases = [
        Case(
            "there",
            zone(|zone| {
                zone.set_txt(name, &["other", " k3v9 "]);
            }),
            "proof.record",
            "found",
            "good",
        ),
        Case("missing", zone(|_| ()), "proof.record", "missing", "error"),
        Case(
            "another",
            zone(|zone| {
                zone.set_txt(name, &["k3v8"]);
            }),
            "proof.record",
            "other_value",
            "error",
        ),
        Case(
            "no answer",
            zone(|zone| {
                zone.set_temporary_failure(name, "no answer in 6 s");
            }),
            "proof.record",
            "unknown",
            "unknown",
        ),
    ];
    insta::assert_snapshot!(told(&cases, |facts| judge(facts, &subject)));
    assert!(judge(&Facts::default(), &plain("uni.example")).is_empty());
}
