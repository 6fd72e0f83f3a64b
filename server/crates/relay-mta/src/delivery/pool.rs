//! Open connections that wait for another message of the same way. Bounded in all: whatever the number of
//! destinations, sockets are left for those who come to us.

use super::{client::Connection, next_hop::Key};
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Idle connections, the one that waited longest first.
pub struct Pool {
    idle_limit: Duration,
    per_key: usize,
    most: usize,
    idle: Mutex<Vec<(Key, Connection)>>,
}

impl Pool {
    /// Keeps a connection for `idle_limit`, `per_key` of one key and `most` in all.
    pub fn new(idle_limit: Duration, per_key: usize, most: usize) -> Self {
        Self { idle_limit, per_key, most, idle: Mutex::default() }
    }

    /// The connection of this key that waited least.
    pub fn take(&self, key: &Key) -> Option<Connection> {
        let mut idle = self.idle();
        let fresh = |(known, connection): &(Key, Connection)| known == key && connection.idle_for() < self.idle_limit;
        let place = idle.iter().rposition(fresh)?;
        Some(idle.remove(place).1)
    }

    /// Keeps a connection; gives back the one there is no room for, which is to be closed.
    pub fn put(&self, key: &Key, connection: Connection) -> Option<Connection> {
        let mut idle = self.idle();
        if idle.iter().filter(|(known, _)| known == key).count() >= self.per_key {
            return Some(connection);
        }
        idle.push((key.clone(), connection));
        (idle.len() > self.most).then(|| idle.remove(0).1)
    }

    /// Takes out what waited too long, or everything; it is to be closed.
    pub fn expired(&self, everything: bool) -> Vec<Connection> {
        let mut idle = self.idle();
        let expired = |(_, connection): &mut (Key, Connection)| everything || connection.idle_for() >= self.idle_limit;
        idle.extract_if(.., expired).map(|(_, connection)| connection).collect()
    }

    fn idle(&self) -> MutexGuard<'_, Vec<(Key, Connection)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
