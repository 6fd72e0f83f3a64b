//! One message to one next hop: from where it goes to what became of each recipient.
//!
//! It owns the connections to other hosts. It never decides when something is tried again and never records anything:
//! that is `queue_manager` and `relay-core`. It trusts nothing that DNS or a host says; every wait has an end.

mod client;
mod config;
pub(crate) mod next_hop;
mod pool;
mod simulator;
mod tls;
mod tls_policy;
mod turn;

pub use config::{DeliveryConfig, DeliveryError};
pub(crate) use next_hop::{Key, key};

use client::{Connection, Ended, Ours};
use next_hop::{Hop, Plan};
use pool::Pool;
use relay_core::{
    Core, mta_sts,
    queue::{Content, Outgoing},
    routes::Way,
    tls_sessions,
};
use relay_dns::Resolver;
use relay_smtp::client::{TlsPolicy, Transaction};
use relay_types::{
    DomainName,
    message::{Cause, DialogueLine, Outcome},
    project::ProjectId,
    reply::Reply,
    terms::{Addressee, TlsTerm},
    tls::{StsMode, TlsOutcome, TlsReason, TlsResult},
};
use std::{
    hash::{BuildHasher, Hasher, RandomState},
    net::SocketAddr,
};
use tls::ClientTls;
use tokio::time::{Instant, timeout_at};
use turn::Turn;

/// Hosts and addresses of a host that one attempt tries; equals take turns in the attempts.
const MOST_HOSTS: usize = 16;
const MOST_ADDRESSES: usize = 16;
/// Octets that are kept of what hosts said that came to nothing, or in earlier transactions; the last is bounded itself.
const MOST_SAID: usize = 256 * 1024;
/// Idle connections that are kept for each worker, whatever their destinations.
const IDLE_PER_WORKER: usize = 2;

/// Delivers, and keeps connections for the next message.
pub(crate) struct Deliverer {
    config: DeliveryConfig,
    resolver: Resolver,
    tls: ClientTls,
    pool: Pool,
    /// Keeps what recipient domains ask of TLS; without it nothing is asked.
    core: Option<Core>,
}

/// How an attempt went.
#[derive(Debug, Default)]
pub(crate) struct Delivery {
    /// The host spoken to, or tried last.
    pub host: Option<String>,
    /// Its address.
    pub address: Option<SocketAddr>,
    /// The TLS there was; none in the clear.
    pub tls: Option<TlsResult>,
    /// How the TLS of a new connection came out, until it is counted.
    pub session: Option<TlsOutcome>,
    /// What was said.
    pub dialogue: Vec<DialogueLine>,
    /// Lines that there was no room for.
    pub left_out: usize,
    /// One for each recipient, in their order.
    pub outcomes: Vec<Outcome>,
    /// The host was told what reports were asked for (RFC 3461).
    pub passes_reports_on: bool,
    /// No host could be used at all: what else waits for this destination need not be tried now.
    pub unreachable: Option<Cause>,
}

impl Deliverer {
    /// Reads the trusted certificates; no connection is made.
    pub fn new(config: DeliveryConfig, resolver: Resolver) -> Result<Self, DeliveryError> {
        let tls = ClientTls::new(&config.extra_ca)?;
        let most = config.workers.saturating_mul(IDLE_PER_WORKER);
        let pool = Pool::new(config.idle, config.connections_per_destination, most);
        Ok(Self { config, resolver, tls, pool, core: None })
    }

    /// Follows the operator's rules and the policies of recipient domains from now on, and counts how TLS came out.
    pub fn following(self, core: Core) -> Self {
        Self { core: Some(core), ..self }
    }

    /// Sends a project's message to these recipients, who share a way. Takes `limit` at most. Whether they are still
    /// `ours` is asked before the end of the data, so that what others may be sending by now is not sent again.
    pub async fn deliver(
        &self,
        way: &Way,
        project: Option<ProjectId>,
        message: &Outgoing,
        recipients: &[Addressee],
        limit: Instant,
        ours: Ours<'_>,
    ) -> Delivery {
        let mut delivery = self.deliver_some(way, project, message, recipients, limit, ours).await;
        // A host that takes few at once (RFC 9422) gets the others in further transactions.
        while delivery.outcomes.len() < recipients.len() {
            let rest = &recipients[delivery.outcomes.len()..];
            let more = self.deliver_some(way, project, message, rest, limit, ours).await;
            delivery.add(more);
        }
        if delivery.left_out > 0 {
            delivery.note(format!("({} more lines)", delivery.left_out));
        }
        // What fails for what this sender alone asks of TLS may do for everybody else.
        if message.terms.tls != TlsTerm::Usual {
            delivery.unreachable = None;
        }
        delivery
    }

    /// As [`Self::deliver`], to the first of them, one at least.
    async fn deliver_some(
        &self,
        way: &Way,
        project: Option<ProjectId>,
        message: &Outgoing,
        recipients: &[Addressee],
        limit: Instant,
        ours: Ours<'_>,
    ) -> Delivery {
        let mut delivery = Delivery::default();
        let transaction = Transaction {
            reverse_path: message.reverse_path.clone(),
            recipients: recipients.to_vec(),
            size: message.content.octets(),
            eight_bit: message.eight_bit,
            smtputf8: message.smtputf8,
            terms: message.terms.clone(),
        };
        let job = Job { transaction, content: &message.content, limit, ours };
        let key = next_hop::key(way, project);
        // What is open was opened for mail that asked for less; and what is opened for mail that TLS is optional for is
        // closed behind it.
        let takes_open_ones = message.terms.tls == TlsTerm::Usual;
        // A host may have closed a connection that was idle; then nothing of this message was heard, and a new
        // connection is made.
        while takes_open_ones && let Some(connection) = self.pool.take(&key) {
            if self.transact(connection, &key, &job, &mut delivery).await.is_ok() {
                return delivery;
            }
            delivery.dialogue.clear();
        }
        let planned = timeout_at(limit, self.plan(way, message.terms.tls)).await;
        let hops = match planned.unwrap_or_else(|_| Plan::Failed(next_hop::verdict(Vec::new()))) {
            Plan::Simulator => {
                let addresses: Vec<_> = recipients.iter().map(|recipient| recipient.address.clone()).collect();
                return simulator::deliver(&addresses);
            }
            Plan::Capture => return Delivery { outcomes: vec![Outcome::Captured; recipients.len()], ..delivery },
            Plan::Failed(outcome) => {
                if let Outcome::TempFail(cause) = &outcome {
                    delivery.unreachable = Some(cause.clone());
                }
                return Delivery { outcomes: vec![outcome; recipients.len()], ..delivery };
            }
            Plan::Unlisted { domain, text } => {
                self.count(&domain, true, TlsOutcome::ValidationFailure);
                let cause = Cause::Local(Reply::new(451, (4, 4, 4), text));
                delivery.unreachable = Some(cause.clone());
                return Delivery { outcomes: vec![Outcome::TempFail(cause); recipients.len()], ..delivery };
            }
            Plan::Hops(hops) => hops,
        };
        let mut failures = Vec::new();
        let hosts = hops.len().min(MOST_HOSTS);
        for (place, hop) in hops.iter().take(hosts).enumerate() {
            // Hosts that take connections and say nothing leave time for those behind them.
            let turn = Turn::new(Instant::now(), limit, hosts - place);
            let addresses = match timeout_at(limit, next_hop::addresses(hop, &self.resolver)).await {
                Err(_) => break,
                Ok(Ok(addresses)) => addresses,
                Ok(Err(cause)) => {
                    delivery.note(format!("({}: {})", hop.host, cause.reply()));
                    failures.push(cause);
                    continue;
                }
            };
            let addresses = &addresses[..addresses.len().min(MOST_ADDRESSES)];
            for (number, &address) in addresses.iter().enumerate() {
                let Some(open_by) = turn.open_by(Instant::now(), addresses.len() - number) else { break };
                let address = SocketAddr::new(address, hop.port);
                match self.try_address(hop, address, &key, &job, open_by, &mut delivery).await {
                    Ok(()) => return delivery,
                    Err(cause) => failures.push(cause),
                }
                delivery.bound();
            }
        }
        let outcome = next_hop::verdict(failures);
        if let Outcome::TempFail(cause) = &outcome {
            delivery.unreachable = Some(cause.clone());
        }
        delivery.outcomes = vec![outcome; recipients.len()];
        delivery
    }

    async fn plan(&self, way: &Way, term: TlsTerm) -> Plan {
        let (rule, core) = match (&self.core, way) {
            (Some(core), Way::Mx(domain)) => (core.config().tls.rule_for(domain), Some((core, domain))),
            _ => (Default::default(), None),
        };
        let policy = async {
            match core {
                // RFC 8689 §5: such mail shall arrive rather than be kept by what the recipient's domain asks of TLS.
                _ if term == TlsTerm::Optional => Ok(None),
                Some((core, domain)) => mta_sts::policy(core, domain).await,
                None => Ok(None),
            }
        };
        next_hop::plan(way, &self.resolver, &self.config, random(), rule, policy).await
    }

    fn count(&self, domain: &DomainName, mta_sts: bool, outcome: TlsOutcome) {
        if let Some(core) = &self.core {
            tls_sessions::note(core, domain, mta_sts, outcome);
        }
    }

    /// Counts how TLS with a host came out, and notes what a policy that only tests would have said.
    fn judge_session(&self, hop: &Hop, outcome: TlsOutcome, delivery: &mut Delivery) {
        let Some(counted) = &hop.counted else { return };
        let outcome = match outcome {
            // Nobody asked for a certificate that verifies.
            _ if !counted.mta_sts && hop.tls != TlsPolicy::Required && delivery.tls.is_some() => TlsOutcome::Success,
            TlsOutcome::Success if !counted.listed => TlsOutcome::ValidationFailure,
            outcome => outcome,
        };
        self.count(&counted.domain, counted.mta_sts, outcome);
        if hop.reason == TlsReason::MtaSts(StsMode::Testing) && outcome != TlsOutcome::Success {
            let what = if counted.listed { outcome.as_str() } else { "the exchanger is not in the policy" };
            delivery.note(format!(
                "(MTA-STS of {} is in mode testing; in enforce this would wait: {what})",
                counted.domain
            ));
        }
    }

    /// Closes connections that were idle for too long; all of them when `everything`.
    pub async fn close_idle(&self, everything: bool) {
        let closing = self.pool.expired(everything).into_iter().map(Connection::quit);
        let closing: Vec<_> = closing.map(tokio::spawn).collect();
        for task in closing {
            // A task that panicked has closed its connection, too.
            let _ = task.await;
        }
    }

    /// One address of one host, whose session must be open by that moment. An error says why it cannot be used; the next
    /// may be tried.
    async fn try_address(
        &self,
        hop: &Hop,
        address: SocketAddr,
        key: &Key,
        job: &Job<'_>,
        open_by: Instant,
        delivery: &mut Delivery,
    ) -> Result<(), Cause> {
        delivery.note(format!("(connecting to {} [{}]:{})", hop.host, address.ip(), address.port()));
        // RFC 8689 §4.2.1: what is asked to go over verified TLS alone is never tried in another way.
        let required = job.transaction.terms.tls == TlsTerm::Required && hop.tls != TlsPolicy::Implicit;
        let policy = if required { TlsPolicy::Required } else { hop.tls };
        let connection = self.connect(hop, address, policy, open_by, delivery).await?;
        let ended = self.transact(connection, key, job, delivery).await;
        if let Some(outcome) = delivery.session.take() {
            self.judge_session(hop, outcome, delivery);
        }
        match ended {
            Ok(()) => Ok(()),
            Err(Failure::Unusable(cause)) => {
                delivery.note_failure(&cause);
                Err(tls_policy::told(cause, hop.reason))
            }
            // RFC 7435: with opportunistic TLS a handshake that fails is no reason to keep the mail.
            Err(Failure::NoHandshake(why)) => {
                delivery.note(format!("(TLS failed: {why}; connecting again in the clear)"));
                let connection = self.connect(hop, address, TlsPolicy::Never, open_by, delivery).await?;
                match self.transact(connection, key, job, delivery).await {
                    Ok(()) => Ok(()),
                    Err(Failure::Unusable(cause)) => {
                        delivery.note_failure(&cause);
                        Err(cause)
                    }
                    Err(Failure::NoHandshake(why)) => Err(client::no_handshake(&why)),
                }
            }
        }
    }

    async fn connect(
        &self,
        hop: &Hop,
        address: SocketAddr,
        policy: TlsPolicy,
        open_by: Instant,
        delivery: &mut Delivery,
    ) -> Result<Connection, Cause> {
        delivery.host = Some(hop.host.clone());
        delivery.address = Some(address);
        delivery.tls = None;
        Connection::open(hop, address, policy, &self.tls, &self.config, open_by)
            .await
            .map_err(|cause| tls_policy::told(cause, hop.reason))
            .inspect_err(|cause| delivery.note(format!("({})", cause.reply())))
    }

    /// Runs the transaction; a connection that can carry another one goes to the pool.
    async fn transact(
        &self,
        mut connection: Connection,
        key: &Key,
        job: &Job<'_>,
        delivery: &mut Delivery,
    ) -> Result<(), Failure> {
        delivery.host = Some(connection.host().to_owned());
        delivery.address = Some(connection.address());
        let ended = connection.transact(job.transaction.clone(), job.content, job.limit, job.ours).await;
        delivery.tls = connection.tls().cloned();
        delivery.session = connection.tls_outcome(&ended);
        delivery.dialogue.extend(connection.take_dialogue());
        match ended {
            Ended::Done(outcomes) => {
                delivery.outcomes = outcomes;
                delivery.passes_reports_on = connection.passes_reports_on();
                // RFC 8689 §5: what the recipient's domain asks of TLS was passed over for this mail alone.
                let shared = job.transaction.terms.tls != TlsTerm::Optional;
                let reusable = shared && connection.is_reusable(self.config.transactions_per_connection);
                let ended = if reusable { self.pool.put(key, connection) } else { Some(connection) };
                if let Some(ended) = ended {
                    tokio::spawn(ended.quit());
                }
                Ok(())
            }
            Ended::Unusable(cause) => Err(Failure::Unusable(cause)),
            Ended::NoHandshake(why) => Err(Failure::NoHandshake(why)),
        }
    }
}

/// What one attempt is about.
struct Job<'a> {
    transaction: Transaction,
    content: &'a Content,
    limit: Instant,
    ours: Ours<'a>,
}

/// Why a connection did not end the transaction.
enum Failure {
    Unusable(Cause),
    NoHandshake(String),
}

impl Delivery {
    /// Adds how a further transaction went, with others of the recipients.
    fn add(&mut self, more: Self) {
        // Who took nothing has nothing to report.
        self.passes_reports_on = match (self.took_some(), more.took_some()) {
            (true, true) => self.passes_reports_on && more.passes_reports_on,
            (true, false) => self.passes_reports_on,
            (false, _) => more.passes_reports_on,
        };
        self.outcomes.extend(more.outcomes);
        self.dialogue.extend(more.dialogue);
        self.left_out += more.left_out;
        self.bound();
    }

    fn took_some(&self) -> bool {
        self.outcomes.iter().any(|outcome| matches!(outcome, Outcome::Delivered(_)))
    }

    fn note(&mut self, text: String) {
        self.dialogue.push(DialogueLine { ours: true, text });
    }

    /// Leaves out the last of what was said when it is too much: hosts choose how much they say, and a domain's owner
    /// how many hosts there are.
    fn bound(&mut self) {
        let mut said: usize = self.dialogue.iter().map(|line| line.text.len()).sum();
        while said > MOST_SAID
            && let Some(line) = self.dialogue.pop()
        {
            said -= line.text.len();
            self.left_out += 1;
        }
    }

    /// Why a connection came to nothing, when the host did not say it.
    fn note_failure(&mut self, cause: &Cause) {
        if let Cause::Network(reply) | Cause::Local(reply) = cause {
            self.note(format!("({reply})"));
        }
    }
}

/// A number that differs each time; it only spreads load over equal hosts.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
pub(crate) mod tests;
