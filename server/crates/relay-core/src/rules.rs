//! What was read of the rules, remembered for a second: a program that sends a thousand messages a second does not have
//! the same rows read for each.
//!
//! It decides nothing and never goes across a change that this node committed: those hold for the next question (see
//! [`crate::db::Change`]). A change on another node, or by a command beside the server, holds a second later at most. What
//! would refuse is better not remembered, so that a permission given elsewhere holds at once. See
//! `docs/adr/0002-rules-are-remembered-for-a-second.md`.

use crate::{Core, Result};
use moka::sync::Cache;
use relay_types::Timestamp;
use std::{hash::Hash, time::Duration};

/// How long an answer is believed.
const BELIEVED: Duration = Duration::from_secs(1);

/// Answers to one kind of question.
pub(crate) struct Remembered<K, V>(Cache<K, Answer<V>>);

#[derive(Clone)]
struct Answer<V> {
    read: Moment,
    value: V,
}

/// When something was read: before which change, and at what time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    generation: u64,
    at: Timestamp,
}

impl Moment {
    /// Now; taken before something is read.
    pub(crate) fn now(core: &Core) -> Self {
        Self { generation: core.db.generation().now(), at: core.now() }
    }

    fn is_believed(self, now: Self) -> bool {
        self.generation == now.generation && self.at <= now.at && now.at.since(self.at) < BELIEVED
    }
}

impl<K: Hash + Eq + Send + Sync + 'static, V: Clone + Send + Sync + 'static> Default for Remembered<K, V> {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(10_000).time_to_live(2 * BELIEVED).build())
    }
}

impl<K: Hash + Eq + Send + Sync + 'static, V: Clone + Send + Sync + 'static> Remembered<K, V> {
    /// What was read, when that can still be believed.
    pub(crate) fn get(&self, core: &Core, key: &K) -> Option<V> {
        let answer = self.0.get(key)?;
        answer.read.is_believed(Moment::now(core)).then_some(answer.value)
    }

    /// What was read, or is read now. Kept when it is `lasting`.
    pub(crate) async fn get_or(
        &self,
        core: &Core,
        key: K,
        lasting: impl FnOnce(&V) -> bool,
        read: impl Future<Output = Result<V>>,
    ) -> Result<V> {
        if let Some(value) = self.get(core, &key) {
            return Ok(value);
        }
        let moment = Moment::now(core);
        let value = read.await?;
        if lasting(&value) {
            self.keep(moment, key, value.clone());
        }
        Ok(value)
    }

    /// Keeps what was read after `moment`: of a change that came between, the old row may have been seen.
    pub(crate) fn keep(&self, moment: Moment, key: K, value: V) {
        self.0.insert(key, Answer { read: moment, value });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Actor, platform, test_support::Test};

    async fn ask(test: &Test, remembered: &Remembered<u8, u8>, value: u8) -> u8 {
        remembered.get_or(&test.core, 1, |&value| value != 0, async { Ok(value) }).await.expect("an answer")
    }

    #[tokio::test]
    async fn an_answer_is_believed_for_a_second_and_not_across_a_change_here() {
        let test = Test::new().await;
        let remembered = Remembered::default();
        assert_eq!(ask(&test, &remembered, 0).await, 0);
        assert_eq!(ask(&test, &remembered, 1).await, 1, "what does not last is read again");
        assert_eq!(ask(&test, &remembered, 2).await, 1);
        test.clock.advance(BELIEVED);
        assert_eq!(ask(&test, &remembered, 3).await, 3);
        platform::pause(&test.core, &Actor::System, "new disks").await.expect("paused");
        assert_eq!(ask(&test, &remembered, 4).await, 4);
        let aside = test.core.db.begin_aside().await.expect("a transaction");
        aside.commit().await.expect("committed");
        assert_eq!(ask(&test, &remembered, 5).await, 4);
    }

    #[tokio::test]
    async fn what_was_read_while_a_change_was_committed_is_not_believed() {
        let test = Test::new().await;
        let remembered = Remembered::default();
        let read = async {
            platform::pause(&test.core, &Actor::System, "new disks").await?;
            Ok(1)
        };
        assert_eq!(remembered.get_or(&test.core, 1, |_| true, read).await.expect("an answer"), 1);
        assert_eq!(ask(&test, &remembered, 2).await, 2);
    }
}
