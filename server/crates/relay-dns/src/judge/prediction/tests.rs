use super::*;
use crate::{
    FixedAnswers,
    judge::{
        OurKey,
        tests::{judged, plain, zone},
    },
};
use relay_types::{domain::DkimAlgorithm, prediction::Fate};
use std::fmt::Write as _;

const ED: &str = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
const ED_NAME: &str = "rk2026e._domainkey.uni.example";
const RSA: &str = include_str!("../../dkim/rsa2048.txt").trim_ascii_end();
const NAME: &str = "rk2026a._domainkey.uni.example";

fn key(signs: bool) -> OurKey {
    OurKey {
        selector: "rk2026a".to_owned(),
        algorithm: DkimAlgorithm::RsaSha256,
        value: RSA.to_owned(),
        signs,
        retiring: false,
    }
}

fn ed25519() -> OurKey {
    OurKey {
        selector: "rk2026e".to_owned(),
        algorithm: DkimAlgorithm::Ed25519Sha256,
        value: ED.to_owned(),
        ..key(true)
    }
}

fn evaluation(result: SpfResult) -> SpfEvaluation {
    SpfEvaluation {
        ip: "192.0.2.10".parse().unwrap(),
        domain: "uni.example".to_owned(),
        sender: "postmaster@uni.example".to_owned(),
        helo: "mx1.relay.example".to_owned(),
        result,
        because: format!("the record says {}", result.as_str()),
        explanation: None,
        lookups: 0,
        voids: 0,
        steps: Vec::new(),
    }
}

fn ours() -> Ours {
    Ours { egress: vec!["192.0.2.10".parse().unwrap()], ehlo: "mx1.relay.example".to_owned(), spf_include: None }
}

fn predicted(answers: &FixedAnswers, signs: bool, result: SpfResult) -> Prediction {
    let subject = Subject { keys: vec![key(signs)], ..plain("uni.example") };
    let evaluations = [evaluation(result)];
    judged(answers, |facts| predict(facts, &subject, &ours(), &evaluations)).0.remove(0)
}

/// What is at the selector.
#[derive(Clone, Copy)]
enum Key {
    There,
    Missing,
    NoAnswer,
}

fn answers(key: Key, policy: Option<&str>) -> FixedAnswers {
    zone(|zone| {
        match key {
            Key::There => {
                zone.set_txt(NAME, &[RSA]);
            }
            Key::NoAnswer => {
                zone.set_temporary_failure(NAME, "SERVFAIL");
            }
            Key::Missing => {}
        }
        match policy {
            Some("no answer") => {
                zone.set_temporary_failure("_dmarc.uni.example", "SERVFAIL");
            }
            Some(policy) => {
                zone.set_txt("_dmarc.uni.example", &[policy]);
            }
            None => {}
        }
    })
}

#[test]
fn the_fate_of_mail_follows_from_what_vouches_for_it() {
    use Fate::{Accepted as A, Doubtful as D, Refused as R, Unknown as U};
    use Key::{Missing, NoAnswer, There};
    use SpfResult::{Fail, None as Nothing, Pass, SoftFail, TempError};
    let (none, quarantine, reject) = ("v=DMARC1; p=none", "v=DMARC1; p=quarantine", "v=DMARC1; p=reject");
    let test = "v=DMARC1; p=reject; t=y";
    let mut all = String::new();
    for (spf, key, policy, dmarc, gmail, outlook, others) in [
        (Pass, There, Some(reject), DmarcPrediction::Pass, A, A, A),
        (Pass, There, Some(none), DmarcPrediction::Pass, A, A, A),
        (Pass, There, None, DmarcPrediction::None, A, A, A),
        (Pass, Missing, Some(reject), DmarcPrediction::Pass, A, A, A),
        (Pass, Missing, None, DmarcPrediction::None, A, A, A),
        (SoftFail, There, Some(reject), DmarcPrediction::Pass, A, A, A),
        (Fail, There, Some(reject), DmarcPrediction::Pass, A, A, D),
        (SoftFail, There, None, DmarcPrediction::None, A, A, A),
        (Fail, Missing, Some(reject), DmarcPrediction::Fail, R, R, R),
        (Fail, Missing, Some(test), DmarcPrediction::Fail, R, D, D),
        (Nothing, Missing, Some(quarantine), DmarcPrediction::Fail, R, D, D),
        (SoftFail, Missing, Some(none), DmarcPrediction::Fail, R, D, D),
        (Fail, Missing, None, DmarcPrediction::None, R, D, R),
        (Nothing, Missing, None, DmarcPrediction::None, R, D, D),
        (TempError, Missing, Some(reject), DmarcPrediction::Unknown, U, U, U),
        (TempError, There, Some(reject), DmarcPrediction::Pass, A, A, A),
        (Pass, NoAnswer, Some(reject), DmarcPrediction::Pass, U, U, U),
        (Fail, NoAnswer, Some(reject), DmarcPrediction::Unknown, U, U, U),
        (Pass, There, Some("no answer"), DmarcPrediction::Unknown, U, U, U),
        (Pass, There, Some("v=DMARC1; p=block"), DmarcPrediction::None, A, A, A),
    ] {
        let found = predicted(&answers(key, policy), true, spf);
        let fates: Vec<Fate> = found.receivers.iter().map(|said| said.fate).collect();
        let state = ["there", "missing", "no answer"][key as usize];
        let name = format!("SPF {}, key {state}, {}", spf.as_str(), policy.unwrap_or("no policy"));
        // Yahoo asks for what Gmail asks for.
        assert_eq!((found.dmarc, fates), (dmarc, vec![gmail, gmail, outlook, others]), "{name}: {found:#?}");
        let _ = writeln!(all, "# {name}\nDKIM {:?}: {}", found.dkim, found.dkim_because);
        let _ = writeln!(all, "DMARC {:?}: {}", found.dmarc, found.dmarc_because);
        for said in &found.receivers {
            let _ = writeln!(all, "  {}: {:?}. {}", said.receiver, said.fate, said.because);
        }
    }
    insta::assert_snapshot!(all);
}

#[test]
fn forwarded_mail_lives_by_its_signature() {
    use Key::{Missing, NoAnswer, There};
    let (none, quarantine, reject) = ("v=DMARC1; p=none", "v=DMARC1; p=quarantine", "v=DMARC1; p=reject");
    let mut all = String::new();
    for (key, policy, fate) in [
        (There, Some(reject), Fate::Accepted),
        (There, Some("v=DMARC1; p=reject; adkim=s"), Fate::Accepted),
        (There, None, Fate::Accepted),
        (There, Some("no answer"), Fate::Accepted),
        (There, Some("v=DMARC1; p=block"), Fate::Accepted),
        (Missing, Some(reject), Fate::Refused),
        (Missing, Some("v=DMARC1; p=reject; t=y"), Fate::Doubtful),
        (Missing, Some(quarantine), Fate::Doubtful),
        (Missing, Some(none), Fate::Doubtful),
        (Missing, Some("v=DMARC1; p=block"), Fate::Doubtful),
        (Missing, None, Fate::Doubtful),
        (Missing, Some("no answer"), Fate::Unknown),
        (NoAnswer, Some(reject), Fate::Unknown),
        (NoAnswer, None, Fate::Unknown),
    ] {
        let state = ["there", "missing", "no answer"][key as usize];
        let name = format!("key {state}, {}", policy.unwrap_or("no policy"));
        // What SPF says of our own address changes nothing.
        let found = [SpfResult::Pass, SpfResult::Fail, SpfResult::TempError].map(|spf| {
            let found = predicted(&answers(key, policy), true, spf);
            found.forwarded.expect("a prediction")
        });
        assert!(found.iter().all(|one| *one == found[0] && one.fate == fate), "{name}: {found:#?}");
        let _ = writeln!(all, "# {name}\n{:?}. {}", found[0].fate, found[0].because);
    }
    // RFC 9989 §7.1: an end in -all may cost what the signature would save.
    for (record, refused) in [("v=spf1 mx -all", true), ("v=spf1 mx ~all", false), ("v=spf1 mx", false)] {
        let answers = answers(There, Some(reject));
        answers.set_txt("uni.example", &[record]);
        let found = predicted(&answers, true, SpfResult::Pass).forwarded.expect("a prediction");
        assert_eq!((found.fate, found.because.contains("-all")), (Fate::Accepted, refused), "{record}: {found:?}");
    }
    insta::assert_snapshot!(all);
}

#[test]
fn what_is_not_signed_yet_is_not_a_failure() {
    let waits = predicted(&answers(Key::Missing, None), false, SpfResult::Pass);
    assert_eq!((waits.dkim, waits.dkim_aligned), (DkimPrediction::None, false));
    let seen = predicted(&answers(Key::There, None), false, SpfResult::Pass);
    assert_eq!((seen.dkim, seen.dkim_aligned), (DkimPrediction::Pass, true));
    let broken = predicted(&answers(Key::Missing, None), true, SpfResult::Pass);
    assert_eq!(broken.dkim, DkimPrediction::Fail);
}

#[test]
fn alignment_is_strict_where_the_domain_asks_for_it() {
    let subject = plain("uni.example");
    let below = SpfEvaluation { domain: "bounce.uni.example".to_owned(), ..evaluation(SpfResult::Pass) };
    for (policy, aligned) in [("v=DMARC1; p=reject", true), ("v=DMARC1; p=reject; aspf=s", false)] {
        let answers = answers(Key::Missing, Some(policy));
        let (found, _) = judged(&answers, |facts| predict(facts, &subject, &ours(), std::slice::from_ref(&below)));
        assert_eq!((found[0].spf_aligned, found[0].envelope.as_str()), (aligned, "bounce.uni.example"), "{policy}");
        assert_eq!(found[0].dmarc == DmarcPrediction::Pass, aligned);
    }
}

#[test]
fn without_an_egress_address_nothing_is_promised() {
    let none = Ours { egress: Vec::new(), ..ours() };
    let answers = answers(Key::Missing, Some("v=DMARC1; p=reject"));
    let (found, _) = judged(&answers, |facts| predict(facts, &plain("uni.example"), &none, &[]));
    assert_eq!((found.len(), found[0].egress), (1, None));
    assert!(found[0].receivers.iter().all(|said| said.fate == Fate::Unknown), "{found:#?}");
}

#[test]
fn what_vouches_for_another_domain_fails_dmarc() {
    use Fate::{Doubtful, Refused};
    let elsewhere = SpfEvaluation { domain: "other.test".to_owned(), ..evaluation(SpfResult::Pass) };
    let mut all = String::new();
    for (policy, fate) in [
        ("v=DMARC1; p=none", Doubtful),
        ("v=DMARC1; p=quarantine", Doubtful),
        ("v=DMARC1; p=reject; t=y", Doubtful),
        ("v=DMARC1; p=reject", Refused),
    ] {
        let answers = answers(Key::Missing, Some(policy));
        let subject = plain("uni.example");
        let (found, _) = judged(&answers, |facts| predict(facts, &subject, &ours(), std::slice::from_ref(&elsewhere)));
        assert_eq!((found[0].dmarc, found[0].spf_aligned), (DmarcPrediction::Fail, false), "{policy}");
        let _ = writeln!(all, "# {policy}");
        for said in &found[0].receivers {
            // RFC 9989 §5.4: p=none changes nothing for those who ask for no more.
            let free = said.receiver == "Others" && policy.ends_with("none");
            assert_eq!(said.fate, if free { Fate::Accepted } else { fate }, "{policy}: {said:?}");
            let _ = writeln!(all, "  {}: {:?}. {}", said.receiver, said.fate, said.because);
        }
    }
    insta::assert_snapshot!(all);
}

/// RFC 8463 §3 asks verifiers for Ed25519; those of Gmail, Yahoo and Outlook do not know it in 2026.
#[test]
fn a_signature_by_ed25519_alone_is_none_to_the_large_ones() {
    use Fate::{Accepted as A, Doubtful as D, Refused as R, Unknown as U};
    let subject = Subject { keys: vec![key(true), ed25519()], ..plain("uni.example") };
    let mut all = String::new();
    for (rsa, spf, policy, fates, forwarded) in [
        (Key::There, SpfResult::Fail, "v=DMARC1; p=reject", [A, A, A, D], A),
        (Key::Missing, SpfResult::Pass, "v=DMARC1; p=reject", [A, A, A, A], D),
        (Key::Missing, SpfResult::SoftFail, "v=DMARC1; p=reject", [R, R, R, A], D),
        (Key::Missing, SpfResult::SoftFail, "v=DMARC1; p=none", [R, R, D, A], D),
        (Key::NoAnswer, SpfResult::SoftFail, "v=DMARC1; p=reject", [U, U, U, A], A),
    ] {
        let answers = answers(rsa, Some(policy));
        answers.set_txt(ED_NAME, &[ED]);
        let evaluations = [evaluation(spf)];
        let found = judged(&answers, |facts| predict(facts, &subject, &ours(), &evaluations)).0.remove(0);
        let state = ["there", "missing", "no answer"][rsa as usize];
        let name = format!("RSA key {state}, SPF {}, {policy}", spf.as_str());
        assert_eq!(found.receivers.iter().map(|said| said.fate).collect::<Vec<_>>(), fates, "{name}: {found:#?}");
        let after = found.forwarded.expect("a prediction");
        assert_eq!((found.dkim, after.fate), (DkimPrediction::Pass, forwarded), "{name}: {after:#?}");
        let _ = writeln!(all, "# {name}\nDKIM: {}\nForwarded: {}", found.dkim_because, after.because);
    }
    insta::assert_snapshot!(all);
}
