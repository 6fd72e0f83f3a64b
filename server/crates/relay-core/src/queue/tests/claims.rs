use super::*;
use sea_orm::ConnectionTrait;
use std::collections::HashSet;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn eight_workers_never_hold_the_same_recipient() {
    let test = Test::new().await;
    let (project, _) = test.project("physics").await;
    for n in 0..40 {
        let to: Vec<String> = (0..5).map(|m| format!("u{m}@d{}.example", n % 7)).collect();
        mail(&test, Some(project), &to.iter().map(String::as_str).collect::<Vec<_>>()).await;
    }
    let workers = (0..8).map(|_| {
        let core = test.core.clone();
        tokio::spawn(async move {
            let mut mine = Vec::new();
            loop {
                let claims = claim(&core, 7, 3, &[]).await.expect("claims");
                if claims.is_empty() {
                    return mine;
                }
                mine.extend(claims);
            }
        })
    });
    let all = futures_util::future::join_all(workers).await;
    let all: Vec<Claimed> = all.into_iter().flat_map(|mine| mine.expect("a worker")).collect();
    let distinct: HashSet<_> = all.iter().map(|claim| claim.recipient_id).collect();
    assert_eq!((all.len(), distinct.len()), (200, 200));
}

#[tokio::test]
async fn a_claim_is_as_old_as_its_lease_however_long_its_commit_takes() {
    let test = Test::new().await;
    let (project, _) = test.project("physics").await;
    mail(&test, Some(project), &["a@d1.example"]).await;
    // Nobody else can write.
    let writer = test.core.db.begin_aside().await.expect("a transaction");
    if test.core.db.backend() != DbBackend::Sqlite {
        writer.execute_unprepared("LOCK TABLE recipient IN EXCLUSIVE MODE").await.expect("locked");
    }
    let mut claiming = Box::pin(claim(&test.core, 1, 1, &[]));
    assert!(tokio::time::timeout(Duration::from_millis(100), &mut claiming).await.is_err(), "it waits");
    let later = Instant::now();
    writer.rollback().await.expect("rolled back");
    let claims = claiming.await.expect("claims");
    assert!(claims.len() == 1 && claims[0].claimed_at < later);
}

#[tokio::test]
async fn a_claim_is_bounded_and_leaves_out_busy_destinations() {
    let test = Test::new().await;
    let (project, _) = test.project("physics").await;
    mail(&test, Some(project), &["a@d1.example", "b@d1.example", "c@d1.example", "d@d2.example"]).await;
    let names = |claims: Vec<Claimed>| claims.iter().map(|claim| claim.address.local().to_owned()).collect::<String>();
    assert_eq!(names(claim(&test.core, 1, 9, &[]).await.expect("claims")), "a");
    assert_eq!(names(claim(&test.core, 9, 1, &[]).await.expect("claims")), "bd");
    assert_eq!(
        names(claim(&test.core, 9, 9, &[LeftOut::Destination("d1.example".to_owned())]).await.expect("claims")),
        ""
    );
    assert_eq!(names(claim(&test.core, 9, 9, &[]).await.expect("claims")), "c");
}

#[tokio::test]
async fn a_backlog_hides_neither_other_projects_nor_the_portal_nor_other_destinations_nor_new_mail() {
    let test = Test::new().await;
    let (loud, _) = test.project("loud").await;
    let (quiet, _) = test.project("quiet").await;
    let many: Vec<String> = (0..300).map(|n| format!("u{n}@slow.example")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for _ in 0..2 {
        mail(&test, Some(loud), &many).await;
        test.clock.advance(Duration::from_millis(5));
    }
    mail(&test, Some(loud), &["other@quick.example"]).await;
    mail(&test, Some(quiet), &["one@slow.example"]).await;
    mail(&test, None, &["reset@slow.example"]).await;
    for _ in 0..2 {
        test.clock.advance(Duration::from_millis(5));
        mail(&test, Some(loud), &many[..150]).await;
    }
    test.clock.advance(Duration::from_millis(5));
    mail(&test, Some(loud), &["new@slow.example"]).await;

    let claims = claim(&test.core, 30, 20, &[]).await.expect("claims");
    let has = |local: &str| claims.iter().any(|claim| claim.address.local() == local);
    assert_eq!(claims.iter().filter(|claim| claim.destination == "slow.example").count(), 20);
    assert!(has("one"), "another project's mail");
    assert!(has("reset"), "the portal's own mail");
    assert!(has("other"), "mail to another destination");
    let rests = [LeftOut::OfProject(Some(loud), "slow.example".to_owned())];
    mail(&test, Some(quiet), &["two@slow.example"]).await;
    let others = claim(&test.core, 30, 20, &rests).await.expect("claims");
    assert_eq!(others.iter().map(|claim| claim.address.local()).collect::<Vec<_>>(), ["two"]);
    let busy = [LeftOut::Destination("slow.example".to_owned())];
    assert!(claim(&test.core, 30, 20, &busy).await.expect("claims").is_empty());
}

#[tokio::test]
async fn a_claim_looks_behind_as_many_busy_destinations_as_there_are() {
    let test = Test::new().await;
    let (loud, _) = test.project("loud").await;
    let many: Vec<String> = (0..700).map(|n| format!("u{n}@d{:03}.example", n % 100)).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    mail(&test, Some(loud), &many).await;
    test.clock.advance(Duration::from_millis(5));
    mail(&test, Some(loud), &["other@z.example"]).await;
    test.clock.advance(Duration::from_millis(5));
    mail(&test, Some(loud), &many[..200]).await;
    let busy: Vec<LeftOut> = (0..100).map(|n| LeftOut::Destination(format!("d{n:03}.example"))).collect();
    for expected in [1, 0] {
        assert_eq!(claim(&test.core, 30, 20, &busy).await.expect("claims").len(), expected);
    }
}

#[tokio::test]
async fn a_worker_is_woken_by_new_mail_and_by_the_next_due_time() {
    let test = Test::new().await;
    let (project, slug) = test.project("physics").await;
    let hour = Duration::from_secs(3_600);
    let soon = Duration::from_secs(10);
    let id = mail(&test, Some(project), &["slow@e.example"]).await;
    tokio::time::timeout(soon, wait_until_due(&test.core, hour)).await.expect("woken by new mail");
    tell(&test, take(&test).await, |_| temp()).await;
    hold(&test.core, &Actor::System, &slug, id).await.expect("held");
    let mut waiting = Box::pin(wait_until_due(&test.core, hour));
    assert!(tokio::time::timeout(Duration::from_millis(50), &mut waiting).await.is_err(), "nothing is due");
    release(&test.core, &Actor::System, &slug, id).await.expect("released");
    tokio::time::timeout(soon, waiting).await.expect("woken by release");
}

#[tokio::test]
async fn what_a_dead_run_had_claimed_is_due_at_the_next_start_and_its_late_results_count_for_nothing() {
    let test = Test::new().await;
    let (project, slug) = test.project("physics").await;
    let id = mail(&test, Some(project), &["a@e.example", "b@e.example", "c@e.example", "d@e.example"]).await;
    let claims = take(&test).await;
    assert_eq!(claims.len(), 4);
    let (done, lost): (Vec<_>, Vec<_>) = claims.into_iter().partition(|claim| claim.address.local() == "d");
    tell(&test, done, |_| delivered()).await;
    assert!(take(&test).await.is_empty(), "they are leased");
    let freed = recover(&test.core, &Actor::System).await.expect("recovered");
    if test.core.db.backend() != DbBackend::Sqlite {
        // Another node may hold them: they come back when the lease has run out.
        assert_eq!(freed, 0);
        assert!(take(&test).await.is_empty());
        test.clock.advance(Duration::from_secs(301));
        assert_eq!((take(&test).await.len(), recovered(&test)), (3, 3));
        return;
    }
    assert_eq!(recovered(&test), 3);
    assert_eq!((freed, recover(&test.core, &Actor::System).await.expect("recovered")), (3, 0));
    let states_now = states(&detail(&test, &slug, id).await);
    assert_eq!(states_now.iter().filter(|(_, state)| *state == "due").count(), 3, "{states_now:?}");
    let again = take(&test).await;
    assert_eq!(again.iter().map(|claim| claim.attempts).collect::<Vec<_>>(), [1, 1, 1], "the first attempt counts");
    tell(&test, lost, |_| perm()).await;
    tell(&test, again, |_| delivered()).await;
    let ended = states(&detail(&test, &slug, id).await);
    assert!(ended.iter().all(|(_, state)| *state == "delivered"), "{ended:?}");
}

/// What the operator is told of.
fn recovered(test: &Test) -> u64 {
    test.core.node.figures.load(&test.core).recovered
}

#[tokio::test]
async fn a_lease_that_ran_out_is_taken_again_and_told_of() {
    let test = Test::new().await;
    let (project, _) = test.project("physics").await;
    mail(&test, Some(project), &["a@e.example", "b@e.example"]).await;
    assert_eq!((take(&test).await.len(), recovered(&test)), (2, 0));
    test.clock.advance(Duration::from_secs(299));
    assert!(take(&test).await.is_empty(), "they are leased");
    test.clock.advance(Duration::from_secs(2));
    assert_eq!((take(&test).await.len(), recovered(&test)), (2, 2));
}

#[tokio::test]
async fn only_the_start_recovers() {
    let test = Test::new().await;
    let (project, slug) = test.project("physics").await;
    let cast = test.cast(project, &slug).await;
    for actor in [&cast.owner, &cast.viewer, &cast.outsider, &cast.operator, &cast.anonymous, &cast.service_account] {
        assert!(recover(&test.core, actor).await.is_err(), "{actor:?}");
    }
}
