use super::*;
use crate::{Actor, domains, test_support::Test};
use mail_auth::common::{
    crypto::{Algorithm, SigningKey},
    parse::TxtRecordParser,
    verify::DomainKey,
};
use relay_dns::{FixedAnswers, Resolver};

#[test]
fn selectors_tell_year_and_algorithm_and_never_meet() {
    let now = Timestamp(1_795_268_800_000);
    let taken = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    assert_eq!(selector(DkimAlgorithm::RsaSha256, now, &[]), "rk2026a");
    assert_eq!(selector(DkimAlgorithm::Ed25519Sha256, now, &taken(&["rk2026a"])), "rk2026e");
    assert_eq!(selector(DkimAlgorithm::RsaSha256, now, &taken(&["rk2026a", "rk2026a2"])), "rk2026a3");
}

#[tokio::test]
async fn what_a_key_signs_verifies_under_its_record() {
    let answers = FixedAnswers::new();
    let test = Test::with_resolver(Resolver::fixed(answers.clone()), |_| {}).await;
    let (core, actor) = (&test.core, &Actor::System);
    let (id, project) = test.project("lab").await;
    let name = DomainName::parse("lab.example").expect("a name");
    let domain = domains::mark_verified(core, actor, &project, name.clone()).await.expect("a domain");
    assert!(active(core, Some(id), &name).await.expect("keys").is_empty(), "pending keys do not sign");
    let detail = domains::get(core, actor, &project, domain).await.expect("the domain");
    for key in &detail.keys {
        answers.set_txt(&key.record.name, &[&key.record.value]);
    }
    domains::check(core, actor, &project, domain).await.expect("checked");
    let signers = active(core, Some(id), &name).await.expect("keys");
    let selectors: Vec<_> = signers.iter().map(|signer| signer.selector.as_str()).collect();
    assert_eq!(selectors, ["rk2026a", "rk2026e"]);
    for (signer, (key, algorithm)) in
        signers.iter().zip(detail.keys.iter().zip([Algorithm::RsaSha256, Algorithm::Ed25519Sha256]))
    {
        let signature = signer.key.sign(&b"signed"[..]).expect("a signature");
        let public = DomainKey::parse(key.record.value.as_bytes()).expect("a record");
        assert!(public.p.verify_bytes(b"signed", &signature, algorithm).is_ok(), "{}", key.selector);
        assert!(public.p.verify_bytes(b"forged", &signature, algorithm).is_err(), "{}", key.selector);
    }
    // One record goes: the other key still signs.
    answers.forget(&detail.keys[0].record.name);
    domains::check(core, actor, &project, domain).await.expect("checked");
    let signers = active(core, Some(id), &name).await.expect("keys");
    assert_eq!(signers.iter().map(|signer| signer.selector.as_str()).collect::<Vec<_>>(), ["rk2026e"]);
}

#[tokio::test]
async fn a_project_signs_with_its_own_keys_and_else_with_the_operators() {
    let answers = FixedAnswers::new();
    let test = Test::with_resolver(Resolver::fixed(answers.clone()), |_| {}).await;
    let (core, actor) = (&test.core, &Actor::System);
    let (one, one_slug) = test.project("one").await;
    let (two, _) = test.project("two").await;
    let name = DomainName::parse("shared.example").expect("a name");
    let publish = |detail: &shown::DomainDetail| {
        for key in &detail.keys {
            answers.set_txt(&key.record.name, &[&key.record.value]);
        }
    };
    let selectors = async |project, name: &DomainName| {
        let keys = active(core, project, name).await.expect("keys");
        keys.into_iter().map(|key| key.selector).collect::<Vec<_>>()
    };
    domains::set_default_domain(core, actor, name.clone()).await.expect("set");
    publish(&domains::default_domain(core, actor).await.expect("a look").expect("a domain"));
    assert_eq!(domains::check_due(core, actor).await.expect("checked"), 1);
    let domain = domains::mark_verified(core, actor, &one_slug, name.clone()).await.expect("a domain");
    assert_eq!(selectors(Some(one), &name).await, ["rk2026a", "rk2026e"], "its own wait for their record");
    publish(&domains::get(core, actor, &one_slug, domain).await.expect("the domain"));
    domains::check(core, actor, &one_slug, domain).await.expect("checked");
    assert_eq!(selectors(Some(one), &name).await, ["rk2026a2", "rk2026e2"]);
    assert_eq!(selectors(Some(two), &name).await, ["rk2026a", "rk2026e"]);
    assert_eq!(selectors(None, &name).await, ["rk2026a", "rk2026e"]);
    let below = DomainName::parse("mail.shared.example").expect("a name");
    assert!(selectors(Some(one), &below).await.is_empty(), "only the exact name");
    domains::remove(core, actor, &one_slug, domain).await.expect("removed");
    assert_eq!(selectors(Some(one), &name).await, ["rk2026a", "rk2026e"]);
}
