//! Who is told, when a session's clock, the record and a failing store meet in every order.

use super::*;
use crate::test_support::Test;
use relay_types::message::Cause;

/// Longer than any test takes.
const PATIENCE: Duration = Duration::from_secs(60);
const NONE: Duration = Duration::ZERO;

fn id() -> MessageId {
    MessageId::from_uuid(uuid::Uuid::now_v7())
}

fn yes() -> Outcome {
    Outcome::Delivered(Reply::new(250, (2, 0, 0), "ok"))
}

fn no() -> Outcome {
    Outcome::PermFail(Cause::Reply(Reply::new(550, (5, 7, 1), "no")))
}

fn later() -> Outcome {
    Outcome::TempFail(Cause::Reply(Reply::new(451, (4, 3, 0), "later")))
}

#[tokio::test]
async fn what_a_session_hears_follows_from_all_its_recipients() {
    let test = Test::new().await;
    for (recipients, outcomes, heard) in [
        (1, vec![yes()], Heard::Delivered(Reply::new(250, (2, 0, 0), "ok"))),
        (2, vec![yes(), yes()], Heard::Delivered(Reply::new(250, (2, 0, 0), "ok"))),
        (1, vec![no()], Heard::Refused(Reply::new(550, (5, 7, 1), "no"))),
        (2, vec![no(), no()], Heard::Refused(Reply::new(550, (5, 7, 1), "no"))),
        (1, vec![later()], Heard::Later(Reply::new(451, (4, 3, 0), "later"))),
        (1, vec![Outcome::Captured], Heard::Captured),
        (2, vec![yes(), no()], Heard::Mixed),
        (2, vec![no(), later()], Heard::Mixed),
        (2, vec![no()], Heard::Mixed),
    ] {
        let message = id();
        let waiting = begin(&test.core, message, recipients);
        let slot = test.core.awaited.take(message).expect("a session waits");
        let found = slot.hears(outcomes.iter());
        assert_eq!(found, heard);
        slot.tell(found);
        assert_eq!(waiting.heard(PATIENCE).await, heard);
    }
}

#[tokio::test]
async fn a_session_that_has_given_up_is_not_told_and_who_records_knows() {
    let test = Test::new().await;
    let message = id();
    let waiting = begin(&test.core, message, 1);
    assert_eq!(waiting.heard(NONE).await, Heard::NotInTime);
    assert!(test.core.awaited.take(message).is_none());
    // A session that ended in the middle of its wait, too.
    drop(begin(&test.core, message, 1));
    assert!(test.core.awaited.take(message).is_none());
}

#[tokio::test]
async fn an_outcome_that_is_being_written_is_waited_for() {
    let test = Test::new().await;
    let (core, message) = (test.core.clone(), id());
    let waiting = begin(&core, message, 1);
    let slot = core.awaited.take(message).expect("a session waits");
    let write = async { slot.tell(Heard::Mixed) };
    assert_eq!(tokio::join!(waiting.heard_within(NONE, PATIENCE), write).0, Heard::Mixed);
}

#[tokio::test]
async fn who_was_to_tell_and_is_gone_has_told_nothing() {
    let test = Test::new().await;
    let message = id();
    let waiting = begin(&test.core, message, 1);
    drop(test.core.awaited.take(message).expect("a session waits"));
    assert_eq!(waiting.heard(PATIENCE).await, Heard::Unknown);
}

#[tokio::test]
async fn an_outcome_that_cannot_be_written_is_known_to_nobody() {
    let test = Test::new().await;
    let (core, message) = (test.core.clone(), id());
    let waiting = begin(&core, message, 1);
    let slot = core.awaited.take(message).expect("a session waits");
    assert_eq!(waiting.heard_within(NONE, NONE).await, Heard::Unknown);
    // It is put back for another try, which sees that the session is gone: a notification is sent.
    core.awaited.put_back(message, slot);
    assert!(core.awaited.take(message).is_none());
    // Put back in time, it is as if nothing had been there yet.
    let waiting = begin(&core, message, 1);
    let slot = core.awaited.take(message).expect("a session waits");
    core.awaited.put_back(message, slot);
    assert_eq!(waiting.heard_within(NONE, NONE).await, Heard::NotInTime);
}
