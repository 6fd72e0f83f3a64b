//! The handle to everything a use case needs. Cheap to clone; there are no globals.

use crate::{
    Clock, CoreConfig, Error, Result,
    db::{Database, Generation, Schema},
    hashing::Hasher,
    key_check,
    listeners::Listeners,
    nodes::bells::Bells,
    sealing::SealingKey,
};
use relay_dns::Resolver;
use relay_types::{Id, Timestamp};
use std::{
    ops::Deref,
    sync::{Arc, Mutex},
    time::Duration,
};
use uuid::{ContextV7, Uuid};

/// Database, resolver, clock, sealing key, wake-ups.
#[derive(Clone)]
pub struct Core {
    inner: Arc<Inner>,
}

/// What [`Core`] shares.
pub struct Inner {
    pub(crate) config: CoreConfig,
    pub(crate) db: Database,
    pub(crate) resolver: Resolver,
    pub(crate) clock: Clock,
    /// Keeps identifiers of the same moment in order.
    ids: Mutex<ContextV7>,
    pub(crate) sealing: SealingKey,
    /// Of people's passwords, and of what is made anew.
    pub(crate) hasher: Hasher,
    /// Of the secrets of programs: who guesses these keeps no person waiting.
    pub(crate) sasl_hasher: Hasher,
    /// Woken when a recipient became due.
    pub(crate) queue_wake: crate::nodes::bells::QueueWake,
    /// What the other nodes are to be told.
    pub(crate) bells: Arc<crate::nodes::bells::Bells>,
    /// This process among the nodes.
    pub(crate) node: crate::nodes::Node,
    /// Whose turn it is in a backlog.
    pub(crate) turns: crate::queue::claim::Turns,
    /// The short way of new mail to the workers of this process.
    pub(crate) handover: crate::queue::handover::Handover,
    /// Sessions that wait for what their next hop says.
    pub(crate) awaited: crate::queue::cut_through::Awaited,
    /// What waits for the next commit.
    pub(crate) committer: crate::commit::Committer,
    /// Content that was just accepted or read, so that delivery need not read it again.
    pub(crate) contents: crate::queue::outgoing::Contents,
    pub(crate) listeners: Listeners,
    /// Who listens for changes.
    pub(crate) changes: crate::changes::Changes,
    /// Refusals that wait to be written.
    pub(crate) refusals: crate::refusals::Groups,
    /// Last uses that wait to be written.
    pub(crate) uses: crate::uses::Uses,
    /// Credentials that were right a short time ago.
    pub(crate) successes: crate::service_accounts::Successes,
    /// DKIM keys that were opened.
    pub(crate) dkim_keys: crate::dkim_keys::OpenedKeys,
    /// What was read of the rules within the last second (`rules`).
    pub(crate) submitters: crate::policy::Submitters,
    pub(crate) verified: crate::policy::VerifiedNames,
    pub(crate) identified: crate::networks::Identified,
    pub(crate) accounts: crate::service_accounts::Accounts,
    pub(crate) active_keys: crate::dkim_keys::ActiveKeys,
    pub(crate) project_routes: crate::routes::ProjectRoutes,
    pub(crate) have_suppressions: crate::suppressions::HaveSuppressions,
    /// MTA-STS policies of recipient domains that were asked for a moment ago.
    pub(crate) policies: crate::mta_sts::Policies,
    /// TLS sessions that wait to be counted.
    pub(crate) tls_counts: crate::tls_sessions::Gathered,
    pub(crate) last_pause: crate::platform::LastPause,
    pub(crate) platform_limits: crate::limits::platform::PlatformLimits,
    pub(crate) platform_window: crate::limits::platform::PlatformWindow,
    /// Who had DNS asked how often.
    pub(crate) asked: crate::dns_health::Asked,
    /// How far the checks of domains are that people wait for.
    pub(crate) progress: crate::dns_health::Progress,
}

impl Deref for Core {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.inner
    }
}

impl Core {
    /// Opens the database (which must have been migrated), reads or makes the sealing key. A key that is not the
    /// database's is refused.
    pub async fn open(config: CoreConfig, resolver: Resolver, clock: Clock) -> Result<Self> {
        let bells = Arc::default();
        let db = Database::open_with(&config.database_url, Generation::new(Arc::clone(&bells))).await?;
        let sealing = SealingKey::read_or_make(&config.secret_key_file)?;
        key_check::agree(&db, &sealing, &config.secret_key_file, clock.now()).await?;
        Self::with(config, db, bells, sealing, resolver, clock)
    }

    /// As [`Self::open`], but makes and writes nothing: for who judges an installation that may be running.
    pub async fn look(config: CoreConfig, resolver: Resolver, clock: Clock) -> Result<Self> {
        let bells = Arc::default();
        let db = Database::open_with(&config.database_url, Generation::new(Arc::clone(&bells))).await?;
        let file = &config.secret_key_file;
        let sealing = match file.exists() {
            true => SealingKey::read(file)?,
            false if key_check::is_known(&db).await? => {
                let cause = "is missing, and this database was made with one: restore it from the backup";
                return Err(Error::internal(format!("{} {cause}", file.display())));
            }
            // The first start will make it.
            false => SealingKey::of_chance()?,
        };
        key_check::compare(&db, &sealing, file).await?;
        Self::with(config, db, bells, sealing, resolver, clock)
    }

    fn with(
        config: CoreConfig,
        db: Database,
        bells: Arc<Bells>,
        sealing: SealingKey,
        resolver: Resolver,
        clock: Clock,
    ) -> Result<Self> {
        let hasher = Hasher::new(config.hashing_parallelism)?;
        let sasl_hasher = Hasher::new(config.hashing_parallelism)?;
        let inner = Inner {
            config,
            db,
            resolver,
            clock,
            ids: Mutex::new(ContextV7::new()),
            sealing,
            hasher,
            sasl_hasher,
            queue_wake: crate::nodes::bells::QueueWake::new(bells.clone()),
            node: Default::default(),
            turns: Default::default(),
            handover: Default::default(),
            awaited: Default::default(),
            committer: Default::default(),
            contents: Default::default(),
            listeners: Listeners::default(),
            changes: crate::changes::Changes::new(bells.clone()),
            bells,
            refusals: crate::refusals::Groups::default(),
            uses: crate::uses::Uses::default(),
            successes: crate::service_accounts::Successes::default(),
            dkim_keys: crate::dkim_keys::OpenedKeys::default(),
            submitters: Default::default(),
            verified: Default::default(),
            identified: Default::default(),
            accounts: Default::default(),
            active_keys: Default::default(),
            project_routes: Default::default(),
            have_suppressions: Default::default(),
            last_pause: Default::default(),
            policies: Default::default(),
            tls_counts: Default::default(),
            platform_limits: Default::default(),
            platform_window: Default::default(),
            asked: Default::default(),
            progress: Default::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Brings the database at `url` to the newest schema; creates an SQLite file that is missing.
    pub async fn migrate(url: &str) -> Result<()> {
        Database::migrate(url).await
    }

    /// How the schema of the database at `url` stands to this program's. Changes nothing.
    pub async fn schema(url: &str) -> Result<Schema> {
        Database::schema(url).await
    }

    /// A fresh identifier; identifiers made on one node sort in the order of their making, and begin with its moment.
    pub(crate) fn new_id<K>(&self) -> Id<K> {
        let since = Duration::from_millis(u64::try_from(self.now().0).unwrap_or(0));
        Id::from_uuid(Uuid::new_v7(uuid::Timestamp::from_unix(&self.ids, since.as_secs(), since.subsec_nanos())))
    }

    /// The settings it was opened with.
    pub fn config(&self) -> &CoreConfig {
        &self.config
    }

    /// The moment now.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The resolver all look-ups share.
    pub fn resolver(&self) -> &Resolver {
        &self.resolver
    }

    /// The live state of listeners.
    pub fn listeners(&self) -> &Listeners {
        &self.listeners
    }

    /// Whether the database answers and takes changes. One that is read-only, or whose writer is stuck, is not ready;
    /// a full disk is seen by the first mail, not here.
    pub async fn ready(&self) -> Result<()> {
        self.db.takes_changes().await
    }
}
