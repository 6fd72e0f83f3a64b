//! How long mail is kept: content for a time, and the story of a message for a longer one. What waits is never touched.
//!
//! Old mail is found from its oldest end, because identifiers begin with the moment they were made; a step is a short
//! transaction, and between steps four times as long is waited, so that new mail has the database for itself most of
//! the time.

use crate::{Actor, Core, Result, projects};
use relay_types::Timestamp;
use sea_orm::{ConnectionTrait, DatabaseTransaction, Statement, Value};
use std::time::Duration;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

/// Messages of one step.
const STEP: usize = 200;
/// Steps of one call; the schedule calls again.
const STEPS: usize = 100;
/// Times that a step took, until the next one.
const REST: u32 = 4;
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

/// Removes content, then history, that is older than it is kept; returns how many messages were changed. System only.
pub async fn prune(core: &Core, actor: &Actor) -> Result<u64> {
    projects::authorize_system(actor)?;
    let Retention { content, history } = core.config.retention;
    let mut changed = 0;
    if let Some(kept) = content {
        let old = format!(
            "SELECT m.id FROM message_content c JOIN message m ON m.id = c.message_id \
             WHERE c.message_id < $1 AND c.part = 0 AND {FINAL} ORDER BY c.message_id LIMIT {STEP}"
        );
        changed += steps(core, &old, kept, &["DELETE FROM message_content WHERE message_id IN"]).await?;
    }
    if let Some(kept) = history {
        let old = format!("SELECT m.id FROM message m WHERE m.id < $1 AND {FINAL} ORDER BY m.id LIMIT {STEP}");
        let removals = [
            "DELETE FROM message_content WHERE message_id IN",
            "DELETE FROM event WHERE message_id IN",
            "DELETE FROM recipient WHERE message_id IN",
            "DELETE FROM message WHERE id IN",
        ];
        changed += steps(core, &old, kept, &removals).await?;
    }
    Ok(changed)
}

/// Removes rows of old messages, some at a time.
async fn steps(core: &Core, old: &str, kept: Duration, removals: &[&str]) -> Result<u64> {
    let before = made_at(core.now().minus(kept));
    let mut changed = 0;
    for _ in 0..STEPS {
        let began = Instant::now();
        let statement = Statement::from_sql_and_values(core.db.backend(), old, [before.into()]);
        let rows = core.db.read().query_all_raw(statement).await?;
        let ids: Vec<Uuid> = rows.iter().map(|row| row.try_get("", "id")).collect::<std::result::Result<_, _>>()?;
        if ids.is_empty() {
            break;
        }
        let transaction = core.db.begin_aside().await?;
        for removal in removals {
            remove(&transaction, removal, &ids).await?;
        }
        transaction.commit().await?;
        changed += ids.len() as u64;
        if ids.len() < STEP {
            break;
        }
        sleep((began.elapsed() * REST).max(SHORTEST)).await;
    }
    Ok(changed)
}

async fn remove(transaction: &DatabaseTransaction, removal: &str, ids: &[Uuid]) -> Result<()> {
    let places: Vec<String> = (1..=ids.len()).map(|place| format!("${place}")).collect();
    let sql = format!("{removal} ({})", places.join(", "));
    let values: Vec<Value> = ids.iter().map(|&id| id.into()).collect();
    transaction.execute_raw(Statement::from_sql_and_values(transaction.get_database_backend(), sql, values)).await?;
    Ok(())
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
        queue,
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
