//! What a page of the list costs with a million messages behind it. Not a test of anything: it prints figures for
//! `server/docs/performance.md`.

use super::*;
use crate::test_support::Test;
use sea_orm::DbBackend;
use std::time::{Duration, Instant};

const MESSAGES: u32 = 1_000_000;
/// The account of one message in a thousand; four others share the rest.
const RARE: &str = "00000000000070008000000000000009";

/// One message and one recipient every two seconds, written by the database itself.
fn fill(project: &str, started: i64) -> [String; 2] {
    let id = format!("unhex(printf('%012x70008%015x', {started} + i * 2000, i))");
    let rows = format!("WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {MESSAGES} - 1)");
    let state = "CASE WHEN i % 100 < 94 THEN 'delivered' WHEN i % 100 < 97 THEN 'bounced' WHEN i % 100 < 98 THEN \
                 'deferred' WHEN i % 100 < 99 THEN 'held' ELSE 'cancelled' END";
    let source = format!("CASE WHEN i % 1000 = 0 THEN x'{RARE}' ELSE unhex(printf('%032x', i % 4)) END");
    [
        format!(
            "INSERT INTO message (id, project_id, accepted_at, source, source_id, source_label, reverse_path, \
             header_from, subject, message_id, first_recipient, recipients, size, eight_bit, smtputf8, prefix, state, \
             captured) {rows} SELECT {id}, x'{project}', {started} + i * 2000, 'service_account', {source}, 'cron', \
             'bounce@d.example', 'App <app@d.example>', 'Weekly report ' || i, '<' || i || '@d.example>', \
             'u' || (i % 50000) || '@e.example', 1, 5000, 0, 0, x'', {state}, 0 FROM n"
        ),
        format!(
            "INSERT INTO recipient (id, message_id, project_id, address, address_key, destination, state, attempts, \
             accepted_at, expires_at, delay_notified) {rows} SELECT {id}, {id}, x'{project}', 'u' || (i % 50000) || \
             '@e.example', 'u' || (i % 50000) || '@e.example', 'e.example', 'delivered', 1, {started} + i * 2000, 0, \
             0 FROM n"
        ),
    ]
}

/// The best and the middle of some runs of a page: rows, counts, and how far the search went.
async fn page_takes(test: &Test, slug: &Slug, filter: &MessageFilter) -> (Duration, Duration, usize, u64) {
    let (mut took, mut rows, mut all) = (Vec::new(), 0, 0);
    for _ in 0..9 {
        let begin = Instant::now();
        rows = list(&test.core, &Actor::System, slug, filter).await.expect("a page").items.len();
        all = counts(&test.core, &Actor::System, slug, filter).await.expect("counts").all;
        searched_since(&test.core, &Actor::System, slug, filter).await.expect("a time");
        took.push(begin.elapsed());
    }
    took.sort_unstable();
    (took[0], took[4], rows, all)
}

#[tokio::test]
#[ignore = "fills a million rows and prints figures"]
async fn what_a_page_of_a_million_costs() {
    let test = Test::new().await;
    if test.core.db.backend() != DbBackend::Sqlite {
        return;
    }
    let (project, slug) = test.project("physics").await;
    let started = test.core.now().0 - i64::from(MESSAGES) * 2000;
    let begin = Instant::now();
    let transaction = test.core.db.begin().await.expect("a transaction");
    for sql in fill(&project.uuid().simple().to_string(), started) {
        transaction.execute_unprepared(&sql).await.expect("filled");
    }
    transaction.commit().await.expect("commit");
    println!("filled in {:?}", begin.elapsed());
    let account = |hex: &str| Some(Id::from_uuid(hex.parse().expect("an id")));
    let hour = Some(test.core.now().minus(Duration::from_secs(3_600)));
    let search = |text: &str| MessageFilter { search: Some(text.to_owned()), ..Default::default() };
    let first = MessageFilter::default();
    let middle = Some(MessageId::from_uuid(uuid::Uuid::from_u128(
        (u128::from(u64::try_from(started).expect("a time")) + 1_000_000_000) << 80,
    )));
    let state = |state| MessageFilter { state: Some(state), ..Default::default() };
    for (what, filter) in [
        ("first page", first.clone()),
        ("a page in the middle", MessageFilter { after: middle.map(|id| id.to_string()), ..first.clone() }),
        ("held", state(MessageState::Held)),
        ("queued, of which there are none", state(MessageState::Queued)),
        ("last hour", MessageFilter { since: hour, ..first.clone() }),
        ("an account of 250,000", MessageFilter { service_account: account(&"0".repeat(32)), ..first.clone() }),
        ("an account of 1,000", MessageFilter { service_account: account(RARE), ..first.clone() }),
        ("Message-ID", search("<77@d.example>")),
        ("recipient", search("u77@e.example")),
        ("a word in every subject", search("report")),
        ("a word in no subject", search("zebra")),
    ] {
        let (best, usual, rows, all) = page_takes(&test, &slug, &filter).await;
        println!("{what:35} {usual:>12.1?} (best {best:.1?}), {rows} rows, {all} counted");
    }
}
