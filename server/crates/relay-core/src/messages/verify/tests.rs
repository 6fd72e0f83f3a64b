//! Our own verifier on messages that were really signed here.

use super::*;
use crate::{
    Actor, domains, messages, senders,
    test_support::{Test, word},
};
use relay_dns::{FixedAnswers, Resolver};
use relay_types::{
    DomainName,
    message::{Event, MessageDetail},
    project::Slug,
};
use std::time::Duration;

const FROM: &str = "app@lab.example";

/// A project with a domain whose keys are in DNS, and an egress address.
struct World {
    test: Test,
    answers: FixedAnswers,
    slug: Slug,
    keys: Vec<String>,
}

impl World {
    async fn new() -> Self {
        let answers = FixedAnswers::new();
        answers.set_mx("lab.example", &[(10, "mx.lab.example")]);
        let test = Test::with_resolver(Resolver::fixed(answers.clone()), |_| {}).await;
        let (_, slug) = test.project("lab").await;
        let name = DomainName::parse("lab.example").expect("a name");
        let id = domains::mark_verified(&test.core, &Actor::System, &slug, name).await.expect("a domain");
        let detail = domains::get(&test.core, &Actor::System, &slug, id).await.expect("the domain");
        for key in &detail.keys {
            answers.set_txt(&key.record.name, &[&key.record.value]);
        }
        test.clock.advance(Duration::from_secs(3_600));
        domains::check(&test.core, &Actor::System, &slug, id).await.expect("checked");
        egress::add(&test.core, &Actor::System, "192.0.2.10", "").await.expect("an egress address");
        senders::mark_verified(&test.core, &Actor::System, &slug, FROM).await.expect("a sender");
        let keys = detail.keys.into_iter().map(|key| key.record.name).collect();
        Self { test, answers, slug, keys }
    }

    async fn sent(&self) -> Verified {
        let core = &self.test.core;
        let id = messages::send_test(core, &Actor::System, &self.slug, FROM, "b@other.example").await.expect("sent");
        note(core, id).await.expect("verified");
        let MessageDetail { events, .. } =
            messages::get(core, &Actor::System, &self.slug, id).await.expect("the message");
        let verdict = events.into_iter().rev().find_map(|Event { kind, .. }| match kind {
            EventKind::Verified(verified) => Some(verified),
            _ => None,
        });
        verdict.expect("a verdict in the story")
    }
}

fn results(verified: &Verified) -> (Vec<SignatureResult>, Vec<SpfResult>, DmarcPrediction) {
    let signatures = verified.signatures.iter().map(|signature| signature.result).collect();
    (signatures, verified.spf.iter().map(|spf| spf.result).collect(), verified.dmarc)
}

#[tokio::test]
async fn the_real_bytes_are_verified_against_what_dns_says() {
    use SignatureResult::{Fail, Pass, Unknown};
    let world = World::new().await;
    world.answers.set_txt("lab.example", &["v=spf1 ip4:192.0.2.10 -all"]);
    world.answers.set_txt("_dmarc.lab.example", &["v=DMARC1; p=reject"]);
    let verified = world.sent().await;
    assert_eq!(results(&verified), (vec![Pass, Pass], vec![SpfResult::Pass], DmarcPrediction::Pass));
    assert!(verified.signatures.iter().all(|signature| signature.aligned && signature.because.is_empty()));
    assert!(verified.spf[0].aligned && verified.spf[0].because.contains("ip4:192.0.2.10"), "{verified:?}");
    assert_eq!(verified.from, "lab.example");
    assert!(verified.dmarc_because.contains("signature and SPF are aligned"), "{}", verified.dmarc_because);

    // Other keys than those that signed, and an SPF record without this relay.
    for name in &world.keys {
        world.answers.set_txt(name, &["v=DKIM1; p="]);
    }
    world.answers.set_txt("lab.example", &["v=spf1 ip4:198.51.100.1 -all"]);
    let verified = world.sent().await;
    assert_eq!(results(&verified), (vec![Fail, Fail], vec![SpfResult::Fail], DmarcPrediction::Fail));
    assert!(verified.signatures.iter().all(|signature| !signature.because.is_empty()), "{verified:?}");

    // What DNS does not say is not known.
    for name in &world.keys {
        world.answers.set_temporary_failure(name, "SERVFAIL");
    }
    let verified = world.sent().await;
    assert_eq!(results(&verified), (vec![Unknown, Unknown], vec![SpfResult::Fail], DmarcPrediction::Unknown));
    world.answers.set_temporary_failure("_dmarc.lab.example", "SERVFAIL");
    assert_eq!(world.sent().await.dmarc, DmarcPrediction::Unknown);
}

#[tokio::test]
async fn without_a_policy_there_is_nothing_to_pass() {
    let world = World::new().await;
    let verified = world.sent().await;
    assert_eq!((verified.dmarc, verified.spf[0].result), (DmarcPrediction::None, SpfResult::None));
}

#[test]
fn a_changed_byte_breaks_the_signature_and_nonsense_is_harmless() {
    let envelope = Envelope {
        from: "lab.example".to_owned(),
        reverse_path: FROM.to_owned(),
        ehlo: "relay.example".to_owned(),
        egress: Vec::new(),
    };
    for content in [&b""[..], b"x", b"From: \r\n\r\n", b"\xff\xfe\r\nDKIM-Signature: v=1; d=; s=; b=\r\n\r\nx"] {
        let verified = judge(content, &envelope, &Facts::default());
        assert!(verified.spf.is_empty() && verified.signatures.len() <= 1, "{verified:?}");
    }
}

#[tokio::test]
async fn a_message_that_was_changed_on_the_way_does_not_verify() {
    let world = World::new().await;
    let core = &world.test.core;
    let id = messages::send_test(core, &Actor::System, &world.slug, FROM, "b@other.example").await.expect("sent");
    let whole = messages::raw(core, &Actor::System, &world.slug, id).await.expect("its bytes");
    let envelope = Envelope {
        from: "lab.example".to_owned(),
        reverse_path: FROM.to_owned(),
        ehlo: "relay.example".to_owned(),
        egress: Vec::new(),
    };
    let changed = String::from_utf8_lossy(&whole).replace("Hello,", "Hullo,").into_bytes();
    for (content, expected) in [(&whole, SignatureResult::Pass), (&changed, SignatureResult::Fail)] {
        let ask = |facts: &Facts| judge(content, &envelope, facts);
        let (verified, _) = gather(&core.resolver, Ask::Resolver, core.now(), ask).await;
        assert_eq!(verified.signatures.len(), 2);
        assert!(verified.signatures.iter().all(|signature| signature.result == expected), "{verified:?}");
    }
    let missing = messages::send_test(core, &Actor::System, &world.slug, "x@two.example", "b@other.example").await;
    assert_eq!(word(&missing), "from");
}
