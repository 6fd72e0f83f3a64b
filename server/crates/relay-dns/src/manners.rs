//! How much is asked at a time: of one server, and in all. A sweep over many addresses is no herd on one server.

use crate::wire::{NoAnswer, Question};
use hickory_proto::op::Message;
use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
};
use tokio::sync::Semaphore;

/// Questions at a time to one authoritative server, to one of our resolvers, and in all.
const PER_SERVER: usize = 8;
const PER_RESOLVER: usize = 64;
const IN_ALL: usize = 256;
/// After so many questions in a row without an answer a server counts as away.
const AWAY_AFTER: u32 = 2;
/// So many servers are remembered before those nobody asks are forgotten.
const REMEMBERED: usize = 4096;

/// Shared by all who ask through one resolver.
pub(crate) struct Manners {
    in_all: Semaphore,
    /// By address, and whether it is asked as a resolver: in a laboratory one server may be both.
    servers: Mutex<HashMap<(SocketAddr, bool), Arc<Server>>>,
}

struct Server {
    slots: Semaphore,
    unanswered: AtomicU32,
    /// Whether somebody is finding out if it is back.
    tried: AtomicBool,
}

/// The one question that finds out whether a server is back.
struct Trial<'a>(&'a AtomicBool);

impl Drop for Trial<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

impl Manners {
    pub(crate) fn new() -> Self {
        Self { in_all: Semaphore::new(IN_ALL), servers: Mutex::default() }
    }

    /// Asks as soon as it is this question's turn.
    ///
    /// A server that gave no answer twice in a row is tried by one question at a time; the others hear at once that it
    /// is silent, so that one dead server does not hold up a sweep.
    pub(crate) async fn ask(&self, server: SocketAddr, question: &Question<'_>) -> Result<Message, NoAnswer> {
        let known = self.server(server, question.recursive);
        let silent = || Err(NoAnswer::Silent(question.patience));
        // The server's turn first: who waits for a slow server must not keep others from asking quick ones.
        // Semaphores that are never closed always give a permit.
        let Ok(_turn) = known.slots.acquire().await else { return silent() };
        let away = !question.recursive && known.unanswered.load(Ordering::Relaxed) >= AWAY_AFTER;
        if away && known.tried.swap(true, Ordering::Acquire) {
            return silent();
        }
        let _trial = away.then(|| Trial(&known.tried));
        let Ok(_one) = self.in_all.acquire().await else { return silent() };
        let answer = question.ask(server).await;
        match &answer {
            Ok(_) => known.unanswered.store(0, Ordering::Relaxed),
            Err(_) => {
                known.unanswered.fetch_add(1, Ordering::Relaxed);
            }
        }
        answer
    }

    fn server(&self, address: SocketAddr, recursive: bool) -> Arc<Server> {
        let limit = if recursive { PER_RESOLVER } else { PER_SERVER };
        let mut servers = self.servers();
        if servers.len() >= REMEMBERED {
            servers.retain(|_, server| Arc::strong_count(server) > 1);
        }
        let new =
            || Server { slots: Semaphore::new(limit), unanswered: AtomicU32::new(0), tried: AtomicBool::new(false) };
        servers.entry((address, recursive)).or_insert_with(|| Arc::new(new())).clone()
    }

    fn servers(&self) -> MutexGuard<'_, HashMap<(SocketAddr, bool), Arc<Server>>> {
        self.servers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
