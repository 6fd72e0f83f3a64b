//! Questions about DNS: who may ask them, how often, and what is answered.

use super::{bound::count, *};
use crate::{
    Actor, domains,
    test_support::{Test, word},
};
use relay_dns::{FixedAnswers, Resolver, spf::Question};
use relay_types::{DomainName, spf::SpfResult};
use std::{net::IpAddr, time::Duration};

fn name(text: &str) -> DomainName {
    DomainName::parse(text).expect(text)
}

fn question() -> Question {
    Question {
        ip: "192.0.2.1".parse().expect("an address"),
        domain: "lab.example".to_owned(),
        sender: "a@lab.example".to_owned(),
        helo: "relay.example".to_owned(),
    }
}

fn address() -> IpAddr {
    "198.51.100.7".parse().expect("an address")
}

async fn world() -> (Test, FixedAnswers) {
    let answers = FixedAnswers::new();
    answers.set_mx("lab.example", &[(10, "mx.lab.example")]);
    answers.set_txt("lab.example", &["v=spf1 ip4:192.0.2.0/24 -all"]);
    (Test::with_resolver(Resolver::fixed(answers.clone()), |_| {}).await, answers)
}

#[tokio::test]
async fn everyone_who_is_signed_in_may_ask_and_programs_may_not() {
    let (test, _) = world().await;
    let core = &test.core;
    let (id, slug) = test.project("lab").await;
    let cast = test.cast(id, &slug).await;
    let lab = name("lab.example");
    let all = async |actor: &Actor| {
        [
            word(&report(core, actor, &lab).await),
            word(&spf(core, actor, &question()).await),
            word(&dkim(core, actor, &lab, Some("s1")).await),
            word(&dmarc(core, actor, &lab).await),
            word(&mx(core, actor, &lab).await),
            word(&ptr(core, actor, address()).await),
        ]
    };
    for actor in [&cast.viewer, &cast.member, &cast.outsider, &cast.desk, &cast.operator, &Actor::System] {
        assert_eq!(all(actor).await, ["Ok"; 6], "{actor:?}");
    }
    for actor in [&cast.service_account, &cast.foreign_service_account, &cast.network] {
        assert_eq!(all(actor).await, ["Forbidden"; 6], "{actor:?}");
    }
    assert_eq!(all(&cast.anonymous).await, ["SignedOut"; 6]);
    let read = [relay_types::api_token::ApiScope::DnsRead];
    let (_, issued) = crate::api_tokens::issue(core, &Actor::System, &slug, "a", &read, None).await.expect("a token");
    let token = crate::api_tokens::actor(core, issued.reveal(), None).await.expect("an actor");
    assert_eq!(all(&token).await, ["Ok"; 6]);
    assert_eq!(word(&predict(core, &token, &slug, "a@lab.example").await), "Forbidden");
    for (actor, refusal) in cast.refused(crate::Access::View) {
        assert_eq!(word(&predict(core, actor, &slug, "a@lab.example").await), refusal, "{actor:?}");
    }
    assert_eq!(word(&predict(core, &cast.viewer, &slug, "a@lab.example").await), "Ok");
}

#[tokio::test]
async fn who_asks_too_often_waits_a_minute_and_others_do_not() {
    let (test, _) = world().await;
    let (core, ada, bob) = (&test.core, test.user("ada@example.org").await, test.user("bob@example.org").await);
    for _ in 0..60 {
        count(core, &ada).expect("within the bound");
    }
    assert_eq!(word(&mx(core, &ada, &name("lab.example")).await), "TooMany");
    assert_eq!(word(&mx(core, &bob, &name("lab.example")).await), "Ok");
    test.clock.advance(Duration::from_secs(60));
    assert_eq!(word(&mx(core, &ada, &name("lab.example")).await), "Ok");
    // More tokens are no more questions.
    let (_, slug) = test.project("tokens").await;
    let mut tokens = Vec::new();
    for label in ["one", "two"] {
        let scopes = [relay_types::api_token::ApiScope::DnsRead];
        let issued = crate::api_tokens::issue(core, &Actor::System, &slug, label, &scopes, None).await;
        let (_, issued) = issued.expect("a token");
        tokens.push(crate::api_tokens::actor(core, issued.reveal(), None).await.expect("an actor"));
    }
    for number in 0..60 {
        count(core, &tokens[number % 2]).expect("within the bound");
    }
    for token in &tokens {
        assert_eq!(word(&mx(core, token, &name("lab.example")).await), "TooMany");
    }
    for _ in 0..100 {
        count(core, &Actor::System).expect("no bound");
    }
}

#[tokio::test]
async fn keys_and_proof_are_told_of_to_those_alone_who_may_see_the_domain() {
    let (test, _) = world().await;
    let core = &test.core;
    let (id, slug) = test.project("lab").await;
    let cast = test.cast(id, &slug).await;
    let lab = name("lab.example");
    let domain = domains::add(core, &Actor::System, &slug, lab.clone()).await.expect("a domain");
    let checks = async |actor: &Actor| {
        let report = report(core, actor, &lab).await.expect("a report");
        report.findings.into_iter().map(|finding| finding.check).collect::<Vec<_>>()
    };
    for (actor, sees) in [(&cast.viewer, true), (&cast.operator, true), (&cast.outsider, false)] {
        let checks = checks(actor).await;
        assert_eq!(checks.contains(&"proof.record".to_owned()), sees, "{actor:?}: {checks:?}");
        assert_eq!(checks.contains(&"dkim.rk2026a".to_owned()), sees, "{actor:?}: {checks:?}");
        let refused = if sees { "Ok" } else { "selector" };
        assert_eq!(word(&dkim(core, actor, &lab, None).await), refused, "{actor:?}");
    }
    assert_eq!(word(&dkim(core, &cast.viewer, &lab, Some("a b")).await), "selector");
    let one = dkim(core, &cast.viewer, &lab, Some("rk2026e")).await.expect("a report");
    assert_eq!(one.findings.iter().map(|finding| finding.check.as_str()).collect::<Vec<_>>(), ["dkim.rk2026e"]);
    domains::remove(core, &Actor::System, &slug, domain).await.expect("removed");
}

#[tokio::test]
async fn spf_is_evaluated_and_mail_is_predicted() {
    let (test, answers) = world().await;
    let core = &test.core;
    let (id, slug) = test.project("lab").await;
    let evaluated = spf(core, &Actor::System, &question()).await.expect("a report");
    assert_eq!((evaluated.about.as_str(), evaluated.evaluations[0].result), ("lab.example", SpfResult::Pass));
    assert!(!evaluated.answers.is_empty());

    crate::egress::add(core, &Actor::System, "192.0.2.1", "").await.expect("an egress address");
    let ada = test.member(id, "ada@example.org", relay_types::member::Role::Viewer).await;
    let predicted = async |from: &str| predict(core, &ada, &slug, from).await;
    assert_eq!(word(&predicted("no address").await), "from");
    let [one] = &predicted("a@lab.example").await.expect("predictions")[..] else { panic!("one egress address") };
    assert_eq!((one.from.as_str(), one.spf), ("lab.example", SpfResult::Pass));

    // Of a domain of the project the last report says it, and DNS is not asked.
    let domain = domains::mark_verified(core, &Actor::System, &slug, name("lab.example")).await.expect("a domain");
    let detail = domains::check(core, &Actor::System, &slug, domain).await.expect("checked");
    answers.forget("lab.example");
    let after = predicted("lab.example").await.expect("predictions");
    assert_eq!(Some(after), detail.report.map(|report| report.predictions));
}

#[tokio::test]
async fn a_token_sees_the_keys_of_its_own_project_alone() {
    let (test, _) = world().await;
    let core = &test.core;
    let (_, own) = test.project("lab").await;
    let (_, other) = test.project("other").await;
    crate::domains::mark_verified(core, &Actor::System, &own, name("lab.example")).await.expect("a domain");
    let keys = async |slug: &relay_types::project::Slug| {
        let read = [relay_types::api_token::ApiScope::DnsRead];
        let (_, issued) =
            crate::api_tokens::issue(core, &Actor::System, slug, "a", &read, None).await.expect("a token");
        let token = crate::api_tokens::actor(core, issued.reveal(), None).await.expect("an actor");
        let report = report(core, &token, &name("lab.example")).await.expect("a report");
        report.findings.iter().filter(|finding| finding.check.starts_with("dkim.rk")).count()
    };
    assert_eq!((keys(&own).await, keys(&other).await), (2, 0));
}

#[tokio::test]
async fn a_name_or_an_address_in_its_other_form_is_the_same_question() {
    let (test, answers) = world().await;
    answers.set_txt("xn--bcher-kva.example", &["v=spf1 ip4:192.0.2.0/24 -all"]);
    let ask = async |question: Question| {
        let report = spf(&test.core, &Actor::System, &question).await.expect("a report");
        report.evaluations[0].result
    };
    let named = Question { domain: "bücher.example".to_owned(), ..question() };
    assert_eq!(ask(named).await, SpfResult::Pass);
    let sent = Question { domain: String::new(), sender: "ä@Bücher.example".to_owned(), ..question() };
    assert_eq!(ask(sent).await, SpfResult::Pass);
    let mapped = "::ffff:198.51.100.7".parse().expect("an address");
    let report = ptr(&test.core, &Actor::System, mapped).await.expect("a report");
    assert_eq!(report.about, "198.51.100.7");
}

#[tokio::test]
async fn four_questions_of_one_person_go_on_at_a_time_and_others_do_not_wait() {
    let (test, _) = world().await;
    let (core, ada, bob) = (&test.core, test.user("ada@example.org").await, test.user("bob@example.org").await);
    let mut turns = Vec::new();
    for _ in 0..4 {
        turns.push(turn(core, &ada).await.expect("a turn"));
    }
    let lab = name("lab.example");
    let mut fifth = std::pin::pin!(mx(core, &ada, &lab));
    assert!(futures_util::FutureExt::now_or_never(fifth.as_mut()).is_none());
    assert_eq!(word(&mx(core, &bob, &lab).await), "Ok");
    turns.pop();
    assert_eq!(word(&fifth.await), "Ok");
}
