//! How long mail is kept: content for a time, and the story of a message for a longer one. What waits is never touched.
//!
//! Old mail is found from its oldest end, because identifiers begin with the moment they were made; a step is a short
//! transaction, and between steps four times as long is waited, so that new mail has the database for itself most of
//! the time; when more is left after many steps the waits are as long as the steps, so that removing keeps pace with
//! what comes. That content was removed stands in the message's story.

use crate::{
    Actor, Core, Result, projects,
    submission::kept::{self, event_row},
    tables::{message, message_content},
};
use relay_types::{
    Timestamp,
    message::{ContentRemoved, Event, EventKind, MessageState},
};
use sea_orm::{ConnectionTrait, DatabaseTransaction, EntityTrait, QuerySelect, Statement, Value};
use std::{collections::BTreeSet, time::Duration};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

/// Messages of one step.
const STEP: usize = 200;
/// What the messages of one step weigh at most, unless it is one: octets of content, and so many for the rows of each
/// recipient.
const WEIGHT: i64 = 16 * 1024 * 1024;
const RECIPIENT: i64 = 4 * 1024;
/// Steps for content, and then as many for history, until neither has anything left.
const STEPS: usize = if cfg!(test) { 2 } else { 100 };
/// Times that a step took, until the next one.
const REST: u32 = 4;
/// The same when much is left.
const REST_BEHIND: u32 = 1;
/// At least so long.
const SHORTEST: Duration = Duration::from_millis(20);
const FINAL: &str = "m.state IN ('delivered', 'bounced', 'cancelled')";

/// How long what is kept; none for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retention {
    /// Content of messages that are done.
    pub content: Option<Duration>,
    /// Messages that are done, with their stories.
    pub history: Option<Duration>,
}

/// Removes all content and history that is older than it is kept; returns how many messages were changed. System only.
/// May be dropped and called again.
pub async fn prune(core: &Core, actor: &Actor) -> Result<u64> {
    projects::authorize_system(actor)?;
    let Retention { content, history } = core.config.retention;
    let (mut changed, mut rest) = (0, REST);
    loop {
        let mut more = false;
        for (kept, what) in [(content, What::Content), (history, What::Everything)] {
            let Some(kept) = kept else { continue };
            let removed = steps(core, kept, what, rest).await?;
            changed += removed.messages;
            more |= removed.more;
        }
        if !more {
            return Ok(changed);
        }
        rest = REST_BEHIND;
    }
}

/// What became of the content of a message with these events, when it is not kept any more.
pub(crate) async fn content_removed(
    core: &Core,
    row: &message::Model,
    events: &[Event],
) -> Result<Option<ContentRemoved>> {
    let noted = events.iter().rev().find_map(|event| match event.kind {
        EventKind::ContentRemoved { kept_seconds } => Some((event.at, kept_seconds)),
        _ => None,
    });
    let waits = MessageState::parse(&row.state)
        .is_some_and(|state| matches!(state, MessageState::Queued | MessageState::Deferred | MessageState::Held));
    let empty = usize::try_from(row.size).is_ok_and(|size| size == row.prefix.len());
    if noted.is_some() || waits || empty {
        return Ok(noted.map(|noted| ContentRemoved { noted: Some(noted) }));
    }
    // Versions before this one noted nothing, and of a long story the end may not be among the events.
    let there = message_content::Entity::find_by_id((row.id, 0))
        .select_only()
        .column(message_content::Column::Part)
        .into_tuple::<i32>()
        .one(core.db.read())
        .await?;
    Ok(there.is_none().then_some(ContentRemoved { noted: None }))
}

/// What of old messages is removed.
#[derive(Clone, Copy)]
enum What {
    Content,
    Everything,
}

impl What {
    /// Finds the oldest of those that are older than `$1`, with what each weighs.
    fn oldest(self) -> String {
        match self {
            Self::Content => format!(
                "SELECT m.id, m.size AS weight FROM message_content c JOIN message m ON m.id = c.message_id \
                 WHERE c.message_id < $1 AND c.part = 0 AND {FINAL} ORDER BY c.message_id LIMIT {STEP}"
            ),
            Self::Everything => format!(
                "SELECT m.id, CAST(m.recipients AS BIGINT) * {RECIPIENT} + CASE WHEN EXISTS \
                 (SELECT 1 FROM message_content c WHERE c.message_id = m.id) THEN m.size ELSE 0 END AS weight \
                 FROM message m WHERE m.id < $1 AND {FINAL} ORDER BY m.id LIMIT {STEP}"
            ),
        }
    }
}

/// What some steps did.
#[derive(Default)]
struct Removed {
    messages: u64,
    /// There may be others.
    more: bool,
}

/// Removes rows of old messages, some at a time.
async fn steps(core: &Core, kept: Duration, what: What, rest: u32) -> Result<Removed> {
    let before = made_at(core.now().minus(kept));
    let oldest = what.oldest();
    let mut removed = Removed::default();
    for _ in 0..STEPS {
        let began = Instant::now();
        let statement = Statement::from_sql_and_values(core.db.backend(), &oldest, [before.into()]);
        let rows = core.db.read().query_all_raw(statement).await?;
        let found: Vec<(Uuid, i64)> = rows
            .iter()
            .map(|row| Ok((row.try_get("", "id")?, row.try_get("", "weight")?)))
            .collect::<std::result::Result<_, sea_orm::DbErr>>()?;
        let ids = together(&found);
        if ids.is_empty() {
            return Ok(removed);
        }
        let transaction = core.db.begin_aside().await?;
        match what {
            What::Content => remove_content(core, &transaction, kept, &ids).await?,
            What::Everything => {
                for table in ["message_content", "event", "recipient"] {
                    remove(&transaction, &format!("DELETE FROM {table} WHERE message_id IN"), &ids).await?;
                }
                remove(&transaction, "DELETE FROM message WHERE id IN", &ids).await?;
            }
        }
        transaction.commit().await?;
        removed.messages += ids.len() as u64;
        if ids.len() < STEP && ids.len() == found.len() {
            return Ok(removed);
        }
        sleep((began.elapsed() * rest).max(SHORTEST)).await;
    }
    Ok(Removed { more: true, ..removed })
}

/// Those of the messages that are removed in one step: a transaction that took long would keep new mail waiting.
fn together(found: &[(Uuid, i64)]) -> Vec<Uuid> {
    let mut sum = 0_i64;
    let light = |&&(_, weight): &&(Uuid, i64)| {
        let first = sum == 0;
        sum = sum.saturating_add(weight.max(1));
        first || sum <= WEIGHT
    };
    found.iter().take_while(light).map(|&(id, _)| id).collect()
}

/// Removes content, and notes it in the story of each message that had some: another node may have been quicker.
async fn remove_content(core: &Core, transaction: &DatabaseTransaction, kept: Duration, ids: &[Uuid]) -> Result<()> {
    let sql = format!("DELETE FROM message_content WHERE message_id IN ({}) RETURNING message_id", places(ids.len()));
    let values = ids.iter().map(|&id| Value::from(id));
    let statement = Statement::from_sql_and_values(transaction.get_database_backend(), sql, values);
    let rows = transaction.query_all_raw(statement).await?;
    let had: BTreeSet<Uuid> =
        rows.iter().map(|row| row.try_get("", "message_id")).collect::<std::result::Result<_, _>>()?;
    let (now, removed) = (core.now(), EventKind::ContentRemoved { kept_seconds: kept.as_secs() });
    let events = had.into_iter().map(|id| event_row(core, id, now, &removed)).collect::<Result<_>>()?;
    kept::insert_events(transaction, events).await
}

async fn remove(transaction: &DatabaseTransaction, removal: &str, ids: &[Uuid]) -> Result<()> {
    let sql = format!("{removal} ({})", places(ids.len()));
    let values: Vec<Value> = ids.iter().map(|&id| id.into()).collect();
    transaction.execute_raw(Statement::from_sql_and_values(transaction.get_database_backend(), sql, values)).await?;
    Ok(())
}

/// `$1, $2, …`
fn places(count: usize) -> String {
    (1..=count).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ")
}

/// The first identifier of a moment.
fn made_at(at: Timestamp) -> Uuid {
    Uuid::from_u128(u128::try_from(at.0).unwrap_or(0) << 80)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        commit::{self, Work},
        messages, queue,
        test_support::{Test, word},
    };

    const DAY: Duration = Duration::from_secs(86_400);

    async fn keep(core: &Core, count: usize) {
        for _ in 0..count {
            let new = commit::tests::message(core, core.new_id(), 10);
            commit::commit(core, Work::Accept(Box::new(new), None)).await.expect("kept");
        }
    }

    async fn sql(core: &Core, sql: &str) {
        let statement = Statement::from_string(core.db.backend(), sql);
        core.db.read().execute_raw(statement).await.expect("a statement");
    }

    async fn counts(core: &Core) -> [i64; 4] {
        let mut counts = [0; 4];
        for (place, table) in ["message", "recipient", "event", "message_content"].into_iter().enumerate() {
            let statement = Statement::from_string(core.db.backend(), format!("SELECT COUNT(*) AS n FROM {table}"));
            let row = core.db.read().query_one_raw(statement).await.expect("a row").expect("a row");
            counts[place] = row.try_get("", "n").expect("a number");
        }
        counts
    }

    #[tokio::test]
    async fn content_goes_first_then_the_story_and_what_waits_stays() {
        let days = |days| Some(days * DAY);
        let test = Test::with(|config| config.retention = Retention { content: days(30), history: days(60) }).await;
        let core = &test.core;
        keep(core, STEP + 3).await;
        sql(core, "UPDATE message SET state = 'delivered'").await;
        let many = i64::try_from(STEP + 3).expect("a number");
        // Of the same age, and waits.
        keep(core, 1).await;
        assert_eq!(prune(core, &Actor::System).await.expect("pruned"), 0);
        test.clock.advance(31 * DAY);
        keep(core, 1).await;
        sql(core, "UPDATE message SET state = 'delivered' WHERE accepted_at = (SELECT MAX(accepted_at) FROM message)")
            .await;
        let before = counts(core).await;
        assert_eq!(prune(core, &Actor::System).await.expect("pruned"), many as u64);
        let after = counts(core).await;
        assert_eq!((after[0], after[3]), (before[0], 2), "the waiting one and the new one");
        assert_eq!(queue::claim(core, 9, 9, &[]).await.expect("claims").len(), 9, "recipients are as they were");
        test.clock.advance(30 * DAY);
        assert_eq!(prune(core, &Actor::System).await.expect("pruned"), many as u64);
        let [messages, recipients, events, contents] = counts(core).await;
        assert_eq!((messages, recipients, contents), (2, 2, 2));
        assert!(events <= 2);
        assert_eq!(prune(core, &Actor::System).await.expect("pruned"), 0);
    }

    #[test]
    fn a_step_has_one_message_at_least_and_no_more_than_is_removed_quickly() {
        let weights = |weights: &[i64]| {
            let found: Vec<_> = weights.iter().map(|&weight| (Uuid::from_u128(0), weight)).collect();
            together(&found).len()
        };
        assert_eq!(weights(&[]), 0);
        assert_eq!(weights(&[0, 0, 0]), 3);
        assert_eq!(weights(&[WEIGHT / 2, WEIGHT / 2, 1]), 2);
        assert_eq!(weights(&[1, WEIGHT, 1]), 1);
        assert_eq!(weights(&[9 * WEIGHT, 1]), 1);
        assert_eq!(weights(&[i64::MAX, i64::MAX]), 1);
    }

    #[tokio::test]
    async fn large_messages_go_some_at_a_time_and_all_of_them() {
        let kept = Some(DAY);
        let test = Test::with(|config| config.retention = Retention { content: kept, history: None }).await;
        keep(&test.core, 5).await;
        sql(&test.core, &format!("UPDATE message SET state = 'delivered', size = {WEIGHT}")).await;
        test.clock.advance(2 * DAY);
        assert_eq!(prune(&test.core, &Actor::System).await.expect("pruned"), 5);
        assert_eq!(counts(&test.core).await[3], 0);
    }

    #[tokio::test]
    async fn the_page_says_when_content_was_removed_and_by_which_setting() {
        let test = Test::with(|config| config.retention = Retention { content: Some(30 * DAY), history: None }).await;
        let (project, slug) = test.project("physics").await;
        let core = &test.core;
        let kept = async |state: &str| {
            let mut new = commit::tests::message(core, core.new_id(), 10);
            new.project = Some(project);
            let id = new.id;
            commit::commit(core, Work::Accept(Box::new(new), None)).await.expect("kept");
            sql(core, &format!("UPDATE message SET state = '{state}' WHERE state = 'queued'")).await;
            id
        };
        let page = async |id| messages::get(core, &Actor::System, &slug, id).await.expect("a message");
        let (done, held) = (kept("delivered").await, kept("held").await);
        assert_eq!(page(done).await.content_removed, None);
        test.clock.advance(31 * DAY);
        assert_eq!(prune(core, &Actor::System).await.expect("pruned"), 1);
        let removed_at = core.now();
        test.clock.advance(DAY);
        assert_eq!(prune(core, &Actor::System).await.expect("pruned"), 0);
        let shown = page(done).await;
        let noted = Some((removed_at, 30 * 86_400));
        assert_eq!(shown.content_removed, Some(ContentRemoved { noted }));
        assert_eq!(
            shown.events.iter().filter(|event| matches!(event.kind, EventKind::ContentRemoved { .. })).count(),
            1
        );
        assert_eq!(page(held).await.content_removed, None);
        // As an earlier version left it.
        sql(core, "DELETE FROM event").await;
        assert_eq!(page(done).await.content_removed, Some(ContentRemoved { noted: None }));
        assert_eq!(page(held).await.content_removed, None);
    }

    #[tokio::test]
    async fn without_a_bound_everything_is_kept_and_only_the_schedule_prunes() {
        let test = Test::new().await;
        keep(&test.core, 1).await;
        sql(&test.core, "UPDATE message SET state = 'bounced'").await;
        test.clock.advance(4_000 * DAY);
        assert_eq!(prune(&test.core, &Actor::System).await.expect("pruned"), 0);
        let (project, slug) = test.project("physics").await;
        let cast = test.cast(project, &slug).await;
        for actor in [&cast.owner, &cast.viewer, &cast.outsider, &cast.anonymous, &cast.operator] {
            assert_ne!(word(&prune(&test.core, actor).await), "Ok");
        }
    }
}
