use super::*;
use crate::{
    policy::{SenderStanding, judge_sender},
    test_support::{Test, word},
};
use relay_dns::{FixedAnswers, Resolver};
use relay_types::{DomainName, service_account::AllowedSenders};

struct World {
    test: Test,
    answers: FixedAnswers,
    id: ProjectId,
    project: Slug,
}

impl World {
    async fn new() -> Self {
        let answers = FixedAnswers::new();
        answers.set_mx("lab.example", &[(10, "mx.lab.example")]);
        let test = Test::with_resolver(Resolver::fixed(answers.clone()), |_| {}).await;
        let (id, project) = test.project("lab").await;
        Self { test, answers, id, project }
    }

    async fn add(&self, address: &str) -> Result<SenderId> {
        add(&self.test.core, &Actor::System, &self.project, address).await
    }

    async fn may_send(&self, address: &str) -> bool {
        let address = EmailAddress::parse(address).expect(address);
        let standing = judge_sender(&self.test.core, self.id, &AllowedSenders::All, &address).await;
        standing.expect("a verdict") == SenderStanding::Allowed
    }
}

#[tokio::test]
async fn an_address_is_verified_by_the_mailed_link_once() {
    let world = World::new().await;
    let core = &world.test.core;
    let id = world.add(" App@Lab.Example ").await.expect("a sender");
    assert!(!world.may_send("app@lab.example").await);
    let token = world.test.token_mailed_to("app@lab.example").await;
    let offered =
        SenderOffer { address: EmailAddress::parse("app@lab.example").expect("it"), project: "lab".to_owned() };
    assert_eq!(offer(core, &token).await.expect("an offer"), offered);
    assert_eq!(verify(core, &token).await.expect("verified"), offered);
    assert!(world.may_send("app@lab.example").await);
    assert!(!world.may_send("apps@lab.example").await);
    assert_eq!(word(&verify(core, &token).await), "NotFound");
    assert_eq!(word(&offer(core, &token).await), "NotFound");
    assert_eq!(word(&resend(core, &Actor::System, &world.project, id).await), "Conflict");
    let sender = list(core, &Actor::System, &world.project).await.expect("a list").remove(0);
    assert_eq!((sender.state, sender.verified_by), (Verification::Verified, None));
    remove(core, &Actor::System, &world.project, id).await.expect("removed");
    assert!(!world.may_send("app@lab.example").await);
}

#[tokio::test]
async fn a_new_link_kills_the_old_and_comes_at_most_once_a_minute() {
    let world = World::new().await;
    let core = &world.test.core;
    let id = world.add("app@lab.example").await.expect("a sender");
    let old = world.test.token_mailed_to("app@lab.example").await;
    assert_eq!(word(&resend(core, &Actor::System, &world.project, id).await), "TooMany");
    world.test.clock.advance(Duration::from_secs(60));
    resend(core, &Actor::System, &world.project, id).await.expect("sent again");
    assert_eq!(word(&verify(core, &old).await), "NotFound");
    let new = world.test.token_mailed_to("app@lab.example").await;
    world.test.clock.advance(Duration::from_secs(3 * 86_400));
    assert_eq!(word(&verify(core, &new).await), "NotFound", "too old");
}

#[tokio::test]
async fn a_link_of_a_removed_address_is_dead() {
    let world = World::new().await;
    let core = &world.test.core;
    let id = world.add("app@lab.example").await.expect("a sender");
    let token = world.test.token_mailed_to("app@lab.example").await;
    remove(core, &Actor::System, &world.project, id).await.expect("removed");
    assert_eq!(word(&offer(core, &token).await), "NotFound");
    assert_eq!(word(&verify(core, &token).await), "NotFound");
}

#[tokio::test]
async fn addresses_that_cannot_be_used_are_refused() {
    let world = World::new().await;
    let core = &world.test.core;
    world.answers.set_mx("null.example", &[(0, ".")]);
    world.answers.set_temporary_failure("broken.example", "SERVFAIL");
    world.answers.set_mx("covered.example", &[(10, "mx.covered.example")]);
    let covered = DomainName::parse("covered.example").expect("a name");
    domains::mark_verified(core, &Actor::System, &world.project, covered).await.expect("marked");
    mark_verified(core, &Actor::System, &world.project, "known@lab.example").await.expect("marked");
    for (address, result, words) in [
        ("nobody", "address", "@"),
        ("a@null.example", "address", "null MX"),
        ("a@nowhere.example", "address", "neither MX nor A nor AAAA"),
        ("a@broken.example", "address", "Try again"),
        ("Known@Lab.example", "Conflict", "listed already"),
        ("a@covered.example", "Conflict", "its domain covered.example is verified"),
    ] {
        let added = world.add(address).await;
        assert_eq!(word(&added), result, "{address}");
        let reason = added.expect_err("a refusal").to_string();
        assert!(reason.contains(words), "{address}: {reason}");
    }
}

#[tokio::test]
async fn what_an_operator_marks_needs_no_link() {
    let world = World::new().await;
    let core = &world.test.core;
    let operator = world.test.operator("op@example.org").await;
    let id = mark_verified(core, &operator, &world.project, "app@closed.example").await.expect("marked");
    assert_eq!(mark_verified(core, &operator, &world.project, "APP@closed.example").await.expect("again"), id);
    assert!(world.may_send("app@closed.example").await);
    let sender = list(core, &operator, &world.project).await.expect("a list").remove(0);
    assert_eq!(sender.verified_by.as_deref(), Some("op@example.org"));
}

#[tokio::test]
async fn an_address_belongs_to_the_project_that_verified_it() {
    let world = World::new().await;
    let (_, other) = world.test.project("other").await;
    mark_verified(&world.test.core, &Actor::System, &other, "app@lab.example").await.expect("marked");
    assert!(!world.may_send("app@lab.example").await);
}

#[tokio::test]
async fn who_may_not_is_refused() {
    let world = World::new().await;
    let (core, project) = (&world.test.core, &world.project);
    let id = mark_verified(core, &Actor::System, project, "app@lab.example").await.expect("a sender");
    let cast = world.test.cast(world.id, project).await;
    for (actor, refusal) in cast.refused(Access::View) {
        assert_eq!(word(&list(core, actor, project).await), refusal, "{actor:?}");
    }
    for (actor, refusal) in cast.refused(Access::Manage) {
        assert_eq!(word(&add(core, actor, project, "a@lab.example").await), refusal, "{actor:?}");
        assert_eq!(word(&resend(core, actor, project, id).await), refusal, "{actor:?}");
        assert_eq!(word(&remove(core, actor, project, id).await), refusal, "{actor:?}");
    }
    for (actor, refusal) in cast.refused(Access::Operate) {
        assert_eq!(word(&mark_verified(core, actor, project, "a@lab.example").await), refusal, "{actor:?}");
    }
    // The neighbour's owner with the id of an address that is not theirs.
    let neighbour = &Slug::parse("lab-neighbour").expect("a slug");
    assert_eq!(word(&resend(core, &cast.outsider, neighbour, id).await), "NotFound");
    assert_eq!(word(&remove(core, &cast.outsider, neighbour, id).await), "NotFound");
}

#[tokio::test]
async fn nobody_has_links_mailed_to_many_strangers() {
    let world = World::new().await;
    let (core, project) = (&world.test.core, &world.project);
    let member = |email: &'static str| world.test.member(world.id, email, relay_types::member::Role::Member);
    let (one, two) = (member("one@example.org").await, member("two@example.org").await);
    for number in 0..30 {
        add(core, &one, project, &format!("a{number}@lab.example")).await.expect("a sender");
    }
    assert_eq!(word(&add(core, &one, project, "b@lab.example").await), "TooMany");
    assert_eq!(word(&add(core, &two, project, "b@lab.example").await), "TooMany", "the project is counted too");
    world.test.clock.advance(Duration::from_secs(60));
    add(core, &two, project, "b@lab.example").await.expect("a sender after the wait");
}

#[tokio::test]
async fn a_member_may_have_a_link_mailed_again() {
    let world = World::new().await;
    let (core, project) = (&world.test.core, &world.project);
    let member = world.test.member(world.id, "one@example.org", relay_types::member::Role::Member).await;
    let id = add(core, &member, project, "a@lab.example").await.expect("a sender");
    world.test.clock.advance(RESEND);
    resend(core, &member, project, id).await.expect("sent again");
}

#[tokio::test]
async fn addresses_that_wait_for_their_link_do_not_pile_up() {
    let world = World::new().await;
    let (core, project) = (&world.test.core, &world.project);
    let member = world.test.member(world.id, "one@example.org", relay_types::member::Role::Member).await;
    for number in 0..MOST_PENDING {
        world.add(&format!("a{number}@lab.example")).await.expect("a sender");
    }
    let refused = add(core, &member, project, "b@lab.example").await;
    assert!(refused.as_ref().is_err_and(|error| error.to_string().contains("wait for their link")));
    mark_verified(core, &Actor::System, project, "a0@lab.example").await.expect("marked");
    add(core, &member, project, "b@lab.example").await.expect("a sender");
}
