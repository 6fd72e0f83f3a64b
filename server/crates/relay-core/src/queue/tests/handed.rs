//! New mail on the short way to the workers.

use super::*;
use crate::{
    commit::{self, Work},
    tables::recipient::Model,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

async fn rows(test: &Test, id: MessageId) -> Vec<Model> {
    let of_message = Entity::find().filter(Column::MessageId.eq(id.uuid()));
    of_message.all(test.core.db.read()).await.expect("recipients")
}

#[tokio::test]
async fn new_mail_is_leased_in_the_commit_that_keeps_it() {
    let test = Test::new().await;
    let (project, slug) = test.project("physics").await;
    let mut new_mail = new_mail(&test.core, 10);
    let id = mail(&test, Some(project), &["one@e.example", "two@f.example"]).await;
    let claims = new_mail.ready().expect("handed over");
    let stored = rows(&test, id).await;
    assert_eq!((claims.len(), stored.len()), (2, 2));
    for row in &stored {
        assert_eq!((row.state.as_str(), row.due_at, row.attempts), ("in_flight", None, 1));
        let claim = claims.iter().find(|claim| claim.recipient_id.uuid() == row.id).expect("its claim");
        assert_eq!((row.lease, row.address.clone()), (Some(claim.lease.0), claim.address.to_string()));
        assert_eq!(row.lease_until, Some(test.core.now().plus(test.core.config.lease).0));
        assert_eq!((claim.attempts, claim.destination.as_str()), (0, row.destination.as_str()));
    }
    assert!(take(&test).await.is_empty(), "what is claimed is claimed once");
    tell(&test, claims, |_| delivered()).await;
    assert_eq!(detail(&test, &slug, id).await.state.as_str(), "delivered");
    assert!(new_mail.close().await.is_empty());
}

#[tokio::test]
async fn without_a_place_mail_goes_the_long_way() {
    let test = Test::new().await;
    let (project, _) = test.project("physics").await;
    let many: Vec<String> = (0..21).map(|number| format!("a{number}@e.example")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let mut new_mail = new_mail(&test.core, 1);
    new_mail.leave_out("slow.example", true);
    let slow = mail(&test, Some(project), &["one@e.example", "one@slow.example"]).await;
    let many = mail(&test, Some(project), &many).await;
    let first = mail(&test, Some(project), &["one@e.example"]).await;
    let full = mail(&test, Some(project), &["one@e.example"]).await;
    for (id, state) in [(slow, "due"), (many, "due"), (first, "in_flight"), (full, "due")] {
        assert!(rows(&test, id).await.iter().all(|row| row.state == state), "{state}");
    }
    assert_eq!(new_mail.ready().map(|claims| claims.len()), Some(1));
    new_mail.leave_out("slow.example", false);
    mail(&test, Some(project), &["one@slow.example"]).await;
    assert!(new_mail.ready().is_some());
    drop(new_mail);
    let after = mail(&test, Some(project), &["one@e.example"]).await;
    assert_eq!(rows(&test, after).await[0].state, "due", "nobody delivers here any more");
}

#[tokio::test]
async fn what_nobody_took_is_given_back_at_the_end() {
    let test = Test::new().await;
    let (project, _) = test.project("physics").await;
    let mut new_mail = new_mail(&test.core, 10);
    let id = mail(&test, Some(project), &["one@e.example"]).await;
    let left = new_mail.close().await;
    give_back(&test.core, &left).await.expect("given back");
    let row = rows(&test, id).await.remove(0);
    assert_eq!((row.state.as_str(), row.attempts, row.lease), ("due", 0, None));
    assert_eq!(take(&test).await.len(), 1);
}

#[tokio::test]
async fn mail_that_could_not_be_kept_is_handed_to_nobody() {
    let test = Test::new().await;
    let mut new_mail = new_mail(&test.core, 1);
    // No two recipients have one identifier.
    let mut new = crate::commit::tests::message(&test.core, test.core.new_id(), 10);
    new.recipients.push(new.recipients[0].clone());
    let (place, mut claims) = handover::place(&test.core, &new).expect("a place");
    claims[1].recipient_id = claims[0].recipient_id;
    new.claims = claims;
    assert!(commit::commit(&test.core, Work::Accept(Box::new(new), Some(place))).await.is_err());
    assert!(new_mail.ready().is_none());
    mail(&test, None, &["one@e.example"]).await;
    assert!(new_mail.ready().is_some(), "its place is free again");
}

#[tokio::test]
async fn after_a_crash_it_is_due_again() {
    let test = Test::new().await;
    let mut new_mail = new_mail(&test.core, 10);
    let id = mail(&test, None, &["one@e.example"]).await;
    new_mail.ready().expect("taken by a worker that dies with its process");
    drop(new_mail);
    let freed = recover(&test.core, &Actor::System).await.expect("recovered");
    if test.core.db.backend() != sea_orm::DbBackend::Sqlite {
        // There the lease runs out.
        test.clock.advance(test.core.config.lease);
    } else {
        assert_eq!(freed, 1);
    }
    assert_eq!(take(&test).await.len(), 1);
    assert_eq!(rows(&test, id).await[0].attempts, 2);
}

#[tokio::test]
async fn a_session_does_not_hear_a_failure_that_does_not_count() {
    let test = Test::new().await;
    let (project, slug) = test.project("physics").await;
    let id = mail(&test, Some(project), &["gone@e.example"]).await;
    let claims = take(&test).await;
    // Its node seemed gone, and others have the message.
    give_back(&test.core, &claims).await.expect("given back");
    let others = take(&test).await;
    let waiting = cut_through::begin(&test.core, id, 1);
    tell(&test, claims, |_| perm()).await;
    assert_eq!(waiting.heard(Duration::from_secs(60)).await, Heard::Unknown);
    tell(&test, others, |_| perm()).await;
    let story = story(&detail(&test, &slug, id).await);
    assert_eq!(story, ["accepted", "not signed", "attempt", "failure notified", "suppressed"]);
}
