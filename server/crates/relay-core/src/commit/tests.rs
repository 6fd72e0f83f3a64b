use super::*;
use crate::{
    queue::{Claimed, Lease, tests::attempt},
    submission::kept::Origin,
    tables::message,
    test_support::{Test, word},
};
use relay_types::{
    EmailAddress, ReversePath,
    message::{MessageId, RecipientId},
};
use sea_orm::{ConnectionTrait, EntityTrait};

pub(crate) fn message(core: &Core, id: MessageId, size: usize) -> NewMessage {
    let to = EmailAddress::parse("b@e.example").expect("an address");
    NewMessage {
        id,
        project: None,
        accepted_at: core.now(),
        lifetime: core.config.queue_lifetime,
        origin: Origin::system(),
        reverse_path: ReversePath::Null,
        header_from: "a@d.example".to_owned(),
        subject: "x\0y".to_owned(),
        message_id: "<1@d.example>".to_owned(),
        recipients: vec![(to, "e.example".to_owned())],
        smtputf8: false,
        prefix: Vec::new(),
        content: vec![b'x'; size],
        about: None,
        events: Vec::new(),
        claims: Vec::new(),
        limits: Vec::new(),
        body: None,
        terms: Default::default(),
        recipient_terms: Vec::new(),
    }
}

fn job(work: Work) -> (Job, oneshot::Receiver<Result<Done>>) {
    let (tell, told) = oneshot::channel();
    (Job { work, tell }, told)
}

#[tokio::test]
async fn a_batch_is_bounded_in_jobs_and_octets() {
    let test = Test::new().await;
    let committer = Committer::default();
    committer.lock().running = 1;
    let sizes = [vec![10; 300], vec![3 * 1024 * 1024; 2], vec![9 * 1024 * 1024, 1]].concat();
    for size in sizes {
        let new = message(&test.core, test.core.new_id(), size);
        committer.lock().waiting.push(job(Work::Accept(Box::new(new), None)).0, Instant::now());
    }
    let rounds =
        std::iter::from_fn(|| if let Next::Round(batch) = committer.next() { Some(batch.len()) } else { None });
    assert_eq!(rounds.collect::<Vec<_>>(), [128, 128, 45, 1, 1, 1]);
    assert_eq!(committer.lock().running, 0);
}

#[tokio::test]
async fn results_gather_for_a_moment_and_neither_they_nor_new_mail_wait_for_the_other() {
    let test = Test::new().await;
    let core = &test.core;
    let result = |awaited| {
        let record = record::Record {
            message: core.new_id(),
            attempt: attempt(&test, 1),
            outcomes: Vec::new(),
            chance: 0.0,
            now: core.now(),
            material: None,
            awaited,
            in_session: false,
        };
        job(Work::Record(Box::new(record))).0
    };
    let new = || job(Work::Accept(Box::new(message(core, core.new_id(), 10)), None)).0;
    let kinds = |next| match next {
        Next::Round(batch) => {
            let results = batch.iter().filter(|job| matches!(job.work, Work::Record(_))).count();
            (results, batch.len() - results)
        }
        Next::Later(_) | Next::Nothing => (0, 0),
    };
    let (mut waiting, began) = (Waiting::default(), Instant::now());
    let after = |milliseconds| began + Duration::from_millis(milliseconds);
    waiting.push(result(false), began);
    assert!(matches!(waiting.next(after(9)), Next::Later(until) if until == after(10)));
    // New mail does not take a result along that may still wait.
    waiting.push(new(), after(9));
    assert_eq!(kinds(waiting.next(after(9))), (0, 1));
    assert_eq!(kinds(waiting.next(after(10))), (1, 0));
    assert!(matches!(waiting.next(after(10)), Next::Nothing));
    // Somebody waits for this one.
    waiting.push(result(true), after(10));
    assert_eq!(kinds(waiting.next(after(10))), (1, 0));
    // Many wait no longer, and leave half of each round to new mail.
    for _ in 0..100 {
        waiting.push(result(false), after(10));
        waiting.push(new(), after(10));
    }
    assert_eq!(kinds(waiting.next(after(10))), (64, 64));
    assert_eq!(kinds(waiting.next(after(10))), (0, 36));
    assert_eq!(kinds(waiting.next(after(20))), (36, 0));
}

#[tokio::test]
async fn work_that_comes_together_is_committed_together_and_one_that_fails_fails_alone() {
    let test = Test::new().await;
    let core = &test.core;
    let ids: Vec<MessageId> = (0..40).map(|_| core.new_id()).collect();
    let all = ids.iter().enumerate().map(|(place, &id)| {
        let mut new = message(core, id, 10);
        if place == 17 {
            // No two recipients have one identifier.
            new.recipients.push(new.recipients[0].clone());
            new.claims = claims_of_one(core, &new);
        }
        commit(core, Work::Accept(Box::new(new), None))
    });
    let results = futures_util::future::join_all(all).await;
    let failed: Vec<usize> = results.iter().enumerate().filter(|(_, result)| result.is_err()).map(|(n, _)| n).collect();
    assert_eq!(failed, [17]);
    for (place, id) in ids.into_iter().enumerate() {
        let expected = if place == 17 { "NotFound" } else { "Ok" };
        assert_eq!(word(&crate::queue::outgoing(core, id).await), expected);
    }
}

/// Claims of all its recipients that say they are of the first.
fn claims_of_one(core: &Core, new: &NewMessage) -> Vec<Claimed> {
    let claim = |(address, destination): &(EmailAddress, String)| Claimed {
        lease: Lease(new.id.uuid()),
        recipient_id: RecipientId::from_uuid(new.id.uuid()),
        message_id: new.id,
        project_id: None,
        address: address.clone(),
        destination: destination.clone(),
        attempts: 0,
        accepted_at: new.accepted_at,
        expires_at: core.now(),
        terms: Default::default(),
        claimed_at: Instant::now(),
    };
    new.recipients.iter().map(claim).collect()
}

#[tokio::test]
async fn what_was_done_is_not_done_again_when_only_its_answer_was_lost() {
    let test = Test::new().await;
    let core = &test.core;
    let waits = message(core, core.new_id(), 10);
    commit(core, Work::Accept(Box::new(waits), None)).await.expect("kept");
    let due = recipient::Entity::find().one(core.db.read()).await.expect("rows").expect("a recipient");
    let now = core.now();
    let until = now.plus(Duration::from_secs(600));
    let request = claim::Request { ids: vec![due.id], lease: Uuid::now_v7(), by: core.node.run, now, until };
    let works = [Work::Accept(Box::new(message(core, core.new_id(), 10)), None), Work::Claim(request)];
    let fresh = Work::Accept(Box::new(message(core, core.new_id(), 10)), None);
    let unwanted = Work::Accept(Box::new(message(core, core.new_id(), 10)), None);
    let (done, all) = (works.iter().collect::<Vec<_>>(), [&works[0], &fresh, &works[1], &unwanted]);
    assert!(transaction(core, &done).await.is_ok());
    let (mut tells, mut waiting): (Vec<_>, Vec<_>) = all.iter().map(|_| oneshot::channel()).unzip();
    // Who waited for the last one has gone.
    waiting.pop();
    let lost = Error::Unavailable { cause: "the connection broke".to_owned() };
    let results = one_by_one(core, &all, &tells, lost.clone()).await;
    assert_eq!(results.iter().map(word).collect::<Vec<_>>(), ["Ok", "Ok", "Ok", "Unavailable"]);
    let Ok(Done::Claimed(rows)) = &results[2] else { panic!("{results:?}") };
    assert_eq!(rows.iter().map(|row| (row.id, row.attempts)).collect::<Vec<_>>(), [(due.id, 1)]);
    assert_eq!(message::Entity::find().all(core.db.read()).await.expect("rows").len(), 3);
    // One that was alone in its round.
    tells.truncate(1);
    assert_eq!(one_by_one(core, &all[..1], &tells, lost.clone()).await.iter().map(word).collect::<Vec<_>>(), ["Ok"]);
    let results = one_by_one(core, &all[3..], &tells, lost).await;
    assert_eq!(results.iter().map(word).collect::<Vec<_>>(), ["Unavailable"]);
}

#[tokio::test]
async fn who_has_gone_is_not_kept_and_an_abandoned_commit_is_told() {
    let test = Test::new().await;
    let core = &test.core;
    // All rounds are said to run, so that nothing is taken up before the one who waits has gone.
    core.committer.lock().running = 4;
    let gone = core.new_id();
    let mut waiting = Box::pin(commit(core, Work::Accept(Box::new(message(core, gone, 10)), None)));
    assert!(futures_util::poll!(&mut waiting).is_pending());
    drop(waiting);
    let stays = core.new_id();
    let mut waiting = Box::pin(commit(core, Work::Accept(Box::new(message(core, stays, 10)), None)));
    assert!(futures_util::poll!(&mut waiting).is_pending());
    rounds(Rounds { core: core.clone(), ended: false }).await;
    assert_eq!(word(&waiting.await), "Ok");
    assert_eq!(word(&crate::queue::outgoing(core, gone).await), "NotFound");
    assert_eq!(word(&crate::queue::outgoing(core, stays).await), "Ok");

    core.committer.lock().running = 4;
    let mut waiting = Box::pin(commit(core, Work::Accept(Box::new(message(core, core.new_id(), 10)), None)));
    assert!(futures_util::poll!(&mut waiting).is_pending());
    core.committer.lock().running = 1;
    drop(Rounds { core: core.clone(), ended: false });
    assert_eq!(word(&waiting.await), "Unavailable");
}

#[tokio::test]
async fn a_store_that_is_away_is_said_to_be() {
    let test = Test::new().await;
    test.core.db.close().await;
    let new = message(&test.core, test.core.new_id(), 10);
    assert_eq!(word(&commit(&test.core, Work::Accept(Box::new(new), None)).await), "Unavailable");
}

#[tokio::test]
async fn a_full_disk_is_said_to_be_full_and_takes_mail_again_when_there_is_room() {
    let test = Test::new().await;
    if test.core.db.backend() != DbBackend::Sqlite {
        // PostgreSQL cannot be told to have no room; what it then says is judged in `error.rs`.
        return;
    }
    let new = |size| Work::Accept(Box::new(message(&test.core, test.core.new_id(), size)), None);
    for (pages, size, expected) in [(1, 9 << 20, "Full"), (1 << 20, 9 << 20, "Ok")] {
        // The file may not grow, as on a disk without room; less than it has now is taken for what it has.
        let transaction = test.core.db.begin().await.expect("a transaction");
        transaction.execute_unprepared(&format!("PRAGMA max_page_count = {pages}")).await.expect("a bound");
        transaction.commit().await.expect("set");
        assert_eq!(word(&commit(&test.core, new(size)).await), expected);
    }
}
