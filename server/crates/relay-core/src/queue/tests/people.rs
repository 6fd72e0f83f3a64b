use super::*;
use crate::{
    Access,
    test_support::{Cast, word},
};
use relay_types::message::MessageState;

/// A message with one recipient that waits, one that was delivered and one in flight.
async fn mixed(test: &Test, project: ProjectId) -> MessageId {
    let id = mail(test, Some(project), &["wait@e.example", "done@e.example", "fly@e.example"]).await;
    let claims = take(test).await;
    let told: Vec<_> = claims.into_iter().filter(|claim| claim.address.local() != "fly").collect();
    tell(test, told, |claim| if claim.address.local() == "done" { delivered() } else { temp() }).await;
    id
}

fn words(detail: &MessageDetail) -> Vec<&'static str> {
    detail.recipients.iter().map(|one| one.state.as_str()).collect()
}

#[tokio::test]
async fn people_hold_release_retry_and_cancel_what_waits_and_nothing_else() {
    let test = Test::new().await;
    let (project, slug) = test.project("physics").await;
    let by = test.member(project, "m@example.org", relay_types::member::Role::Member).await;
    let id = mixed(&test, project).await;
    let core = &test.core;
    assert_eq!(release(core, &by, &slug, id).await.expect("released"), 0, "nothing is held");
    assert_eq!(hold(core, &by, &slug, id).await.expect("held"), 1);
    let held = detail(&test, &slug, id).await;
    assert_eq!((words(&held), held.state), (vec!["held", "delivered", "in_flight"], MessageState::Held));
    test.clock.advance(Duration::from_secs(200));
    assert!(take(&test).await.is_empty(), "what is held is not tried");
    assert_eq!(retry_now(core, &by, &slug, id).await.expect("retried"), 0, "what is held stays held");
    assert_eq!(release(core, &by, &slug, id).await.expect("released"), 1);
    assert_eq!(take(&test).await.len(), 1);
    test.clock.advance(core.config.lease);
    tell(&test, take(&test).await, |_| temp()).await;
    assert_eq!(retry_now(core, &by, &slug, id).await.expect("retried"), 2);
    assert_eq!(cancel(core, &by, &slug, id).await.expect("cancelled"), 2);
    let done = detail(&test, &slug, id).await;
    assert_eq!((words(&done), done.state), (vec!["cancelled", "delivered", "cancelled"], MessageState::Delivered));
    assert_eq!(cancel(core, &by, &slug, id).await.expect("cancelled"), 0, "final states are never left");
    assert_eq!(
        story(&done),
        ["accepted", "not signed", "attempt", "held", "released", "attempt", "retry asked", "cancelled"]
    );
    assert!(matches!(&done.events[3].kind, EventKind::Held { by } if by == "m@example.org"));
    let entries = crate::audit::list(core, &by, &slug, &Default::default()).await.expect("entries").items;
    let actions: Vec<_> = entries.iter().map(|entry| entry.action.as_str()).take(4).collect();
    assert_eq!(actions, ["message.cancel", "message.retry", "message.release", "message.hold"]);
}

#[tokio::test]
async fn chosen_messages_are_moved_together_and_only_those_that_can_be() {
    let test = Test::new().await;
    let (project, slug) = test.project("physics").await;
    let (other, _) = test.project("chemistry").await;
    let by = test.member(project, "m@example.org", relay_types::member::Role::Member).await;
    let one = mixed(&test, project).await;
    let two = mail(&test, Some(project), &["a@e.example", "b@e.example"]).await;
    let three = mail(&test, Some(project), &["c@e.example"]).await;
    let foreign = mail(&test, Some(other), &["d@e.example"]).await;
    let core = &test.core;
    assert_eq!(change(core, &by, &slug, &[one, two, two], Wish::Hold).await.expect("held"), 2);
    assert_eq!(words(&detail(&test, &slug, one).await), ["held", "delivered", "in_flight"]);
    assert_eq!(words(&detail(&test, &slug, two).await), ["held", "held"]);
    assert_eq!(words(&detail(&test, &slug, three).await), ["due"]);
    assert_eq!(change(core, &by, &slug, &[two, three], Wish::Release).await.expect("released"), 1);
    assert_eq!(story(&detail(&test, &slug, three).await), ["accepted", "not signed"], "nothing happened to it");
    assert_eq!(word(&change(core, &by, &slug, &[three, foreign], Wish::Cancel).await), "NotFound");
    assert_eq!(words(&detail(&test, &slug, three).await), ["due"], "all or nothing");
    assert_eq!(change(core, &by, &slug, &[one, three], Wish::Cancel).await.expect("cancelled"), 2);
    assert_eq!(change(core, &by, &slug, &[two], Wish::RetryNow).await.expect("retried"), 1);
    assert_eq!(word(&change(core, &by, &slug, &[], Wish::Hold).await), "ids");
    let many: Vec<MessageId> = (0..101).map(|_| core.new_id()).collect();
    assert_eq!(word(&change(core, &by, &slug, &many, Wish::Hold).await), "ids");
    let entries = crate::audit::list(core, &by, &slug, &Default::default()).await.expect("entries").items;
    let actions: Vec<_> = entries.iter().map(|entry| entry.action.as_str()).take(6).collect();
    let expected = ["retry", "cancel", "cancel", "release", "hold", "hold"].map(|verb| format!("message.{verb}"));
    assert_eq!(actions, expected, "each message has an entry of its own");
    for wish in [Wish::Hold, Wish::Release, Wish::RetryNow, Wish::Cancel] {
        assert_eq!(Wish::parse(wish.action("x").trim_start_matches("x.")), Some(wish));
    }
}

#[tokio::test]
async fn an_operator_moves_a_whole_destination() {
    let test = Test::new().await;
    let (project, slug) = test.project("physics").await;
    let operator = test.operator("op@example.org").await;
    let one = mail(&test, Some(project), &["a@e.example", "b@f.example"]).await;
    let two = mail(&test, None, &["c@e.example"]).await;
    let core = &test.core;
    assert_eq!(hold_destination(core, &operator, "e.example").await.expect("held"), 2);
    assert_eq!(hold_destination(core, &operator, "e.example").await.expect("held"), 0);
    assert_eq!(words(&detail(&test, &slug, one).await), ["held", "due"]);
    let (totals, rows) = destinations(core, &operator).await.expect("the queue");
    assert_eq!((totals.due, totals.in_flight, totals.held), (1, 0, 2));
    let rows: Vec<_> = rows.iter().map(|row| (row.destination.as_str(), row.due, row.held)).collect();
    assert_eq!(rows, [("e.example", 0, 2), ("f.example", 1, 0)]);
    assert_eq!(release_destination(core, &operator, "e.example").await.expect("released"), 2);
    for claims in take(&test).await.chunk_by(|a, b| a.message_id == b.message_id) {
        tell(&test, claims.to_vec(), |_| temp()).await;
    }
    let waiting = destinations(core, &operator).await.expect("the queue").1;
    assert_eq!(waiting[0].last_reply.as_deref(), Some("451 4.7.1 Greylisted"));
    assert_eq!(retry_destination(core, &operator, "e.example").await.expect("retried"), 2);
    assert_eq!(retry_destination(core, &operator, "e.example").await.expect("retried"), 0, "all are due now");
    let due: Vec<_> = take(&test).await.iter().map(|claim| claim.message_id).collect();
    assert_eq!(due.len(), 2);
    assert!(due.contains(&one) && due.contains(&two));
    for refused in [
        &test.user("x@example.org").await,
        &test.member(project, "o@example.org", relay_types::member::Role::Owner).await,
    ] {
        assert_eq!(word(&hold_destination(core, refused, "e.example").await), "Forbidden");
        assert_eq!(word(&release_destination(core, refused, "e.example").await), "Forbidden");
        assert_eq!(word(&retry_destination(core, refused, "e.example").await), "Forbidden");
        assert_eq!(word(&destinations(core, refused).await), "Forbidden");
    }
}

#[tokio::test]
async fn who_may_not_is_refused_and_nothing_moves() {
    let test = Test::new().await;
    let (project, slug) = test.project("physics").await;
    let id = mail(&test, Some(project), &["a@e.example"]).await;
    let cast: Cast = test.cast(project, &slug).await;
    for (actor, expected) in cast.refused(Access::Manage) {
        let core = &test.core;
        for result in [
            hold(core, actor, &slug, id).await,
            release(core, actor, &slug, id).await,
            retry_now(core, actor, &slug, id).await,
            cancel(core, actor, &slug, id).await,
        ] {
            assert_eq!(word(&result), expected, "{actor:?}");
        }
        for wish in [Wish::Hold, Wish::Release, Wish::RetryNow, Wish::Cancel] {
            assert_eq!(word(&change(core, actor, &slug, &[id], wish).await), expected, "{actor:?}");
        }
    }
    let neighbour = Slug::parse("physics-neighbour").expect("a slug");
    assert_eq!(word(&hold(&test.core, &cast.outsider, &neighbour, id).await), "NotFound", "not of that project");
    assert_eq!(word(&change(&test.core, &cast.outsider, &neighbour, &[id], Wish::Cancel).await), "NotFound");
    assert_eq!(words(&detail(&test, &slug, id).await), ["due"]);
    assert_eq!(hold(&test.core, &cast.member, &slug, id).await.expect("held"), 1);
}
