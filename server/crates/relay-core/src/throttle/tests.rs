use super::*;
use crate::test_support::Test;

const SLOW: Throttle = Throttle::new("test", 3, SECOND, Duration::from_secs(60), minutes(10));

async fn wait(test: &Test, key: &Key<'_>) -> Option<u64> {
    check(&test.core, [key]).await.expect("a standing")[0].wait
}

async fn fail_times(test: &Test, key: &Key<'_>, times: u32) {
    for _ in 0..times {
        fail(&test.core, [key]).await.expect("counted");
    }
}

#[tokio::test]
async fn waits_double_after_the_free_failures_up_to_the_longest() {
    let test = Test::new().await;
    let key = SLOW.key(&test.core, "a");
    let mut waits = Vec::new();
    for _ in 0..11 {
        waits.push(wait(&test, &key).await.unwrap_or(0));
        fail_times(&test, &key, 1).await;
    }
    assert_eq!(waits, [0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60]);
    assert_eq!(wait(&test, &SLOW.key(&test.core, "b")).await, None);
    assert_eq!(wait(&test, &MAIL.key(&test.core, "a")).await, None, "each throttle counts for itself");
}

#[tokio::test]
async fn a_wait_ends_and_old_failures_are_forgotten() {
    let test = Test::new().await;
    let key = SLOW.key(&test.core, "a");
    fail_times(&test, &key, 5).await;
    test.clock.advance(Duration::from_secs(3));
    assert_eq!(wait(&test, &key).await, Some(1));
    test.clock.advance(SECOND);
    assert_eq!(wait(&test, &key).await, None);
    fail_times(&test, &key, 1).await;
    assert_eq!(wait(&test, &key).await, Some(8));
    test.clock.advance(minutes(10));
    assert_eq!(wait(&test, &key).await, None);
    fail_times(&test, &key, 1).await;
    assert_eq!(wait(&test, &key).await, None, "the first of a new series");
    test.clock.advance(minutes(10));
    let transaction = test.core.db.begin().await.expect("a transaction");
    assert_eq!(sweep(&transaction, test.core.now()).await.expect("swept"), 1);
}

#[tokio::test]
async fn an_attempt_that_must_wait_is_not_counted() {
    let test = Test::new().await;
    let key = SLOW.key(&test.core, "a");
    let mut waits = Vec::new();
    for _ in 0..5 {
        waits.push(key.attempt(&test.core).await.expect("counted"));
    }
    assert_eq!(waits, [None, None, None, Some(1), Some(1)]);
}

#[tokio::test]
async fn attempts_at_the_same_time_are_all_counted() {
    let test = Test::new().await;
    let mut attempts = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let core = test.core.clone();
        attempts.spawn(async move { SLOW.key(&core, "a").attempt(&core).await.expect("counted") });
    }
    let waits = attempts.join_all().await;
    assert_eq!(waits.iter().filter(|wait| wait.is_none()).count(), 3, "{waits:?}");
}

#[tokio::test]
async fn success_forgets_all_and_forgiveness_one() {
    let test = Test::new().await;
    let key = SLOW.key(&test.core, "a");
    fail_times(&test, &key, 4).await;
    key.forgive(&test.core).await.expect("forgiven");
    assert_eq!(wait(&test, &key).await, Some(1));
    key.succeed(&test.core).await.expect("forgotten");
    assert_eq!(wait(&test, &key).await, None);
    key.forgive(&test.core).await.expect("nothing to forgive");
    assert_eq!(wait(&test, &key).await, None);
}

#[tokio::test]
async fn another_node_and_the_next_start_count_on() {
    let test = Test::new().await;
    fail_times(&test, &SASL_ACCOUNT.key(&test.core, "sa-abc"), 11).await;
    let other = Core::open(test.core.config().clone(), test.core.resolver().clone(), test.clock.clone()).await;
    let other = other.expect("another node");
    let [standing] = check(&other, [&SASL_ACCOUNT.key(&other, "sa-abc")]).await.expect("a standing");
    assert_eq!(standing, Standing { wait: Some(2), failed: true });
}

#[test]
fn one_customer_is_one_key() {
    let key = |text: &str| key_of(text.parse().expect("an address"));
    assert_eq!(key("2001:db8::1"), key("2001:db8::ffff:1"));
    assert_ne!(key("2001:db8::1"), key("2001:db8:0:1::1"));
    assert_eq!(key("::ffff:192.0.2.1"), "192.0.2.1");
}
