//! What holds when: DNS, the policy host and the clock against what is kept. The fetch itself is tried against a real
//! HTTPS host by the integration tests.

use super::*;
use crate::{
    Access,
    test_support::{Test, word},
};
use relay_dns::{FixedAnswers, Resolver};

const DAY: Duration = Duration::from_secs(86_400);

struct World {
    test: Test,
    answers: FixedAnswers,
    domain: DomainName,
}

impl World {
    async fn new() -> Self {
        let answers = FixedAnswers::new();
        let test = Test::with_resolver(Resolver::fixed(answers.clone()), |_| {}).await;
        Self { test, answers, domain: DomainName::parse("b.example").expect("a name") }
    }

    fn publish(&self, id: &str) {
        self.answers.set_txt("_mta-sts.b.example", &[&format!("v=STSv1; id={id}")]);
    }

    async fn keep(&self, id: &str, mode: StsMode, max_age: Duration) {
        let policy = Policy { mode, max_age, mx: vec!["mx.b.example".to_owned()] };
        keep(&self.test.core, &self.domain, id.to_owned(), policy).await.expect("kept");
    }

    /// The mode that holds, asked anew as after a restart.
    async fn mode(&self) -> Option<StsMode> {
        self.test.core.policies.0.invalidate_all();
        self.remembered().await
    }

    async fn remembered(&self) -> Option<StsMode> {
        policy(&self.test.core, &self.domain).await.expect("an answer").map(|policy| policy.mode)
    }
}

#[tokio::test]
async fn a_domain_without_a_record_has_no_policy() {
    let world = World::new().await;
    assert_eq!(world.mode().await, None);
    world.answers.set_temporary_failure("_mta-sts.b.example", "SERVFAIL");
    assert_eq!(world.mode().await, None);
}

#[tokio::test]
async fn a_kept_policy_holds_to_its_end_whatever_dns_and_the_policy_host_say() {
    let world = World::new().await;
    world.keep("1", StsMode::Enforce, 10 * DAY).await;
    assert_eq!(world.mode().await, Some(StsMode::Enforce), "no record");
    world.publish("1");
    assert_eq!(world.mode().await, Some(StsMode::Enforce), "the same id");
    world.publish("2");
    assert_eq!(world.mode().await, Some(StsMode::Enforce), "another id, and a policy host that is away");
    world.answers.set_txt("_mta-sts.b.example", &["v=STSv1; id=1", "v=STSv1; id=2"]);
    assert_eq!(world.mode().await, Some(StsMode::Enforce), "two records");
    world.answers.set_temporary_failure("_mta-sts.b.example", "SERVFAIL");
    world.test.clock.advance(9 * DAY);
    assert_eq!(world.mode().await, Some(StsMode::Enforce), "no answer");
    world.test.clock.advance(DAY);
    assert_eq!(world.mode().await, None, "its end");
    world.test.clock.advance(Duration::from_millis(1));
    assert_eq!(prune(&world.test.core, &Actor::System).await.expect("pruned"), 1);
}

#[tokio::test]
async fn a_mode_of_none_is_no_policy() {
    let world = World::new().await;
    world.publish("1");
    world.keep("1", StsMode::None, DAY).await;
    assert_eq!(world.mode().await, None);
}

#[tokio::test]
async fn dns_is_asked_once_a_minute_and_a_policy_host_that_failed_once_in_five() {
    let world = World::new().await;
    assert_eq!(world.remembered().await, None);
    world.keep("1", StsMode::Enforce, 10 * DAY).await;
    world.test.clock.advance(BELIEVED - Duration::from_secs(1));
    assert_eq!(world.remembered().await, None);
    world.test.clock.advance(Duration::from_secs(1));
    assert_eq!(world.remembered().await, Some(StsMode::Enforce));
    // The host has no address: each try is a failure that is counted.
    world.publish("2");
    let failures = async || {
        tls_sessions::write(&world.test.core).await.expect("written");
        let shown = tls_sessions::overview(&world.test.core, &Actor::System).await.expect("read");
        shown.sessions.first().map_or(0, |one| one.failures[0].1)
    };
    for (wait, tries) in [(BELIEVED, 1), (BELIEVED, 1), (AGAIN - BELIEVED, 2), (BELIEVED, 2)] {
        world.test.clock.advance(wait);
        assert_eq!(world.remembered().await, Some(StsMode::Enforce));
        assert_eq!(failures().await, tries);
    }
}

#[tokio::test]
async fn only_the_system_prunes() {
    let test = Test::new().await;
    let (id, slug) = test.project("bio").await;
    let cast = test.cast(id, &slug).await;
    for (actor, _) in cast.refused(Access::Operate) {
        assert_ne!(word(&prune(&test.core, actor).await), "Ok", "{actor:?}");
    }
}
