//! A node's own connection to PostgreSQL, which is all that ties it to the others: signs of life go out on it, what
//! others tell comes in (`LISTEN`), and the lock of the leader is held by it. When it breaks the lock is free, and the
//! node tries again every second; until then what would be told is found by looking (each second, as without others).
//!
//! The server ends the session when nothing was heard for 15 s, so that a leader that is cut off leads no longer even
//! where nobody closes its connection.

use super::{BEAT, bells, gone, register, register::LIVE, register::NOW};
use crate::{Core, Error, Result};
use migrations::{Migrator, MigratorTrait};
use relay_types::Timestamp;
use sqlx::{
    AssertSqlSafe, Executor, Row,
    postgres::{PgConnectOptions, PgListener, PgPoolOptions},
};
use std::{str::FromStr, sync::atomic::Ordering, time::Duration};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;

const CHANNEL: &str = "relaykeep";
/// Of the leader, in the space of advisory locks of this database: "relaykee" as a number.
const LEADER: i64 = 0x7265_6c61_796b_6565;
/// How long a statement of the link may take.
const WAIT: Duration = Duration::from_secs(5);
/// Waits between tries to connect.
const AGAIN: Duration = Duration::from_secs(1);
/// After something was told, the next is gathered for so long; pages may wait longer than mail.
const APART: Duration = Duration::from_millis(20);
/// Silence after which the server ends the session: less than makes a node missing.
const IDLE: &str = "SET idle_session_timeout = '15s'";
/// What is leased by the gone is looked for at least so often, in beats, also when nobody came or went.
const LOOKS: u32 = 12;

/// Holds the link until `stop`.
pub(super) async fn run(core: &Core, stop: &CancellationToken) -> Result<()> {
    let mut told = false;
    loop {
        let ended = match Link::open(core).await {
            Ok(mut link) => {
                if std::mem::take(&mut told) {
                    tracing::info!("linked to the other nodes again");
                }
                link.hold(core, stop).await
            }
            Err(error) => Err(error),
        };
        core.node.leads.store(false, Ordering::Relaxed);
        match ended {
            Ok(()) => return register::stopped(core).await,
            Err(error @ Error::Conflict { .. }) => return Err(error),
            Err(error) if !told => {
                told = true;
                tracing::warn!(%error, "cut off from the other nodes; nothing is begun when this lasts");
            }
            Err(_) => {}
        }
        if stop.run_until_cancelled(sleep(AGAIN)).await.is_none() {
            return register::stopped(core).await;
        }
    }
}

struct Link {
    /// Its pool has one connection, which ends with the link.
    listener: PgListener,
    /// The session, as the server knows it: the lock is this session's.
    session: i32,
    leads: bool,
    /// The runs that lived when it was last looked for leases of the gone.
    lived: Option<Vec<String>>,
    looks: u32,
}

/// What ends a wait.
enum Event {
    Stop,
    Beat,
    Tell,
    Heard(Option<sqlx::postgres::PgNotification>),
}

impl Link {
    async fn open(core: &Core) -> Result<Self> {
        let options = PgConnectOptions::from_str(&core.config.database_url).map_err(Error::internal)?;
        let options = options.application_name("relaykeep link").options([
            ("statement_timeout", "5s"),
            // A sign of life need not last, and costs no fsync.
            ("synchronous_commit", "off"),
            // Where the server knows no end of idle sessions (before PostgreSQL 14).
            ("tcp_keepalives_idle", "5"),
            ("tcp_keepalives_interval", "5"),
            ("tcp_keepalives_count", "2"),
        ]);
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(WAIT)
            .max_lifetime(None)
            .idle_timeout(None)
            // A session that is given back holds the lock: it ends.
            .after_release(|_, _| Box::pin(async { Ok(false) }))
            .connect_with(options)
            .await
            .map_err(away)?;
        let mut listener = PgListener::connect_with(&pool).await.map_err(away)?;
        listener.eager_reconnect(false);
        // PostgreSQL 13 has no such setting, and notices by the keepalives.
        let _ = bounded(listener.execute(IDLE)).await;
        bounded(listener.listen(CHANNEL)).await?;
        let row =
            bounded(listener.fetch_one("SELECT pg_backend_pid(), (SELECT COUNT(*) FROM seaql_migrations)")).await?;
        let (session, changes): (i32, i64) = (row.try_get(0).map_err(away)?, row.try_get(1).map_err(away)?);
        // While this process was cut off or stood still, it was not among those that a newer version waits for.
        if usize::try_from(changes).is_ok_and(|changes| changes > Migrator::migrations().len()) {
            return Err(Error::conflict("a newer relaykeep has changed the schema: start that version here"));
        }
        Ok(Self { listener, session, leads: false, lived: None, looks: 0 })
    }

    /// Until `stop`, or an error: then the link is of no use any more.
    async fn hold(&mut self, core: &Core, stop: &CancellationToken) -> Result<()> {
        // What was told while there was no link was not heard.
        self.hear(core, u8::MAX);
        let mut beats = ticks();
        self.beat(core).await?;
        self.tell(core, bells::NODES).await?;
        loop {
            let event = tokio::select! {
                () = stop.cancelled() => Event::Stop,
                _ = beats.tick() => Event::Beat,
                () = core.bells.rung() => Event::Tell,
                heard = self.listener.try_recv() => Event::Heard(heard.map_err(away)?),
            };
            match event {
                Event::Stop => return self.leave(core).await,
                Event::Beat => self.beat(core).await?,
                Event::Tell => {
                    sleep(APART).await;
                    self.tell(core, core.bells.take()).await?;
                }
                Event::Heard(Some(word)) => self.heard(core, word.payload()).await?,
                Event::Heard(None) => return Err(Error::Unavailable { cause: "the connection ended".to_owned() }),
            }
        }
    }

    /// A sign of life, by one statement; it also takes the lead when nobody has it.
    async fn beat(&mut self, core: &Core) -> Result<()> {
        let load = serde_json::to_string(&core.node.figures.load(core)).map_err(Error::internal)?;
        let sql = format!(
            "WITH lead AS MATERIALIZED (SELECT CASE WHEN $3 THEN true ELSE pg_try_advisory_lock({LEADER}) END AS it), \
             beat AS (UPDATE node SET seen_at = {NOW}, stopped_at = NULL, leader = lead.it, load = $2 \
             FROM lead WHERE run = $1 RETURNING 1) \
             SELECT lead.it AS leads, (SELECT COUNT(*) FROM beat) AS seen, pg_backend_pid() AS session, \
             {NOW} AS now, COALESCE((SELECT {NOW} - seen_at FROM node WHERE run = $1), 0) AS silence, \
             ARRAY(SELECT run::text FROM node WHERE run <> $1 AND {LIVE} ORDER BY run) AS others FROM lead"
        );
        let sent_at = Instant::now();
        let query = sqlx::query(AssertSqlSafe(sql)).bind(core.node.run).bind(load).bind(self.leads);
        let row = bounded(query.fetch_one(&mut self.listener)).await?;
        if row.try_get::<i32, _>("session").map_err(away)? != self.session {
            return Err(Error::Unavailable { cause: "the connection was another".to_owned() });
        }
        let others: Vec<String> = row.try_get("others").map_err(away)?;
        core.bells.set_others(!others.is_empty());
        let leads: bool = row.try_get("leads").map_err(away)?;
        if leads && !self.leads {
            tracing::info!("this node leads now");
        }
        self.leads = leads;
        if row.try_get::<i64, _>("seen").map_err(away)? == 0 {
            if register::taken(core).await? {
                return Err(Error::conflict(
                    "another process has taken this node's identity: was its data folder copied?",
                ));
            }
            return Ok(());
        }
        // As it was before this statement, which sees what was there when it began.
        let silence: i64 = row.try_get("silence").map_err(away)?;
        core.node.life.seen(sent_at, Duration::from_millis(u64::try_from(silence).unwrap_or(0)));
        core.node.clock.compare(Timestamp(row.try_get("now").map_err(away)?), core.now());
        core.node.leads.store(leads, Ordering::Relaxed);
        if leads {
            self.lead(core, others).await;
        }
        Ok(())
    }

    /// Looks for what the gone had when somebody came or went, and now and then.
    async fn lead(&mut self, core: &Core, live: Vec<String>) {
        self.looks += 1;
        if self.lived.as_ref() == Some(&live) && self.looks < LOOKS {
            return;
        }
        // Other connections do this: what they cannot do now ends neither the link nor the lead, and waits for a beat.
        let looking = async {
            gone::free(core).await?;
            register::sweep(core).await
        };
        match timeout(WAIT, looking).await {
            Ok(Ok(())) => (self.lived, self.looks) = (Some(live), 0),
            Ok(Err(error)) => tracing::warn!(%error, "what nodes had that are gone is looked for again"),
            Err(_) => tracing::info!("what nodes had that are gone is more than one look; the next goes on"),
        }
    }

    async fn tell(&mut self, core: &Core, what: u8) -> Result<()> {
        let word = format!("{} {what}", core.node.run.simple());
        let query = sqlx::query("SELECT pg_notify($1, $2)").bind(CHANNEL).bind(word);
        bounded(query.execute(&mut self.listener)).await?;
        Ok(())
    }

    async fn heard(&mut self, core: &Core, word: &str) -> Result<()> {
        let Some((who, what)) = word.split_once(' ') else { return Ok(()) };
        let what: u8 = what.parse().unwrap_or(u8::MAX);
        if who == core.node.run.simple().to_string() {
            return Ok(());
        }
        self.hear(core, what);
        // Who has just come is told from now on; of who went, the lead is free.
        if what & bells::NODES != 0 { self.beat(core).await } else { Ok(()) }
    }

    fn hear(&self, core: &Core, what: u8) {
        if what & bells::RULES != 0 {
            core.db.generation().heard();
        }
        if what & bells::MAIL != 0 {
            core.queue_wake.heard();
        }
        if what & bells::ACCESS != 0 {
            core.changes.heard_of_access();
        }
        core.changes.heard();
    }

    /// The node was stopped in order: the others look at once who leads.
    async fn leave(&mut self, core: &Core) -> Result<()> {
        register::stopped(core).await?;
        if self.leads {
            let free = sqlx::query("SELECT pg_advisory_unlock($1)").bind(LEADER);
            bounded(free.execute(&mut self.listener)).await?;
        }
        self.tell(core, bells::NODES).await
    }
}

fn away(error: sqlx::Error) -> Error {
    Error::Unavailable { cause: error.to_string() }
}

fn ticks() -> Interval {
    let mut ticks = interval(BEAT);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

async fn bounded<T>(work: impl Future<Output = std::result::Result<T, sqlx::Error>>) -> Result<T> {
    match timeout(WAIT, work).await {
        Ok(done) => done.map_err(away),
        Err(_) => Err(Error::Unavailable { cause: "no answer on the link".to_owned() }),
    }
}
