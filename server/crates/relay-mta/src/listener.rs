//! Listeners: bound sockets, the loop that accepts, the live state that operators see, and an orderly end.

use crate::{
    proxy_protocol,
    submission::{Admission, Context, ListenerConfig, SubmissionSettings, serve},
    tls::{Tls, TlsError, certificates::Certificates},
};
use relay_core::{Core, listeners::Listener};
use relay_types::listener::ListenerTls;
use std::{
    io,
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::Instrument;

/// How long a listener rests when the system can accept no more (no file descriptors, no memory).
const REST: Duration = Duration::from_millis(200);

/// What is said of certificate files that cannot be used.
const UNREAD: &str = "certificates cannot be read again";

/// Why a listener cannot run.
#[derive(Debug, thiserror::Error)]
pub enum ListenerError {
    /// Its TLS cannot be made.
    #[error("listener {listener}: {cause}")]
    Tls {
        /// Its name.
        listener: String,
        /// Why.
        cause: TlsError,
    },
    /// It has TLS and no certificate.
    #[error("listener {0}: TLS needs a certificate")]
    NoCertificate(String),
    /// Its socket is not usable.
    #[error("listener {listener}: {cause}")]
    Socket {
        /// Its name.
        listener: String,
        /// What the system says.
        cause: io::Error,
    },
}

/// The relay's submission side: all listeners of this node.
pub struct Relay {
    core: Core,
    settings: SubmissionSettings,
    admission: Arc<Admission>,
    stop: CancellationToken,
    kill: CancellationToken,
    listeners: Vec<(Arc<Context>, Option<Arc<Certificates>>)>,
    /// Bound and not yet served.
    sockets: Mutex<Vec<(TcpListener, Arc<Context>)>>,
}

impl Relay {
    /// A relay without listeners; `stop` ends it.
    pub fn new(core: Core, settings: SubmissionSettings, stop: CancellationToken) -> Self {
        let admission = Admission::new(settings.sessions, settings.sessions_per_address, settings.content_in_memory);
        Self {
            core,
            settings,
            admission,
            stop,
            kill: CancellationToken::new(),
            listeners: Vec::new(),
            sockets: Mutex::default(),
        }
    }

    /// Takes a bound socket as a listener; it is served by [`Self::run`].
    pub fn listen(&mut self, config: &ListenerConfig, socket: TcpListener) -> Result<(), ListenerError> {
        let name = || config.name.clone();
        let address = socket.local_addr().map_err(|cause| ListenerError::Socket { listener: name(), cause })?;
        let tls = match config.tls {
            ListenerTls::None => None,
            _ if config.certificates.is_empty() => return Err(ListenerError::NoCertificate(name())),
            _ => {
                let tls = Tls::new(config.certificates.clone());
                Some(tls.map_err(|cause| ListenerError::Tls { listener: name(), cause })?)
            }
        };
        let listener = self.core.listeners().add(Listener {
            name: name(),
            address,
            hostname: config.hostname.clone(),
            tls: config.tls,
            auth: config.auth,
            plaintext_auth_from: config.plaintext_auth_from.clone(),
            certificate: Mutex::new(tls.as_ref().and_then(|tls| tls.certificates.first(&config.hostname))),
            sessions: AtomicU64::new(0),
            sessions_total: AtomicU64::new(0),
            accepted_total: AtomicU64::new(0),
            refused_total: AtomicU64::new(0),
            last_error: Mutex::new(None),
        });
        if !config.plaintext_auth_from.is_empty() {
            let networks = config.plaintext_auth_from.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            tracing::warn!(listener = config.name, networks, "legacy profile: programs may sign in without TLS");
        }
        let certificates = tls.as_ref().map(|tls| tls.certificates.clone());
        let context = Arc::new(Context {
            core: self.core.clone(),
            listener,
            session: self.settings.session(config),
            settings: self.settings.clone(),
            admission: self.admission.clone(),
            tls: tls.map(|tls| tls.acceptor),
            proxy_protocol_from: config.proxy_protocol_from.clone(),
            plaintext_auth_from: config.plaintext_auth_from.clone(),
            stop: self.stop.clone(),
            kill: self.kill.clone(),
        });
        self.sockets.lock().unwrap_or_else(PoisonError::into_inner).push((socket, context.clone()));
        self.listeners.push((context, certificates));
        Ok(())
    }

    /// Serves all listeners until `stop`, then lets running transactions finish within the grace time.
    pub async fn run(&self) {
        let sessions = TaskTracker::new();
        let sockets = std::mem::take(&mut *self.sockets.lock().unwrap_or_else(PoisonError::into_inner));
        let mut accepting = JoinSet::new();
        for (socket, context) in sockets {
            accepting.spawn(accept(socket, context, sessions.clone()));
        }
        tokio::select! {
            () = self.renew() => {}
            _ = accepting.join_all() => {}
        }
        sessions.close();
        if timeout(self.settings.grace, sessions.wait()).await.is_err() {
            tracing::warn!(sessions = sessions.len(), "the grace time is over");
            self.kill.cancel();
            sessions.wait().await;
        }
    }

    /// Reads all certificates again; one that cannot be read leaves the old one in use.
    pub fn reload_certificates(&self) {
        for (context, certificates) in &self.listeners {
            if let Some(certificates) = certificates {
                reload(&context.listener, certificates);
            }
        }
    }

    /// Reads again, for ever, the certificates whose files somebody has changed. A renewal writes two files; when it is
    /// met half-way, the old pair stays in use until both are there.
    async fn renew(&self) {
        loop {
            sleep(self.settings.renewal).await;
            for (context, certificates) in &self.listeners {
                if let Some(certificates) = certificates
                    && certificates.were_changed()
                {
                    reload(&context.listener, certificates);
                }
            }
        }
    }
}

fn reload(listener: &Listener, certificates: &Certificates) {
    match certificates.reload() {
        Ok(()) => {
            *listener.certificate.lock().unwrap_or_else(PoisonError::into_inner) =
                certificates.first(&listener.hostname);
            // What an earlier try could not read is mended.
            listener
                .last_error
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take_if(|error| error.starts_with(UNREAD));
            tracing::info!(listener = listener.name, "certificates read again");
        }
        Err(error) => trouble(listener, UNREAD, &error),
    }
}

/// Accepts until the stop; then the socket is closed, so that clients go elsewhere at once.
async fn accept(socket: TcpListener, context: Arc<Context>, sessions: TaskTracker) {
    loop {
        let accepted = tokio::select! {
            () = context.stop.cancelled() => return,
            accepted = socket.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                // An IPv4 client of an IPv6 socket is an IPv4 client.
                let peer = peer.ip().to_canonical();
                // On the heap at once: it is large, and is else copied at each step of its start.
                sessions.spawn(Box::pin(session(context.clone(), stream, peer)));
            }
            Err(error) => {
                trouble(&context.listener, "cannot accept connections", &error);
                sleep(REST).await;
            }
        }
    }
}

async fn session(context: Arc<Context>, mut stream: TcpStream, peer: IpAddr) {
    let _open = OpenSession::count(&context.listener);
    let client = match prepare(&context, &mut stream, peer).await {
        Ok(client) => client,
        Err(error) => return tracing::info!(%peer, cause = %error, "connection not served"),
    };
    let span = tracing::info_span!("session", listener = context.listener.name, %client);
    Box::pin(serve(&context, stream, client)).instrument(span).await;
}

/// Sets the socket up and finds out who the client is.
async fn prepare(context: &Context, stream: &mut TcpStream, peer: IpAddr) -> io::Result<IpAddr> {
    // Replies are small and waited for.
    stream.set_nodelay(true)?;
    if !context.proxy_protocol_from.iter().any(|network| network.contains(peer)) {
        return Ok(peer);
    }
    let header = timeout(context.settings.handshake, proxy_protocol::read(stream)).await;
    let client = header.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))?;
    Ok(client.map_or(peer, |client| client.to_canonical()))
}

fn trouble(listener: &Listener, what: &str, error: &dyn std::error::Error) {
    tracing::error!(listener = listener.name, cause = %error, "{what}");
    *listener.last_error.lock().unwrap_or_else(PoisonError::into_inner) = Some(format!("{what}: {error}"));
}

/// Counts an open session for as long as it lives.
struct OpenSession(Arc<Listener>);

impl OpenSession {
    fn count(listener: &Arc<Listener>) -> Self {
        listener.sessions.fetch_add(1, Ordering::Relaxed);
        listener.sessions_total.fetch_add(1, Ordering::Relaxed);
        metrics::counter!("relaykeep_sessions_total", "listener" => listener.name.clone()).increment(1);
        Self(listener.clone())
    }
}

impl Drop for OpenSession {
    fn drop(&mut self) {
        self.0.sessions.fetch_sub(1, Ordering::Relaxed);
    }
}
