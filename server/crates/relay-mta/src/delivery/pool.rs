//! Open connections that wait for another message of the same way.

use super::client::Connection;
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Idle connections by the key of their way.
pub struct Pool {
    idle_limit: Duration,
    per_key: usize,
    idle: Mutex<HashMap<String, Vec<Connection>>>,
}

impl Pool {
    /// Keeps a connection for `idle_limit`, and `per_key` of them at most.
    pub fn new(idle_limit: Duration, per_key: usize) -> Self {
        Self { idle_limit, per_key, idle: Mutex::default() }
    }

    /// The connection that waited least.
    pub fn take(&self, key: &str) -> Option<Connection> {
        let mut idle = self.idle();
        let connections = idle.get_mut(key)?;
        let found = connections.pop().filter(|connection| connection.idle_for() < self.idle_limit);
        if connections.is_empty() {
            idle.remove(key);
        }
        found
    }

    /// Keeps a connection; drops it when there are enough.
    pub fn put(&self, key: &str, connection: Connection) {
        let mut idle = self.idle();
        let connections = idle.entry(key.to_owned()).or_default();
        if connections.len() < self.per_key {
            connections.push(connection);
        }
    }

    /// Takes out what waited too long, or everything.
    pub fn expired(&self, everything: bool) -> Vec<Connection> {
        let mut idle = self.idle();
        let expired = |connection: &mut Connection| everything || connection.idle_for() >= self.idle_limit;
        let taken = idle.values_mut().flat_map(|connections| connections.extract_if(.., expired)).collect();
        idle.retain(|_, connections| !connections.is_empty());
        taken
    }

    fn idle(&self) -> MutexGuard<'_, HashMap<String, Vec<Connection>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
