//! The driver of a client session: carries its octets over TCP and TLS, and bounds every wait.

use super::{DeliveryConfig, next_hop::Hop, tls::ClientTls};
use relay_core::queue::Content;
use relay_smtp::client::{ClientConfig, ClientOutput, ClientSession, ContentEncoder, Framing, TlsPolicy, Transaction};
use relay_types::{
    message::{Cause, DialogueLine, Outcome},
    reply::{EnhancedCode, Reply},
    tls::{TlsOutcome, TlsReason, TlsResult},
};
use rustls::ProtocolVersion;
use rustls_pki_types::ServerName;
use std::{io, net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout, timeout_at},
};

/// How much of a message is encoded and written at once.
const BLOCK: usize = 64 * 1024;
/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(60);
/// How long the last words of a host that closed are listened for.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// A connection in the clear or in TLS.
trait Octets: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Octets for S {}

/// Whether the recipients of a transaction are still this process's.
pub type Ours<'a> = &'a (dyn Fn() -> bool + Send + Sync);

/// How a transaction ended.
#[derive(Debug)]
pub enum Ended {
    /// An outcome for each recipient.
    Done(Vec<Outcome>),
    /// This host, or this connection, will not do; nothing of the transaction was heard.
    Unusable(Cause),
    /// STARTTLS failed where TLS is only welcome: a new connection in the clear may do.
    NoHandshake(String),
}

/// One connection with its session.
pub struct Connection {
    /// None while a handshake has it, and after one failed.
    stream: Option<Box<dyn Octets>>,
    session: ClientSession,
    host: String,
    address: SocketAddr,
    policy: TlsPolicy,
    make_tls: ClientTls,
    /// Who asked for the TLS.
    reason: TlsReason,
    /// When the session must be open: others of the destination's hosts are to have their turn, too.
    open_by: Option<Instant>,
    tls: Option<TlsResult>,
    /// How the handshake came out, until that is counted.
    handshake: Option<TlsOutcome>,
    transactions: u32,
    idle_since: Instant,
    input: Vec<u8>,
}

/// The wait that is running: a new turn of the session begins a new one.
struct Wait {
    turn: Option<u64>,
    until: Instant,
    /// When the attempt is over.
    limit: Instant,
}

impl Connection {
    /// Connects, and with implicit TLS makes it; all that, with the greeting and what follows up to the first
    /// transaction, must be done by `open_by`. The cause says why it cannot be had.
    pub async fn open(
        hop: &Hop,
        address: SocketAddr,
        policy: TlsPolicy,
        make_tls: &ClientTls,
        config: &DeliveryConfig,
        open_by: Instant,
    ) -> Result<Self, Cause> {
        let patience = config.connect_timeout.min(open_by.saturating_duration_since(Instant::now()));
        let named = || format!("{} [{}]:{}", hop.host, address.ip(), address.port());
        let stream = match timeout(patience, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(no_connection(&format!("{}: {error}", named()))),
            Err(_) => {
                let seconds = patience.as_secs();
                return Err(no_connection(&format!("{}: no answer in {seconds} seconds", named())));
            }
        };
        // One of the machine's other addresses, whose ports a firewall may keep from everybody else.
        if hop.others_only && stream.local_addr().is_ok_and(|own| own.ip() == address.ip()) {
            return Err(no_connection(&format!("{} is this machine itself: mail cannot go there", named())));
        }
        // Each write is a whole group of commands or a block: waiting for more would only cost time.
        stream.set_nodelay(true).map_err(|error| no_connection(&error.to_string()))?;
        let session = ClientConfig { name: config.hostname.clone(), tls: policy, credentials: hop.credentials.clone() };
        let connection = Self::over(stream, session, &hop.host, address, make_tls);
        let mut connection = Self { reason: hop.reason, open_by: Some(open_by), ..connection };
        if policy == TlsPolicy::Implicit {
            let left = config.connect_timeout.min(open_by.saturating_duration_since(Instant::now()));
            connection.handshake(left).await.map_err(|why| no_handshake(&why))?;
        }
        Ok(connection)
    }

    /// A session over a stream that is open.
    fn over(
        stream: impl Octets + 'static,
        config: ClientConfig,
        host: &str,
        address: SocketAddr,
        make_tls: &ClientTls,
    ) -> Self {
        Self {
            stream: Some(Box::new(stream)),
            policy: config.tls,
            session: ClientSession::new(config),
            host: host.to_owned(),
            address,
            make_tls: make_tls.clone(),
            reason: TlsReason::Nobody,
            open_by: None,
            tls: None,
            handshake: None,
            transactions: 0,
            idle_since: Instant::now(),
            input: vec![0; 8 * 1024],
        }
    }

    /// Runs one transaction; over at `limit` whatever the host does, and before the end of the data when its recipients
    /// are not `ours` any more.
    pub async fn transact(
        &mut self,
        transaction: Transaction,
        content: &Content,
        limit: Instant,
        ours: Ours<'_>,
    ) -> Ended {
        self.transactions += 1;
        self.session.next_transaction(transaction);
        let mut wait = Wait { turn: None, until: limit, limit };
        let mut ended = None;
        loop {
            while let Some(output) = self.session.poll() {
                match output {
                    ClientOutput::Send(wire) => {
                        let until = self.until(&mut wait);
                        let written = timeout_at(until, self.write(&wire)).await;
                        self.judge_write(written, &wait).await;
                    }
                    ClientOutput::SendContent(framing) => self.send_content(content, framing, &mut wait, ours).await,
                    ClientOutput::StartTls => {
                        let left = self.over_by(limit).saturating_duration_since(Instant::now());
                        // When it fails there is time for a session in the clear.
                        let left = if self.policy == TlsPolicy::Opportunistic { left / 2 } else { left }.min(HANDSHAKE);
                        match self.handshake(left).await {
                            Ok(verified) => self.session.tls_established(verified),
                            Err(why) if self.policy == TlsPolicy::Opportunistic => return Ended::NoHandshake(why),
                            Err(why) => return Ended::Unusable(no_handshake(&why)),
                        }
                    }
                    ClientOutput::Done(outcomes) => ended = Some(Ended::Done(outcomes)),
                    ClientOutput::Unusable(cause) => ended = Some(Ended::Unusable(cause)),
                    ClientOutput::Close => self.stream = None,
                }
            }
            if let Some(ended) = ended {
                self.idle_since = Instant::now();
                return ended;
            }
            let until = self.until(&mut wait);
            // A host that always has another octet ready does not outwit the clock.
            let heard = if Instant::now() >= until { None } else { timeout_at(until, self.read()).await.ok() };
            match heard {
                Some(Ok(())) => {}
                Some(Err(error)) => self.session.connection_lost(&error.to_string()),
                None => self.out_of_time(&wait),
            }
        }
    }

    /// Says goodbye and closes; the answer is waited for a few seconds.
    pub async fn quit(mut self) {
        self.session.quit();
        let until = Instant::now() + self.session.waiting().limit;
        let goodbye = async {
            loop {
                match self.session.poll() {
                    Some(ClientOutput::Send(wire)) => self.write(&wire).await?,
                    Some(ClientOutput::Close) => return io::Result::Ok(()),
                    Some(_) => {}
                    None => self.read().await?,
                }
            }
        };
        // The mail is long delivered: a host that does not say goodbye is left without it.
        let _ = timeout_at(until, goodbye).await;
    }

    /// Whether it can carry another transaction, of `most` in all.
    pub fn is_reusable(&self, most: u32) -> bool {
        self.stream.is_some() && self.session.is_idle() && self.transactions < most
    }

    /// Whether the host was told what reports were asked for.
    pub fn passes_reports_on(&self) -> bool {
        self.session.passes_reports_on()
    }

    /// How long it has been waiting for another transaction.
    pub fn idle_for(&self) -> Duration {
        self.idle_since.elapsed()
    }

    /// The host's name.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The host's address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The TLS there is; none in the clear.
    pub fn tls(&self) -> Option<&TlsResult> {
        self.tls.as_ref()
    }

    /// How TLS came out of the first transaction, which ended so; none when it did not come to that.
    pub fn tls_outcome(&mut self, ended: &Ended) -> Option<TlsOutcome> {
        if self.handshake.is_some() || self.tls.is_some() {
            return self.handshake.take();
        }
        let wanted = !matches!(self.policy, TlsPolicy::Never | TlsPolicy::Implicit);
        let not_offered = match ended {
            Ended::Done(_) => self.transactions == 1,
            Ended::Unusable(cause) => cause.reply().enhanced == Some(EnhancedCode::new(4, 7, 10)),
            Ended::NoHandshake(_) => false,
        };
        (wanted && not_offered).then_some(TlsOutcome::StarttlsNotSupported)
    }

    /// What was said since the last call.
    pub fn take_dialogue(&mut self) -> Vec<DialogueLine> {
        self.session.take_dialogue()
    }

    /// When what the session does now must be over: its opening, or the attempt, which ends at `limit`.
    fn over_by(&self, limit: Instant) -> Instant {
        match self.open_by {
            Some(open_by) if self.session.waiting().opening => open_by.min(limit),
            _ => limit,
        }
    }

    /// Until when the answer that is awaited now may come.
    fn until(&self, wait: &mut Wait) -> Instant {
        let waiting = self.session.waiting();
        if wait.turn != Some(waiting.turn) {
            wait.turn = Some(waiting.turn);
            wait.until = (Instant::now() + waiting.limit).min(self.over_by(wait.limit));
        }
        wait.until
    }

    /// Streams the content, and listens meanwhile: a host that answers early is not sent the rest.
    async fn send_content(&mut self, content: &Content, framing: Framing, wait: &mut Wait, ours: Ours<'_>) {
        let mut content = content.read();
        let mut stuffer = Some(ContentEncoder::new(framing));
        let mut wire = Vec::with_capacity(BLOCK + BLOCK / 8);
        while let Some(encoder) = &mut stuffer {
            wire.clear();
            match timeout_at(wait.limit, content.next(BLOCK)).await {
                Ok(Ok(block)) => encoder.encode(&block, &mut wire),
                // The host must not take what it has for the whole message: no end of data is sent.
                Ok(Err(error)) => {
                    return self.break_off(&format!("the message cannot be read from the store: {error}"));
                }
                Err(_) => return self.out_of_time(wait),
            }
            // The end goes with the last block: most messages are one write.
            if content.left() == 0
                && let Some(encoder) = stuffer.take()
            {
                // This process may have stood still, and others have taken over: up to here nothing was sent.
                if Instant::now() >= wait.limit {
                    return self.out_of_time(wait);
                }
                if !ours() {
                    return self.break_off("it took so long that another node may be sending the message by now");
                }
                encoder.finish(&mut wire);
            }
            let until = (Instant::now() + self.session.waiting().limit).min(wait.limit);
            let written = timeout_at(until, self.write_and_listen(&wire)).await;
            self.judge_write(written, wait).await;
            if !self.session.wants_content() {
                return;
            }
        }
        self.session.content_sent();
    }

    /// Closes without another word.
    fn break_off(&mut self, why: &str) {
        self.stream = None;
        self.session.connection_lost(why);
    }

    /// Writes a block; stops when the session has heard enough.
    async fn write_and_listen(&mut self, wire: &[u8]) -> io::Result<()> {
        let Some(stream) = &mut self.stream else { return Err(io::ErrorKind::NotConnected.into()) };
        let (mut reading, mut writing) = tokio::io::split(stream);
        let write = async {
            writing.write_all(wire).await?;
            writing.flush().await
        };
        tokio::pin!(write);
        loop {
            tokio::select! {
                written = &mut write => return written,
                heard = reading.read(&mut self.input) => match heard? {
                    0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                    length => {
                        self.session.receive(&self.input[..length]);
                        if !self.session.wants_content() {
                            return Ok(());
                        }
                    }
                },
            }
        }
    }

    async fn write(&mut self, wire: &[u8]) -> io::Result<()> {
        let Some(stream) = &mut self.stream else { return Err(io::ErrorKind::NotConnected.into()) };
        stream.write_all(wire).await?;
        stream.flush().await
    }

    async fn read(&mut self) -> io::Result<()> {
        let Some(stream) = &mut self.stream else { return Err(io::ErrorKind::NotConnected.into()) };
        match stream.read(&mut self.input).await? {
            0 => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "closed by the host")),
            length => {
                self.session.receive(&self.input[..length]);
                Ok(())
            }
        }
    }

    /// A host that closes while we write has often said why.
    async fn judge_write(&mut self, written: Result<io::Result<()>, tokio::time::error::Elapsed>, wait: &Wait) {
        match written {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                let last_words = async { while self.read().await.is_ok() {} };
                // Whether it said something or not, the connection is over.
                let _ = timeout(LAST_WORDS, last_words).await;
                self.session.connection_lost(&error.to_string());
            }
            Err(_) => self.out_of_time(wait),
        }
    }

    fn out_of_time(&mut self, wait: &Wait) {
        let now = Instant::now();
        if now >= wait.limit {
            self.session.connection_lost("the time for one attempt is over");
        } else if now >= self.over_by(wait.limit) {
            self.session.connection_lost("it took so long to open the session that others have their turn");
        } else {
            self.session.timed_out();
        }
    }

    /// Makes TLS; whether the certificate was verified, or why it failed.
    async fn handshake(&mut self, limit: Duration) -> Result<bool, String> {
        let connector = self.make_tls.connector(self.policy).map_err(|error| error.to_string())?;
        let name = ServerName::try_from(self.host.clone()).unwrap_or(ServerName::IpAddress(self.address.ip().into()));
        let stream = self.stream.take().ok_or("the connection is closed")?;
        let stream = match timeout(limit, connector.connector.connect(name, stream)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => {
                let untrusted = connector.untrusted();
                self.handshake = Some(untrusted.as_ref().map_or(TlsOutcome::ValidationFailure, |why| why.outcome));
                return Err(untrusted.map_or_else(|| error.to_string(), |untrusted| untrusted.why));
            }
            Err(_) => {
                self.handshake = Some(TlsOutcome::ValidationFailure);
                return Err(format!("no end of the handshake in {} seconds", limit.as_secs()));
            }
        };
        let session = &stream.get_ref().1;
        let version = match session.protocol_version() {
            Some(ProtocolVersion::TLSv1_3) => "TLS 1.3",
            _ => "TLS 1.2",
        };
        let cipher = session.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str());
        // The library's names of TLS 1.3 are not those of the standard (RFC 8446 §B.4).
        let cipher = cipher.unwrap_or("another cipher").replace("TLS13_", "TLS_");
        let untrusted = connector.untrusted();
        self.handshake = Some(untrusted.as_ref().map_or(TlsOutcome::Success, |why| why.outcome));
        let verified = untrusted.is_none();
        let unverified = untrusted.map(|untrusted| untrusted.why);
        self.tls = Some(TlsResult { version: version.to_owned(), cipher, unverified, reason: self.reason });
        self.stream = Some(Box::new(stream));
        Ok(verified)
    }
}

fn no_connection(why: &str) -> Cause {
    Cause::Network(Reply::new(451, (4, 4, 1), why))
}

/// TLS is a condition and failed.
pub fn no_handshake(why: &str) -> Cause {
    Cause::Network(Reply::new(451, (4, 7, 5), format!("TLS failed: {why}")))
}

#[cfg(test)]
mod tests;
