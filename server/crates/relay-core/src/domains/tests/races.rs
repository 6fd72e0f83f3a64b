//! Checks that overlap with each other, and with what people do meanwhile.

use super::*;
use crate::{
    domains::check::{Cause, look, store},
    tables::domain::Model,
};

impl World {
    async fn row(&self, id: DomainId) -> Model {
        row(self.test.core.db.read(), self.id, id).await.expect("the row")
    }

    async fn seen(&self, row: &Model) -> crate::dns_health::Seen {
        let keys = dkim_keys::of(self.test.core.db.read(), &[row.id]).await.expect("keys");
        look(&self.test.core, row, &keys, Cause::Person).await.expect("a look")
    }
}

/// A world with a verified domain, whose contact is the address.
async fn verified() -> (World, DomainId, DnsRecord) {
    let world = World::new().await;
    let contact = EmailAddress::parse("ops@lab.example").expect("an address");
    let core = &world.test.core;
    let set = crate::projects::set_bounce_contact(core, &Actor::System, &world.project, Some(contact)).await;
    set.expect("a contact");
    publish_well(&world.answers, "lab.example");
    let id = world.add("lab.example").await.expect("a domain");
    let detail = world.detail(id).await;
    for record in detail.keys.iter().map(|key| &key.record).chain(&detail.challenge) {
        world.answers.set_txt(&record.name, &[&record.value]);
    }
    world.due().await;
    let challenge = detail.challenge.expect("a challenge");
    assert_eq!(world.detail(id).await.domain.state, Verification::Verified);
    (world, id, challenge)
}

#[tokio::test]
async fn of_two_checks_that_see_the_proof_gone_one_tells() {
    let (world, id, challenge) = verified().await;
    world.test.clock.advance(Duration::from_secs(3_600));
    world.answers.set_txt(&challenge.name, &[]);
    let row = world.row(id).await;
    let (one, other) = (world.seen(&row).await, world.seen(&row).await);
    store(&world.test.core, &row, one).await.expect("stored");
    let since = world.row(id).await.missing_since;
    assert!(since.is_some());
    world.test.clock.advance(Duration::from_secs(5));
    store(&world.test.core, &row, other).await.expect("stored");
    assert_eq!(world.row(id).await.missing_since, since, "the day of grace does not begin again");
    let mails = world.test.mails_to("ops@lab.example").await;
    assert_eq!(mails.iter().filter(|mail| mail.contains("the challenge record is missing")).count(), 1, "{mails:#?}");
}

#[tokio::test]
async fn what_a_slow_check_saw_before_undoes_nothing_that_was_seen_after() {
    let world = World::new().await;
    let id = world.add("lab.example").await.expect("a domain");
    let row = world.row(id).await;
    let old = world.seen(&row).await;
    let challenge = world.detail(id).await.challenge.expect("a challenge");
    world.answers.set_txt(&challenge.name, &[&challenge.value]);
    world.test.clock.advance(Duration::from_secs(5));
    check(&world.test.core, &Actor::System, &world.project, id).await.expect("checked");
    assert!(world.may_send("a@lab.example").await);
    store(&world.test.core, &row, old).await.expect("dropped");
    assert_eq!(world.detail(id).await.domain.state, Verification::Verified);
    assert!(world.row(id).await.missing_since.is_none());
}

#[tokio::test]
async fn keys_that_are_made_while_a_check_runs_are_looked_for_soon() {
    let (world, id, _) = verified().await;
    world.test.clock.advance(Duration::from_secs(3_600));
    let row = world.row(id).await;
    let seen = world.seen(&row).await;
    rotate_keys(&world.test.core, &Actor::System, &world.project, id).await.expect("begun");
    store(&world.test.core, &row, seen).await.expect("stored");
    let keys = world.detail(id).await.keys;
    let of = |state| keys.iter().filter(|key| key.state == state).count();
    assert_eq!((of(DkimKeyState::Active), of(DkimKeyState::Pending)), (2, 2));
    world.test.clock.advance(Duration::from_secs(300));
    assert_eq!(world.due().await, 1, "after five minutes and not after a day");
}

#[tokio::test]
async fn a_domain_that_was_removed_while_a_check_ran_stays_removed() {
    let (world, id, _) = verified().await;
    let row = world.row(id).await;
    let seen = world.seen(&row).await;
    remove(&world.test.core, &Actor::System, &world.project, id).await.expect("removed");
    store(&world.test.core, &row, seen).await.expect("dropped");
    assert_eq!(word(&get(&world.test.core, &Actor::System, &world.project, id).await), "NotFound");
}
