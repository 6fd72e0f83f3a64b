//! What a page of the list costs with a million messages behind it. Not a test of anything: it prints figures for
//! `server/docs/performance.md`.

use super::*;
use crate::{search, test_support::Test};
use sea_orm::DbBackend;
use std::time::{Duration, Instant};

const MESSAGES: u32 = 1_000_000;
/// The account of one message in a thousand; four others share the rest.
const RARE: &str = "00000000000070008000000000000009";

/// One message and one recipient every two seconds, written by the database itself.
fn fill(project: &str, messages: u32, started: i64) -> [String; 2] {
    let id = format!("unhex(printf('%012x70008%015x', {started} + i * 2000, i))");
    let rows = format!("WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {messages} - 1)");
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

/// The best and the middle of some runs of a page, its rows and what stands on the first tab.
async fn page_takes(test: &Test, slug: &Slug, filter: &MessageFilter) -> (Duration, Duration, usize, Option<u64>) {
    let (mut took, mut seen) = (Vec::new(), (0, None));
    for _ in 0..9 {
        let begin = Instant::now();
        let page = overview(&test.core, &Actor::System, slug, filter).await.expect("a page");
        took.push(begin.elapsed());
        seen = (page.rows.items.len(), page.counts.map(|counts| counts.all));
    }
    took.sort_unstable();
    (took[0], took[4], seen.0, seen.1)
}

/// A project with messages, when the database is SQLite; gives when the first of them was accepted.
async fn filled(test: &Test, messages: u32) -> Option<(Slug, Timestamp)> {
    if test.core.db.backend() != DbBackend::Sqlite {
        return None;
    }
    let (project, slug) = test.project("physics").await;
    let started = test.core.now().minus(Duration::from_secs(2 * u64::from(messages)));
    let transaction = test.core.db.begin().await.expect("a transaction");
    for sql in fill(&project.uuid().simple().to_string(), messages, started.0) {
        transaction.execute_unprepared(&sql).await.expect("filled");
    }
    transaction.commit().await.expect("commit");
    Some((slug, started))
}

#[tokio::test]
async fn a_search_that_does_not_reach_all_messages_says_since_when() {
    let test = Test::new().await;
    let Some((slug, started)) = filled(&test, 100_003).await else { return };
    let search = async |text: &str| {
        let filter = MessageFilter { search: Some(text.to_owned()), ..Default::default() };
        overview(&test.core, &Actor::System, &slug, &filter).await.expect("a page")
    };
    // The report of number 2 is the oldest that is looked through.
    let part = search("report 2").await;
    assert_eq!(part.searched_since, Some(started.plus(Duration::from_secs(4))));
    assert_eq!(part.counts, None, "counting would look through all");
    let found = async |text: &str| search(text).await.rows.items.into_iter().map(|row| row.subject).collect::<Vec<_>>();
    assert_eq!(found("report 100002").await, ["Weekly report 100002"]);
    assert!(found("report 1").await.iter().all(|subject| subject != "Weekly report 1"));
    assert_eq!(found("<1@d.example>").await, ["Weekly report 1"], "by an index, in all messages");
    assert_eq!(found("u1@e.example").await.last().map(String::as_str), Some("Weekly report 1"));
    let recent = MessageFilter {
        search: Some("report".to_owned()),
        since: Some(started.plus(Duration::from_secs(60))),
        ..Default::default()
    };
    let recent = overview(&test.core, &Actor::System, &slug, &recent).await.expect("a page");
    assert_eq!(recent.searched_since, None, "nothing older was asked for");
}

#[tokio::test]
#[ignore = "fills a million rows and prints figures"]
async fn what_a_page_of_a_million_costs() {
    let test = Test::new().await;
    let begin = Instant::now();
    let Some((slug, started)) = filled(&test, MESSAGES).await else { return };
    println!("filled in {:?}", begin.elapsed());
    let account = |hex: &str| Some(Id::from_uuid(hex.parse().expect("an id")));
    let hour = Some(test.core.now().minus(Duration::from_secs(3_600)));
    let by = |text: &str| MessageFilter { search: Some(text.to_owned()), ..Default::default() };
    let first = MessageFilter::default();
    let middle = search::first_of(started.plus(Duration::from_secs(u64::from(MESSAGES))));
    let state = |state| MessageFilter { state: Some(state), ..Default::default() };
    for (what, filter) in [
        ("first page", first.clone()),
        (
            "a page in the middle",
            MessageFilter { after: Some(MessageId::from_uuid(middle).to_string()), ..first.clone() },
        ),
        ("held", state(MessageState::Held)),
        ("queued, of which there are none", state(MessageState::Queued)),
        ("last hour", MessageFilter { since: hour, ..first.clone() }),
        ("an account of 250,000", MessageFilter { service_account: account(&"0".repeat(32)), ..first.clone() }),
        ("an account of 1,000", MessageFilter { service_account: account(RARE), ..first.clone() }),
        ("Message-ID", by("<77@d.example>")),
        ("recipient", by("u77@e.example")),
        ("a word in every subject", by("report")),
        ("a word in no subject", by("zebra")),
    ] {
        let (best, usual, rows, all) = page_takes(&test, &slug, &filter).await;
        println!("{what:35} {usual:>12.1?} (best {best:.1?}), {rows} rows, counted {all:?}");
    }
}
