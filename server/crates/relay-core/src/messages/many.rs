//! A search in a project with more messages than are looked through.

use super::{fill::fill, *};
use crate::test_support::Test;
use sea_orm::DbBackend;
use std::time::Duration;

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
