use super::*;
use relay_types::message::MessageState;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// Goes to the next due time; the seconds that went by.
async fn wait(test: &Test) -> u64 {
    let next: Option<Option<i64>> = Entity::find()
        .select_only()
        .column_as(Column::DueAt.min(), "next")
        .filter(Column::State.eq(RecipientState::Due.as_str()))
        .into_tuple()
        .one(test.core.db.read())
        .await
        .expect("a due time");
    let next = Timestamp(next.flatten().expect("something waits"));
    let passed = next.since(test.core.now());
    test.clock.advance(passed);
    passed.as_secs()
}

/// As the default settings have it.
async fn relay() -> Test {
    Test::with(|config| {
        config.retry_schedule =
            [1, 5, 15, 30, 60, 120, 240].map(|minutes| Duration::from_secs(minutes * MINUTE)).to_vec();
        config.queue_lifetime = Duration::from_secs(5 * 24 * HOUR);
        config.delay_warning = Duration::from_secs(4 * HOUR);
    })
    .await
}

/// Five days of a host that never answers.
#[tokio::test]
async fn a_message_is_tried_by_the_schedule_for_five_days_warned_of_once_and_then_bounces() {
    let test = relay().await;
    let (project, slug) = test.project("physics").await;
    let id = mail(&test, Some(project), &["slow@e.example"]).await;
    let began = test.core.now();
    let mut waits = Vec::new();
    let mut warned_at = None;
    loop {
        let claims = take(&test).await;
        assert_eq!(claims.len(), 1, "after {waits:?}");
        tell(&test, claims, |_| temp()).await;
        if detail(&test, &slug, id).await.state == MessageState::Bounced {
            break;
        }
        waits.push(wait(&test).await);
        if warn_of_delays(&test.core, &Actor::System).await.expect("warned") > 0 {
            assert_eq!(warned_at, None, "a second warning");
            warned_at = Some(test.core.now().since(began).as_secs());
            // The warning itself arrives.
            let warning: Vec<_> = take(&test).await;
            let (warning, again): (Vec<_>, Vec<_>) = warning.into_iter().partition(|claim| claim.message_id != id);
            tell(&test, warning, |_| delivered()).await;
            give_back(&test.core, &again).await.expect("given back");
        }
    }
    let expected = [1, 5, 15, 30, 60, 120].map(|minutes| minutes * MINUTE);
    let last = waits.pop().expect("a last wait");
    for (place, wait) in waits.iter().enumerate() {
        let around = expected.get(place).copied().unwrap_or(4 * HOUR);
        assert!((around * 79 / 100..=around * 121 / 100).contains(wait), "wait {place} of {waits:?}");
    }
    assert!(last <= 4 * HOUR * 121 / 100, "the last attempt is at the end of its life: {last}");
    let lived = test.core.now().since(began).as_secs();
    assert!((5 * 24 * HOUR..5 * 24 * HOUR + 2).contains(&lived), "{lived}");
    let warned_at = warned_at.expect("a warning of delay");
    assert!((4 * HOUR..9 * HOUR).contains(&warned_at), "{warned_at}");
    let story = story(&detail(&test, &slug, id).await);
    assert_eq!(story.iter().filter(|word| **word == "attempt").count(), waits.len() + 2);
    assert_eq!(story.iter().filter(|word| **word == "delay notified").count(), 1);
    assert_eq!(story.last(), Some(&"failure notified"));
}

/// A host was away, and so were we: what failed together does not come back together.
#[tokio::test]
async fn after_a_stop_all_is_due_once_and_what_fails_then_is_spread() {
    let test = relay().await;
    let (project, _) = test.project("physics").await;
    const MANY: usize = 300;
    for _ in 0..MANY {
        mail(&test, Some(project), &["slow@e.example"]).await;
    }
    for claim in take(&test).await {
        tell(&test, vec![claim], |_| temp()).await;
    }
    // Down for an hour: all of it is long due at the start.
    test.clock.advance(Duration::from_secs(HOUR));
    let claims = take(&test).await;
    assert_eq!(claims.len(), MANY);
    let again = test.core.now();
    for claim in claims {
        tell(&test, vec![claim], |_| temp()).await;
    }
    let mut seconds = vec![0_usize; 2 * 5 * MINUTE as usize];
    let mut due = Vec::new();
    while due.len() < MANY {
        wait(&test).await;
        let passed = test.core.now().since(again).as_secs() as usize;
        let claims = take(&test).await;
        seconds[passed] += claims.len();
        due.extend(claims.iter().map(|_| passed));
    }
    // A second attempt waits for five minutes, a fifth more or less: 120 s for 300 messages.
    let first = due.iter().min().copied().expect("a time");
    let last = due.iter().max().copied().expect("a time");
    assert!(first >= 240 && last <= 361, "{first} to {last}");
    assert!(last - first > 90, "spread over {} s", last - first);
    let most = seconds.iter().max().copied().expect("a second");
    assert!(most < 15, "{most} of {MANY} come in one second");
}
