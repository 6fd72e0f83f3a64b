//! A transaction that may change a rule, and the number that says so: what was read before it is read anew after it.

use crate::nodes::bells::{self, Bells};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, Statement};
use std::{
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// How many changes this node has committed, or heard of from others. See [`crate::rules`].
#[derive(Clone, Default)]
pub(crate) struct Generation {
    number: Arc<AtomicU64>,
    bells: Arc<Bells>,
}

impl Generation {
    pub(crate) fn new(bells: Arc<Bells>) -> Self {
        Self { bells, ..Self::default() }
    }

    /// The number now.
    pub(crate) fn now(&self) -> u64 {
        self.number.load(Ordering::Acquire)
    }

    /// What was read until now may have changed; the other nodes are told.
    pub(crate) fn next(&self) {
        self.heard();
        self.bells.ring(bells::RULES);
    }

    /// Another node says so.
    pub(crate) fn heard(&self) {
        self.number.fetch_add(1, Ordering::Release);
    }
}

/// A transaction of [`super::Database::begin`]; taken back when it is dropped. Its statements are those of
/// [`DatabaseTransaction`].
pub(crate) struct Change {
    transaction: DatabaseTransaction,
    generation: Generation,
}

impl Change {
    pub(super) fn new(transaction: DatabaseTransaction, generation: Generation) -> Self {
        Self { transaction, generation }
    }

    /// Makes it last. What rules say is read anew from now on, also after an error: nobody knows then what was kept.
    pub(crate) async fn commit(self) -> Result<(), DbErr> {
        let committed = self.transaction.commit().await;
        self.generation.next();
        committed
    }
}

impl Deref for Change {
    type Target = DatabaseTransaction;

    fn deref(&self) -> &DatabaseTransaction {
        &self.transaction
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Change {
    fn get_database_backend(&self) -> DbBackend {
        self.transaction.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.transaction.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.transaction.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.transaction.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.transaction.query_all_raw(statement).await
    }
}
